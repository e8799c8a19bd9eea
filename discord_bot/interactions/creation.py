"""/game create: a private preview of the post, whose buttons post it, change it, or go on at the web.

The preview is the state: its footer is the line as typed, its buttons carry what was chosen. So any process may answer,
and the row of its message lets two presses make one game.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import discord
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from discord_bot import render
from discord_bot.converters import guild_and_member_of
from discord_bot.interactions.line_buttons import LineButton
from discord_bot.interactions.line_state import LineAction, LineState
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.modals import submitted_texts
from discord_bot.interactions.replies import defer_if_slow, overlap_text, reply_ephemeral
from discord_bot.interactions.typed_texts import MAX_CONTENT, with_typed
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import ActionResult, Actor, EntryPoint
from games.core.escaping import cut_message, escape_markdown
from games.core.permissions import Viewer
from games.core.rules import next_week
from games.models import Game
from games.models.layers import inherited_settings
from games.offers.schedule_conflicts import ConflictPolicy, ScheduleConflict
from games.posts.announcement import AnnouncementView, announcement_view
from games.scheduling import command_wording, line_wording
from games.scheduling.actions import create_game
from games.scheduling.cloning import CarryPlayers, clone_game
from games.scheduling.planned_line import PlannedLine, plan_line
from games.scheduling.rules import Plan
from gamesched.lib.clock import db_now
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.refusal import Refused
from gamesched.lib.times_in_words import LINE_MAX, find_time
from guilds.directory.payloads import MemberPayload
from guilds.directory.upsert import mark_dms_open, upsert_member
from guilds.display_names import role_names
from guilds.models import Guild
from guilds.names import is_visible, tidy_line, without_unstorable
from guilds.sent_forms.idempotency import AlreadySent, FormResult, act_once
from guilds.templatetags.when import when

URL_MAX = 512  # characters of a button's address, Discord's limit
LINE_FIELD = "line"  # the custom id of the modal's field


@dataclass(frozen=True)
class LineRequest:
    """What somebody wrote, what was chosen beside it, and where; `message_id` is the preview's, None for a new one."""

    text: str
    state: LineState
    guild_id: int | None
    member: MemberPayload | None
    channel_id: int | None
    message_id: int | None = None
    repeated: Game | None = None  # read by `reply_to_line`


@dataclass(frozen=True)
class LineReply:
    """What a line is answered with: the post as it will be, or a question, and the buttons under it."""

    text: str
    outcome: Outcome = Outcome.REFUSED
    line: str = ""
    post: AnnouncementView | None = None
    buttons: tuple[LineButton, ...] = ()
    web_url: str = ""
    keeps_preview: bool = False  # only the text above it changes


def reply_to_line(request: LineRequest) -> LineReply:
    """Do all database work of a line, in one call: read it, and rehearse the game; or schedule it."""
    # Discord refuses a footer that shows nothing.
    text = tidy_line(without_unstorable(request.text))[:LINE_MAX]
    request = replace(request, text=text if is_visible(text) else "")
    reply = _answer(request)
    return replace(reply, line=request.text) if reply.outcome is Outcome.REFUSED else reply


def _answer(request: LineRequest) -> LineReply:
    if request.guild_id is None:
        return LineReply(command_wording.ONLY_IN_SERVER)
    guild = Guild.objects.present().filter(pk=request.guild_id).select_related("defaults").first()
    if guild is None or request.member is None:
        return LineReply(wording.NOT_A_MEMBER)
    now = db_now()
    member = upsert_member(guild.pk, request.member, now)
    mark_dms_open(member.user)
    viewer = Viewer(member.user, guild.pk, member)
    if not viewer.may_schedule:
        roles = inherited_settings(guild, None, None)["host_role_ids"].value
        return LineReply(wording.role_needed_to_host(role_names(guild.pk, roles)))
    if request.state.game_id is not None:
        game = Game.objects.with_guild_and_channel().filter(pk=request.state.game_id, guild=guild).first()
        if game is None or not viewer.may_see_game(game):
            return LineReply(wording.UNKNOWN_GAME)
        if not request.text and request.state.starts_at is None:
            request = _a_week_later(request, game, now)
        request = replace(request, repeated=game)
    actor = Actor(member.user, EntryPoint.BUTTON if request.state.posts else EntryPoint.COMMAND)
    if request.state.posts and request.message_id is not None:
        return _post(request, viewer, guild, actor, now)
    return _preview(request, viewer, guild, actor, now)


def _a_week_later(request: LineRequest, game: Game, now: datetime) -> LineRequest:
    """Return a request for a game again, at the same time on the clock; its title is not read as words of a time.

    Where clocks skip that time or show it twice, it is written as a line, so that it is asked about.
    """
    local = next_week(game.starts_at, game.zone, now).replace(second=0, microsecond=0)
    found = find_time(f"{local:%Y-%m-%d %H:%M}", now, game.zone)
    if found.at is None:
        return replace(request, text=f"{local:%Y-%m-%d %H:%M}")
    return replace(request, state=replace(request.state, starts_at=found.at))


