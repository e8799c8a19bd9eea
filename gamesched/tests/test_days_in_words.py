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
    "text", ["monday", "until Monday", "mon", "this monday", "monday 8pm", "monday 8", "monday 9am"]
)
@pytest.mark.parametrize("now", [NOW, datetime(2026, 11, 30, 22, 59, 30, tzinfo=UTC)])
def test_the_weekday_that_is_today_is_the_one_a_week_later(text: str, now: datetime) -> None:
    assert find_day(text, now, "Europe/Berlin").day == date(2026, 12, 7)


def test_a_date_that_is_today_is_not_the_one_a_month_or_a_year_later() -> None:
    for text in ("monday 30 november", "monday the 30th", "the 30th", "30.11.", "tonight", "8pm"):
        assert find_day(text, NOW, "Europe/Berlin").day == date(2026, 11, 30), text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            ("12/01", TimeProblem.AMBIGUOUS),
            ("next week", TimeProblem.AMBIGUOUS),
            ("fri or sat", TimeProblem.AMBIGUOUS),
        ),
        *(("9999-12-31", TimeProblem.NO_SUCH_DAY), ("0001-01-01", TimeProblem.PAST), ("1999-12-31", TimeProblem.PAST)),
        *(("30 feb", TimeProblem.NO_SUCH_DAY), ("yesterday", TimeProblem.PAST), ("", TimeProblem.NO_WHEN)),
        *(("until", TimeProblem.NO_WHEN), ("in 30 years", TimeProblem.NO_WHEN), ("in january", TimeProblem.NO_WHEN)),
    ],
)
def test_anything_else_is_asked_back(text: str, problem: TimeProblem) -> None:
    found = find_day(text, NOW, "Europe/Berlin")
    assert (found.day, found.problem) == (None, problem)


def test_a_time_that_clocks_show_twice_is_one_day() -> None:
    assert find_day("1 november 1:30am", datetime(2026, 10, 1, tzinfo=UTC), "America/New_York").day == date(2026, 11, 1)
