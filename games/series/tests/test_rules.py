"""Which dates come next and when they start: two years in eight zones, and what the clocks do to them."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.series import rules
from games.series.recurrence import read_recurrence
from games.series.rules import SeriesPlan

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
)
RULES = (
    "FREQ=DAILY",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31",
)
NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


def make_plan(
    rule: str = "FREQ=WEEKLY", first: str = "2027-01-08", zone: str = "Europe/Berlin", **fields: Any
) -> SeriesPlan:
    day = date.fromisoformat(first)
    values: dict[str, Any] = {"start_time": time(20), "lead_days": 7} | fields
    return SeriesPlan(read_recurrence(rule).anchored(day), day, zone=zone, **values)


# Half of them are in the hours in which clocks change. Two years have four changes, so that few first days are enough.
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0)) | st.builds(
    time, st.integers(0, 3), st.sampled_from((0, 15, 30, 45))
)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=30)
@given(rule=st.sampled_from(RULES), first=st.dates(date(2027, 1, 1), date(2027, 12, 31)), at=TIMES)
def test_two_years_keep_the_local_time(zone: str, rule: str, first: date, at: time) -> None:
    plan = make_plan(rule, first.isoformat(), zone, start_time=at)
    tz = ZoneInfo(zone)
    days = list(plan.recurrence.dates(first, first + timedelta(days=731)))
    starts = [plan.start_on(day) for day in days]
    assert days[0] == first
    assert all(one < another for one, another in pairwise(starts)), "each starts after the one before"
    for day, start in zip(days, starts, strict=True):
        local = start.astimezone(tz)
        if (local.date(), local.time()) != (day, at):
            # Only where clocks skip the time: then as much later as they go forward.
            naive = datetime.combine(day, at)
            before, after = (naive.replace(tzinfo=tz, fold=fold).utcoffset() for fold in (0, 1))
            assert before is not None
            assert after is not None
            assert after > before
            assert local.replace(tzinfo=None) == naive + (after - before)
        else:
            assert local.fold == 0, "of a time that comes twice the first"


@pytest.mark.parametrize(
    ("zone", "day", "at", "start"),
    [
        ("Europe/Berlin", "2027-03-28", "02:30", "2027-03-28T03:30+02:00"),
        ("Europe/Berlin", "2027-10-31", "02:30", "2027-10-31T02:30+02:00"),
        ("America/New_York", "2027-03-14", "02:00", "2027-03-14T03:00-04:00"),
        ("Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-03T02:45+11:00"),
        ("Antarctica/Troll", "2027-03-28", "01:30", "2027-03-28T03:30+02:00"),
    ],
)
def test_times_that_clocks_skip_or_have_twice(zone: str, day: str, at: str, start: str) -> None:
    found = rules.moment(date.fromisoformat(day), time.fromisoformat(at), zone)
    assert found == datetime.fromisoformat(start)


def test_the_next_dates_flag_changes_of_the_clocks() -> None:
    plan = make_plan(first="2027-03-12")
    shown = rules.next_dates(plan, NOW)
    assert [(one.day.isoformat(), one.clocks) for one in shown[:4]] == [
        ("2027-03-12", ""),
        ("2027-03-19", ""),
        ("2027-03-26", ""),
        ("2027-04-02", "changed"),
    ]
    assert {one.starts_at.astimezone(ZoneInfo("Europe/Berlin")).hour for one in shown} == {20}
    at_night = rules.next_dates(make_plan(first="2027-03-21", start_time=time(2, 30)), NOW)
    assert at_night[1].clocks == "skipped"
    assert rules.next_dates(make_plan(first="2027-10-24", start_time=time(2, 30)), NOW)[1].clocks == "twice"


def test_the_next_date_is_one_without_a_game_that_is_not_left_out() -> None:
    plan = make_plan(skipped=(date(2027, 1, 15),))
    assert rules.next_day(plan, (), NOW) == date(2027, 1, 8)
    assert rules.next_day(plan, {date(2027, 1, 8)}, NOW) == date(2027, 1, 22)
    paused = make_plan(paused_until=date(2027, 1, 30))
    assert rules.next_day(paused, (), NOW) == date(2027, 2, 5)
    late = datetime(2027, 1, 8, 19, 0, tzinfo=UTC)  # its start
    assert rules.next_day(plan, (), late - timedelta(minutes=1)) == date(2027, 1, 8)
    assert rules.next_day(plan, (), late) == date(2027, 1, 22)
    assert rules.next_day(make_plan("FREQ=WEEKLY;COUNT=1"), {date(2027, 1, 8)}, NOW) is None


def test_a_game_is_announced_days_before_by_the_local_clock() -> None:
    plan = make_plan(first="2027-03-29", lead_days=2)
    assert plan.announced_on(date(2027, 3, 29)) == datetime(2027, 3, 27, 19, tzinfo=UTC)
    assert plan.start_on(date(2027, 3, 29)) == datetime(2027, 3, 29, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "fields", "code", "field"),
    [
        ("FREQ=WEEKLY;UNTIL=20270107", {}, "ends_before_beginning", "until"),
        ("FREQ=WEEKLY;UNTIL=20270110", {}, "ends_at_once", "until"),
        ("FREQ=WEEKLY;COUNT=1", {}, "ends_at_once", "count"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", {}, "never", "rule"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=6", {}, "never", "rule"),
        ("FREQ=YEARLY;INTERVAL=11", {}, "never", "rule"),
        ("FREQ=DAILY", {"lead_days": 201}, "too_many_ahead", "lead_days"),
        ("FREQ=DAILY", {"lead_days": 0}, "bad_lead", "lead_days"),
        ("FREQ=WEEKLY", {"lead_days": 366}, "bad_lead", "lead_days"),
        # Few at first, and from June on each day.
        ("FREQ=DAILY;BYMONTH=6,7,8,9,10,11,12", {"lead_days": 210}, "too_many_ahead", "lead_days"),
        (
            "FREQ=YEARLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR,SA,SU",
            {"first": "2027-12-31", "lead_days": 210},
            "too_many_ahead",
            "lead_days",
        ),
        ("FREQ=DAILY;BYSETPOS=" + ",".join(map(str, range(1, 96))), {}, "too_long", "rule"),
    ],
)
def test_a_series_that_cannot_be_is_named(rule: str, fields: dict[str, Any], code: str, field: str) -> None:
    refusal = rules.check_plan(make_plan(rule, **fields), NOW)
    assert refusal is not None
    assert (refusal.code, [*refusal.fields]) == (code, [field])


def test_a_rule_that_fits_is_read_again_with_what_its_first_date_adds() -> None:
    longest = ""
    for number in range(1, 110):
        plan = make_plan("FREQ=YEARLY;BYSETPOS=" + ",".join(map(str, range(1, number + 1))))
        if (refusal := rules.check_plan(plan, NOW)) is not None and refusal.code == "too_long":
            break
        longest = str(plan.recurrence)
        assert read_recurrence(longest) == plan.recurrence
    assert rules.RULE_MAX - 4 < len(longest) <= rules.RULE_MAX


@pytest.mark.parametrize(
    ("rule", "lead_days"),
    [("FREQ=DAILY", 200), ("FREQ=WEEKLY", 365), ("FREQ=DAILY;COUNT=150", 365), ("FREQ=YEARLY", 1)],
)
def test_a_series_that_can_be(rule: str, lead_days: int) -> None:
    assert rules.check_plan(make_plan(rule, lead_days=lead_days), NOW) is None


def test_a_series_whose_dates_are_all_past() -> None:
    refusal = rules.check_plan(make_plan("FREQ=WEEKLY;COUNT=3"), NOW + timedelta(days=60))
    assert refusal is not None
    assert refusal.code == "over"


def test_a_break_that_is_too_long_is_not_called_past() -> None:
    for until in (date.max, NOW.date() + rules.LOOKED_AHEAD + timedelta(days=1)):
        refusal = rules.check_break(until, NOW.date())
        assert refusal is not None
        assert refusal.code == "long_break"


def test_moved_for_good() -> None:
    plan = make_plan("FREQ=WEEKLY;BYDAY=FR;COUNT=5")
    saturday = datetime(2027, 1, 16, 18, tzinfo=UTC)
    moved = rules.moved_plan(plan, date(2027, 1, 15), saturday, "Europe/London")
    assert (moved.start_time, moved.zone) == (time(18), "Europe/London")
    days = list(moved.recurrence.dates(moved.first_date, date(2028, 1, 1)))
    assert days == [date(2027, 1, 16), date(2027, 1, 23), date(2027, 1, 30), date(2027, 2, 6)], "one is behind"
    monthly = rules.moved_plan(make_plan("FREQ=MONTHLY"), date(2027, 2, 8), datetime(2027, 2, 9, 18, tzinfo=UTC), "UTC")
    assert [*islice(monthly.recurrence.dates(monthly.first_date, date(2027, 12, 31)), 2)] == [
        date(2027, 2, 8),
        date(2027, 3, 8),
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE;WKST=SU",
        "FREQ=WEEKLY;BYDAY=MO,SU;BYSETPOS=-1",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",  # the first is a Monday
    ],
)
@pytest.mark.parametrize("days", [1, 3, -1, 6, -8])
def test_moved_for_good_all_dates_are_as_many_days_later(rule: str, days: int) -> None:
    plan, shift = make_plan(rule, "2027-01-04"), timedelta(days=days)
    moved = rules.moved_plan(plan, date(2027, 1, 4), datetime(2027, 1, 4, 19, tzinfo=UTC) + shift, plan.zone)
    expected = [day + shift for day in plan.recurrence.dates(plan.first_date, date(2027, 6, 1))]
    assert list(moved.recurrence.dates(moved.first_date, date(2027, 6, 1) + shift)) == expected
    assert read_recurrence(str(moved.recurrence)) == moved.recurrence
