"""The one rule of seats: who is in, who waits, and who is asked next. Pure, over plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from games.core.settings import SeatMethod


@dataclass(frozen=True)
class Place:
    """One current sign-up, as the rule sees it.

    `fresh`: asked or was put in at this moment, so whoever did it is there to hear. `fixed`: a host, or put in or
    brought by one; not moved for a role's sake. `reachable`: a person, who can be asked, not a placeholder.
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
    """Who moves, by key: `up` into a seat, the first in line first; `down` to the wait list, the last first.

    `offer`: who is asked whether they want a free seat. `end`: whose offer ends, since no seat is left for it.
    """

    up: tuple[int, ...] = ()
    down: tuple[int, ...] = ()
    offer: tuple[int, ...] = ()
    expire: tuple[int, ...] = ()


def compute_moves(
    places: Sequence[Place], seats: int, method: SeatMethod = SeatMethod.OPEN, offering: bool = False
) -> SeatMoves:
    """Who gets a seat and who loses one, among sign-ups in their order. Seats 0 is unlimited.

    A free seat goes to whoever has waited longest; where seats become fewer, those seated last lose theirs and
    wait before everyone who asked later. Seats by role: whoever has a better role comes before those seated with a
    worse one. Seats by the host: nobody moves up but whom the host just put in. Nobody else moves.

    `offering`: so close to the start that a free seat is not given to people who may have other plans by now, but
    offered to the next who did not pass. Nobody is moved for a role's sake then. An offer open holds its seat free;
    where there are more offers than free seats, whoever answers first has one, and with the last seat they end.
    """
    moves = _moves_by_method(places, seats, method, offering)
    free = (seats or len(places)) - sum(place.seated for place in places) + len(moves.down) - len(moves.up)
    if offering and free > 0 and not method.by_host:
        return moves
    return replace(moves, expire=tuple(place.key for place in places if place.offered and place.key not in moves.up))


def _moves_by_method(places: Sequence[Place], seats: int, method: SeatMethod, offering: bool) -> SeatMoves:
    seated = [place for place in places if place.seated]
    waiting = [place for place in places if not place.seated and not place.on_standby]
    if method.by_host:
        waiting = [place for place in waiting if place.just_requested and place.keeps_seat]
    room = (seats or len(places)) - len(seated)
    down: list[Place] = []
    if room < 0:
        down = seated[: room - 1 : -1]
        seated, room = seated[:room], 0
    if offering and not method.by_host:
        return replace(_offer_free_seats(waiting, room), down=tuple(place.key for place in down))
    up = waiting[:room]
    if method is SeatMethod.PRIORITY:
        movable = sorted((place for place in seated if not place.keeps_seat), key=lambda place: place.rank)
        for place in waiting[room:]:
            if not movable or movable[-1].rank <= place.rank:
                break
            down.append(movable.pop())
            up.append(place)
    return SeatMoves(tuple(place.key for place in up), tuple(place.key for place in down))


def _offer_free_seats(waiting: Sequence[Place], room: int) -> SeatMoves:
    """Free seats to those who are here to take them, and offers to the next in line."""
    free = room - sum(place.offered for place in waiting)
    up: list[int] = []
    offer: list[int] = []
    for place in waiting:
        if free <= 0:
            break
        if place.offered or place.declined_offer:
            continue
        (up if place.just_requested or not place.reachable else offer).append(place.key)
        free -= 1
    return SeatMoves(up=tuple(up), offer=tuple(offer))
