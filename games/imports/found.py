"""What a reader finds in a file: games to be, and what becomes no game. Pure values."""

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from html import unescape
from typing import TYPE_CHECKING, Any

from games.core.rules import DESCRIPTION_MAX, DURATION_MAX, DURATION_MIN, LOCATION_MAX, SEATS_MAX
from games.core.text_rules import has_control_characters, tidy_lines
from games.imports import wording
from games.scheduling.rules import TITLE_MAX
from games.series.recurrence import Recurrence
from gamesched.lib.ids import MAX_ID, parse_id
from gamesched.lib.refusal import Refusal, Refused
from guilds.names import tidy_line

if TYPE_CHECKING:
    from games.imports.archive import Archive, ArchivedGame

FILE_MAX = 5 * 1024 * 1024  # bytes
ZIP_MAX = 30 * 1024 * 1024  # bytes
UNPACKED_MAX = 50 * 1024 * 1024  # bytes
EVENTS_MAX = 500
PEOPLE_MAX = 100  # of one game
LOOKED_AT = 20_000  # characters of one text


class Source(StrEnum):
    """What a file comes from."""

    ICS = "ics"
    CSV = "csv"
    RAID_HELPER = "raid_helper"
    RPG_SCHEDULE = "rpg_schedule"
    TEXT = "text"
    ARCHIVE = "archive"


class Why(StrEnum):
    """Why something in a file becomes no game."""

    ALL_DAY = "all_day"
    CANCELLED = "cancelled"
    OVER = "over"
    NO_TIME = "no_time"
    BAD_TIME = "bad_time"
    WHICH_DAY = "which_day"  # 03/04
    TWO_TIMES = "two_times"
    BAD_RULE = "bad_rule"
    TOO_OFTEN = "too_often"
    LATER_ONES = "later_ones"  # a change of one date and all later ones


class Note(StrEnum):
    """What of a game is other than in the file."""

    SHORTENED = "shortened"
    SINGLE_GAMES = "single_games"
    ZONE_GUESSED = "zone_guessed"
    UNKNOWN_PEOPLE = "unknown_people"
    WITHOUT_PEOPLE = "without_people"
    NOT_HOST = "not_host"
    HAS_STATUS = "has_status"
    HOST_PICKS = "host_picks"


@dataclass(frozen=True)
class FoundSeries:
    """How a found game repeats, and the dates on which it does not."""

    recurrence: Recurrence
    skipped: tuple[date, ...] = ()


@dataclass(frozen=True)
class FoundGame:
    """A game to be. `source_id`: by what its source knows it; `zone`: "" where it says none."""

    source_id: str
    title: str
    starts_at: datetime
    zone: str = ""
    description: str = ""
    location: str = ""
    minutes: int | None = None
    seats: int | None = None
    host_id: int | None = None
    people: tuple[int, ...] = ()
    repeats: FoundSeries | None = None
    notes: tuple[Note, ...] = ()
    archived: "ArchivedGame | None" = None

    @property
    def key(self) -> str:
        """Return what tells this game from every other of any file, of which nobody can be read."""
        return hashlib.sha256(self.source_id.encode(errors="replace")).hexdigest()


@dataclass(frozen=True)
class Dropped:
    """Something in a file that becomes no game: what it is called there, and why."""

    label: str
    why: Why

    def __post_init__(self) -> None:
        # JSON has halves of characters, which no page can show, and a label may be as long as its file.
        object.__setattr__(self, "label", as_title(self.label))


