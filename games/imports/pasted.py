"""Reads announcements that people paste, as sesh, Apollo and others write them: a title, and a line that says when."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from games.imports.found import Dropped, FoundGame, Reading, ReadingOptions, Source, Why, refuse, require_few, tidied
from gamesched.lib.times_in_words import FoundTime, TimeProblem, find_time

TEXT_MAX = 200_000  # characters: finding times in these takes some seconds
_LABEL = re.compile(
    r"^\W*(?:time|when|date|start(?:s|ing)?|begins|description|title|event|details|location|where|duration)\W*$"
    r"|^\W*(?:time|when|date|starts?)\s*[:：]\s*",
    re.IGNORECASE,
)
_WHERE = re.compile(r"^\W*(?:location|where|place)\s*[:：]\s*(.+)$", re.IGNORECASE)
# From here on stand the people, and buttons.
_PEOPLE = re.compile(
    r"^\W*(?:accepted|declined|tentative|attendees?|going|not going|maybe|yes|no|sign ?ups?|waitlist|"
    r"created by|hosted by|add to calendar|react|calendar)\b.*",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\*\*|__|^#{1,3}\s+|^>\s?|^[-•*]\s+|^\d+[.)]\s+|`")
_STAMP = re.compile(r"<t:\d{1,12}(?::[tTdDfFR])?>")
_LINK = re.compile(r"\[([^\]\n]{1,200})\]\(https?://[^)\s]{1,500}\)")
_EDGES = " \t-–—|:,@•·()[]"


@dataclass
class _Block:
    """The lines between two empty ones."""

    lines: list[str] = field(default_factory=list)


def read_pasted(text: str, now: datetime, options: ReadingOptions) -> Reading:
    """Return the games of pasted announcements; times without a zone are in the chosen one. Raises Refused."""
    if len(text) > TEXT_MAX:
        raise refuse("too_much")
    games: list[FoundGame] = []
    dropped: list[Dropped] = []
    before: list[str] = []
    for block in _blocks(text):
        timed = [(at, line, when) for at, line in enumerate(block.lines) if (when := _time_of(line, now, options.zone))]
        if not timed:
            before = [*before, *_until_people(block.lines)][-20:]
            continue
        if len(timed) == 1:
            at, line, when = timed[0]
            rest = [*before, *(_until_people(block.lines[:at])), _without_time(line, when)]
            lines = [one for one in rest if one.strip(_EDGES)]
            title, description = (lines[0], lines[1:]) if lines else ("", [])
            description = [*description, *_until_people(block.lines[at + 1 :])]
            _add(games, dropped, title, description, when, now)
        else:
            for _, line, when in timed:
                _add(games, dropped, _without_time(line, when), [], when, now)
        before = []
        require_few(games)
    return Reading(Source.TEXT, tuple(games), tuple(dropped))


def _blocks(text: str) -> Iterator[_Block]:
    block = _Block()
    for line in text.splitlines():
        plain = _LINK.sub(r"\1", _MARKUP.sub("", line.strip())).strip()
        if plain.strip("-=_ \u200b"):
            block.lines.append(plain)
        elif block.lines:
            yield block
            block = _Block()
    if block.lines:
        yield block


def _time_of(line: str, now: datetime, zone: str) -> FoundTime | None:
    """Return what a line says of when, if it says a day and a time; not a mere "at 8"."""
    stamp = _STAMP.search(line)
    found = find_time(stamp[0] if stamp else line, now, zone)
    if stamp:
        start = (stamp.start(), stamp.end())
        stamps = _STAMP.findall(line)
        minutes = found.minutes
        if len(stamps) > 1 and (end := find_time(stamps[1], now, zone)).at and found.at and end.at > found.at:
            minutes = int((end.at - found.at) / timedelta(minutes=1))
            start = (start[0], line.rindex(stamps[1]) + len(stamps[1]))
        return FoundTime(found.zone, found.at, found.problem, found.offers, minutes, (start,))
    if found.at is not None:
        return found
    says_when = found.problem in {TimeProblem.AMBIGUOUS, TimeProblem.PAST, TimeProblem.SKIPPED, TimeProblem.REPEATED}
    return found if says_when and re.search(r"\d{1,2}[:.]\d{2}|\d\s*[ap]m\b|\b\d{4}\b", line, re.IGNORECASE) else None


def _without_time(line: str, when: FoundTime) -> str:
    for begin, end in sorted(when.spans, reverse=True):
        line = line[:begin] + " " + line[end:]
    return re.sub(r"\(\s*\)", "", _LABEL.sub("", " ".join(line.split()))).strip(_EDGES)


def _until_people(lines: list[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if _PEOPLE.match(line):
            break
        if not _LABEL.fullmatch(line):
            found.append(line)
    return found


def _add(
    games: list[FoundGame], dropped: list[Dropped], title: str, lines: list[str], when: FoundTime, now: datetime
) -> None:
    if when.at is None:
        why = {TimeProblem.PAST: Why.OVER}.get(when.problem or TimeProblem.NO_WHEN, Why.TWO_TIMES)
        dropped.append(Dropped(title, why))
        return
    where = next((match[1] for match in map(_WHERE.match, lines) if match), "")
    games.append(
        tidied(
            FoundGame(
                source_id=f"text {title} {when.at.isoformat()}",
                title=title,
                starts_at=when.at,
                zone=when.zone,
                description="\n".join(line for line in lines if not _WHERE.match(line)),
                location=where,
                minutes=when.minutes,
            )
        )
    )
