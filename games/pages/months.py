"""A guild's games by the days of a month, in the reader's zone."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from games.models import GameQuerySet
from games.pages.game_page import GameRow, game_rows
from gamesched.lib.moments import in_zone, is_usable
from guilds.models import User

MAX_SHOWN = 300  # games of a month; of more, the first
_MONTH = re.compile("([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True)
class Day:
    """One day with its games, the earliest first."""

    date: date
    games: list[GameRow]
    in_month: bool
    is_today: bool


@dataclass(frozen=True)
class Month:
    """The weeks of a month, from Monday to Sunday, with the days of its neighbours that are in them."""

    first: date
    days: list[Day]
    more: bool  # games than are shown

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
        return any(day.games for day in self.days)


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


def month_of(games: GameQuerySet, first: date, viewer: User, now: datetime) -> Month:
    """Return these games in the weeks of a month, in two statements."""
    zone = viewer.tzinfo
    begin = first - timedelta(days=first.weekday())
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    end = last + timedelta(days=7 - last.weekday())
    shown = games.filter(starts_at__gte=_midnight(begin, zone), starts_at__lt=_midnight(end, zone))
    ids = list(shown.order_by("starts_at", "pk").values_list("pk", flat=True)[: MAX_SHOWN + 1])
    by_day: dict[date, list[GameRow]] = defaultdict(list)
    for row in game_rows(ids[:MAX_SHOWN], now, viewer).values():
        by_day[in_zone(row.starts_at, zone).date()].append(row)
    today = in_zone(now, zone).date()
    days = [begin + timedelta(days=n) for n in range((end - begin).days)]
    return Month(
        first,
        [Day(day, by_day[day], day.month == first.month, day == today) for day in days],
        len(ids) > MAX_SHOWN,
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
