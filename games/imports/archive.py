"""Reads a server's archive, as `games/exports/archive.py` writes it. Nothing in it is trusted: ids least of all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, TypeVar

from games.core.setting_kinds import ChannelId, ChoiceSetting
from games.core.settings import PICTURE_SETTINGS, SETTINGS, check_settings, tidy_settings
from games.core.text_rules import tidy_lines
from games.exports.archive import FORMAT, PICTURES, VERSION
from games.imports.found import (
    EVENTS_MAX,
    LOOKED_AT,
    FoundGame,
    Reading,
    Source,
    as_id,
    as_text,
    refuse,
    tidied,
    without_controls,
)
from games.series.recurrence import Recurrence, Unreadable, read_recurrence
from gamesched.lib.moments import is_usable
from gamesched.lib.zones import find_zone
from guilds.names import tidy_line

T = TypeVar("T")
D = TypeVar("D", bound=date)
ARCHIVED_MAX = 5000  # games, past ones too; only so many upcoming ones as of any file
SIGNUPS_MAX = 500  # of one game
NAMED_MAX = 200  # templates, channels
PICTURES_MAX = 100
GATES = frozenset({"player_role_ids", "method"})  # settings that keep people from signing up


@dataclass(frozen=True)
class Place:
    """A channel there; the same server has it under its id, another one perhaps under its name."""

    id: int
    name: str


@dataclass(frozen=True)
class ArchivedSignup:
    """Someone's sign-up. `guest_of`: who brings them; `values`: the other columns by name."""

    user_id: int | None
    guest_of: int | None
    placeholder: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class ArchivedGame:
    """A game as its archive has it, beside what every found game has."""

    id: int
    place: Place
    template: str | None
    cohost_ids: tuple[int, ...]
    settings: Mapping[str, Any]
    signups: tuple[ArchivedSignup, ...]
    series: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class ArchivedSeries:
    """A series as its archive has it."""

    id: int
    source: int
    recurrence: Recurrence
    players: tuple[tuple[int, bool], ...]
    values: Mapping[str, Any]


@dataclass(frozen=True)
class ArchivedTemplate:
    name: str
    description: str
    place: Place | None
    locked: tuple[str, ...]
    is_default: bool
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Archive:
    """What an archive has beside games."""

    guild_id: int
    settings: Mapping[str, Any]
    manager_role_ids: tuple[int, ...]
    pingable_role_ids: tuple[int, ...]
    channels: tuple[tuple[Place, bool, Mapping[str, Any]], ...] = ()
    templates: tuple[ArchivedTemplate, ...] = ()
    series: tuple[ArchivedSeries, ...] = ()
    people: Mapping[int, tuple[str, str]] = field(default_factory=dict)  # username and global name
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def gates(self, game: ArchivedGame) -> dict[str, Any]:
        """Return what kept people from signing up for a game there, whichever layer of settings said so."""
        template = next((one for one in self.templates if one.name == game.template), None)
        channel = next((settings for place, _, settings in self.channels if place.id == game.place.id), {})
        above = [template.settings if template is not None else {}, channel, self.settings]
        found: dict[str, Any] = {}
        for name in GATES:
            is_locked = template is not None and name in template.locked
            layers = above if is_locked else [game.settings, *above]
            found[name] = next((layer[name] for layer in layers if name in layer), None)
        return found


def read_archive(data: Any, files: Mapping[str, bytes]) -> Reading:
    """Return what an archive's JSON says. Raises Refused for one that is broken anywhere."""
    try:
        return _read(data, files)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise refuse("bad_archive") from None


