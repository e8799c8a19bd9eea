"""The rule of seats: who is seated, who waits, and who is offered a free seat. Pure, over plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from games.core.settings import SeatMethod


class Place(NamedTuple):
    """One current sign-up, as the rule needs it; a tuple, as a click makes one for everyone who waits.

    `just_requested`: asked for a seat or was added at this moment, so the reply tells whoever did it.
    `keeps_seat`: a host, or added or brought by one; never displaced by a better role. `reachable`: a
    person, who can be offered a seat, not a placeholder.
    """

    key: int
    seated: bool
    rank: int = 0
    on_standby: bool = False
    just_requested: bool = False
    keeps_seat: bool = False
    reachable: bool = True
    offered: bool = False
    declined_offer: bool = False


@dataclass(frozen=True)
class SeatMoves:
    """The moves, by key: `promoted` to a seat, the first in line first; `demoted` to the wait list, the last first.

    `offer`: who is offered a free seat. `expire`: whose offer ends, because no seat is left for it.
    """

    promoted: tuple[int, ...] = ()
    demoted: tuple[int, ...] = ()
    offer: tuple[int, ...] = ()
    expire: tuple[int, ...] = ()


def compute_moves(
    places: Sequence[Place], seats: int, method: SeatMethod = SeatMethod.OPEN, offering: bool = False
) -> SeatMoves:
    """Return who gets a seat and who loses one, among sign-ups in their order. Seats 0 is unlimited.

    A free seat goes to the sign-up that has waited longest. If seats become fewer, the last seated lose
    theirs, and wait before everyone who signed up later. Seats by role: a better role displaces a seated
    player with a worse one. Seats by the host: only those whom the host has just added move up. Nobody else
    moves.

    `offering`: the start is so close that people may have other plans by now. A free seat is then offered
    to the next in line who has not declined, and nobody is displaced by a role. An open offer reserves its
    seat. If there are more offers than free seats, the first to accept get them, and with the last seat the
    other offers expire.
    """
    moves = _moves_by_method(places, seats, method, offering)
    free = (seats or len(places)) - sum(place.seated for place in places) + len(moves.demoted) - len(moves.promoted)
    if offering and free > 0 and not method.by_host:
        return moves
    return replace(
        moves, expire=tuple(place.key for place in places if place.offered and place.key not in moves.promoted)
    )


def _moves_by_method(places: Sequence[Place], seats: int, method: SeatMethod, offering: bool) -> SeatMoves:
    seated = [place for place in places if place.seated]
    waiting = [place for place in places if not place.seated and not place.on_standby]
    if method.by_host:
        waiting = [place for place in waiting if place.just_requested and place.keeps_seat]
    room = (seats or len(places)) - len(seated)
    demoted: list[Place] = []
    if room < 0:
        demoted = seated[: room - 1 : -1]
        seated, room = seated[:room], 0
    if offering and not method.by_host:
        return replace(_offer_free_seats(waiting, room), demoted=tuple(place.key for place in demoted))
    promoted = waiting[:room]
    if method is SeatMethod.PRIORITY:
        movable = sorted((place for place in seated if not place.keeps_seat), key=lambda place: place.rank)
        for place in waiting[room:]:
            if not movable or movable[-1].rank <= place.rank:
                break
            demoted.append(movable.pop())
            promoted.append(place)
    return SeatMoves(tuple(place.key for place in promoted), tuple(place.key for place in demoted))


def _offer_free_seats(waiting: Sequence[Place], room: int) -> SeatMoves:
    """Seat those who are here to take a free seat, and offer seats to the next in line."""
    free = room - sum(place.offered for place in waiting)
    promoted: list[int] = []
    offer: list[int] = []
    for place in waiting:
        if free <= 0:
            break
        if place.offered or place.declined_offer:
            continue
        (promoted if place.just_requested or not place.reachable else offer).append(place.key)
        free -= 1
    return SeatMoves(promoted=tuple(promoted), offer=tuple(offer))