def _plan(request: LineRequest, viewer: Viewer, guild: Guild, now: datetime) -> PlannedLine:
    return plan_line(viewer, guild, request.text, request.state.chosen, now, request.channel_id, request.repeated)


def _schedule(request: LineRequest, plan: Plan, actor: Actor, now: datetime, overlap: ConflictPolicy) -> ActionResult:
    if request.repeated is not None:
        return clone_game(request.repeated.pk, plan, CarryPlayers.NO, actor, now, overlap=overlap)
    return create_game(request.guild_id or 0, plan, actor, now, overlap=overlap)


def _preview(request: LineRequest, viewer: Viewer, guild: Guild, actor: Actor, now: datetime) -> LineReply:
    planned = _plan(request, viewer, guild, now)
    state, plan = request.state, planned.plan
    change = LineButton(replace(state, action=LineAction.CHANGE, starts_at=None), line_wording.CHANGE)
    reply = LineReply("", line=request.text, web_url=form_url(guild.pk, request))
    if plan is None:
        offers = tuple(
            LineButton(replace(state, action=LineAction.AT, starts_at=at), when(at, planned.line.when.zone), "primary")
            for at in planned.offers
        )
        return replace(reply, text=line_wording.LINE_PROBLEMS[planned.problem], buttons=(*offers, change))
    state = replace(state, starts_at=plan.starts_at, channel_id=plan.channel_id, template_id=plan.template_id or 0)
    post, conflict = LineButton(replace(state, action=LineAction.POST), line_wording.POST_IT, "success"), ""

    def rehearse(overlap: ConflictPolicy) -> AnnouncementView:
        with transaction.atomic():
            game = _schedule(request, plan, actor, now, overlap).game
            view = announcement_view(game, now)
            transaction.set_rollback(True)
        return view

    try:
        view = rehearse(ConflictPolicy.ASK)
    except ScheduleConflict as question:
        conflict = f"{overlap_text(question)}\n"
        view = rehearse(ConflictPolicy.ANYWAY)
        post = LineButton(replace(state, action=LineAction.ANYWAY), line_wording.POST_ANYWAY, "danger")
    except Refused as refused:
        return replace(reply, text=escape_markdown(refused.refusal.sentence), buttons=(change,))
    start = wording.timestamp_with_countdown(plan.starts_at)
    return replace(
        reply,
        text=f"{conflict}{line_wording.preview(f'<#{plan.channel_id}>', start, plan.zone)}",
        outcome=Outcome.NOTHING,
        # Neither its address nor its calendar exists yet.
        post=replace(view, url="", calendar_url="", google_url=""),
        buttons=(post, change),
        web_url=form_url(guild.pk, replace(request, state=state)),
    )


def _post(request: LineRequest, viewer: Viewer, guild: Guild, actor: Actor, now: datetime) -> LineReply:
    """Schedule the game of a preview once, however often its button is pressed."""
    planned = _plan(request, viewer, guild, now)
    overlap = ConflictPolicy.ANYWAY if request.state.action is LineAction.ANYWAY else ConflictPolicy.ASK

    def act() -> FormResult:
        if planned.plan is None:
            raise AssertionError("a preview has a plan")
        result = _schedule(request, planned.plan, actor, now, overlap)
        return FormResult(result.text, result.game.url)

    if planned.plan is None:
        return _preview(request, viewer, guild, actor, now)
    if request.state.template_id and planned.plan.template_id != request.state.template_id:
        # It was deleted, or is theirs no more: what they would post is not what they saw.
        reply = _preview(request, viewer, guild, actor, now)
        return replace(reply, text=f"{line_wording.TEMPLATE_GONE}\n{reply.text}")
    key = hashlib.sha256(f"message {request.message_id}".encode()).hexdigest()
    try:
        answer = act_once(viewer.person, key, key, act)
    except AlreadySent as sent:
        return LineReply(line_wording.made(escape_markdown(sent.earlier.text), sent.earlier.address), Outcome.NOTHING)
    except ScheduleConflict:
        return _preview(request, viewer, guild, actor, now)
    except Refused as refused:
        return LineReply(escape_markdown(refused.refusal.sentence), keeps_preview=True)
    assert answer is not None
    return LineReply(line_wording.made(escape_markdown(answer.text), answer.address), Outcome.DONE)


