"""Seats that are offered close to the start: taking one, passing it on, and letting it pass."""

from datetime import datetime

from django.db import transaction

from games.core import choices, wording
from games.core.base import CLOCK, Actor, Done, changed, locked_game, require, whose
from games.core.roster import place_of
from games.core.seating import SECONDS, end_offer, has_room, move, offer_number, reseat
from games.core.states import State
from games.models import Game, Signup
from games.offers import wording as offer_wording
from gamesched.lib.refusal import Refusal, Refused


@transaction.atomic
def answer(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> Done:
    """Take an offered seat, or pass it on; `number` is the offer's. Only the person asked may.

    Too late for it changes nothing but the offer. Raises Refused: outdated for an offer that is over.
    """
    game = locked_game(game_id, actor)
    require(game, "join", now)
    signup = game.signups.current().filter(user=actor.user).first() if actor.user else None
    theirs = signup is not None and offer_number(signup) == number
    open_offers = game.signups.current().exclude(offered_at=None)
    if not theirs and any(offer_number(one) == number for one in open_offers):
        # A letter in the channel can be pressed by anybody; it stays as it is for whom it calls.
        raise Refused(Refusal("not_asked", offer_wording.FOR_ANOTHER))
    if signup is None or choice not in {"take", "pass"}:
        raise Refused(choices.outdated())
    if signup.seated_at is not None:
        return _already_in(game, signup)
    if not theirs:
        if signup.offered_at is not None:
            raise Refused(choices.outdated())
        passed = signup.passed_at is not None and signup.passed_at.timestamp() >= number % SECONDS
        return Done(game, False, offer_wording.RAN_OUT if passed else offer_wording.GONE)
    if signup.offered_until is not None and signup.offered_until <= now:
        let_pass(game, signup, now)
        return Done(game, True, offer_wording.RAN_OUT)
    if choice == "take":
        return take(game, signup, actor, now)
    end_offer(signup, passed_at=now)
    reseat(game, now)
    changed(game, actor, "pass", {}, now)
    return Done(game, True, offer_wording.PASSED)


def _already_in(game: Game, signup: Signup) -> Done:
    assert signup.user is not None
    number, seated = place_of(game, signup.user)
    return Done(game, False, wording.joined(number, game.effective.seats, seated, already=True))


def take(game: Game, signup: Signup, actor: Actor, now: datetime) -> Done:
    """Give an offered seat to whoever takes it, if one is free. Under the game's lock."""
    assert signup.user is not None
    if not has_room(game):
        end_offer(signup)
        return Done(game, False, offer_wording.GONE)
    move(game, signup, now, now, told=True)
    reseat(game, now)
    changed(game, actor, "take", {}, now)
    number, seated = place_of(game, signup.user)
    return Done(game, True, wording.joined(number, game.effective.seats, seated, already=False))


def again(game: Game, signup: Signup, actor: Actor, now: datetime) -> Done | None:
    """What follows when somebody joins who waits: they take what is offered, or are back in line. None for nothing.

    Under the game's lock.
    """
    if signup.seated_at is not None or signup.user is None:
        return None
    if signup.offered_at is not None and has_room(game):
        return take(game, signup, actor, now)
    if signup.passed_at is None and not signup.waits:
        return None
    signup.passed_at, signup.waits = None, False
    signup.save(update_fields=["passed_at", "waits"])
    reseat(game, now, asking=signup.order_key)
    changed(game, actor, "back", whose(game, signup.user, actor), now)
    number, seated = place_of(game, signup.user)
    if not seated:
        return Done(game, True, offer_wording.back(number))
    return Done(game, True, wording.joined(number, game.effective.seats, seated, already=False))


def let_pass(game: Game, signup: Signup, now: datetime) -> None:
    """End an offer that nobody answered in time, and ask the next. Under the game's lock."""
    if game.state(now) is not State.SCHEDULED:
        end_offer(signup)
        return
    end_offer(signup, passed_at=now)
    reseat(game, now)
    assert signup.user is not None, "who is no person is not asked"
    changed(game, CLOCK, "offer_over", whose(game, signup.user, CLOCK), now)
