"""Whether Discord shows the slash commands of this version, and bringing them up to date."""

import asyncio
from typing import Any

import discord

from discord_bot.interactions.commands import Tree


def stale(shown: list[Any], tree: Tree) -> list[str]:
    """Names of the commands that Discord shows and this version has not, has and Discord shows not, or differ.

    `shown` is what https://docs.discord.com/developers/interactions/application-commands#get-global-application-commands
    answers.
    """
    ours = {command.name: command.to_dict(tree) for command in tree.get_commands()}
    theirs = {command["name"]: command for command in shown}
    return sorted(
        name
        for name in ours.keys() | theirs.keys()
        if name not in ours or name not in theirs or not _alike(ours[name], theirs[name])
    )


def _alike(ours: Any, theirs: Any) -> bool:
    """Whether what Discord keeps is what we would send; it adds keys of its own, and leaves empty ones out."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(
            _alike(value, theirs.get(key)) for key, value in ours.items() if key != "dm_permission"
        )
    if isinstance(ours, list):
        theirs = theirs or []
        return len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    return bool(ours == theirs or (not ours and not theirs))


async def sync(token: str, only_look: bool = False) -> list[str]:
    """Bring Discord's commands up to date, and return the names of those that were not.

    Nothing is written where nothing differs: a bot may make 200 commands a day.
    Raises discord.LoginFailure, discord.HTTPException.
    """
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(token)
        assert client.application_id is not None
        tree = Tree(client)
        behind = stale(list(await client.http.get_global_commands(client.application_id)), tree)
        if behind and not only_look:
            await tree.sync()
        return behind


def behind_now(token: str, seconds: float) -> list[str]:
    """`sync` that only looks, for synchronous callers. Raises TimeoutError too."""
    return asyncio.run(asyncio.wait_for(sync(token, only_look=True), seconds))
