"""The slash commands below /game."""

import logging
from typing import Any

import discord
from discord import app_commands

from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.interactions.handlers import receiving_client
from discord_bot.interactions.line_buttons import LineState
from discord_bot.interactions.log import InteractionRecord, record_unanswered
from discord_bot.interactions.replies import reply_ephemeral
from discord_bot.interactions.suggestions import Choices, suggest, suggest_duration
from discord_bot.models import Outcome
from games.core import wording
from games.core.rules import SEATS_MAX
from games.pages.game_list import LIST_TEXT_MAX, ListOptions
from games.scheduling import line_wording
from gamesched.lib.durations import INPUT_MAX as DURATION_TYPED_MAX
from gamesched.lib.times_in_words import LINE_MAX

log = logging.getLogger(__name__)


class GameCommands(app_commands.Group):
    """The /game commands. In servers only: a direct message belongs to no server."""

    def __init__(self) -> None:
        super().__init__(
            name="game",
            description="Game nights of this server",
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    @app_commands.command(name="list", description="Games to come on this server")
    @app_commands.describe(
        channel="Only games announced in this channel",
        text="Only games with these words in the title, the description or the name of their template",
        free="Only games with free seats",
        past="Games that are over instead, the last first",
    )
    async def list_games(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel | None = None,
        text: app_commands.Range[str, 1, LIST_TEXT_MAX] = "",
        free: bool = False,
        past: bool = False,
    ) -> None:
        options = ListOptions(channel.id if channel else None, text, free, past)
        await receiving_client(interaction).game_list.handle(interaction, "/game list", "list", options)

    @app_commands.command(name="mine", description="Games you host, play in or wait for")
    @app_commands.describe(past="Games that are over instead, the last first")
    async def my_games(self, interaction: discord.Interaction, past: bool = False) -> None:
        options = ListOptions(past=past)
        await receiving_client(interaction).game_list.handle(interaction, "/game mine", "mine", options)

    @app_commands.command(name="create", description="Schedule a game: what and when, in one line")
    @app_commands.describe(
        what=line_wording.LINE_HELP,
        template="Where the settings come from that you do not say",
        channel="Where it is announced",
        seats="How many may play",
        duration="How long it lasts: 2h, 1h30m, 90 min",
    )
    async def create(
        self,
        interaction: discord.Interaction,
        what: app_commands.Range[str, 1, LINE_MAX] = "",
        template: str = "",
        channel: str = "",
        seats: app_commands.Range[int, 1, SEATS_MAX] | None = None,
        duration: app_commands.Range[str, 1, DURATION_TYPED_MAX] = "",
    ) -> None:
        state = LineState.of_options(template, channel, seats, duration)
        await receiving_client(interaction).creation.start(interaction, what, state)

    @create.autocomplete("template")
    async def _templates(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "template", typed)

    @create.autocomplete("channel")
    async def _channels(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "channel", typed)

    @create.autocomplete("duration")
    async def _durations(self, interaction: discord.Interaction, typed: str) -> Choices:
        return suggest_duration(typed)


class BotCommandTree(app_commands.CommandTree[Any]):
    """The commands of this version, with a polite reply to those of another."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client)
        self.add_command(GameCommands())

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        is_stale = isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch)
        entry = InteractionRecord(interaction, f"/{dict(interaction.data or {}).get('name', '')}")
        entry.outcome = Outcome.REFUSED if is_stale else Outcome.FAILED
        if not is_stale:
            log.error("%s failed", entry.name, exc_info=error)
        try:
            await reply_ephemeral(entry, wording.OLD_COMMAND if is_stale else wording.FAILED)
        except REQUEST_FAILED as reason:
            record_unanswered(entry, reason)
        receiving_client(interaction).log.add(entry)