def form_url(guild_id: int, request: LineRequest) -> str:
    """Return the address of the form that schedules a game, with what is known; shortened to what a button takes."""
    text = request.text
    while True:
        query = {"what": text, **request.state.query}
        page = reverse("game-new", args=[guild_id])
        if request.state.game_id is not None:
            page = reverse("game-again", args=[request.state.game_id])
        url = f"{settings.PUBLIC_URL}{page}?{urlencode(query)}"
        if len(url) <= URL_MAX or not text:
            return url
        text = text[: len(text) * 3 // 4]


class CreationHandler:
    """Handles /game create, its buttons and its modal."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def start(
        self, interaction: discord.Interaction, text: str, state: LineState | str, beside: Collection[str]
    ) -> None:
        """Answer a line with a preview, or an empty one with the modal in which to write it.

        A `state` of text is what is wrong with the options, a key of LINE_PROBLEMS. `beside`: what was typed into them.
        """
        again = isinstance(state, LineState) and state.game_id is not None
        entry = InteractionRecord(interaction, "/game again" if again else "/game create")
        with self._log.recording(entry):
            if isinstance(state, str):
                entry.outcome = Outcome.REFUSED
                await reply_ephemeral(entry, with_typed(line_wording.LINE_PROBLEMS[state], text, *beside))
            elif is_visible(text) or state.game_id is not None:
                await self._reply(entry, text, state, beside)
            else:
                await self._ask(entry, state, "")

    async def press(self, interaction: discord.Interaction, state: LineState) -> None:
        """Handle a button under a preview."""
        entry = InteractionRecord(interaction, state.custom_id)
        text = typed_line(interaction.message)
        with self._log.recording(entry):
            if state.action is LineAction.CHANGE:
                await self._ask(entry, state, text)
            else:
                await self._reply(entry, text, state)

    async def submit(self, interaction: discord.Interaction, state: LineState) -> None:
        """Handle the modal: the line as it was written again, in place of the preview that it was opened from."""
        entry = InteractionRecord(interaction, state.custom_id)
        with self._log.recording(entry):
            await self._reply(entry, submitted_texts(interaction).get(LINE_FIELD, ""), state)

    async def _ask(self, entry: InteractionRecord, state: LineState, text: str) -> None:
        """Open the modal. Nothing is looked up first, because only a quick response can open one."""
        custom_id = replace(state, action=LineAction.CHANGE, starts_at=None).custom_id
        modal = discord.ui.Modal(title=line_wording.LINE_LABEL, custom_id=custom_id, timeout=None)
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=LINE_FIELD, max_length=LINE_MAX, default=text or None, placeholder=line_wording.LINE_EXAMPLE
        )
        modal.add_item(discord.ui.Label(text=line_wording.LINE_LABEL, component=field))
        modal.stop()  # so that discord.py does not keep it: the id suffices
        await entry.interaction.response.send_modal(modal)
        entry.mark_responded()

    async def _reply(self, entry: InteractionRecord, text: str, state: LineState, beside: Collection[str] = ()) -> None:
        interaction, response = entry.interaction, entry.interaction.response
        preview = interaction.message  # None for a command, and for the modal that a command opened
        channel = interaction.channel_id
        request = LineRequest(
            text, state, *guild_and_member_of(interaction), channel, preview.id if preview is not None else None
        )
        defer = _defer_update(response) if preview is not None else _defer_new(response)
        failed = LineReply(with_typed(wording.FAILED, text, *beside), Outcome.FAILED, keeps_preview=True)
        reply = await defer_if_slow(entry, run_in_db_thread(reply_to_line, request), defer, failed)
        entry.outcome, entry.detail = reply.outcome, reply.text
        shown = with_typed(reply.text, *beside) if reply.outcome is Outcome.REFUSED else reply.text
        content: dict[str, Any] = {"content": cut_message(shown, MAX_CONTENT), "allowed_mentions": render.NO_PINGS}
        if not (reply.keeps_preview and preview is not None):
            content |= _contents(reply)
        if response.is_done():
            await interaction.edit_original_response(**content)
        elif preview is not None:
            await response.edit_message(**content)
        else:
            view = content.pop("view", None)
            await response.send_message(**content, **({"view": view} if view else {}), ephemeral=True)
        entry.mark_responded()


def _defer_new(response: discord.InteractionResponse[Any]) -> Callable[[], Any]:
    return lambda: response.defer(ephemeral=True, thinking=True)


def _defer_update(response: discord.InteractionResponse[Any]) -> Callable[[], Any]:
    return lambda: response.defer()


def typed_line(message: discord.Message | None) -> str:
    """Return the line that a preview was made from."""
    return next((embed.footer.text for embed in message.embeds if embed.footer.text), "") if message else ""


def _contents(reply: LineReply) -> dict[str, Any]:
    """Return a reply's embed and buttons, as arguments of discord.py's send and edit."""
    if not reply.buttons and not reply.line:
        return {"embeds": [], "view": None}
    embed = render.announcement_embed(reply.post) if reply.post is not None else discord.Embed()
    embed.url = None
    embed.set_footer(text=reply.line or None)
    view = discord.ui.View(timeout=None)
    for button in reply.buttons:
        view.add_item(button)
    if reply.web_url:
        view.add_item(discord.ui.Button(label=line_wording.MORE_ON_WEB, url=reply.web_url))
    view.stop()  # so that discord.py does not keep it: the ids suffice
    return {"embeds": [embed], "view": view}