@dataclass(frozen=True)
class Reading:
    """All that was found in a file. `columns`: the table's, of which `mapping` says what each is."""

    source: Source
    games: tuple[FoundGame, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    columns: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    archive: "Archive | None" = None


@dataclass(frozen=True)
class ReadingOptions:
    """What a person says of a file. `mapping`: which column is which field; `day_first`: whether 3/4 is 3 April."""

    zone: str = "UTC"
    mapping: tuple[tuple[str, str], ...] = ()
    day_first: bool | None = None


def refuse(code: str) -> Refused:
    """Return the refusal of a whole file, to be raised."""
    return Refused(Refusal(code, wording.FILE_PROBLEMS[code], {"file": wording.FILE_PROBLEMS[code]}))


def require_few(items: Collection[Any]) -> None:
    """Raise Refused for more events than we take at once."""
    if len(items) > EVENTS_MAX:
        raise refuse("too_many_events")


def tidied(game: FoundGame) -> FoundGame:
    """Return a game with texts, a duration and seats that a game can have; what is too long is cut."""
    title = as_title(game.title)
    description = _cut(without_controls(tidy_lines(as_plain(game.description[:LOOKED_AT])), "\n\t"), DESCRIPTION_MAX)
    location = _cut(without_controls(tidy_line(game.location[:LOOKED_AT].replace("\n", ", "))), LOCATION_MAX)
    notes = [*game.notes]
    if any(text.endswith(_ELLIPSIS) for text in (title, description, location)) and Note.SHORTENED not in notes:
        notes.append(Note.SHORTENED)
    return replace(
        game,
        title=title,
        description=description,
        location=location,
        minutes=game.minutes if DURATION_MIN <= (game.minutes or 0) <= DURATION_MAX else None,
        seats=game.seats if 1 <= (game.seats or 0) <= SEATS_MAX else None,
        people=game.people[:PEOPLE_MAX],
        notes=tuple(notes),
    )


def as_title(text: str) -> str:
    """Return a text as a title that a game can have; what is too long is cut."""
    return _cut(without_controls(tidy_line(text[:LOOKED_AT])), TITLE_MAX)


_ELLIPSIS = " …"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(_ELLIPSIS)].rstrip() + _ELLIPSIS


def without_controls(text: str, kept: str = "") -> str:
    """Return a text without the characters that nobody sees and nothing stores, except those kept."""
    return "".join(one for one in text if one in kept or not has_control_characters(one))


_TAG = re.compile(r"</?(?:a|b|br|div|em|html|html-blob|i|li|ol|p|span|strong|u|ul)\b[^<>]{0,500}>", re.IGNORECASE)


# Not by Python's own parser, which raises for `<![`, and takes seconds for a thousand tags that don't end.
_ANY_TAG = re.compile(r"<!--.{0,500}?-->|<(/?)([a-z][a-z0-9-]*)([^<>]{0,500})>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"""\shref\s?=\s?["']?([^"'\s]+)""", re.IGNORECASE)


def as_plain(text: str) -> str:
    """Return a description as text, with where its links lead: calendars on the web write HTML into theirs."""
    if not _TAG.search(text):
        return text
    parts: list[str] = []
    at = link_at = 0
    href = ""
    for tag in _ANY_TAG.finditer(text):
        parts.append(unescape(text[at : tag.start()]))
        at, is_end, name = tag.end(), bool(tag[1]), (tag[2] or "").lower()
        if name in {"br", "p", "div", "li"} and not is_end:
            parts.append("\n• " if name == "li" else "\n")
        if name == "a" and is_end and href.startswith(("http://", "https://")):
            if href not in "".join(parts[link_at:]):
                parts.append(f" ({href})")
            href = ""
        elif name == "a" and not is_end:
            found = _HREF.search(tag[3])
            href, link_at = unescape(found[1]) if found is not None else "", len(parts)
    parts.append(unescape(text[at:]))
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()


def as_text(value: Any) -> str:
    """Return a value of a file as text; '' for none, and for what is no text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def as_id(value: Any) -> int | None:
    """Return a Discord id as programs write it, as text or as a number; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 < value <= MAX_ID else None
    return parse_id(value.strip()) if isinstance(value, str) else None


def as_whole_number(value: Any) -> int | None:
    """Return a small whole number, as text or as a number; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if abs(value) < 10**9 and value == int(value) else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def unique_ids(values: Iterable[Any]) -> tuple[int, ...]:
    """Return the ids among values, each once, in their order."""
    return tuple(dict.fromkeys(found for found in map(as_id, values) if found is not None))
