"""The words in a line that say when and stand together, with what they leave to the title beside them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from gamesched.lib import words_of_time as words
from gamesched.lib.words_of_time import DAY

Span: TypeAlias = tuple[int, int]
Clock: TypeAlias = tuple[int, ...]  # what a time on the clock may be, in minutes from the day's beginning


@dataclass
class Run:
    """Neighbouring words that say when: each with its kind, a name in `words.PATTERNS`."""

    found: list[tuple[str, re.Match[str]]] = field(default_factory=list)
    span: Span = (0, 0)
    is_doubtful: bool = False  # asked back, even with one reading
    zone_is_doubtful: bool = False

    def all(self, kind: str) -> list[re.Match[str]]:
        return [match for name, match in self.found if name == kind]

    def has(self, *kinds: str) -> bool:
        return any(name in kinds for name, _ in self.found)

    @property
    def says_time(self) -> bool:
        return self.has(*words.CLOCKS, *words.MOMENTS, "bare")

    @property
    def says_day(self) -> bool:
        return self.has(*words.DAYS, *words.MOMENTS)

    def joined(self, other: "Run") -> "Run":
        return replace(self, found=[*other.found, *self.found], is_doubtful=self.is_doubtful or other.is_doubtful)

    def by_zone(self) -> list["Run"]:
        """Return itself; or where it names several zones, a run for each, with all that it says of the day."""
        if len(self.all("zone")) < 2:
            return [self]
        shared = [one for one in self.found if one[0] not in {*words.CLOCKS, "zone"}]
        parts: list[Run] = [Run([*shared])]
        for one in self.found:
            if one not in shared:
                parts[-1].found.append(one)
            if one[0] == "zone":
                parts.append(Run([*shared]))
        return [part for part in parts if part.has("zone")]

    @property
    def minutes(self) -> int | None:
        """Return how long it is from a beginning to an end, over midnight if need be."""
        for match in self.all("range"):
            return (words.clock_minutes(match["end"])[0] - range_start(match)[0]) % DAY or None
        return None


def runs_of(text: str, with_bare: bool = True) -> Iterator[Run]:
    """Yield what stands together, in order: at each place the first pattern that fits.

    `with_bare`: a number alone may be an hour.
    """
    at = 0
    while at < len(text):
        run, end = Run(), at
        while (item := _item_at(text, end, run)) is not None:
            if item[0] == "bare" and item[1]["lead"] is None and not with_bare:
                break
            run.found.append(item)
            end = words.end_of(words.SPACE, text, item[1].end())
        _drop_what_says_nothing(run, text)
        if run.says_time or run.says_day:
            begin = run.found[0][1].start()
            lead = words.LEAD.search(text[:begin])
            run.span = (lead.start() if lead else begin, run.found[-1][1].end())
            run.is_doubtful |= words.LIMIT.search(text[: run.span[0]]) is not None
            _leave_title(run, text)
            yield run
        at = max(end, words.end_of(words.WORD, text, at))


def _item_at(text: str, at: int, run: Run) -> tuple[str, re.Match[str]] | None:
    """Return what the words at a place say behind those of a run, and its kind."""
    if at and text[at - 1 : at + 1].isalnum() and len(text[at - 1 : at + 1]) == 2:
        return None  # in the middle of a word
    before = run.found[-1][0] if run.found else ""
    for kind, pattern in words.PATTERNS:
        match = pattern.match(text, at)
        if match is None or (kind == "joint" and not before):
            continue
        if kind == "zone" and not (before in {*words.CLOCKS, "bare"} and words.is_zone(match["zone"])):
            continue
        if kind in {"clock", "bare"} and not words.clock_minutes(match["clock"]):
            continue
        if kind == "range" and not (words.clock_minutes(match["begin"]) and words.clock_minutes(match["end"])):
            continue
        return kind, match
    return None


def _drop_what_says_nothing(run: Run, text: str) -> None:
    """Take out numbers that are no hour: beside a full time, and before a day unless it is an evening."""
    if run.has(*words.CLOCKS, *words.MOMENTS):
        _drop(run, run.all("bare"))
    while run.found and run.found[0][0] == "bare" and run.found[0][1]["lead"] is None:
        first, behind = run.found[0][1], run.found[1:2]
        is_evening = any(kind == "part" or match[0].startswith("tonight") for kind, match in behind)
        if is_evening and len(run.all("bare")) == 1:
            # "Mario Kart 8 tonight": the hour, or the title's?
            run.is_doubtful = not first["sure"] and bool(re.search(r"\w ?$", text[: first.start()]))
            break
        _drop(run, [first])
    if run.found and run.found[0][0] == "part" and run.found[0][1]["lead"] is None:
        run.found.pop(0)  # 8 bit night friday 9pm
    while run.found and run.found[-1][0] == "joint":
        run.found.pop()
    while run.found and run.found[0][0] == "joint":
        run.found.pop(0)


def _leave_title(run: Run, text: str) -> None:
    """Doubt what may be the title's: its last number, Session 5 - 8pm, or the zone, 8pm UK Games."""
    kind, match = run.found[0]
    if kind == "range" and re.match(r"\d{1,2}\s+[-–—]", match[0]) and re.search(r"\w ?$", text[: match.start()]):
        run.is_doubtful = True
    kind, match = run.found[-1]
    if kind == "zone" and words.may_be_title(match["zone"]) and re.match(r"\s\w", text[match.end() :]):
        run.zone_is_doubtful = True
        run.span = (run.span[0], run.found[-2][1].end())


def _drop(run: Run, dropped: list[re.Match[str]]) -> None:
    """Take words out, each with the zone behind it."""
    left: list[tuple[str, re.Match[str]]] = []
    before: re.Match[str] | None = None
    for kind, match in run.found:
        if match not in dropped and not (kind == "zone" and before in dropped):
            left.append((kind, match))
        before = match
    run.found = left


def range_start(match: re.Match[str]) -> Clock:
    """Return when it begins: 8-11pm is in the evening, 11-1pm before noon."""
    begins, end = words.clock_minutes(match["begin"]), words.clock_minutes(match["end"])[0]
    earlier = [minutes for minutes in begins if minutes < end]
    return (max(earlier),) if earlier else begins[:1]
