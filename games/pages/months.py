"""Games by the days of a month, in the reader's zone."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.utils.formats import get_format

from games.models import GameQuerySet
from games.pages.game_rows import GameRow, game_rows
from gamesched.lib.moments import in_zone, is_usable
from guilds.models import User

MAX_COUNTED = 2000  # games of a month; of more, the first
SHOWN_PER_DAY = 3  # games; the day's own page has all
_MONTH = re.compile("([0-9]{4})-([0-9]{2})")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Day:
    """One day with its first games, and how many more it has."""

    date: date
    games: list[GameRow]
    more: int
    in_month: bool
    is_today: bool


@dataclass(frozen=True)
class Month:
    """The weeks of a month, as the reader's language begins them, with the days of its neighbours that are in them."""

    first: date
    weeks: list[list[Day]]
    more: bool  # games than are counted

    @property
    def previous(self) -> str:
        """Return the month before, as addresses have it; '' where dates end."""
        return _as_text(self.first - timedelta(days=1))

    @property
    def following(self) -> str:
        """Return the next month, as addresses have it; '' where dates end."""
        return _as_text((self.first + timedelta(days=31)).replace(day=1))

    @property
    def has_games(self) -> bool:
        return any(day.games for week in self.weeks for day in week)


def _as_text(day: date) -> str:
    return f"{day:%Y-%m}" if is_usable(day) else ""


def read_month(text: str, today: date) -> date:
    """Read the first day of a month written as 2026-12; that of today for anything else."""
    found = _MONTH.fullmatch(text)
    try:
        first = date(int(found[1]), int(found[2]), 1) if found is not None else today
    except ValueError:
        first = today
    return (first if is_usable(first) else today).replace(day=1)


def read_day(text: str) -> date | None:
    """Read a day written as 2026-12-02; None for anything else."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day is not None and is_usable(day) else None


def games_of_day(games: GameQuerySet, day: date, viewer: User) -> GameQuerySet:
    """Return these games that begin on a day in the viewer's zone, the earliest first."""
    return _between(games, day, day + timedelta(days=1), viewer.tzinfo)


def month_of(games: GameQuerySet, first: date, viewer: User, now: datetime) -> Month:
    """Return these games in the weeks of a month, in two statements."""
    zone = viewer.tzinfo
    begins = get_format("FIRST_DAY_OF_WEEK")  # 0 is Sunday, 1 Monday
    begin = first - timedelta(days=(first.isoweekday() - begins) % 7)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    end = last + timedelta(days=7 - (last.isoweekday() - begins) % 7)
    keys = list(_between(games, begin, end, zone).values_list("starts_at", "pk")[: MAX_COUNTED + 1])
    ids: dict[date, list[int]] = defaultdict(list)
    for starts_at, pk in keys[:MAX_COUNTED]:
        ids[in_zone(starts_at, zone).date()].append(pk)
    # "1 more" would take the place of that one.
    shown = {day: of_day[: SHOWN_PER_DAY + (len(of_day) == SHOWN_PER_DAY + 1)] for day, of_day in ids.items()}
    rows = game_rows([pk for of_day in shown.values() for pk in of_day], now, viewer)
    today = in_zone(now, zone).date()

    def day_at(day: date) -> Day:
        games_shown = [rows[pk] for pk in shown.get(day, ()) if pk in rows]
        more = len(ids.get(day, ())) - len(shown.get(day, ()))
        return Day(day, games_shown, more, day.month == first.month, day == today)

    days = [day_at(begin + timedelta(days=n)) for n in range((end - begin).days)]
    return Month(first, [days[n : n + 7] for n in range(0, len(days), 7)], len(keys) > MAX_COUNTED)


def _between(games: GameQuerySet, begin: date, end: date, zone: tzinfo) -> GameQuerySet:
    within = games.filter(starts_at__gte=_midnight(begin, zone), starts_at__lt=_midnight(end, zone))
    return within.order_by("starts_at", "pk")


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
