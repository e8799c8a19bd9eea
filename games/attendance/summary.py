"""What follows a game, as its page and the server's table show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from games.attendance import wording as attendance_wording
from games.core.states import GameAction, State, is_allowed
from games.core.text import text_as_html
from games.models import Game, Signup
from games.posts.archive import archive_channel_of
from guilds.display_names import display_names
from guilds.models import User


@dataclass(frozen=True)
class Attendee:
    """Somebody who had a seat, and whether they came."""

    signup_id: int
    user_id: int | None
    name: str
    no_show: bool


@dataclass(frozen=True)
class AfterGameView:
    """What a viewer sees on the page of a game that began. All of it is empty or False for others."""

    attendees: Sequence[Attendee] = ()  # for those who run it
    own_text: str = ""  # to the viewer alone
    rewards_html: str = ""
    may_write_rewards: bool = False
    may_archive: bool = False


def after_game_view(game: Game, viewer: User, manages: bool, host_name: str, now: datetime) -> AfterGameView:
    """What the game's page shows to this viewer of what follows it."""
    state = game.state(now)
    if not is_allowed(GameAction.MARK_ATTENDANCE, state):
        return AfterGameView()
    missed = game.signups.current().filter(user=viewer, no_show=True).exists()
    return AfterGameView(
        attendees=attendees(game) if manages else (),
        own_text=attendance_wording.you_did_not_come(host_name) if missed else "",
        rewards_html=text_as_html(game.guild_id, game.rewards),
        may_write_rewards=manages,
        may_archive=manages and state is State.COMPLETED and archive_channel_of(game) is not None,
    )


def attendees(game: Game) -> list[Attendee]:
    """Those who had a seat, in their order."""
    signups = list(game.signups.current().filter(seated_at__isnull=False))
    names = display_names(game.guild_id, [s.user_id for s in signups if s.user_id])
    return [
        Attendee(s.pk, s.user_id, names[s.user_id].text if s.user_id else s.placeholder, s.no_show) for s in signups
    ]


# --- the table of a server -------------------------------------------------------------------------------

CSV_HEADER = ("game", "title", "start (UTC)", "person", "name", "present", "left late")


def parse_day_range(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """From the beginning of a day to the end of another, in UTC; '' for no end. Raises ValueError."""

    def begin(day: str) -> datetime | None:
        return datetime.combine(date.fromisoformat(day), time(), UTC) if day else None

    end = begin(last)
    return begin(first), end + timedelta(days=1) if end is not None else None


def attendance_rows(
    guild_id: int, since: datetime | None, until: datetime | None, now: datetime
) -> Iterator[Sequence[Any]]:
    """One line for everybody who had a seat in a game that began, or left one late; the earliest game first."""
    games = Game.objects.announced().filter(guild=guild_id, cancelled_at=None, starts_at__lte=now)
    games = games.filter(**({"starts_at__gte": since} if since else {}), **({"starts_at__lt": until} if until else {}))
    attended = Signup.objects.filter(game__in=games).filter(
        Q(left_at=None, seated_at__isnull=False) | Q(left_late=True)
    )
    signups = list(
        attended.select_related("game").order_by("game__starts_at", "game_id", "left_at", "rank", "order_key")
    )
    names = display_names(guild_id, {s.user_id for s in signups if s.user_id})
    # Whoever left and came back has one line, that of the seat they had in the end.
    listed = {(s.game_id, s.user_id) for s in signups if s.left_at is None}
    for signup in signups:
        if signup.left_at is not None and (signup.game_id, signup.user_id) in listed:
            continue
        listed.add((signup.game_id, signup.user_id))
        yield (
            signup.game_id,
            signup.game.title,
            f"{signup.game.starts_at:%Y-%m-%d %H:%M}",
            signup.user_id or "",
            names[signup.user_id].text if signup.user_id else signup.placeholder,
            "no" if signup.no_show or signup.left_at is not None else "yes",
            "yes" if signup.left_at is not None else "no",
        )
