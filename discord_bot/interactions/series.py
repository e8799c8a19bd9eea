"""/game series: how a series stands, for those who run it, and the buttons that skip, pause, resume and end it.

The custom ids carry the game and what is meant, so any process answers, and a second press finds nothing left to do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot import render
from discord_bot.converters import guild_and_member_of
from discord_bot.interactions.command_use import CommandReply, CommandUse, use_command
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.modals import submitted_texts
from discord_bot.interactions.replies import defer_if_slow
from discord_bot.interactions.series_components import SeriesButton, SeriesSelect
from discord_bot.interactions.series_state import SeriesAction, SeriesChoice
from discord_bot.interactions.typed_texts import MAX_CONTENT, with_typed
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import ActionResult, EntryPoint
from games.core.choices import outdated_refusal
from games.core.escaping import cut_message, escape_markdown
from games.models import Game
from games.series import actions, buttons
from games.series import wording as series_wording
from games.series.overview import SeriesOverview, series_overview
from gamesched.lib.days_in_words import DAY_MAX
from gamesched.lib.refusal import Refused

UNTIL_FIELD = "until"  # the custom id of the modal's field


@dataclass(frozen=True)
class SeriesReply(CommandReply):
    """A text, and below it how the series stands now; `asks_end`: with buttons that ask before it ends."""

    overview: SeriesOverview | None = None
    asks_end: bool = False


def show_series(use: CommandUse, choice: SeriesChoice, words: str = "") -> CommandReply:
    """Do what is chosen about a series, and tell how it stands then. `words`: until when it is to pause."""
    games = Game.objects.with_guild_and_channel().select_related("series").filter(guild=use.guild, pk=choice.game_id)
    game = games.first()
    if game is None or game.series is None or not use.viewer.may_see_game(game):
        return CommandReply(series_wording.CHOOSE_SERIES)
    if not use.viewer.may_manage(game):
        return CommandReply(wording.NOT_YOURS)
    text, outcome = "", Outcome.NOTHING
    try:
        if (result := _act(use, choice, words)) is not None:
            text, outcome = result.text, Outcome.DONE if result.changed else Outcome.NOTHING
    except Refused as refused:
        text, outcome = escape_markdown(refused.refusal.sentence), Outcome.REFUSED
    game.series.refresh_from_db()
    overview = series_overview(game, game.series, use.now)
    asks_end = choice.action is SeriesAction.END and overview.running
    return SeriesReply(series_wording.ASK_END if asks_end else text, outcome, overview=overview, asks_end=asks_end)


def _act(use: CommandUse, choice: SeriesChoice, words: str) -> ActionResult | None:
    """Run the action that is chosen; None where it is only shown. Raises Refused."""
    game_id, actor, now = choice.game_id, use.actor, use.now
    match choice.action:
        case SeriesAction.PAUSE:
            return actions.pause_until(game_id, words, actor, now)
        case SeriesAction.END_IT:
            return actions.end_series(game_id, actor, now)
        case SeriesAction.SKIP:
            return actions.skip_date(game_id, _day(choice), actor, now)
        case SeriesAction.UNSKIP:
            return actions.unskip_date(game_id, _day(choice), actor, now)
        case SeriesAction.RESUME:
            return buttons.answer_button(game_id, choice.number, buttons.RESUME, actor, now)
    return None


def _day(choice: SeriesChoice) -> date:
    if not 0 < choice.number <= date.max.toordinal():
        raise Refused(outdated_refusal())
    return date.fromordinal(choice.number)


class SeriesHandler:
    """Handles /game series, what is under its reply, and the modal that asks until when."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def start(self, interaction: discord.Interaction, game_id: int | None, typed: str, until: str) -> None:
        """Reply to the command; `typed`: what stood in its option where that is no choice."""
        action = SeriesAction.PAUSE if until else SeriesAction.SHOW
        choice = SeriesChoice(action, game_id or 0)
        await self._reply(InteractionRecord(interaction, "/game series"), choice, until, typed)

    async def press(self, interaction: discord.Interaction, choice: SeriesChoice) -> None:
        """Handle a button or the select."""
        entry = InteractionRecord(interaction, choice.custom_id)
        if choice.action is SeriesAction.PAUSE:
            with self._log.recording(entry):
                await interaction.response.send_modal(_pause_modal(choice))
                entry.mark_responded()
        else:
            await self._reply(entry, choice)

    async def submit(self, interaction: discord.Interaction, choice: SeriesChoice) -> None:
        """Handle the modal."""
        words = submitted_texts(interaction).get(UNTIL_FIELD, "")
        await self._reply(InteractionRecord(interaction, choice.custom_id), choice, words)

    async def _reply(self, entry: InteractionRecord, choice: SeriesChoice, words: str = "", typed: str = "") -> None:
        """Reply in place of what was pressed, well inside Discord's three seconds, whatever happens."""
        interaction, response = entry.interaction, entry.interaction.response
        in_place = interaction.message is not None
        work = partial(show_series, choice=choice, words=words)
        source = EntryPoint.BUTTON if in_place else EntryPoint.COMMAND
        used = entry.work(use_command, *guild_and_member_of(interaction), work, (typed, words), source)
        defer: Callable[[], Any] = (
            response.defer if in_place else partial(response.defer, ephemeral=True, thinking=True)
        )
        failed = CommandReply(with_typed(wording.FAILED, typed, words), Outcome.FAILED)
        with self._log.recording(entry):
            reply = await defer_if_slow(entry, used, defer, failed)
            entry.outcome, entry.detail = reply.outcome, reply.text
            content: dict[str, Any] = {**_contents(reply), "allowed_mentions": render.NO_PINGS}
            if in_place and reply.outcome is Outcome.FAILED:
                del content["view"]  # to be pressed again
            if response.is_done():
                await interaction.edit_original_response(**content)
            elif in_place:
                await response.edit_message(**content)
            else:
                view = content.pop("view", None)
                await response.send_message(**content, **({"view": view} if view else {}), ephemeral=True)
            entry.mark_responded()


