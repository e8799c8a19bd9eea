"""Seats that are offered close to the start: taking one, passing it on, and letting it pass."""

from datetime import datetime

from django.db import transaction

from games.core import choices, wording
from games.core.base import CLOCK_ACTOR, ActionResult, Actor, locked_game, on_behalf_of, record_change, require_state
from games.core.roster import place_of_user
from games.core.seating import assign_seats, end_offer, has_free_seat, offer_number, set_seat
from games.core.states import GameAction, State
from games.models import Game, Signup
from games.offers import wording as offer_wording
from gamesched.lib.refusal import Refusal, Refused


@transaction.atomic
def answer_offer(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Take an offered seat, or pass it on; `number` is the offer's. Only the person asked may.

    Too late for it changes nothing but the offer. Raises Refused: outdated for an offer that is over.
    """
    game = locked_game(game_id, actor)
    require_state(game, GameAction.JOIN, now)
    signup = game.signups.current().filter(user=actor.user).first() if actor.user else None
    is_own_offer = signup is not None and offer_number(signup) == number
    open_offers = game.signups.current().exclude(offered_at=None)
    if not is_own_offer and any(offer_number(one) == number for one in open_offers):
        # A letter in the channel can be pressed by anybody; it stays as it is for whom it calls.
        raise Refused(Refusal("not_asked", offer_wording.OFFERED_TO_ANOTHER))
    if signup is None or choice not in {"take", "pass"}:
        raise Refused(choices.outdated_refusal())
    if signup.seated_at is not None:
        return _already_seated(game, signup)
    if not is_own_offer:
        if signup.offered_at is not None:
            raise Refused(choices.outdated_refusal())
        declined = signup.passed_at is not None and number <= signup.offer_number
        return ActionResult(game, False, offer_wording.OFFER_EXPIRED if declined else offer_wording.SEAT_TAKEN)
    if signup.offered_until is not None and signup.offered_until <= now:
        expire_offer(game, signup, now)
        return ActionResult(game, True, offer_wording.OFFER_EXPIRED)
    if choice == "take":
        return take_seat(game, signup, actor, now)
    end_offer(signup, declined_at=now)
    assign_seats(game, now)
    record_change(game, actor, "pass", {}, now)
    return ActionResult(game, True, offer_wording.DECLINED)


def _already_seated(game: Game, signup: Signup) -> ActionResult:
    assert signup.user is not None
    number, seated = place_of_user(game, signup.user)
    return ActionResult(game, False, wording.joined(number, game.settings.seats, seated, already=True))


def take_seat(game: Game, signup: Signup, actor: Actor, now: datetime) -> ActionResult:
    """Give an offered seat to whoever takes it, if one is free. Under the game's lock."""
    assert signup.user is not None
    if not has_free_seat(game):
        end_offer(signup)
        return ActionResult(game, False, offer_wording.SEAT_TAKEN)
    set_seat(game, signup, now, now, already_notified=True)
    assign_seats(game, now)
    record_change(game, actor, "take", {}, now)
    number, seated = place_of_user(game, signup.user)
    return ActionResult(game, True, wording.joined(number, game.settings.seats, seated, already=False))


def rejoin(game: Game, signup: Signup, actor: Actor, now: datetime) -> ActionResult | None:
    """What follows when somebody joins who waits: they take what is offered, or are back in line. None for nothing.

    Under the game's lock.
    """
    if signup.seated_at is not None or signup.user is None:
        return None
    if signup.offered_at is not None and has_free_seat(game):
        return take_seat(game, signup, actor, now)
    if signup.passed_at is None and not signup.waits:
        return None
    signup.passed_at, signup.waits = None, False
    signup.save(update_fields=["passed_at", "waits"])
    assign_seats(game, now, requester_key=signup.order_key)
    record_change(game, actor, "back", on_behalf_of(game, signup.user, actor), now)
    number, seated = place_of_user(game, signup.user)
    if not seated:
        return ActionResult(game, True, offer_wording.rejoined(number))
    return ActionResult(game, True, wording.joined(number, game.settings.seats, seated, already=False))


def expire_offer(game: Game, signup: Signup, now: datetime) -> None:
    """End an offer that nobody answered in time, and ask the next. Under the game's lock."""
    if game.state(now) is not State.SCHEDULED:
        end_offer(signup)
        return
    end_offer(signup, declined_at=now)
    assign_seats(game, now)
    assert signup.user is not None, "who is no person is not asked"
    record_change(game, CLOCK_ACTOR, "offer_over", on_behalf_of(game, signup.user, CLOCK_ACTOR), now)
