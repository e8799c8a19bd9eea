"""Reads the JSON of other bots: Raid-Helper's API and exports, and RPG Schedule's games."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from games.imports.found import (
    Dropped,
    FoundGame,
    FoundSeries,
    Note,
    Reading,
    Source,
    Why,
    as_id,
    as_text,
    as_whole_number,
    refuse,
    require_few,
    tidied,
    unique_ids,
)
from games.series.recurrence import EVERY, Frequency, Recurrence
from games.series.rules import moment
from gamesched.lib.moments import is_usable
from gamesched.lib.zones import find_zone

# Raid-Helper's classes of those who do not play, whatever the template calls their buttons.
NOT_COMING = {"absence", "absent", "declined"}
UNSURE = {"tentative", "bench", "late", "maybe"}
_LISTS = ("postedEvents", "events", "games")


def read_bot_json(data: Any, now: datetime) -> Reading:
    """Return the games of a bot's JSON. Raises Refused."""
    items = list(_items(data))
    require_few(items)
    games: list[FoundGame] = []
    dropped: list[Dropped] = []
    source = Source.RPG_SCHEDULE if any("adventure" in item for item in items) else Source.RAID_HELPER
    if not any(_is_known(item) for item in items):
        raise refuse("unknown_json")
    for item in items:
        label = as_text(item.get("title") or item.get("adventure") or item.get("displayTitle"))
        found = _rpg_schedule(item) if "adventure" in item else _raid_helper(item)
        if isinstance(found, FoundGame) and found.starts_at <= now:
            found = Why.OVER
        if isinstance(found, Why):
            dropped.append(Dropped(label, found))
        else:
            games.append(tidied(found))
    return Reading(source, tuple(games), tuple(dropped))


def _items(data: Any) -> Iterable[dict[str, Any]]:
    """Yield the events of an answer: a list, one event, or a list under a name."""
    if isinstance(data, dict):
        lists = [data[name] for name in _LISTS if isinstance(data.get(name), list)]
        data = lists[0] if lists else [data]
    if not isinstance(data, list):
        raise refuse("unknown_json")
    for item in data:
        if isinstance(item, dict):
            # RPG Schedule answers with the game inside.
            yield item["game"] if isinstance(item.get("game"), dict) else item


def _is_known(item: Mapping[str, Any]) -> bool:
    return "adventure" in item or bool({"startTime", "signUps", "leaderId", "unixtime"} & item.keys())


# --- Raid-Helper ---------------------------------------------------------------------------------------------


def _raid_helper(item: Mapping[str, Any]) -> FoundGame | Why:
    starts_at = _unix(item.get("startTime", item.get("unixtime")))
    if starts_at is None:
        return Why.BAD_TIME if item.get("startTime") else Why.NO_TIME
    ends_at = _unix(item.get("endTime"))
    people: list[Any] = []
    notes: list[Note] = []
    signups = item.get("signUps", item.get("signups"))
    for signup in _dicts(signups):
        kinds = {as_text(signup.get(name)).lower() for name in ("className", "class", "status")}
        if kinds & NOT_COMING:
            continue
        if kinds & UNSURE:
            notes = [Note.HAS_STATUS]
            continue
        people.append(signup.get("userId", signup.get("userid")))
    advanced = item.get("advancedSettings")
    limit = advanced.get("limit") if isinstance(advanced, dict) else None
    title = as_text(item.get("title")) or as_text(item.get("displayTitle"))
    return FoundGame(
        source_id=f"raid-helper {as_text(item.get('id', item.get('raidid'))) or f'{title} {starts_at.isoformat()}'}",
        title=title,
        starts_at=starts_at,
        description=as_text(item.get("description")),
        minutes=int((ends_at - starts_at) / timedelta(minutes=1)) if ends_at is not None else None,
        seats=as_whole_number(limit),
        host_id=as_id(item.get("leaderId", item.get("leader"))),
        people=unique_ids(people),
        notes=tuple(notes),
    )


def _dicts(value: Any) -> Iterable[dict[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def _unix(value: Any) -> datetime | None:
    """Return the moment of a Unix time, in seconds or milliseconds; None for anything else."""
    number = as_whole_number(value) if not isinstance(value, int | float) or isinstance(value, bool) else value
    if isinstance(value, str) and number is None and re.fullmatch(r"[0-9]{10,13}", value):
        number = int(value)
    if not number or number != number or abs(number) > 10**14:
        return None
    seconds = number / 1000 if number > 10**11 else number
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    return at if is_usable(at) else None


# --- RPG Schedule --------------------------------------------------------------------------------------------


def _rpg_schedule(item: Mapping[str, Any]) -> FoundGame | Why:
    day, clock = as_text(item.get("date")), as_text(item.get("time"))
    zone = find_zone(as_text(item.get("tz"))) or ""
    starts_at = _unix(item.get("timestamp"))
    try:
        local = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock.zfill(5)))
    except ValueError:
        local = None
    if starts_at is None:
        if local is None or not is_usable(local):
            return Why.NO_TIME
        offset = item.get("timezone")
        if zone:
            starts_at = moment(local.date(), local.time(), zone)
        elif isinstance(offset, int | float) and not isinstance(offset, bool) and abs(offset) <= 14:
            starts_at = (local - timedelta(hours=offset)).replace(tzinfo=UTC)
        else:
            return Why.NO_TIME
    title = as_text(item.get("adventure"))
    runtime = as_text(item.get("runtime"))
    hours = float(runtime) if re.fullmatch(r"\d{1,3}(\.\d{1,2})?", runtime) else 0.0
    reserved = item.get("reserved")
    people = [one.get("id") for one in _dicts(reserved)]
    dm = item.get("dm")
    where = as_text(item.get("where"))
    return FoundGame(
        source_id=f"rpg-schedule {as_text(item.get('_id', item.get('id'))) or f'{title} {starts_at.isoformat()}'}",
        title=title,
        starts_at=starts_at,
        zone=zone,
        description=as_text(item.get("description")),
        location=where,
        minutes=int(hours * 60) or None,
        seats=as_whole_number(item.get("players")),
        host_id=as_id(dm.get("id")) if isinstance(dm, dict) else None,
        people=unique_ids(people),
        repeats=_repeats(item),
    )


def _repeats(item: Mapping[str, Any]) -> FoundSeries | None:
    """Return how an RPG Schedule game repeats: 1 daily, 2 weekly, 3 every two weeks, 4 monthly."""
    frequency = as_whole_number(item.get("frequency"))
    flags = item.get("weekdays")
    days = [(at - 1) % 7 for at, on in enumerate(flags[:7]) if on is True] if isinstance(flags, list) else []
    weekdays = tuple((EVERY, day) for day in sorted(days))  # there a week begins on Sunday
    rules = {
        1: Recurrence(Frequency.DAILY),
        2: Recurrence(Frequency.WEEKLY, 1, weekdays),
        3: Recurrence(Frequency.WEEKLY, 2, weekdays),
        4: Recurrence(Frequency.MONTHLY),
    }
    rule = rules.get(frequency or 0)
    return FoundSeries(rule) if rule is not None else None
