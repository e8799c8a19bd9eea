"""Games that repeat, for programs."""

from datetime import date, datetime
from typing import Any

from django.http import Http404
from ninja import Schema
from pydantic import Field

from games.api.base import answers, managed_game, require_valid, run_action, visible_game
from games.api.caller import HOST, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id, PersonShape, Sent, SentText, person_shape
from games.models import Game, Series
from games.pages.shortcuts import FRESH_ROLES
from games.series import actions as series_actions
from games.series import rules
from games.series.forms import RepeatForm
from games.series.regulars import regulars_to_begin_with
from games.series.views import counted_from
from guilds.display_names import display_names


class NextDate(Schema):
    """A date of a series: whether it has a game, and whether it's left out."""

    date: date
    starts_at: datetime
    made: bool
    left_out: bool


class SeriesShape(Schema):
    """How a game repeats."""

    id: Id
    rule: str = Field(description="RFC 5545's RRULE.")
    zone: str
    lead_days: int
    host_confirms: bool
    asks_regulars: bool
    paused_until: date | None
    ended: bool
    regulars: list[PersonShape]
    substitutes: list[PersonShape]
    dates: list[NextDate]


class Repeat(Sent):
    """How a game repeats, from its own date on."""

    rule: SentText = Field(description="RFC 5545's RRULE.", examples=["FREQ=WEEKLY;BYDAY=FR"], max_length=2000)
    until: date | None = None
    count: int | None = Field(None, ge=2, le=9999)
    lead_days: int = Field(7, ge=1, le=365, description="How many days before each game we announce it.")
    host_confirms: bool = False
    asks_regulars: bool = True
    regulars: list[SentText] | None = Field(None, description="@ and a name, or <@id>; the players, if left out.")
    substitutes: list[SentText] = []


class Pause(Sent):
    """Until which day no games are made."""

    until: date


@router.get("/games/{id:game_id}/series", auth=READ, response=answers(SeriesShape))
def series(request: ApiRequest, game_id: Id) -> SeriesShape:
    """Show how a game repeats."""
    game, _ = visible_game(request, game_id)
    if game.series is None:
        raise Http404
    return _shape(game, game.series, request.now)


@router.put("/games/{id:game_id}/series", auth=HOST, response=answers(ActionShape))
def repeat(request: ApiRequest, game_id: Id, sent: Repeat) -> Any:
    """Have a game repeat, or by another rule."""
    game, _ = managed_game(request, game_id)
    regulars = sent.regulars
    if regulars is None:
        known = series_actions.players_of(game.series)[0] if game.series is not None else regulars_to_begin_with(game)
        regulars = [f"<@{pk}>" for pk in known]
    data = {
        "pattern": "rule",
        "rule": sent.rule,
        "until": sent.until.isoformat() if sent.until is not None else "",
        "count": sent.count or "",
        "lead_days": sent.lead_days,
        "host_confirms": "on" if sent.host_confirms else "",
        "asks_regulars": "on" if sent.asks_regulars else "",
        "regulars": "\n".join(regulars),
        "substitutes": "\n".join(sent.substitutes),
    }
    form = require_valid(RepeatForm(data, guild=game.guild, players={}, **counted_from(game)), "bad_series")
    plan = form.plan()
    return run_action(
        request, game_id, lambda now: series_actions.repeat_game(game_id, plan, actor(request), now), FRESH_ROLES
    )


@router.put("/games/{id:game_id}/series/skipped/{day}", auth=HOST, response=answers(ActionShape))
def skip(request: ApiRequest, game_id: Id, day: date) -> Any:
    """Leave a date out."""
    return run_action(
        request, game_id, lambda now: series_actions.skip_date(game_id, day, actor(request), now), FRESH_ROLES
    )


@router.delete("/games/{id:game_id}/series/skipped/{day}", auth=HOST, response=answers(ActionShape))
def unskip(request: ApiRequest, game_id: Id, day: date) -> Any:
    """Take a date in again."""
    return run_action(
        request, game_id, lambda now: series_actions.unskip_date(game_id, day, actor(request), now), FRESH_ROLES
    )


@router.put("/games/{id:game_id}/series/pause", auth=HOST, response=answers(ActionShape))
def pause(request: ApiRequest, game_id: Id, sent: Pause) -> Any:
    """Make no games until a day."""
    return run_action(
        request, game_id, lambda now: series_actions.pause_series(game_id, sent.until, actor(request), now), FRESH_ROLES
    )


@router.delete("/games/{id:game_id}/series/pause", auth=HOST, response=answers(ActionShape))
def resume(request: ApiRequest, game_id: Id) -> Any:
    """End the pause."""
    return run_action(
        request, game_id, lambda now: series_actions.resume_series(game_id, actor(request), now), FRESH_ROLES
    )


@router.delete("/games/{id:game_id}/series", auth=HOST, response=answers(ActionShape))
def end(request: ApiRequest, game_id: Id) -> Any:
    """Make no more games; those that are scheduled stay."""
    return run_action(
        request, game_id, lambda now: series_actions.end_series(game_id, actor(request), now), FRESH_ROLES
    )


def _shape(game: Game, found: Series, now: datetime) -> SeriesShape:
    plan = series_actions.plan_of(found)
    regulars, substitutes = series_actions.players_of(found)
    names = display_names(game.guild_id, [*regulars, *substitutes])
    made = series_actions.made_dates(found)
    return SeriesShape(
        id=found.pk,
        rule=found.rule,
        zone=plan.zone,
        lead_days=plan.lead_days,
        host_confirms=plan.host_confirms,
        asks_regulars=plan.asks_regulars,
        paused_until=plan.paused_until,
        ended=found.ended_at is not None,
        regulars=[person_shape(pk, names) for pk in regulars],
        substitutes=[person_shape(pk, names) for pk in substitutes],
        dates=[
            NextDate(date=one.day, starts_at=one.starts_at, made=one.day in made, left_out=one.left_out)
            for one in rules.next_dates(plan, now)
        ]
        if found.ended_at is None
        else [],
    )
