"""Seats by a host's hand: giving one, taking one, the order of those who are in and of those who wait, and adding."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from games.core import wording
from games.core.base import Actor, Done, changed, locked_game, require, require_manager
from games.core.roster import name_of
from games.core.seating import move, reseat
from games.models import Game, Signup
from games.models.settings import Method
from games.signups import wording as signup_wording
from games.signups.actions import add_named
from games.signups.participants import Named
from gamesched.lib.refusal import Refusal, Refused


@transaction.atomic
def seat(game_id: int, signup_id: int, actor: Actor, now: datetime) -> Done:
    """Give somebody who waits a seat: a free one, else that of whoever is seated last, who then is first in line.

    Both are told. They keep it whatever their roles are. Raises Refused.
    """
    game, signup = _found(game_id, signup_id, actor, now)
    if signup is None:
        return Done(game, False, wording.UNKNOWN_SIGNUP)
    name = name_of(signup)
    if signup.seated_at is not None:
        return Done(game, False, signup_wording.seated_already(name))
    seated, waiting = _lists(game)
    seats = game.effective.seats
    bumped = seated.pop() if seats and len(seated) >= seats else None
    others = [one for one in waiting if one != signup]
    if bumped is not None:
        move(game, bumped, None, now)
        others.insert(0, bumped)
    signup.waits, signup.passed_at, signup.put_in = False, None, True
    signup.save(update_fields=["waits", "passed_at", "put_in"])
    move(game, signup, now, now)
    _arrange(game, [*seated, signup, *others])
    reseat(game, now)
    instead = name_of(bumped) if bumped is not None else ""
    changed(game, actor, "seat", {"for": name} | ({"instead": instead} if instead else {}), now)
    return Done(game, True, signup_wording.seated(name, instead))


@transaction.atomic
def bench(game_id: int, signup_id: int, actor: Actor, now: datetime) -> Done:
    """Take a seat from somebody, who then waits until a host seats them again; the next in line gets it.

    Where the host picks, the seat stays free. Raises Refused.
    """
    game, signup = _found(game_id, signup_id, actor, now)
    if signup is None:
        return Done(game, False, wording.UNKNOWN_SIGNUP)
    name = name_of(signup)
    if signup.seated_at is None:
        return Done(game, False, signup_wording.waits_already(name))
    signup.waits = True
    signup.save(update_fields=["waits"])
    move(game, signup, None, now)
    reseat(game, now)
    changed(game, actor, "bench", {"for": name}, now)
    return Done(game, True, signup_wording.benched(name))


@transaction.atomic
def reorder(game_id: int, signup_id: int, by: int, actor: Actor, now: datetime) -> Done:
    """Move somebody up (`by` < 0) or down among those seated, or among those who wait. Raises Refused."""
    game, signup = _found(game_id, signup_id, actor, now)
    if signup is None:
        return Done(game, False, wording.UNKNOWN_SIGNUP)
    lists = seated, waiting = _lists(game)
    mine = waiting if signup.seated_at is None else seated
    before = mine.index(signup)
    after = min(max(before + by, 0), len(mine) - 1)
    name = name_of(signup)
    if after != before:
        mine.insert(after, mine.pop(before))
        _arrange(game, [one for each in lists for one in each])
        reseat(game, now)
        changed(game, actor, "reorder", {"for": name, "to": after + 1}, now)
    return Done(game, after != before, signup_wording.reordered(name, after + 1, signup.seated_at is not None))


@transaction.atomic
def add(game_id: int, named: Iterable[Named], actor: Actor, now: datetime) -> Done:
    """Sign up whom a host names, behind everyone who is in. Raises Refused, for the field where it can say."""
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "add", now)
    named = list(named)
    if not named:
        raise Refused(Refusal("nobody", signup_wording.NOBODY_NAMED, {"participants": signup_wording.NOBODY_NAMED}))
    added = add_named(game, named, actor, now)
    return Done(game, bool(added.names), wording.added(added.names, added.already).strip())


def _found(game_id: int, signup_id: int, actor: Actor, now: datetime) -> tuple[Game, Signup | None]:
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "seat", now)
    return game, game.signups.current().filter(pk=signup_id).first()


def _lists(game: Game) -> tuple[list[Signup], list[Signup]]:
    current = list(game.signups.current())
    return [one for one in current if one.seated_at], [one for one in current if not one.seated_at]


def _arrange(game: Game, order: Sequence[Signup]) -> None:
    """Have everybody come in this order, those seated first.

    Ranks are dealt out anew in it, so that nobody seated comes behind somebody waiting, and the rule moves nobody.
    0 is the rank of who has yet to get one.
    """
    lowest = 1 if game.effective.method is Method.PRIORITY else 0
    ranks = sorted(max(one.rank, lowest) for one in order)
    # All keys are new, since those of people who left are taken.
    last = game.signups.last_key()
    for key, (one, rank) in enumerate(zip(order, ranks, strict=True), last + 1):
        one.order_key, one.rank = key, rank
    Signup.objects.bulk_update(order, ["order_key", "rank"])
