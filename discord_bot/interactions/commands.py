"""The slash commands, /game list and /game mine, and whether Discord shows those of this version."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import discord
from discord import app_commands

from discord_bot.interactions.replies import Entry, say, unanswered
from discord_bot.models import Outcome
from games.core import wording

if TYPE_CHECKING:
    from discord_bot.bot import Bot

log = logging.getLogger(__name__)


class GameCommands(app_commands.Group):
    """Everything under /game. In servers only: a direct message belongs to no server."""

    def __init__(self) -> None:
        super().__init__(
            name="game",
            description="Game nights of this server",
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    @app_commands.command(name="list", description="Games to come on this server")
    @app_commands.describe(channel="Only games announced in this channel")
    async def list_games(self, interaction: discord.Interaction, channel: discord.TextChannel | None = None) -> None:
        await _bot(interaction).listings.answer(
            interaction, "/game list", "list", channel_id=channel.id if channel else None
        )

    @app_commands.command(name="mine", description="Games you host, play in or wait for")
    async def my_games(self, interaction: discord.Interaction) -> None:
        await _bot(interaction).listings.answer(interaction, "/game mine", "mine")


def _bot(interaction: discord.Interaction) -> "Bot":
    return cast("Bot", interaction.client)


class Tree(app_commands.CommandTree[Any]):
    """The commands of this version, and a polite answer to those of another."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client)
        self.add_command(GameCommands())

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        old = isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch)
        entry = Entry(interaction, f"/{dict(interaction.data or {}).get('name', '')}")
        entry.outcome = Outcome.REFUSED if old else Outcome.FAILED
        if not old:
            log.error("%s failed", entry.name, exc_info=error)
        try:
            await say(entry, wording.OLD_COMMAND if old else wording.FAILED)
        except discord.HTTPException as reason:
            unanswered(entry, reason)
        _bot(interaction).log.add(entry)


# --- which commands Discord shows ------------------------------------------------------------------------


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
