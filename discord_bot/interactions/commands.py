"""The slash commands below /game."""

import logging
from collections.abc import Collection
from functools import partial
from typing import Any

import discord
from discord import app_commands
from django.utils.translation import gettext_noop

from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.interactions import game_commands
from discord_bot.interactions.command_use import Work
from discord_bot.interactions.handlers import receiving_client
from discord_bot.interactions.line_state import LineState
from discord_bot.interactions.log import InteractionRecord, record_no_response
from discord_bot.interactions.replies import reply_ephemeral
from discord_bot.interactions.senders import greet
from discord_bot.interactions.suggestions import Choices, suggest, suggest_duration
from discord_bot.models import Outcome
from games.core import wording
from games.core.rules import SEATS_MAX
from games.core.text_rules import REASON_MAX
from games.pages.game_list import LIST_TEXT_MAX, ListOptions
from games.scheduling import line_wording
from games.scheduling.rules import TITLE_MAX
from games.series import wording as series_wording
from gamesched.lib.days_in_words import DAY_MAX
from gamesched.lib.durations import INPUT_MAX as DURATION_TYPED_MAX
from gamesched.lib.ids import parse_id
from gamesched.lib.times_in_words import LINE_MAX

log = logging.getLogger(__name__)


class GameCommands(app_commands.Group):
    """The /game commands. In a direct message, which belongs to no server, only /game mine has an answer."""

    def __init__(self) -> None:
        super().__init__(
            name="game",
            description=gettext_noop("Plan and join games in this server"),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    @app_commands.command(name="list", description=gettext_noop("See this server's upcoming games"))
    @app_commands.describe(
        channel=gettext_noop("Only games announced in this channel"),
        text=gettext_noop("Only games with these words in the title, description or template name"),
        free=gettext_noop("Only games with free seats"),
        past=gettext_noop("Show past games instead, the latest first"),
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

    @app_commands.command(name="mine", description=gettext_noop("See the games you host, play in or wait for"))
    @app_commands.describe(past=gettext_noop("Show past games instead, the latest first"))
    async def my_games(self, interaction: discord.Interaction, past: bool = False) -> None:
        options = ListOptions(past=past)
        await receiving_client(interaction).game_list.handle(interaction, "/game mine", "mine", options)

    @app_commands.command(name="create", description=gettext_noop("Schedule a game: what and when, in one line"))
    @app_commands.describe(
        what=line_wording.LINE_HELP,
        template=gettext_noop("The template for every setting you leave out"),
        channel=gettext_noop("Where to announce it"),
        seats=gettext_noop("How many can play"),
        duration=gettext_noop("How long it lasts: 2h, 1h30m, 90 min"),
        picture=line_wording.PICTURE_HELP,
    )
    async def create(
        self,
        interaction: discord.Interaction,
        what: app_commands.Range[str, 1, LINE_MAX] = "",
        template: str = "",
        channel: str = "",
        seats: app_commands.Range[int, 1, SEATS_MAX] | None = None,
        duration: app_commands.Range[str, 1, DURATION_TYPED_MAX] = "",
        picture: discord.Attachment | None = None,
    ) -> None:
        state = LineState.of_options(template, channel, seats, duration)
        beside = (not_chosen(template), not_chosen(channel), duration)
        await receiving_client(interaction).creation.start(interaction, what, state, beside, picture)

    @create.autocomplete("template")
    async def _templates(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "template", typed)

    @create.autocomplete("channel")
    async def _channels(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "channel", typed)

    @create.autocomplete("duration")
    async def _durations(self, interaction: discord.Interaction, typed: str) -> Choices:
        greet(interaction)
        return suggest_duration(typed)

    @app_commands.command(name="edit", description=gettext_noop("Change a game you run"))
    @app_commands.describe(
        game=gettext_noop("The game to change"),
        title=gettext_noop("Its new title"),
        when=gettext_noop("Its new time: friday 8pm, tomorrow 20:00"),
        seats=gettext_noop("How many can play"),
        duration=gettext_noop("How long it lasts: 2h, 1h30m, 90 min"),
    )
    async def edit(
        self,
        interaction: discord.Interaction,
        game: str,
        title: app_commands.Range[str, 1, TITLE_MAX] = "",
        when: app_commands.Range[str, 1, LINE_MAX] = "",
        seats: app_commands.Range[int, 1, SEATS_MAX] | None = None,
        duration: app_commands.Range[str, 1, DURATION_TYPED_MAX] = "",
    ) -> None:
        changes = game_commands.Changes(title, when, seats, duration)
        work = partial(game_commands.edit, game_id=game, changes=changes)
        await _run(interaction, "/game edit", work, (not_chosen(game), title, when, duration))

    @app_commands.command(name="cancel", description=gettext_noop("Cancel a game you run"))
    @app_commands.describe(
        game=gettext_noop("The game to cancel"), reason=gettext_noop("Why; we tell everyone who signed up")
    )
    async def cancel(
        self, interaction: discord.Interaction, game: str, reason: app_commands.Range[str, 1, REASON_MAX] = ""
    ) -> None:
        work = partial(game_commands.cancel, game_id=game, reason=reason)
        await _run(interaction, "/game cancel", work, (not_chosen(game), reason))

    @app_commands.command(
        name="again", description=gettext_noop("Schedule a game again, a week later or when you like")
    )
    @app_commands.describe(
        game=gettext_noop("The game to schedule again"),
        what=gettext_noop("Its new title and time: Strahd, part 2, friday 8pm"),
    )
    async def again(
        self, interaction: discord.Interaction, game: str, what: app_commands.Range[str, 1, LINE_MAX] = ""
    ) -> None:
        state = LineState(game_id=parse_id(game)) if parse_id(game) else "not_listed"
        await receiving_client(interaction).creation.start(interaction, what, state, (not_chosen(game),))

    @app_commands.command(
        name="series", description=gettext_noop("Skip a date of a series you run, or pause, resume or end it")
    )
    @app_commands.describe(series=gettext_noop("The series to change"), pause_until=series_wording.PAUSE_HELP)
    async def series(
        self,
        interaction: discord.Interaction,
        series: str,
        pause_until: app_commands.Range[str, 1, DAY_MAX] = "",
    ) -> None:
        await receiving_client(interaction).series.start(interaction, parse_id(series), not_chosen(series), pause_until)

    @app_commands.command(
        name="settings", description=gettext_noop("Find the server's settings and your notifications")
    )
    async def settings(self, interaction: discord.Interaction) -> None:
        await _run(interaction, "/game settings", game_commands.show_settings)

    @edit.autocomplete("game")
    async def _games_to_edit(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "edit", typed)

    @edit.autocomplete("duration")
    async def _other_durations(self, interaction: discord.Interaction, typed: str) -> Choices:
        greet(interaction)
        return suggest_duration(typed)

    @cancel.autocomplete("game")
    async def _games_to_cancel(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "cancel", typed)

    @series.autocomplete("series")
    async def _series_to_change(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "series", typed)

    @again.autocomplete("game")
    async def _games_for_again(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(interaction, "again", typed)


def not_chosen(option: str) -> str:
    """Return what was typed into an option whose choices are ids; '' for a choice, which nobody typed."""
    return "" if parse_id(option) else option


async def _run(interaction: discord.Interaction, name: str, work: Work, typed: Collection[str] = ()) -> None:
    await receiving_client(interaction).game_commands.handle(interaction, name, work, typed)


async def _sign_up(interaction: discord.Interaction, message: discord.Message) -> None:
    await receiving_client(interaction).game_commands.choose_people(interaction, message.id)


async def _list_deliveries(interaction: discord.Interaction, message: discord.Message) -> None:
    await _run(interaction, "Who was notified", partial(game_commands.list_deliveries, message_id=message.id))


async def _games_with(interaction: discord.Interaction, person: discord.Member) -> None:
    work = partial(game_commands.games_with, user_id=person.id, name=person.display_name)
    await _run(interaction, "Games with this person", work)


def menu_commands() -> list[app_commands.ContextMenu]:
    """Return the entries in the menu of a message and of a person; in servers only."""
    menus = {
        gettext_noop("Sign someone up"): _sign_up,
        gettext_noop("Who was notified"): _list_deliveries,
        gettext_noop("Games with this person"): _games_with,
    }
    guild_only = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
    guild_install = app_commands.AppInstallationType(guild=True, user=False)
    return [
        app_commands.ContextMenu(
            name=name,
            callback=callback,  # type: ignore[arg-type]
            allowed_contexts=guild_only,
            allowed_installs=guild_install,
        )
        for name, callback in menus.items()
    ]


class BotCommandTree(app_commands.CommandTree[Any]):
    """The commands of this version, with a polite reply to those of another."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client)
        self.add_command(GameCommands())
        for menu in menu_commands():
            self.add_command(menu)

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        is_stale = isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch)
        entry = InteractionRecord(interaction, f"/{dict(interaction.data or {}).get('name', '')}")
        entry.outcome = Outcome.REFUSED if is_stale else Outcome.FAILED
        if not is_stale:
            log.error("%s failed", entry.name, exc_info=error)
        try:
            await reply_ephemeral(entry, wording.OLD_COMMAND if is_stale else wording.FAILED)
        except REQUEST_FAILED as reason:
            record_no_response(entry, reason)
        receiving_client(interaction).log.add(entry)