def _read(data: Any, files: Mapping[str, bytes]) -> Reading:
    if data["format"] != FORMAT or data["version"] != VERSION:
        raise ValueError
    guild_id = _id(data["guild"]["id"])
    games = [_game(guild_id, one) for one in _listed(data["games"], ARCHIVED_MAX)]
    names = [name for name in files if name.startswith(PICTURES)][:PICTURES_MAX]
    archive = Archive(
        guild_id=guild_id,
        settings=read_settings(data["settings"]),
        manager_role_ids=_ids(data["manager_role_ids"]),
        pingable_role_ids=_ids(data["pingable_role_ids"]),
        channels=tuple(
            (_place(one), one["for_games"] is True, read_settings(one["settings"]))
            for one in _listed(data["channels"], NAMED_MAX)
        ),
        templates=tuple(_template(one) for one in _listed(data["templates"], NAMED_MAX)),
        series=tuple(_series(one) for one in _listed(data["series"], EVENTS_MAX)),
        people={
            _id(one["id"]): (_line(one["username"], 32), _line(one["global_name"], 32))
            for one in _listed(data["people"], ARCHIVED_MAX)
        },
        pictures={name.removeprefix(PICTURES).removesuffix(".webp"): files[name] for name in names},
    )
    return Reading(Source.ARCHIVE, tuple(games), archive=archive)


def _game(guild_id: int, data: Mapping[str, Any]) -> FoundGame:
    starts_at, ends_at = _moment(data["starts_at"]), _moment(data["ends_at"])
    zone = find_zone(_text(data["zone"]))
    if starts_at is None or ends_at is None or ends_at <= starts_at or zone is None:
        raise ValueError
    number = _whole(data["id"])
    times = (
        "announced_at",
        "announce_at",
        "closed_at",
        "cancelled_at",
        "archived_at",
        "settings_frozen_at",
        "series_start",
    )
    values: dict[str, Any] = {name: _moment(data[name]) for name in times}
    values |= {"created_at": _required(_moment(data["created_at"])), "ends_at": ends_at}
    values |= {"cancel_reason": _line(data["cancel_reason"], 300), "rewards": _lines(data["rewards"], 2000)}
    values["series_date"] = _date(data["series_date"])
    archived = ArchivedGame(
        id=number,
        place=_place(data["channel"]),
        template=_line(data["template"], 80) if data["template"] is not None else None,
        cohost_ids=_ids(data["cohost_ids"]),
        settings=read_settings(data["settings"]),
        signups=tuple(_signup(one) for one in _listed(data["signups"], SIGNUPS_MAX)),
        series=_whole(data["series"]) if data["series"] is not None else None,
        values=values,
    )
    return tidied(
        FoundGame(
            source_id=f"archive {guild_id} {number}",
            title=_text(data["title"]),
            starts_at=starts_at,
            zone=zone,
            description=_text(data["description"]),
            host_id=_id(data["host_id"]),
            archived=archived,
        )
    )


def _signup(data: Mapping[str, Any]) -> ArchivedSignup:
    times = ("joined_at", "seated_at", "left_at", "confirmed_at")
    flags = ("on_standby", "left_late", "no_show", "added_by_other")
    values: dict[str, Any] = {name: _moment(data[name]) for name in times} | {
        name: data[name] is True for name in flags
    }
    _required(values["joined_at"])
    values |= {
        "rank": _whole(data["rank"]) % 1000,
        "order_key": _whole(data["order_key"]),
        "note": _line(data["note"], 100),
    }
    user_id = _id(data["user_id"]) if data["user_id"] is not None else None
    guest_of = _id(data["guest_of"]) if data["guest_of"] is not None else None
    return ArchivedSignup(user_id, guest_of, _line(data["placeholder"], 100), values)


def _series(data: Mapping[str, Any]) -> ArchivedSeries:
    start, zone = time.fromisoformat(_text(data["start_time"])), find_zone(_text(data["zone"]))
    if zone is None or start.tzinfo is not None:
        raise ValueError
    try:
        recurrence = read_recurrence(_text(data["rule"]), start, zone)
    except Unreadable:
        raise ValueError from None
    lead_days = _whole(data["lead_days"])
    if not 1 <= lead_days <= 365:
        raise ValueError
    skipped = [_required(_date(one)) for one in _listed(data["skipped"], EVENTS_MAX)]
    return ArchivedSeries(
        id=_whole(data["id"]),
        source=_whole(data["source"]),
        recurrence=recurrence,
        players=tuple((_id(one["user_id"]), one["is_substitute"] is True) for one in _listed(data["players"], 100)),
        values={
            "first_date": _required(_date(data["first_date"])),
            "start_time": start,
            "zone": zone,
            "lead_days": lead_days,
            "host_confirms": data["host_confirms"] is True,
            "asks_regulars": data["asks_regulars"] is True,
            "skipped": skipped,
            "paused_until": _date(data["paused_until"]),
            "ended_at": _moment(data["ended_at"]),
            "created_at": _required(_moment(data["created_at"])),
        },
    )


