"""Attendance and rewards, as the game's page and the server's CSV file show them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Q

from games.attendance import wording as attendance_wording
from games.core.permissions import Viewer
from games.core.roster import GamePeople, own_signup
from games.core.states import GameAction, is_allowed
from games.core.text import GuildTexts
from games.models import Game, Signup
from games.posts.archive import archive_channel_of
from games.scheduling.allowed_actions import AllowedActions
from gamesched.lib.moments import is_usable
from guilds.display_names import DisplayName, display_names
from guilds.names import without_isolates


@dataclass(frozen=True)
class Attendee:
    """A person or placeholder who had a seat, and whether they came."""

    signup_id: int
    user_id: int | None
    name: str
    no_show: bool


@dataclass(frozen=True)
class AfterGameView:
    """What a viewer sees on the page of a started game; for other games, all of it is empty or False."""

    attendees: Sequence[Attendee] = ()  # for hosts and managers only
    own_text: str = ""  # for the viewer alone
    rewards_html: str = ""
    may_archive: bool = False


def after_game_view(
    game: Game, people: GamePeople, names: Mapping[int, DisplayName], allowed: AllowedActions, texts: GuildTexts
) -> AfterGameView:
    """Return what the game's page shows this viewer of attendance and rewards."""
    if not is_allowed(GameAction.MARK_ATTENDANCE, allowed.state):
        return AfterGameView()
    signup = own_signup(people.signups, allowed.viewer.user if allowed.viewer is not None else None)
    missed = signup is not None and signup.no_show
    return AfterGameView(
        attendees=_attendees(people.signups, names) if allowed.manage else (),
        own_text=attendance_wording.you_did_not_come(names[game.host_id].text) if missed else "",
        rewards_html=texts.as_html(game.rewards),
        may_archive=allowed.archive and archive_channel_of(game) is not None,
    )


def attendees(game: Game) -> list[Attendee]:
    """Return those who had a seat, in their order."""
    signups = list(game.signups.current().seated())
    return _attendees(signups, display_names(game.guild_id, [s.user_id for s in signups if s.user_id]))


def _attendees(signups: Iterable[Signup], names: Mapping[int, DisplayName]) -> list[Attendee]:
    signups = [one for one in signups if one.seated_at is not None]
    return [Attendee(s.pk, s.user_id, names[s.user_id].text if s.user_id else s.guest_name, s.no_show) for s in signups]


# --- the CSV file of a server ----------------------------------------------------------------------------

YES_NO = {True: "yes", False: "no"}
CSV_HEADER = ("game", "title", "start (UTC)", "person", "name", "present", "left late")


def parse_day_range(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """Return the start of the first day and the end of the last, in UTC; None for ''. Raises ValueError."""

    def begin(text: str) -> datetime | None:
        if not text:
            return None
        if not is_usable(day := date.fromisoformat(text)):
            raise ValueError(text)
        return datetime.combine(day, time(), UTC)

    end = begin(last)
    return begin(first), end + timedelta(days=1) if end is not None else None


class AttendanceRow(NamedTuple):
    """A seat in a started game, or somebody who left it late, who did not come."""

    game_id: int
    title: str
    starts_at: datetime
    user_id: int | None
    name: str
    came: bool
    left_late: bool

    @property
    def cells(self) -> Sequence[Any]:
        """Return the row of the CSV file."""
        at, came, left_late = f"{self.starts_at:%Y-%m-%d %H:%M}", YES_NO[self.came], YES_NO[self.left_late]
        return (self.game_id, self.title, at, self.user_id or "", self.name, came, left_late)


def attendance_rows(
    viewer: Viewer, since: datetime | None, until: datetime | None, now: datetime
) -> Iterator[AttendanceRow]:
    """Yield a row for each seat in a started game that the viewer may see, and each late leaver; the earliest first."""
    games = Game.objects.announced().filter(guild=viewer.guild_id, cancelled_at=None, starts_at__lte=now)
    games = games.exclude(channel__in=viewer.hidden_channel_ids)
    games = games.filter(**({"starts_at__gte": since} if since else {}), **({"starts_at__lt": until} if until else {}))
    attended = Signup.objects.filter(game__in=games).filter(
        Q(left_at=None, seated_at__isnull=False) | Q(left_late=True)
    )
    signups = list(
        attended.select_related("game").order_by("game__starts_at", "game_id", "left_at", "rank", "order_key")
    )
    names = display_names(viewer.guild_id, {s.user_id for s in signups if s.user_id})
    # A player who left and came back has one row, that of the final seat.
    listed = {(s.game_id, s.user_id) for s in signups if s.left_at is None}
    for signup in signups:
        if signup.left_at is not None and (signup.game_id, signup.user_id) in listed:
            continue
        listed.add((signup.game_id, signup.user_id))
        yield AttendanceRow(
            signup.game_id,
            signup.game.title,
            signup.game.starts_at,
            signup.user_id,
            without_isolates(names[signup.user_id].text if signup.user_id else signup.guest_name),
            came=not signup.no_show and signup.left_at is None,
            left_late=signup.left_at is not None,
        )