def _pause_modal(choice: SeriesChoice) -> discord.ui.Modal:
    """Return the modal, with the button's custom id. Nothing is looked up: only a quick response can open one."""
    modal = discord.ui.Modal(title=gettext(series_wording.PAUSE_TITLE), custom_id=choice.custom_id, timeout=None)
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=UNTIL_FIELD, max_length=DAY_MAX, placeholder=gettext(series_wording.PAUSE_EXAMPLE)
    )
    modal.add_item(discord.ui.Label(text=gettext(series_wording.PAUSE_LABEL), component=field))
    modal.stop()  # so that discord.py does not keep it: the id suffices
    return modal


def _contents(reply: CommandReply) -> dict[str, Any]:
    """Return a reply's text and components, as arguments of discord.py's send and edit."""
    overview = reply.overview if isinstance(reply, SeriesReply) else None
    if overview is None or not isinstance(reply, SeriesReply):
        return {"content": cut_message(gettext(reply.text), MAX_CONTENT), "view": None}
    lines = (gettext(reply.text), *overview.lines)
    view = discord.ui.View(timeout=None)
    for item in _asking_items(overview) if reply.asks_end else _items(overview):
        view.add_item(item)
    view.add_item(discord.ui.Button(label=gettext(series_wording.OPEN_PAGE), url=overview.url))
    view.stop()  # so that discord.py does not keep it: the ids suffice
    return {"content": cut_message("\n".join(filter(None, lines)), MAX_CONTENT), "view": view}


def _items(overview: SeriesOverview) -> list[discord.ui.Item[Any]]:
    if not overview.running:
        return []
    choice = SeriesChoice(SeriesAction.PAUSE, overview.game_id)
    items: list[discord.ui.Item[Any]] = [SeriesSelect(choice.game_id, overview.dates)] if overview.dates else []
    items.append(SeriesButton(choice, series_wording.PAUSE))
    if (until := overview.paused_until) is not None:
        resume = replace(choice, action=SeriesAction.RESUME, number=until.toordinal())
        items.append(SeriesButton(resume, series_wording.RESUME, "primary"))
    return [*items, SeriesButton(replace(choice, action=SeriesAction.END), series_wording.END)]


def _asking_items(overview: SeriesOverview) -> list[discord.ui.Item[Any]]:
    choice = SeriesChoice(SeriesAction.END_IT, overview.game_id)
    return [
        SeriesButton(choice, series_wording.END_IT, "danger"),
        SeriesButton(replace(choice, action=SeriesAction.SHOW), series_wording.KEEP_IT),
    ]
