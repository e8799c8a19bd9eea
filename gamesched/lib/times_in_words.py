"""Times in words: finds in a line when something is to be, as people write it in English.

Every entry point that takes a time in words reads it here. What can be meant in two ways is asked back, never guessed.
Pure: `now` and the zone are parameters.

It is a grammar of our own. The libraries for this answer where they must ask: dateparser 1.5, parsedatetime 2.6,
recurrent 0.4 and timefhuman 0.1 read 38 to 55 % of the times in `gamesched/tests/times_in_words.txt` as meant, and name
a time for 39 to 85 % of the phrases there that have two readings or none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from itertools import product

from gamesched.lib import words_of_time as words
from gamesched.lib.durations import BadDuration, parse_duration
from gamesched.lib.moments import LAST_YEAR, in_zone, is_skipped, is_usable
from gamesched.lib.words_of_time import DAY
from gamesched.lib.words_together import Clock, Run, Span, range_start, runs_of
from gamesched.lib.zones import zone_info

LINE_MAX = 500  # characters that are looked at
OFFERS_MAX = 4


class TimeProblem(StrEnum):
    """Why no single time was found; with offers where a few may be meant."""

    NO_WHEN = "no_when"  # nothing that says when
    NO_TIME = "no_time"  # a day without a time
    AMBIGUOUS = "ambiguous"  # 12/01, friday 8
    PAST = "past"
    SKIPPED = "skipped"  # clocks go forward over it
    REPEATED = "repeated"  # clocks show it twice
    NO_SUCH_DAY = "no_such_day"  # 30 february
    UNKNOWN_DAY = "unknown_day"  # freitag, thanksgiving, in a few days
    WEEKDAY_DIFFERS = "weekday_differs"  # a weekday and a date of another
    UNKNOWN_ZONE = "unknown_zone"  # IST
    REPEATS = "repeats"  # every friday


@dataclass(frozen=True)
class FoundTime:
    """What a line says of when: an aware time, or why not; `zone` is the one it names, or that it was read in.

    `minutes`: how long, where an end is said too. `spans`: the parts of the line that say it.
    """

    zone: str
    at: datetime | None = None
    problem: TimeProblem | None = None
    offers: tuple[datetime, ...] = ()
    minutes: int | None = None
    spans: tuple[Span, ...] = ()

    @property
    def moments(self) -> tuple[datetime, ...]:
        """Return the time, or those that are offered."""
        return self.offers if self.at is None else (self.at,)


def find_time(line: str, now: datetime, zone: str) -> FoundTime:
    """Return when a line says that something is to be; a zone that the line names goes before `zone`."""
    text = words.plain(line[:LINE_MAX])
    runs = list(runs_of(text))
    if any(one.has(*words.CLOCKS, *words.MOMENTS) for one in runs):
        runs = list(runs_of(text, with_bare=False))  # fri 13 Ghosts 8pm
    if not runs:
        return FoundTime(zone, problem=TimeProblem.NO_WHEN)
    complete = [one for one in runs if one.says_time]
    dated = [one for one in complete if one.says_day]
    if len(dated) > 1 and (several := _several(dated, now, zone)) is not None:
        return several
    run = (dated or complete or runs)[-1]
    days = [one for one in runs if one is not run and one.says_day and not (one.says_time or one.has("repeats"))]
    if run.says_day or not days:
        return _resolve(run, now, zone, (run.span,))
    for day in days:
        if not _between(text, day.span, run.span):
            return _resolve(run.joined(day), now, zone, (day.span, run.span))
    # "Monday Night Raid 9pm": of that Monday, or of today?
    found = [_resolve(one, now, zone, (run.span,)) for one in (run.joined(days[-1]), run)]
    if found[0].at is not None and found[0].at == found[1].at:
        return found[1]
    offers = [at for one in found for at in one.moments]
    return FoundTime(found[0].zone, None, TimeProblem.AMBIGUOUS, _some(offers), run.minutes, (run.span,))


def _several(runs: list[Run], now: datetime, zone: str) -> FoundTime | None:
    """Return a question where several parts of a line say other times: fri 8pm and sat 8pm."""
    found = [one for one in (_resolve(run, now, zone, (run.span,)) for run in runs) if one.moments]
    if len({one.moments for one in found}) < 2:
        return None
    offers = _some([at for one in found for at in one.moments])
    spans = tuple(span for one in found for span in one.spans)
    return FoundTime(found[0].zone, None, TimeProblem.AMBIGUOUS, offers, found[0].minutes, spans)


def _between(text: str, one: Span, other: Span) -> str:
    (_, begin), (end, _) = sorted((one, other))
    return words.GLUE.sub("", text[begin:end])


def _some(moments: list[datetime]) -> tuple[datetime, ...]:
    """Return the first few moments, each once; of a time that comes twice both."""
    return tuple({at.astimezone(UTC): at for at in moments}.values())[:OFFERS_MAX]


# --- what it means -------------------------------------------------------------------------------------------


def _resolve(run: Run, now: datetime, zone: str, spans: tuple[Span, ...]) -> FoundTime:
    readings = [_resolve_one(one, now, zone, spans) for one in run.by_zone()]
    if run.zone_is_doubtful:
        without = replace(run, found=[one for one in run.found if one[0] != "zone"])
        readings.append(_resolve_one(without, now, zone, spans))
    found = readings[0]
    if len(readings) > 1 and len({one.moments for one in readings}) > 1:  # 8pm CET / 2pm EST is one moment, at most
        offers = _some([at for one in readings for at in one.moments])
        return FoundTime(found.zone, None, TimeProblem.AMBIGUOUS, offers, run.minutes, spans)
    return found


def _resolve_one(run: Run, now: datetime, zone: str, spans: tuple[Span, ...]) -> FoundTime:
    named = run.all("zone")
    known = words.zone_of(named[-1]["zone"]) if named else (zone, None)
    place, offset = known or ("", None)
    tz = zone_info(place) if place else timezone(offset or timedelta())
    problem, moments = _moments(run, now, tz, offset if place else None)
    if known is None:
        problem, moments = TimeProblem.UNKNOWN_ZONE, []
    shown = _some([in_zone(at, zone_info(place or zone)) for at in moments])
    if problem is None:
        return FoundTime(place or zone, shown[0], minutes=run.minutes, spans=spans)
    return FoundTime(place or zone, None, problem, shown, run.minutes, spans)


def _moments(
    run: Run, now: datetime, tz: tzinfo, offset: timedelta | None
) -> tuple[TimeProblem | None, list[datetime]]:
    """Return the one moment that is meant; or the problem, with those that may be."""
    if run.has("repeats"):
        return TimeProblem.REPEATS, []
    if run.has("ago"):
        return TimeProblem.PAST, []
    if run.has("unknown_day"):
        if not run.says_time:
            return TimeProblem.NO_WHEN, []
        rest = Run([one for one in run.found if one[0] != "unknown_day"])
        return TimeProblem.UNKNOWN_DAY, _moments(rest, now, tz, offset)[1] if rest.says_day else []
    local_now = in_zone(now, tz)
    try:
        if (exact := _exact_moment(run, now)) is not None:
            problem = TimeProblem.PAST if exact <= now else None if is_usable(exact) else TimeProblem.NO_SUCH_DAY
            return problem, [] if problem else [exact]
        days = list(_days(run, local_now.date()))
        clocks = _clocks(run)
    except (OverflowError, ValueError):  # a day that no calendar has
        return TimeProblem.NO_SUCH_DAY, []
    if not all(days):
        return TimeProblem.NO_SUCH_DAY, []
    if not clocks and run.has("shift"):
        clocks = [(local_now.hour * 60 + local_now.minute,)]
    if not clocks or not days:
        return TimeProblem.NO_TIME if len(days) < 2 and not clocks else TimeProblem.AMBIGUOUS, []
    readings = _readings(days, clocks, tz, offset, now)
    weekdays = {words.weekday(match["weekday"]) for match in run.all("weekday")}
    if readings and weekdays and run.has(*words.DATES):
        readings = [one for one in readings if one.day.weekday() in weekdays]
        if not readings:
            return TimeProblem.WEEKDAY_DIFFERS, []
    moments = [at for one in readings for at in one.moments]
    if not moments:
        # 31 december 9999 is not past.
        is_too_late = all(day.year > LAST_YEAR for tries in days for day in tries)
        return TimeProblem.NO_SUCH_DAY if is_too_late else TimeProblem.PAST, []
    if len(readings) == 1 and not (run.is_doubtful and run.says_time):
        return readings[0].problem, moments
    return TimeProblem.AMBIGUOUS, moments


def _exact_moment(run: Run, now: datetime) -> datetime | None:
    """Return the moment of words that need no calendar; a minute that has begun is over. Raises OverflowError."""
    for match in run.all("stamp"):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(match["seconds"]))
    for match in run.all("soon"):
        try:
            exact = now.astimezone(UTC) + timedelta(minutes=parse_duration(match["length"] or match["other"]))
        except BadDuration:
            return None
        return exact + timedelta(seconds=-exact.second % 60 - bool(exact.microsecond), microseconds=-exact.microsecond)
    for match in run.all("iso"):
        if match["offset"]:
            return datetime.fromisoformat(match[0].upper())
    return None


@dataclass(frozen=True)
class _Reading:
    """One reading of the words: its day, its moments, and why there are two of them."""

    day: date
    moments: tuple[datetime, ...]
    problem: TimeProblem | None = None


def _readings(
    days: list[list[date]], clocks: list[Clock], tz: tzinfo, offset: timedelta | None, now: datetime
) -> list[_Reading]:
    """Return each reading that is to come: of the days that a word may mean, the first."""
    found: list[_Reading] = []
    for tries, minutes in product(days, (minutes for clock in clocks for minutes in clock)):
        usable = (day for day in tries if is_usable(day))
        readings = (_reading(day, minutes, tz, offset) for day in usable)
        found += [one for one in [next((one for one in readings if one.moments[-1] > now), None)] if one is not None]
    return list(dict.fromkeys(found))


def _reading(day: date, minutes: int, tz: tzinfo, offset: timedelta | None) -> _Reading:
    local = (datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)).replace(tzinfo=tz)
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first != second and is_skipped(local):
        return _Reading(day, (second, first), TimeProblem.SKIPPED)
    shown = dict.fromkeys((first, second))
    said = [at for at in shown if offset in {None, at.astimezone(tz).utcoffset()}]
    if offset is not None and not said:
        # CET in July: what clocks there show then, or what it says?
        literal = local.replace(tzinfo=timezone(offset)).astimezone(UTC)
        return _Reading(day, (first, literal), TimeProblem.AMBIGUOUS)
    return _Reading(day, tuple(said), TimeProblem.REPEATED if len(said) > 1 else None)


def _clocks(run: Run) -> list[Clock]:
    """Return each time that the words name."""
    parts = [match["part"] for match in run.all("part")] + [m["day"] for m in run.all("today") if m["day"] == "tonight"]
    found: list[Clock] = []
    for kind, match in run.found:
        if kind == "iso":
            found.append((int(match["hour"]) * 60 + int(match["minute"]),))
        elif kind == "range":
            found.append(range_start(match))
        elif kind in {"clock", "bare"}:
            found.append(words.in_part_of_day(words.clock_minutes(match["clock"]), parts[0] if parts else ""))
    # Without a day, midnight is the coming one.
    return found if run.says_day else [(DAY,) if clock == (DAY, 0) else clock for clock in found]


def _days(run: Run, today: date) -> Iterator[list[date]]:
    """Yield, for each reading, the days that it may be; the first of them to come is meant. Raises OverflowError."""
    months = [match["which"] for match in run.all("month")]
    for kind, match in run.found:
        if kind in words.DATES:
            yield from words.dates_of(kind, match, today, months)
    later = sum(
        14 if match["fortnight"] else words.count(match["n"] or match["other"]) * 7 for match in run.all("after")
    )
    yield from ([today + timedelta(days=words.offset_of(match["day"]) + later)] for match in run.all("today"))
    if any(match[0].startswith("this") for match in run.all("part")):
        yield [today]
    elif not run.says_day:
        yield [today, today + timedelta(days=1)]
    if run.has(*words.DATES):
        return
    numbers = [(words.count(m["n"] or m["other"]), m["unit"] or m["other_unit"]) for m in run.all("shift")]
    shifts = [words.shifted(today, number, unit) for number, unit in numbers]
    weeks = [words.offset_of(match["later"] or match["which"]) for match in run.all("week")]
    for match in run.all("weekday"):
        # With "in two weeks" of the week in which that is.
        within = shifts[0] if shifts else today + timedelta(days=7 * sum(weeks[:1]))
        day = within + timedelta(days=words.weekday(match["weekday"]) - within.weekday())
        wait = later + (7 if match["later"] else 0)
        if weeks or shifts:
            yield [day]
        elif match["which"] == "last":
            yield [day - timedelta(days=7)]
        elif match["which"] == "next":
            # In this week or the next? Both ways of speaking agree once this week's is over.
            yield from ([one] for one in (day, day + timedelta(days=7)) if one > today)
        else:
            coming = day if day >= today else day + timedelta(days=7)
            yield [coming + timedelta(days=wait)] if wait else [coming, coming + timedelta(days=7)]
    if not run.has("weekday"):
        yield from ([day] for day in shifts)
        saturday = today + timedelta(days=5 - today.weekday())
        for match in run.all("weekend"):
            sets = {"next": [(0,), (7,)], "this": [(0,)]}.get(match["which"], [(0, 7)])
            yield from ([saturday + timedelta(days=one + day) for one in waits] for waits in sets for day in (0, 1))
