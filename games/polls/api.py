"""Polls for a time, for programs."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from django.http import Http404
from ninja import Schema
from pydantic import Field

from games.api.base import answers, once, reaches, require_first, visible_guild
from games.api.caller import HOST, PLAY, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import Id, Moment, PersonShape, Sent, SentText, person_shape
from games.core.permissions import Viewer, load_memberships, visible_to
from games.models import Game, PollState, TimePoll, TimePollOption
from games.pages.shortcuts import FRESH_ROLES, load_form_viewer
from games.polls import actions as polls
from games.polls.rules import PollPlan, best_option
from games.polls.views import get_visible_poll_or_404
from gamesched.lib.clock import db_now
from gamesched.lib.zones import zone_info
from guilds.directory.lookup import ROLES_VALID_FOR, ensure_fresh_roles
from guilds.display_names import DisplayName, display_names
from guilds.models import User


class PollTime(Schema):
    """One time of a poll, with who can come."""

    id: Id
    starts_at: datetime
    votes: int
    voters: list[PersonShape] = Field(description="Who can come, in the order in which they said so.")
    yours: bool
    best: bool = Field(description="Whether this is the time that wins, or has won.")


class PollShape(Schema):
    """A poll for a time."""

    id: Id
    guild_id: Id
    channel_id: Id
    title: str
    zone: str
    state: PollState
    closes_at: datetime
    quorum: int | None = Field(description="So many people make the first time that has them a game.")
    host: PersonShape
    times: list[PollTime]
    people: int
    game_id: Id | None
    url: str


class PollAction(Schema):
    """What an action did to a poll."""

    text: str
    changed: bool
    poll: PollShape | None = Field(description="None: what was tried on the command line, and not done.")


class NewPoll(Sent):
    """A poll to open."""

    title: SentText
    channel_id: Id
    template_id: Id | None = None
    zone: SentText | None = None
    times: list[Moment] = Field(description="From 2 to 10.", max_length=100)
    closes_at: Moment
    wins: Literal["host", "number", "minimum"] = "host"
    number: int | None = Field(None, ge=1, le=100)


class Ticks(Sent):
    """All the times at which you can come."""

    time_ids: list[Id] = Field(max_length=100)


class ChosenTime(Sent):
    """The time that becomes a game; the one that wins, if left out."""

    time_id: Id | None = None


WINNER = ChosenTime()


@router.get("/guilds/{id:guild_id}/polls", auth=READ, response=answers(list[PollShape]))
def open_polls(request: ApiRequest, guild_id: Id) -> Any:
    """List a server's open polls, those that close first first."""
    visible_guild(request, guild_id)
    memberships = load_memberships(request.user, guild_id)
    found = TimePoll.objects.open(request.now).filter(guild=guild_id).select_related("guild", "channel__parent", "game")
    seen = [one for one in found.order_by("closes_at", "pk") if memberships.may_view(one.channel)]
    return poll_shapes(seen, request.user, request.now)