def _template(data: Mapping[str, Any]) -> ArchivedTemplate:
    return ArchivedTemplate(
        name=_line(data["name"], 80),
        description=_lines(data["description"], 2000),
        place=_place(data["channel"]) if data["channel"] is not None else None,
        locked=tuple(name for name in _listed(data["locked"], 100) if isinstance(name, str) and name in SETTINGS),
        is_default=data["is_default"] is True,
        settings=read_settings(data["settings"]),
    )


def read_settings(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings of an archive that are settings here, of the right kind and within bounds.

    Raises ValueError for one of `GATES` that isn't: left out, it would let everyone sign up.
    """
    found = {name: _setting(name, value) for name, value in data.items() if name in SETTINGS}
    problems = check_settings(found := tidy_settings(found))
    if any(found[name] is None or name in problems for name in GATES & found.keys()):
        raise ValueError
    return {name: value for name, value in found.items() if value is not None and name not in problems}


def _setting(name: str, value: Any) -> Any:
    """Return a setting's value of its kind; None for another."""
    setting = SETTINGS[name]
    if isinstance(setting.default, tuple):
        if not isinstance(value, list):
            return None
        numbers = [as_id(one) for one in value]
        return tuple(numbers) if None not in numbers else None
    if isinstance(setting, ChannelId):
        return as_id(value) or (0 if value in {"0", 0} else None)
    if isinstance(setting, ChoiceSetting):
        return value if value in setting.choices.values else None
    if type(value) is not type(setting.default):
        return None
    return without_controls(value, "\n\t") if isinstance(value, str) else value


def picture_settings(archive: Archive, games: Iterable[FoundGame]) -> set[str]:
    """Return the names of the pictures that an archive has and uses."""
    layers = [archive.settings, *(one for _, _, one in archive.channels), *(one.settings for one in archive.templates)]
    layers += [game.archived.settings for game in games if game.archived is not None]
    named = {str(layer[name]) for layer in layers for name in PICTURE_SETTINGS if layer.get(name)}
    return named & archive.pictures.keys()


# --- values ----------------------------------------------------------------------------------------------


def _listed(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    if len(value) > most:
        raise refuse("too_many_events")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value[:LOOKED_AT]


def _line(value: Any, most: int) -> str:
    return without_controls(tidy_line(_text(value)))[:most].strip()


def _lines(value: Any, most: int) -> str:
    return without_controls(tidy_lines(_text(value)), "\n\t")[:most]


def _id(value: Any) -> int:
    return _required(as_id(as_text(value)))


def _ids(value: Any) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_id(one) for one in _listed(value, NAMED_MAX)))


def _place(data: Mapping[str, Any]) -> Place:
    return Place(_id(data["id"]), _line(data["name"], 100))


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise TypeError
    return value


def _moment(value: Any) -> datetime | None:
    return _read_time(value, datetime.fromisoformat, lambda at: at.tzinfo is not None)


def _date(value: Any) -> date | None:
    return _read_time(value, date.fromisoformat, lambda day: True)


def _read_time(value: Any, read: Callable[[str], D], is_good: Callable[[D], bool]) -> D | None:
    if value is None:
        return None
    at = read(_text(value))
    if not is_usable(at) or not is_good(at):
        raise ValueError
    return at


def _required(value: T | None) -> T:
    if value is None:
        raise ValueError
    return value
