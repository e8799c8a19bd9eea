"""Times in words are read as they are meant, asked back where they may mean two, and never guessed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gamesched.lib import words_of_time as words
from gamesched.lib.times_in_words import LINE_MAX, OFFERS_MAX, FoundTime, find_time

TABLE = Path(__file__).with_name("times_in_words.txt")
ZONES = (
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles"),
    *("Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe"),
)
NOW = datetime(2026, 12, 2, 15, tzinfo=UTC)


def rows() -> Iterator[tuple[str, str, datetime, str]]:
    """Yield each phrase of the table with what it is to be read as, when it is typed, and in which zone."""
    now, zones = datetime.min, list(ZONES)
    for line in TABLE.read_text().splitlines():
        if line.startswith("now "):
            now = datetime.fromisoformat(line.removeprefix("now "))
        elif line.startswith("zone "):
            zones = list(ZONES) if line == "zone all" else [line.removeprefix("zone ")]
        elif " | " in line and not line.startswith("#"):
            phrase, meant = line.split(" | ")
            yield from ((phrase, meant, now.replace(tzinfo=ZoneInfo(zone)), zone) for zone in zones)


def moments(found: FoundTime) -> tuple[datetime, ...]:
    return found.offers if found.at is None else (found.at,)


def as_written(found: FoundTime, zone: str, with_offers: bool) -> str:
    """Return a result as the table writes it; offers only where it names them."""
    times = [f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for at in moments(found)]
    if found.problem is None:
        return times[0]
    return f"{found.problem} {', '.join(times)}" if with_offers and times else found.problem


def test_the_table_has_three_hundred_phrases_in_eight_zones() -> None:
    table = list(rows())
    assert len({phrase for phrase, *_ in table}) >= 300
    assert {zone for *_, zone in table} == set(ZONES)


@pytest.mark.parametrize("zone", ZONES)
def test_every_phrase_is_read_as_it_is_meant(zone: str) -> None:
    wrong = []
    for phrase, meant, now, typed_in in rows():
        if typed_in == zone:
            found = find_time(phrase, now.astimezone(UTC), zone)
            if (read := as_written(found, zone, " " in meant)) != meant:
                wrong.append((phrase, meant, read))
    assert wrong == []


def test_the_two_moments_of_a_time_that_comes_twice_are_offered_in_order() -> None:
    found = find_time("31 october 2027 2:30am", NOW, "Europe/Berlin")
    assert [at.astimezone(UTC).hour for at in found.offers] == [0, 1]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Curse of Strahd friday 8pm", "Curse of Strahd "),
        ("Curse of Strahd on friday at 8pm!", "Curse of Strahd !"),
        ("friday 8pm: Curse of Strahd", ": Curse of Strahd"),
        ("Friday Night Dice tomorrow 20:00", "Friday Night Dice "),
        ("Second Saturday Club sat 8pm", "Second Saturday Club "),
        ("May the 4th Marathon may 4 2027 8pm", "May the 4th Marathon "),
        ("Level 8 friday 8pm", "Level 8 "),
        ("March of the Machines fri 8pm", "March of the Machines "),
        ("Tea at noon club fri 5pm", "Tea at noon club "),
        ("Dune friday 8pm CET / 2pm EST", "Dune "),
        ("Dune <t:1796415600:F>", "Dune "),
    ],
)
def test_only_the_words_that_say_when_are_taken_from_a_line(line: str, left: str) -> None:
    found = find_time(line, NOW, "Europe/Berlin")
    assert found.at is not None, found
    for begin, end in sorted(found.spans, reverse=True):
        line = line[:begin] + line[end:]
    assert line == left


def test_a_day_apart_from_its_time_may_be_another_day() -> None:
    found = find_time("Monday Night Raid 9pm", NOW, "UTC")
    assert as_written(found, "UTC", with_offers=True) == "ambiguous 2026-12-07 21:00, 2026-12-02 21:00"


@pytest.mark.parametrize(("line", "minutes"), [("fri 8pm-1am", 300), ("fri 8-11pm", 180), ("fri 8pm", None)])
def test_an_end_says_how_long(line: str, minutes: int | None) -> None:
    assert find_time(line, NOW, "UTC").minutes == minutes


PIECES = TABLE.read_text().split()
HARD = ("999", "99999", "<t:99999999999>", "<t:-1>", "9999-12-31", "0001-01-01T00:00Z", "months", "٣", "½", "İ")


@given(st.lists(st.sampled_from((*PIECES, *HARD)), max_size=12).map(" ".join) | st.text(), st.sampled_from(ZONES))
@example("in 999 months 8pm", "UTC")
@example("9999-12-31T23:59-14:00", "UTC")
def test_no_text_raises_and_what_is_offered_is_to_come(line: str, zone: str) -> None:
    found = find_time(line, NOW, zone)
    assert (found.at is None) == (found.problem is not None)
    assert all(at > NOW for at in moments(found))
    assert len(found.offers) <= OFFERS_MAX
    assert all(0 <= begin < end <= len(line) for begin, end in found.spans)


@pytest.mark.parametrize("piece", ["fri ", "8pm ", "in 1 day and ", "a", "1:", "the ", "next to last ", "<t:1", "- "])
def test_hostile_lengths_are_bounded(piece: str) -> None:
    find_time(piece * 100_000, NOW, "UTC")
    assert all(end <= LINE_MAX for _, end in find_time("x" * 10_000 + " friday 8pm", NOW, "UTC").spans)


@given(st.text())
def test_plain_text_keeps_its_length(text: str) -> None:
    assert len(words.plain(text)) == len(text)
