"""Lengths of time are read as people write them, and never as another length."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesched.lib.durations import (
    INPUT_MAX,
    MINUTES_MAX,
    BadDuration,
    DurationProblem,
    format_duration,
    minutes_text,
    parse_duration,
    parse_durations,
)

READ = {
    "90": 90,
    "1h30m": 90,
    "1.5h": 90,
    "1,5h": 90,
    "2 hours": 120,
    "90 min": 90,
    "2 h": 120,
    "1:30": 90,
    "90 minutes": 90,
    "2h30": 150,
    "2h 30": 150,
    "4 hrs": 240,
    "1 day, 2 hours": 1560,
    "1 day, 1 hour and 30 minutes": 1530,
    "half an hour": 30,
    "an hour": 60,
    "an hour and a half": 90,
    "a day and a half": 2160,
    "one and a half hours": 90,
    "two and a half hours": 150,
    "three quarters of an hour": 45,
    "quarter of an hour": 15,
    "an hour and 15 minutes": 75,
    "forty-five minutes": 45,
    "90-minute": 90,
    "½ h": 30,
    "1½ h": 90,
    "2 1/2 h": 150,
    "a 1/2 hour": 30,
    "1/2 an hour": 30,
    ".5h": 30,
    "0,25 h": 15,
    "1.50 h": 90,
    "1.75 days": 2520,
    "1٫5 h": 90,
    "1:30 h": 90,
    "0:45": 45,
    "2 weeks": 20160,
    "1w2d": 12960,
    "１２０": 120,
    "２ｈ３０": 150,
    "٩٠ min": 90,
    "2H": 120,
    "1H30M": 90,
    "2 HOURS AND 5 MINUTES": 125,
    "2 hrs.": 120,
    "1 hr. 30 min.": 90,
    "90.": 90,
    "\u200b2\xa0h\ufeff": 120,
    "\u200e1h30\u200f": 90,
    "\u202a90 min\u202c": 90,
    "\u20682\u2069 h\u00adours": 120,
    "120 s": 2,
    "24 hours before the start": 1440,
    "1h + 30m": 90,
}
REFUSED = {
    "": DurationProblem.UNKNOWN,
    "long": DurationProblem.UNKNOWN,
    "hour": DurationProblem.UNKNOWN,
    "half": DurationProblem.UNKNOWN,
    "1 month": DurationProblem.UNKNOWN,
    "a couple of hours": DurationProblem.UNKNOWN,
    "two half hours": DurationProblem.UNKNOWN,
    "-30": DurationProblem.UNKNOWN,
    "\u202e02h": DurationProblem.UNKNOWN,
    "1-2 h": DurationProblem.UNKNOWN,
    "1e3": DurationProblem.UNKNOWN,
    "2²h": DurationProblem.UNKNOWN,
    "1h,": DurationProblem.UNKNOWN,
    "h" * 300: DurationProblem.UNKNOWN,
    "1,440": DurationProblem.AMBIGUOUS,
    "1.440 min": DurationProblem.AMBIGUOUS,
    "1 440": DurationProblem.AMBIGUOUS,
    "1,5": DurationProblem.AMBIGUOUS,
    "1.30 h": DurationProblem.AMBIGUOUS,
    "1.45h": DurationProblem.AMBIGUOUS,
    "11/2 h": DurationProblem.AMBIGUOUS,
    "1:5": DurationProblem.AMBIGUOUS,
    "1:75": DurationProblem.AMBIGUOUS,
    "90:00": DurationProblem.AMBIGUOUS,
    "1:30:00": DurationProblem.AMBIGUOUS,
    "1:30 min": DurationProblem.AMBIGUOUS,
    "0130": DurationProblem.AMBIGUOUS,
    "2h5": DurationProblem.AMBIGUOUS,
    "1d 12": DurationProblem.AMBIGUOUS,
    "30 min, 2 h": DurationProblem.AMBIGUOUS,
    "1h 1h": DurationProblem.AMBIGUOUS,
    "1.5h30m": DurationProblem.AMBIGUOUS,
    "twenty 5 minutes": DurationProblem.AMBIGUOUS,
    "1/0 h": DurationProblem.AMBIGUOUS,
    "90 seconds": DurationProblem.NOT_WHOLE,
    "1.33 min": DurationProblem.NOT_WHOLE,
    "1/7 h": DurationProblem.NOT_WHOLE,
    "9" * 150: DurationProblem.TOO_LONG,
    "9999 weeks": DurationProblem.TOO_LONG,
}
LISTS = {
    "": [],
    "24 hours, 30 min": [1440, 30],
    "1 day, 2 hours": [1440, 120],
    "1 day, 2 hours, and 30 minutes": [1440, 120, 30],
    "1 day, 1 hour before": [1440, 60],
    "1d, 1h, 15": [1440, 60, 15],
    "1d,2h30": [1440, 150],
    "1440,60": [1440, 60],
    "180,120,60": [180, 120, 60],
    "2h; half an hour\n15": [120, 30, 15],
    "２４ｈ、３０": [1440, 30],
    "1½ h, 1:30": [90, 90],
}
BAD_LISTS = {
    "often, 1h": (DurationProblem.UNKNOWN, "often"),
    "1,5": (DurationProblem.AMBIGUOUS, "1,5"),
    "1,5h": (DurationProblem.AMBIGUOUS, "1,5h"),
    "15,2h": (DurationProblem.AMBIGUOUS, "15,2h"),
    "1,440": (DurationProblem.AMBIGUOUS, "1,440"),
    "43,200,60": (DurationProblem.AMBIGUOUS, "43,200,60"),
    "1d 2h": (DurationProblem.AMBIGUOUS, "1d 2h"),
    "1 day and 2 hours": (DurationProblem.AMBIGUOUS, "1 day and 2 hours"),
    "60 30": (DurationProblem.AMBIGUOUS, "60 30"),
    "1d, " + "9" * 100: (DurationProblem.TOO_LONG, "9" * 100),
}
LENGTHS = st.integers(0, MINUTES_MAX)


@pytest.mark.parametrize(("text", "minutes"), READ.items())
def test_a_length_is_read_as_it_is_written(text: str, minutes: int) -> None:
    assert parse_duration(text) == minutes
    assert parse_duration(f"  {text} ") == minutes


@pytest.mark.parametrize(("text", "problem"), REFUSED.items())
def test_what_may_be_another_length_is_refused(text: str, problem: DurationProblem) -> None:
    with pytest.raises(BadDuration) as bad:
        parse_duration(text)
    assert bad.value.code is problem


@pytest.mark.parametrize(("text", "minutes"), LISTS.items())
def test_commas_separate_the_lengths_of_a_list(text: str, minutes: list[int]) -> None:
    assert parse_durations(text) == minutes


@pytest.mark.parametrize(("text", "refusal"), BAD_LISTS.items())
def test_a_list_says_which_part_is_refused(text: str, refusal: tuple[DurationProblem, str]) -> None:
    with pytest.raises(BadDuration) as bad:
        parse_durations(text)
    assert (bad.value.code, bad.value.part) == refusal


@given(LENGTHS)
def test_what_is_written_is_read_as_the_same_length(minutes: int) -> None:
    assert parse_duration(format_duration(minutes)) == minutes
    assert parse_duration(minutes_text(minutes)) == minutes


@given(st.lists(LENGTHS, max_size=10))
def test_a_written_list_is_read_as_the_same_list(lengths: list[int]) -> None:
    assert parse_durations(", ".join(map(format_duration, lengths))) == lengths


PIECES = st.sampled_from(
    ["h", "m", "d", "w", " ", ",", ".", ":", "/", "½", "and", "a", "an", "half", "quarter", "of", "hour", "min", "-"]
    + ["one", "twenty", "before", "１", "٫", "²", "\x00", "\ud800", ";", "\n", *string.digits]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=INPUT_MAX + 10))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_duration, parse_durations):
        try:
            found = parse(text)
        except BadDuration:
            continue
        assert all(0 <= minutes <= MINUTES_MAX for minutes in (found if isinstance(found, list) else [found]))


@given(st.lists(PIECES, max_size=12).map("".join))
def test_case_and_outer_spaces_change_nothing(text: str) -> None:
    def outcome(typed: str) -> int | DurationProblem:
        try:
            return parse_duration(typed)
        except BadDuration as bad:
            return bad.code

    assert outcome(text) == outcome(f" {text} ") == outcome(text.upper())
