"""Manual seating by the host: giving and taking seats, reordering both lists, and adding people."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import transaction

from games.core import wording
from games.core.audit_people import stored_participant
from games.core.base import ActionResult, Actor, managed_game, record_change
from games.core.codes import AuditAction
from games.core.roster import name_of, order_version
from games.core.seating import assign_seats, set_seat
from games.core.settings import SeatMethod
from games.core.states import GameAction
from games.models import Game, Signup
from games.signups import wording as signup_wording
from games.signups.actions import add_participants
from games.signups.participants import Participant
from gamesched.lib.refusal import Refusal, Refused


@transaction.atomic
def give_seat(game_id: int, signup_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Give a seat to a waiting person: a free one, else that of the last seated, who is then first in line.

    Both are notified. The seat is kept whatever roles they have. Raises Refused.
    """
    game, signup = _locked_game_and_signup(game_id, signup_id, actor, now)
    if signup is None:
        return ActionResult(game, False, wording.UNKNOWN_SIGNUP)
    name = name_of(signup)
    if signup.seated_at is not None:
        return ActionResult(game, False, signup_wording.seated_already(name))
    seated, waiting = _seated_and_waiting(game)
    seats = game.settings.seats
    displaced = seated.pop() if seats and len(seated) >= seats else None
    others = [other for other in waiting if other != signup]
    if displaced is not None:
        set_seat(game, displaced, None, now)
        others.insert(0, displaced)
    signup.on_standby, signup.offer_declined_at, signup.added_by_other = False, None, True
    signup.save(update_fields=["on_standby", "offer_declined_at", "added_by_other"])
    set_seat(game, signup, now, now)
    _set_order(game, [*seated, signup, *others])
    assign_seats(game, now)
    instead = name_of(displaced) if displaced is not None else ""
    changes = {"for": stored_participant(signup)}
    if displaced is not None:
        changes["instead"] = stored_participant(displaced)
    record_change(game, actor, AuditAction.SEAT, changes, now)
    return ActionResult(game, True, signup_wording.seated(name, instead))


@transaction.atomic
def move_to_wait_list(game_id: int, signup_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Take a person's seat until a host seats them again; the next in line gets it.

    Where the host gives the seats, it stays free. Raises Refused.
    """
    game, signup = _locked_game_and_signup(game_id, signup_id, actor, now)
    if signup is None:
        return ActionResult(game, False, wording.UNKNOWN_SIGNUP)
    name = name_of(signup)
    if signup.seated_at is None:
        return ActionResult(game, False, signup_wording.waiting_already(name))
    signup.on_standby = True
    signup.save(update_fields=["on_standby"])
    set_seat(game, signup, None, now)
    assign_seats(game, now)
    record_change(game, actor, AuditAction.UNSEAT, {"for": stored_participant(signup)}, now)
    return ActionResult(game, True, signup_wording.moved_to_wait_list(name))


@transaction.atomic
def reorder(game_id: int, signup_id: int, by: int, actor: Actor, now: datetime) -> ActionResult:
    """Move a person up (`by` < 0) or down in the list of the seated or the waiting. Raises Refused."""
    return _move(game_id, signup_id, lambda before: before + by, "", actor, now)


@transaction.atomic
def move_to_place(game_id: int, signup_id: int, number: int, seen: str, actor: Actor, now: datetime) -> ActionResult:
    """Move a person to a place, counted from 1, in the list of the seated or the waiting.

    `seen`: the `order_version` of the roster that the host looked at. Raises Refused, also where that is another now.
    """
    return _move(game_id, signup_id, lambda _: number - 1, seen, actor, now)


def _move(
    game_id: int, signup_id: int, place: Callable[[int], int], seen: str, actor: Actor, now: datetime
) -> ActionResult:
    """Move a person to the index that `place` returns for theirs; a `seen` of '' fits every order."""
    game, signup = _locked_game_and_signup(game_id, signup_id, actor, now)
    lists = seated, waiting = _seated_and_waiting(game)
    if seen and seen != order_version(*([one.pk for one in group] for group in lists)):
        raise Refused(Refusal("stale_order", signup_wording.STALE_ORDER))
    if signup is None:
        return ActionResult(game, False, wording.UNKNOWN_SIGNUP)
    own_list = waiting if signup.seated_at is None else seated
    before = own_list.index(signup)
    after = min(max(place(before), 0), len(own_list) - 1)
    name = name_of(signup)
    if after != before:
        own_list.insert(after, own_list.pop(before))
        _set_order(game, [entry for group in lists for entry in group])
        assign_seats(game, now)
        record_change(game, actor, AuditAction.REORDER, {"for": stored_participant(signup), "to": after + 1}, now)
    return ActionResult(game, after != before, signup_wording.reordered(name, after + 1, signup.seated_at is not None))


@transaction.atomic
def add_people(game_id: int, participants: Iterable[Participant], actor: Actor, now: datetime) -> ActionResult:
    """Sign up the people whom a host names, behind everyone who is in.

    Raises Refused, with a sentence for the field where that is possible.
    """
    game, _ = managed_game(GameAction.ADD, game_id, actor, now)
    participants = list(participants)
    if not participants:
        raise Refused(Refusal("nobody", signup_wording.NOBODY_NAMED, {"participants": signup_wording.NOBODY_NAMED}))
    added = add_participants(game, participants, actor, now)
    return ActionResult(game, bool(added.names), wording.added(added.names, added.already).strip())


def _locked_game_and_signup(game_id: int, signup_id: int, actor: Actor, now: datetime) -> tuple[Game, Signup | None]:
    game, _ = managed_game(GameAction.SEAT, game_id, actor, now)
    return game, game.signups.current().filter(pk=signup_id).first()


def _seated_and_waiting(game: Game) -> tuple[list[Signup], list[Signup]]:
    current = list(game.signups.current())
    return [one for one in current if one.seated_at], [one for one in current if not one.seated_at]


def _set_order(game: Game, order: Sequence[Signup]) -> None:
    """Store this order of sign-ups, the seated first.

    The ranks are redistributed in that order, so that no seated person comes behind a waiting one and the
    rule moves nobody. Rank 0 means that none was given yet.
    """
    lowest = 1 if game.settings.method is SeatMethod.PRIORITY else 0
    ranks = sorted(max(one.rank, lowest) for one in order)
    # All keys are new, because sign-ups that left keep theirs.
    last = game.signups.last_order_key()
    for key, (signup, rank) in enumerate(zip(order, ranks, strict=True), last + 1):
        signup.order_key, signup.rank = key, rank
    Signup.objects.bulk_update(order, ["order_key", "rank"])
