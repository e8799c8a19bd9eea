"""Rules read from RRULE texts, and the dates they give: held against dateutil, and where short months differ."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from hypothesis import assume, given
from hypothesis import strategies as st

from games.series import wording
from games.series.recurrence import EVERY, WEEKDAYS, Frequency, Recurrence, Unreadable, read_recurrence

DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))
TWO_YEARS = timedelta(days=731)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    """Any rule that `read_recurrence` takes."""
    frequency = draw(st.sampled_from(Frequency))
    months = draw(st.lists(st.integers(1, 12), unique=True, max_size=3))
    by_month = frequency is Frequency.MONTHLY or (frequency is Frequency.YEARLY and len(months) == 1)
    nth = st.sampled_from([EVERY, 1, 2, 3, 4, -1, -2]) if by_month else st.just(EVERY)
    weekdays = draw(st.lists(st.tuples(nth, st.integers(0, 6)), unique=True, max_size=3))
    month_days = draw(st.lists(st.integers(-31, 28).filter(bool), unique=True, max_size=3))
    limited = bool(weekdays or month_days)
    ends = draw(st.sampled_from(["", "count", "until"]))
    return Recurrence(
        frequency,
        interval=draw(st.integers(1, 5)),
        weekdays=tuple(weekdays),
        month_days=tuple(sorted(month_days)) if frequency is not Frequency.WEEKLY else (),
        months=tuple(sorted(months)),
        positions=tuple(draw(st.sampled_from([(), (1,), (-1,), (1, 2)]))) if limited else (),
        week_start=draw(st.sampled_from([0, 6])),
        count=draw(st.integers(1, 30)) if ends == "count" else None,
        until=draw(DAYS) if ends == "until" else None,
    )


@given(recurrences(), DAYS)
def test_the_dates_are_those_of_dateutil(rule: Recurrence, first: date) -> None:
    # Where dateutil departs from RFC 5545: it takes every Friday *and* the first Monday for Fridays that are both, and
    # counts positions in a first week that is not whole.
    assume(len({nth == EVERY for nth, _ in rule.weekdays}) < 2)
    assume(not (rule.frequency is Frequency.WEEKLY and rule.positions))
    rule, last = rule.anchored(first), first + TWO_YEARS
    last = min(last, rule.until) if rule.until else last
    endless = replace(rule, count=None, until=None)
    ours = list(endless.dates(first, last))
    assume(len(ours) > 1)  # else it looks until the year 9999
    theirs = rrulestr(str(replace(endless, until=last)), dtstart=datetime.combine(first, time()))
    assert ours == sorted({first, *(at.date() for at in theirs)})
    assert list(rule.dates(first, first + TWO_YEARS)) == ours[: rule.count]


@given(recurrences())
def test_a_written_rule_reads_the_same(rule: Recurrence) -> None:
    assert read_recurrence(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        ("FREQ=MONTHLY", "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("FREQ=MONTHLY", "2028-01-30", ["2028-01-30", "2028-02-29", "2028-03-30"]),
        ("FREQ=MONTHLY", "2027-01-29", ["2027-01-29", "2027-02-28", "2027-03-29"]),
        ("FREQ=MONTHLY;BYDAY=5FR", "2027-01-29", ["2027-01-29", "2027-02-26", "2027-03-26", "2027-04-30"]),
        ("FREQ=YEARLY", "2028-02-29", ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("FREQ=WEEKLY;INTERVAL=2", "2027-01-01", ["2027-01-01", "2027-01-15", "2027-01-29"]),
        ("FREQ=WEEKLY;BYDAY=FR,MO", "2027-01-01", ["2027-01-01", "2027-01-04", "2027-01-08"]),
        ("FREQ=WEEKLY;COUNT=2", "2027-01-01", ["2027-01-01", "2027-01-08"]),
        ("FREQ=WEEKLY;UNTIL=20270108", "2027-01-01", ["2027-01-01", "2027-01-08"]),
        ("FREQ=DAILY;BYMONTHDAY=31", "2027-01-31", ["2027-01-31", "2027-02-28"]),
    ],
)
def test_short_months_have_their_last_day(text: str, first: str, expected: list[str]) -> None:
    start = date.fromisoformat(first)
    rule = read_recurrence(text).anchored(start)
    found = islice(rule.dates(start, start + 5 * TWO_YEARS), len(expected))
    assert [day.isoformat() for day in found] == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("RRULE:FREQ=WEEKLY;BYDAY=FR", "FREQ=WEEKLY;BYDAY=FR"),
        (" rrule:freq=weekly;byday=fr; ", "FREQ=WEEKLY;BYDAY=FR"),
        ("DTSTART;TZID=Europe/Berlin:20270101T200000\nRRULE:FREQ=DAILY", "FREQ=DAILY"),
        ("FREQ=WEEKLY;UNTIL=20271231", "FREQ=WEEKLY;UNTIL=20271231"),
        # By its last moment in the game's zone: Google writes the end of the day there, in UTC.
        ("FREQ=WEEKLY;UNTIL=20271231T225959Z", "FREQ=WEEKLY;UNTIL=20271231"),
        ("FREQ=WEEKLY;UNTIL=20271231T100000Z", "FREQ=WEEKLY;UNTIL=20271230"),
        ("FREQ=WEEKLY;UNTIL=20271231T200000", "FREQ=WEEKLY;UNTIL=20271231"),
        ("FREQ=MONTHLY;BYDAY=+2FR", "FREQ=MONTHLY;BYDAY=2FR"),
        ("FREQ=WEEKLY; BYDAY=FR, SA", "FREQ=WEEKLY;BYDAY=FR,SA"),
        ("RRULE: FREQ = DAILY", "FREQ=DAILY"),
        # Long lines are broken, the next one beginning with a space.
        ("RRULE:FREQ=WEEKLY;BYDAY=FR,\r\n SA;WKST=\r\n SU", "FREQ=WEEKLY;BYDAY=FR,SA;WKST=SU"),
        ("DTSTART:20270101T200000\n RRULE:FREQ=DAILY", "FREQ=DAILY"),
        # As Google, Outlook and Apple write them.
        ("RRULE:FREQ=WEEKLY;WKST=SU;UNTIL=20271231T225959Z;BYDAY=FR,FR", "FREQ=WEEKLY;BYDAY=FR;WKST=SU;UNTIL=20271231"),
        ("FREQ=MONTHLY;COUNT=10;INTERVAL=1;BYDAY=FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1;COUNT=10"),
        ("RRULE:FREQ=YEARLY;INTERVAL=1;BYMONTH=11;BYDAY=1SU", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"),
    ],
)
def test_what_calendars_write_is_read(text: str, rule: str) -> None:
    assert str(read_recurrence(text, time(20), "Europe/Berlin")) == rule


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("every friday", "EVERY FRIDAY"),
        ("FREQ=HOURLY", "FREQ=HOURLY"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=WEEKLY;BYHOUR=20", "BYHOUR=20"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=2FR", "BYDAY=2FR"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY=3"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=WEEKLY;INTERVAL=²", "INTERVAL=²"),
        ("FREQ=WEEKLY;COUNT=99999", "COUNT=99999"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20270101", "COUNT and UNTIL"),
        ("FREQ=WEEKLY;UNTIL=99991231", "UNTIL=99991231"),
        ("FREQ=WEEKLY;UNTIL=20270231", "UNTIL=20270231"),
        ("FREQ=WEEKLY;UNTIL=20271231T990000Z", "UNTIL=20271231T990000Z"),
        ("FREQ=WEEKLY;FREQ=DAILY", "FREQ=DAILY"),
        ("FREQ=WEEKLY;BYSETPOS=0;BYDAY=FR", "BYSETPOS=0"),
        ("RRULE:FREQ=WEEKLY\nEXDATE:20270101T200000", "EXDATE"),
        ("EXDATE:20270101T200000\nRRULE:FREQ=WEEKLY", "EXDATE"),
        ("DTSTART:20270101T200000\nDTEND:20270101T230000\nRRULE:FREQ=WEEKLY", "DTEND"),
        ("RRULE:FREQ=WEEKLY\nRRULE:FREQ=DAILY", "RRULE"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT=0"),
        ("FREQ=DAILY\0", "FREQ=DAILY\0"),
        ("A" * 10_000, "A" * 40),
        ("FREQ=YEARLY;BYDAY=20MO", "BYDAY=20MO"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, part: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_recurrence(text)
    assert raised.value.part == part


@given(st.text() | st.text(alphabet="FREQ=;,:WKLYBDA0123456789+-TZ\n", max_size=60))
def test_any_text_is_a_rule_or_unreadable(text: str) -> None:
    try:
        rule = read_recurrence(text)
    except Unreadable:
        return
    assert read_recurrence(str(rule)) == rule


@given(recurrences(), DAYS)
def test_every_rule_is_said_in_words(rule: Recurrence, first: date) -> None:
    assert wording.repeats_by(str(rule.anchored(first))).startswith("Repeats ")


@pytest.mark.parametrize("day", range(7))
def test_weekdays_are_those_of_python(day: int) -> None:
    monday = date(2027, 1, 4)
    rule = read_recurrence(f"FREQ=WEEKLY;BYDAY={WEEKDAYS[day]}")
    assert list(rule.dates(monday, monday + timedelta(6)))[-1].weekday() in {0, day}
