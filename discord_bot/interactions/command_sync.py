"""Compares the slash commands at Discord with those of this version, and updates them."""

import asyncio
from typing import Any

import discord

from discord_bot.http.tracing import request_trace
from discord_bot.interactions.command_translations import CommandTranslator
from discord_bot.interactions.commands import BotCommandTree

LOCALIZATIONS = {"name_localizations", "description_localizations"}


async def find_stale_commands(client: discord.Client, tree: BotCommandTree) -> list[str]:
    """Return the names of commands that only Discord has, that only this version has, or that differ.

    https://docs.discord.com/developers/interactions/application-commands#get-global-application-commands
    """
    assert client.application_id is not None
    route = discord.http.Route("GET", "/applications/{application_id}/commands", application_id=client.application_id)
    # discord.py's own method leaves the localizations out.
    registered: list[Any] = await client.http.request(route, params={"with_localizations": "true"})
    translator = CommandTranslator()
    ours = {
        command.name: await command.get_translated_payload(tree, translator)  # as `CommandTree.sync` sends it
        for command in tree.get_commands()
    }
    registered_by_name = {command["name"]: command for command in registered}
    return sorted(
        name
        for name in ours.keys() | registered_by_name.keys()
        if name not in ours or name not in registered_by_name or not _is_same(ours[name], registered_by_name[name])
    )


def shown_command(name: str) -> str:
    """Return a command as people know it: /game, and the entries of menus by their names."""
    return f"/{name}" if name.islower() else name


def _is_same(ours: Any, registered: Any) -> bool:
    """Return whether Discord's copy equals ours; Discord adds keys of its own and omits empty ones."""
    if isinstance(ours, dict):
        return isinstance(registered, dict) and all(
            (value or None) == (registered.get(key) or None)
            if key in LOCALIZATIONS
            else _is_same(value, registered.get(key))
            for key, value in ours.items()
            if key != "dm_permission"
        )
    if isinstance(ours, list):
        registered = registered or []
        return len(ours) == len(registered) and all(map(_is_same, ours, registered))
    return bool(ours == registered or (not ours and not registered))


async def sync_commands(token: str, check_only: bool = False) -> list[str]:
    """Update Discord's commands, and return the names of those that were outdated.

    Nothing is written if nothing differs: a bot may create 200 commands a day.
    Raise discord.LoginFailure, discord.HTTPException.
    """
    async with discord.Client(intents=discord.Intents.none(), http_trace=request_trace()) as client:
        await client.login(token)
        tree = BotCommandTree(client)
        outdated = await find_stale_commands(client, tree)
        if outdated and not check_only:
            await tree.set_translator(CommandTranslator())
            await tree.sync()
        return outdated


def find_stale_commands_within(token: str, timeout: float) -> list[str]:
    """Run `sync_commands` with `check_only`, for synchronous callers. Raise TimeoutError too."""
    return asyncio.run(asyncio.wait_for(sync_commands(token, check_only=True), timeout))
