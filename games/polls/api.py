"""Polls for a time, for programs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from django.http import Http404
from ninja import Schema
from pydantic import Field

from games.api.base import answers, once, reaches, visible_guild
from games.api.caller import HOST, PLAY, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import Id, Moment, PersonShape, Sent, SentText, person_shape
from games.core.permissions import Viewer, visible_polls
from games.models import PollState, TimePoll, TimePollVote
from games.pages.shortcuts import FRESH_ROLES, load_form_viewer
from games.polls import actions as polls
from games.polls.grid import count_votes
from games.polls.rules import PollPlan
from games.polls.views import get_visible_poll_or_404
from gamesched.lib.clock import db_now
from gamesched.lib.zones import zone_info
from guilds.directory.lookup import ROLES_VALID_FOR, ensure_fresh_roles
from guilds.display_names import display_names


class PollTime(Schema):
    """One time of a poll, with how many can come."""

    id: Id
    starts_at: datetime
    votes: int
    yours: bool


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
    poll: PollShape


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
    found = visible_polls(request.user).filter(guild=guild_id).select_related("guild", "channel", "game", "post")
    still_open = [one for one in found.order_by("closes_at", "pk") if one.state(request.now) is PollState.OPEN]
    return [_shape(request, one) for one in still_open]


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
    found = TimePoll.objects.select_related("guild", "channel", "game", "post").get(pk=result.poll.pk)
    return PollAction(text=result.text, changed=result.changed, poll=_shape(request, found))


def _shape(request: ApiRequest, found: TimePoll) -> PollShape:
    times, zone = list(found.options.all()), zone_info(found.zone)
    votes = count_votes(found, times)
    own = set(TimePollVote.objects.filter(option__poll=found, user=request.user).values_list("option_id", flat=True))
    return PollShape(
        id=found.pk,
        guild_id=found.guild_id,
        channel_id=found.channel_id,
        title=found.title,
        zone=found.zone,
        state=found.state(request.now),
        closes_at=found.closes_at.astimezone(zone),
        quorum=found.quorum,
        host=person_shape(found.host_id, display_names(found.guild_id, [found.host_id])),
        times=[
            PollTime(
                id=one.pk, starts_at=one.starts_at.astimezone(zone), votes=votes.counts[one.pk], yours=one.pk in own
            )
            for one in times
        ],
        people=votes.people,
        game_id=found.game_id,
        url=found.url,
    )
