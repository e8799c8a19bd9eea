"""The rule of seats, for random rosters: it is idempotent, seats no more than there are, and loses nobody."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from games.core.seat_rules import Place, SeatMoves, compute_moves
from games.core.settings import SeatMethod


@st.composite
def rosters(draw: st.DrawFn) -> list[Place]:
    """Draw sign-ups in order: by rank, then by key. Only waiting ones have an offer, are on standby or declined."""
    places = []
    for key in range(draw(st.integers(0, 12))):
        seated, flag = draw(st.booleans()), st.booleans()
        place = Place(key, seated, draw(st.integers(0, 3)), just_requested=draw(flag), reachable=draw(flag))
        if place.rank == 0:
            place = place._replace(keeps_seat=draw(flag))
        if not seated:
            place = place._replace(on_standby=draw(flag), offered=draw(flag), declined_offer=draw(flag))
        places.append(place)
    return sorted(places, key=lambda place: (place.rank, place.key))


def moved(places: Sequence[Place], moves: SeatMoves) -> list[Place]:
    """Return the same sign-ups after the moves, as the actions save them."""

    def move_place(place: Place) -> Place:
        if place.key in moves.promoted or place.key in moves.demoted:
            return place._replace(seated=place.key in moves.promoted, offered=False)
        if place.key in moves.expire:
            return place._replace(offered=False)
        return place._replace(offered=True) if place.key in moves.offer else place

    return [move_place(place) for place in places]


@given(rosters(), st.integers(0, 8), st.sampled_from(SeatMethod), st.booleans())
def test_the_rule_is_idempotent_never_overfills_and_loses_nobody(
    places: list[Place], seats: int, method: SeatMethod, offering: bool
) -> None:
    moves = compute_moves(places, seats, method, offering)
    after = moved(places, moves)
    named = [*moves.promoted, *moves.demoted, *moves.offer]
    by_key = {place.key: place for place in places}
    assert len(named) == len(set(named)), "nobody moves twice"
    assert not any(by_key[key].seated for key in (*moves.promoted, *moves.offer))
    assert all(by_key[key].seated for key in moves.demoted)
    seated = [place for place in after if place.seated]
    assert not seats or len(seated) <= seats
    assert seats or offering or method.by_host or not moves.demoted, "unlimited takes a seat from nobody"
    assert compute_moves(after, seats, method, offering) == SeatMoves(), "it is settled at once"
    waiting = [place for place in after if not place.seated and not place.on_standby]
    if method.by_host:
        assert all(by_key[key].keeps_seat and by_key[key].just_requested for key in (*moves.promoted, *moves.offer))
    elif not offering:
        assert not waiting or (seats and len(seated) == seats), "nobody waits beside a free seat"
        assert not moves.offer
    if method is SeatMethod.PRIORITY and not offering:
        worst = max((place.rank for place in seated if not place.keeps_seat), default=0)
        assert all(place.rank >= worst for place in waiting), "who comes first is seated first"
        assert not any(by_key[key].keeps_seat for key in moves.demoted) or len([p for p in places if p.seated]) > seats
    if offering:
        assert all(by_key[key].just_requested or not by_key[key].reachable for key in moves.promoted), (
            "the others are asked"
        )
        assert all(by_key[key].reachable and not by_key[key].declined_offer for key in moves.offer)
        held = sum(place.offered for place in after if not place.seated and not place.on_standby)
        before = sum(place.offered for place in places if not place.seated and not place.on_standby)
        limit = seats or len(places)
        assert len(seated) + held <= max(limit, len([p for p in after if p.seated]) + before)


@given(rosters(), st.integers(0, 8))
def test_first_come_first_seated(places: list[Place], seats: int) -> None:
    moves = compute_moves(places, seats)
    line = [place.key for place in places if not place.seated and not place.on_standby]
    assert list(moves.promoted) == line[: len(moves.promoted)]
    last_in = [place.key for place in reversed(places) if place.seated]
    assert list(moves.demoted) == last_in[: len(moves.demoted)]
