"""Who came, and what they got, for programs."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from ninja import Query, Schema

from games.api.base import answers, managed_game, managed_guild, run_action
from games.api.caller import HOST, MANAGE, ApiRequest, actor
from games.api.problems import ApiProblem
from games.api.routes import router
from games.api.shapes import ActionShape, Id, Sent, SentText
from games.attendance import actions as attendance
from games.attendance import rewards
from games.attendance import wording as attendance_wording
from games.attendance.summary import AttendanceRow as SummaryRow
from games.attendance.summary import attendance_rows, attendees, parse_day_range
from games.models import Game
from games.pages.shortcuts import FRESH_ROLES
from guilds.names import without_isolates


class AttendeeShape(Schema):
    """Somebody who had a seat."""

    signup_id: Id
    user_id: Id | None
    name: str
    came: bool


class AttendanceRow(Schema):
    """A seat in a started game, or somebody who left it late."""

    game_id: Id
    title: str
    starts_at: datetime
    user_id: Id | None
    name: str
    came: bool
    left_late: bool


class Presence(Sent):
    """Whether a player came."""

    came: bool


class Rewards(Sent):
    """What players got; empty removes it."""

    text: SentText


class Days(Sent):
    """From which day to which, in UTC."""

    first: date | None = None
    last: date | None = None


@router.get("/games/{id:game_id}/attendance", auth=HOST, response=answers(list[AttendeeShape]))
def game_attendance(request: ApiRequest, game_id: Id) -> Any:
    """List who had a seat in a game, and who came; for those who run it."""
    game, _ = managed_game(request, game_id)
    return attendee_shapes(game)


@router.put("/games/{id:game_id}/signups/{id:signup_id}/attendance", auth=HOST, response=answers(ActionShape))
def mark_attendance(request: ApiRequest, game_id: Id, signup_id: Id, sent: Presence) -> object:
    """Mark whether a player came."""
    return run_action(
        request,
        game_id,
        lambda now: attendance.mark_attendance(game_id, signup_id, not sent.came, actor(request), now),
    )


@router.put("/games/{id:game_id}/rewards", auth=HOST, response=answers(ActionShape))
def set_rewards(request: ApiRequest, game_id: Id, sent: Rewards) -> object:
    """Write down what players got."""
    return run_action(
        request, game_id, lambda now: rewards.set_rewards(game_id, sent.text, actor(request), now), FRESH_ROLES
    )


@router.get("/guilds/{id:guild_id}/attendance", auth=MANAGE, response=answers(list[AttendanceRow]))
def guild_attendance(request: ApiRequest, guild_id: Id, days: Query[Days]) -> Any:
    """List who came to a server's games."""
    _, viewer = managed_guild(request, guild_id)
    try:
        first, last = (day.isoformat() if day is not None else "" for day in (days.first, days.last))
        since, until = parse_day_range(first, last)
    except ValueError:
        raise ApiProblem(422, "bad_request", attendance_wording.BAD_DAY) from None
    return row_shapes(attendance_rows(viewer, since, until, request.now))


def attendee_shapes(game: Game) -> list[AttendeeShape]:
    """Return who had a seat in a game, and who came."""
    return [
        AttendeeShape(
            signup_id=one.signup_id, user_id=one.user_id, name=without_isolates(one.name), came=not one.no_show
        )
        for one in attendees(game)
    ]


def row_shapes(rows: Iterable[SummaryRow]) -> list[AttendanceRow]:
    """Return the lines of a server's table."""
    return [
        AttendanceRow(
            game_id=row.game_id,
            title=row.title,
            starts_at=row.starts_at,
            user_id=row.user_id,
            name=row.name,
            came=row.came,
            left_late=row.left_late,
        )
        for row in rows
    ]
