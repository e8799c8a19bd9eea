"""Days in words, as a break of a series takes them."""

from datetime import UTC, date, datetime

import pytest

from gamesched.lib.days_in_words import find_day
from gamesched.lib.times_in_words import TimeProblem

NOW = datetime(2026, 11, 30, 13, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("3 January", date(2027, 1, 3)), ("until 3 January", date(2027, 1, 3)), ("till jan 3rd", date(2027, 1, 3))),
        *(("2027-01-03", date(2027, 1, 3)), ("13/01", date(2027, 1, 13)), ("3.1.", date(2027, 1, 3))),
        *(("in 4 weeks", date(2026, 12, 28)), ("tomorrow", date(2026, 12, 1)), ("friday 8", date(2026, 12, 4))),
        *(("3 january 20:00", date(2027, 1, 3)), ("30 november", date(2026, 11, 30)), ("today", date(2026, 11, 30))),
    ],
)
def test_one_day_is_read(text: str, day: date) -> None:
    assert find_day(text, NOW, "Europe/Berlin").day == day


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            ("12/01", TimeProblem.AMBIGUOUS),
            ("next week", TimeProblem.AMBIGUOUS),
            ("fri or sat", TimeProblem.AMBIGUOUS),
        ),
        *(("30 feb", TimeProblem.NO_SUCH_DAY), ("yesterday", TimeProblem.PAST), ("", TimeProblem.NO_WHEN)),
        *(("until", TimeProblem.NO_WHEN), ("in 30 years", TimeProblem.NO_WHEN), ("in january", TimeProblem.NO_WHEN)),
    ],
)
def test_anything_else_is_asked_back(text: str, problem: TimeProblem) -> None:
    found = find_day(text, NOW, "Europe/Berlin")
    assert (found.day, found.problem) == (None, problem)


def test_a_time_that_clocks_show_twice_is_one_day() -> None:
    assert find_day("1 november 1:30am", datetime(2026, 10, 1, tzinfo=UTC), "America/New_York").day == date(2026, 11, 1)