@router.post("/guilds/{id:guild_id}/polls", auth=HOST, response=answers(PollAction, 201))
def open_poll(request: ApiRequest, guild_id: Id, sent: NewPoll) -> Any:
    """Open a poll."""
    visible_guild(request, guild_id)
    load_form_viewer(request, guild_id)
    ensure_fresh_roles(guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
    plan = PollPlan(
        title=sent.title,
        zone=sent.zone or request.user.zone or "UTC",
        channel_id=sent.channel_id,
        starts=sent.times,
        closes_at=sent.closes_at,
        template_id=sent.template_id,
        quorum=sent.number if sent.wins == "number" else None,
        by_minimum=sent.wins == "minimum",
    )
    return once(request, lambda: _answer(request, polls.open_poll(guild_id, plan, actor(request), db_now())), 201)


@router.get("/polls/{id:poll_id}", auth=READ, response=answers(PollShape))
def poll(request: ApiRequest, poll_id: Id) -> Any:
    """Show a poll."""
    return _shape(request, _visible(request, poll_id)[0])


@router.put("/polls/{id:poll_id}/vote", auth=PLAY, response=answers(PollAction))
def vote(request: ApiRequest, poll_id: Id, sent: Ticks) -> Any:
    """Say at which times you can come, in place of what you said before."""
    return _run(request, poll_id, lambda now: polls.vote(poll_id, sent.time_ids, actor(request), now))


@router.post("/polls/{id:poll_id}/game", auth=HOST, response=answers(PollAction))
def make_game(request: ApiRequest, poll_id: Id, sent: ChosenTime = WINNER) -> Any:
    """Make a poll a game."""
    return _run(request, poll_id, lambda now: polls.make_game(poll_id, actor(request), now, sent.time_id), FRESH_ROLES)


@router.post("/polls/{id:poll_id}/cancel", auth=HOST, response=answers(PollAction))
def cancel(request: ApiRequest, poll_id: Id) -> Any:
    """Cancel a poll."""
    return _run(request, poll_id, lambda now: polls.cancel_poll(poll_id, actor(request), now), FRESH_ROLES)


def _visible(request: ApiRequest, poll_id: int) -> tuple[TimePoll, Viewer]:
    found = get_visible_poll_or_404(request, poll_id)
    if not reaches(request, found[0].guild_id):
        raise Http404
    require_first(request)
    return found


def _run(
    request: ApiRequest,
    poll_id: int,
    action: Callable[[datetime], polls.PollResult],
    max_age: timedelta = ROLES_VALID_FOR,
) -> Any:
    found, _ = _visible(request, poll_id)
    ensure_fresh_roles(found.guild_id, request.user.pk, db_now(), max_age)
    return once(request, lambda: _answer(request, action(db_now())))


def _answer(request: ApiRequest, result: polls.PollResult) -> PollAction:
    found = TimePoll.objects.select_related("guild", "channel", "game").get(pk=result.poll.pk)
    return PollAction(text=result.text, changed=result.changed, poll=_shape(request, found))


def _shape(request: ApiRequest, found: TimePoll) -> PollShape:
    return poll_shapes([found], request.user, request.now)[0]


def poll_shapes(found: list[TimePoll], reader: User | None, now: datetime) -> list[PollShape]:
    """Return polls as their reader sees them; None for the command line's operator.

    Those of one guild take as many statements however many they are.
    """
    options: dict[int, list[TimePollOption]] = {}
    for option in TimePollOption.objects.filter(poll__in=found):
        options.setdefault(option.poll_id, []).append(option)
    voters = polls.voters_of(*found)
    made = {one.game_id for one in found if one.game_id}  # and perhaps moved since, to where the reader sees nothing
    visible = visible_to(reader) if reader is not None else Game.objects.all()
    games = set(visible.filter(pk__in=made).values_list("pk", flat=True)) if made else set()
    people: dict[int, set[int]] = {}
    for one in found:
        voting = (pk for option in options.get(one.pk, ()) for pk in voters.get(option.pk, ()))
        people.setdefault(one.guild_id, set()).update([one.host_id, *voting])
    names = {guild_id: display_names(guild_id, ids) for guild_id, ids in people.items()}
    return [_poll_shape(one, options.get(one.pk, []), voters, names[one.guild_id], games, reader, now) for one in found]


def _poll_shape(
    poll: TimePoll,
    options: list[TimePollOption],
    voters: Mapping[int, list[int]],
    names: Mapping[int, DisplayName],
    games: Collection[int],
    reader: User | None,
    now: datetime,
) -> PollShape:
    best = best_option(options, polls.counted(voters), now)
    best_id = poll.winner_id or (best.pk if best is not None else None)
    zone = zone_info(poll.zone)
    return PollShape(
        id=poll.pk,
        guild_id=poll.guild_id,
        channel_id=poll.channel_id,
        title=poll.title,
        zone=poll.zone,
        state=poll.state(now),
        closes_at=poll.closes_at.astimezone(zone),
        quorum=poll.quorum,
        host=person_shape(poll.host_id, names),
        times=[
            PollTime(
                id=one.pk,
                starts_at=one.starts_at.astimezone(zone),
                votes=len(ticked),
                voters=[person_shape(pk, names) for pk in ticked],
                yours=reader is not None and reader.pk in ticked,
                best=one.pk == best_id,
            )
            for one in options
            for ticked in [voters.get(one.pk, [])]
        ],
        people=len({pk for one in options for pk in voters.get(one.pk, ())}),
        game_id=poll.game_id if poll.game_id in games else None,
        url=poll.url,
    )
