"""All database work of a line in which somebody says a game: read, rehearsed, and posted once."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from discord_bot.interactions.line_buttons import LineButton
from discord_bot.interactions.line_state import LineAction, LineState
from discord_bot.interactions.replies import overlap_text
from discord_bot.interactions.senders import save_member
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import ActionResult, Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.core.permissions import Viewer
from games.core.rules import next_week
from games.models import Game, Picture
from games.models.layers import inherited_settings
from games.offers.schedule_conflicts import ConflictPolicy, ScheduleConflict
from games.pictures.actions import count_upload, drawn_cover_name, store_encoded
from games.pictures.encoding import BadPicture, EncodedPicture
from games.pictures.wording import PROBLEMS
from games.posts.announcement import AnnouncementView, announcement_view
from games.scheduling import command_wording, line_wording
from games.scheduling.actions import create_game
from games.scheduling.cloning import CarryPlayers, clone_game
from games.scheduling.planned_line import PlannedLine, plan_line
from games.scheduling.rules import Plan
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from gamesched.lib.times_in_words import LINE_MAX, find_time
from guilds.directory.payloads import MemberPayload
from guilds.display_names import role_names
from guilds.models import Guild
from guilds.names import is_visible, tidy_line, without_unstorable
from guilds.sent_forms.idempotency import AlreadySent, FormResult, act_once
from guilds.templatetags.zoned_times import when

URL_MAX = 512  # characters of a button's address, Discord's limit


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
    picture: EncodedPicture | None = None  # to be stored


@dataclass(frozen=True)
class LineReply:
    """What a line is answered with: the post as it will be, or a question, and the buttons under it."""

    text: str
    outcome: Outcome = Outcome.REFUSED
    line: str = ""
    cover: str = ""
    post: AnnouncementView | None = None
    buttons: tuple[LineButton, ...] = ()
    web_url: str = ""
    keeps_preview: bool = False  # and stands beside it


def reply_to_line(request: LineRequest) -> LineReply:
    """Do all database work of a line, in one call: read it, and rehearse the game; or schedule it."""
    # What shows nothing is nothing: Discord refuses a text of spaces.
    text = tidy_line(without_unstorable(request.text))[:LINE_MAX]
    request = replace(request, text=text if is_visible(text) else "")
    if request.picture is not None:
        # Who may not schedule is refused before it is fetched, by `check_picture`.
        request = replace(request, state=replace(request.state, cover=store_encoded(request.picture)))
    gone = ""
    if request.state.cover and not Picture.objects.filter(name=request.state.cover).exists():
        # It can only be chosen with the command, so whoever is asked for it could not go on from here.
        request, gone = replace(request, state=replace(request.state, cover="")), gettext(line_wording.PICTURE_GONE)
    reply = replace(_answer(request, may_post=not gone), cover=request.state.cover)
    reply = replace(reply, text="\n".join(filter(None, (gone, gettext(reply.text)))))
    return replace(reply, line=request.text) if reply.outcome is Outcome.REFUSED else reply


def check_picture(request: LineRequest) -> str:
    """Return why somebody may send no picture now, which is counted; '' if they may."""
    found = _host(request, db_now())
    if isinstance(found, LineReply):
        return found.text
    try:
        count_upload(found[0].person.pk)
    except BadPicture as bad:
        return gettext(PROBLEMS[bad.problem])
    return ""


def _host(request: LineRequest, now: datetime) -> tuple[Viewer, Guild] | LineReply:
    """Return who writes, and where; or why they may not schedule games there."""
    if request.guild_id is None:
        return LineReply(command_wording.ONLY_IN_SERVER)
    guild = Guild.objects.present().filter(pk=request.guild_id).select_related("defaults").first()
    if guild is None or request.member is None:
        return LineReply(wording.NOT_A_MEMBER)
    member = save_member(guild.pk, request.member, now)
    viewer = Viewer(member.user, guild.pk, member)
    if not viewer.may_schedule:
        roles = inherited_settings(guild, None, None)["host_role_ids"].value
        return LineReply(wording.role_needed_to_host(role_names(guild.pk, roles)))
    return viewer, guild


def _answer(request: LineRequest, may_post: bool) -> LineReply:
    now = db_now()
    found = _host(request, now)
    if isinstance(found, LineReply):
        return found
    viewer, guild = found
    if request.state.game_id is not None:
        game = Game.objects.with_guild_and_channel().filter(pk=request.state.game_id, guild=guild).first()
        if game is None or not viewer.may_see_game(game):
            return LineReply(wording.UNKNOWN_GAME)
        if not request.text and request.state.starts_at is None:
            request = _a_week_later(request, game, now)
        request = replace(request, repeated=game)
    actor = Actor(viewer.person, EntryPoint.BUTTON if request.state.posts else EntryPoint.COMMAND)
    if request.state.posts and request.message_id is not None and may_post:
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
        return replace(reply, text=gettext(line_wording.LINE_PROBLEMS[planned.problem]), buttons=(*offers, change))
    state = replace(state, starts_at=plan.starts_at, channel_id=plan.channel_id, template_id=plan.template_id or 0)
    post, conflict = LineButton(replace(state, action=LineAction.POST), line_wording.POST_IT, "success"), ""

    def rehearse(overlap: ConflictPolicy) -> AnnouncementView:
        with transaction.atomic():
            game = _schedule(request, plan, actor, now, overlap).game
            view = announcement_view(game, now)
            transaction.set_rollback(True)
        if view.image_url and not game.settings.cover:
            # It is drawn for a game that is not there, so it is shown by a name of its own.
            name = drawn_cover_name(game)
            view = replace(view, image_url=settings.PUBLIC_URL + reverse("picture", args=[name]))
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
        return replace(reply, text=f"{gettext(line_wording.TEMPLATE_GONE)}\n{reply.text}")
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
