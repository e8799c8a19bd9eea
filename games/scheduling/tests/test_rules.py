from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.core.seat_rules import Place, SeatMoves, compute_moves
from games.core.states import State, state
from games.scheduling.rules import ClockProblem, resolve_local_time

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts", "ends", "cancelled", "expected"),
    [
        (1, 2, None, State.SCHEDULED),
        (0, 1, None, State.IN_PROGRESS),
        (-2, 0, None, State.COMPLETED),
        (1, 2, -1, State.CANCELLED),
    ],
)
def test_state_follows_from_the_clock(starts: int, ends: int, cancelled: int | None, expected: State) -> None:
    def at(hours: int) -> datetime:
        return NOW + timedelta(hours=hours)

    assert (
        state(at(starts), at(ends), at(cancelled) if cancelled is not None else None, NOW, announced_at=NOW) is expected
    )


def apply(places: list[Place], moves: SeatMoves) -> list[Place]:
    return [Place(p.key, (p.seated or p.key in moves.promoted) and p.key not in moves.demoted) for p in places]


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 12))
def test_the_seat_rule_fills_seats_and_is_idempotent(seated: list[bool], seats: int) -> None:
    places = [Place(key, sits) for key, sits in enumerate(seated)]
    moves = compute_moves(places, seats)
    after = apply(places, moves)
    taken = sum(p.seated for p in after)
    assert taken == (min(seats, len(places)) if seats else len(places))
    assert not (moves.promoted and moves.demoted)
    assert compute_moves(after, seats) == SeatMoves()
    waiting_before = [p.key for p in places if not p.seated]
    assert list(moves.promoted) == waiting_before[: len(moves.promoted)], "whoever waited longest goes first"
    seated_before = [p.key for p in places if p.seated]
    assert sorted(moves.demoted) == seated_before[len(seated_before) - len(moves.demoted) :], (
        "whoever came last gives way"
    )


@given(st.lists(st.sampled_from(["join", "leave", "fewer", "more"]), max_size=60), st.integers(1, 5))
def test_the_first_to_sign_up_are_seated(steps: list[str], seats: int) -> None:
    places: list[Place] = []
    key = 0
    for step in steps:
        if step == "join":
            key += 1
            places.append(Place(key, False))
        elif step == "leave" and places:
            places.pop(0)
        elif step == "fewer":
            seats = max(1, seats - 1)
        elif step == "more":
            seats += 1
        places = apply(places, compute_moves(places, seats))
        assert [p.seated for p in places] == [n < seats for n in range(len(places))]


@given(
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_a_wall_clock_time_is_that_time_or_a_named_problem(day: date, at: time, zone: str) -> None:
    resolved = resolve_local_time(day, at, zone)
    if isinstance(resolved, ClockProblem):
        assert len(resolved.choices) == 2
        assert resolved.choices[0] < resolved.choices[1]
        assert zone in resolved.sentence
    else:
        assert resolved.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(day, at)


def test_a_time_that_comes_twice_is_chosen_by_fold() -> None:
    day, at = date(2027, 10, 31), time(2, 30)
    first, second = (resolve_local_time(day, at, "Europe/Berlin", fold) for fold in (0, 1))
    assert isinstance(first, datetime)
    assert isinstance(second, datetime)
    assert second - first == timedelta(hours=1)


def test_a_skipped_time_is_never_guessed_at_and_the_choice_counts() -> None:
    day, at = date(2027, 3, 28), time(2, 30)
    problem = resolve_local_time(day, at, "Europe/Berlin")
    assert isinstance(problem, ClockProblem)
    for n, shown in enumerate(("01:30", "03:30")):
        assert resolve_local_time(day, at, "Europe/Berlin", n) == problem.choices[n]
        assert f"{problem.choices[n].astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" == shown
