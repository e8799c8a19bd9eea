"""Offers of free seats close to the start: accepting, declining, and letting one expire."""

from datetime import datetime

from django.db import transaction

from games.core import choices, wording
from games.core.base import CLOCK_ACTOR, ActionResult, Actor, locked_game, record_place_change, require_state
from games.core.codes import AuditAction
from games.core.notifications import instructions_text
from games.core.queue import drop_place_notifications
from games.core.roster import own_signup, place_among
from games.core.seating import (
    assign_seats,
    current_signups,
    end_offer,
    has_free_seat,
    offer_number,
    set_seat,
)
from games.core.states import GameAction, State
from games.models import Game, Signup
from games.offers import wording as offer_wording
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User


@transaction.atomic
def answer_offer(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Accept or decline an offered seat; `number` is the offer's, and only its recipient may.

    If it is too late, only the offer changes. Raises Refused, `outdated` for an offer that is over.
    """
    game, _ = locked_game(game_id, actor, now)
    require_state(game, GameAction.JOIN, now)
    signups = current_signups(game)
    who, signup = actor.user, own_signup(signups, actor.user)
    is_own_offer = signup is not None and signup.offered_at is not None and offer_number(signup) == number
    if not is_own_offer and any(each.offered_at and offer_number(each) == number for each in signups):
        # Anybody can click a message in the channel; it stays as it is for its recipient.
        raise Refused(Refusal("not_prompted", offer_wording.OFFERED_TO_ANOTHER))
    if who is None or signup is None or choice not in {"take", "pass"}:
        raise Refused(choices.outdated_refusal())
    if signup.seated_at is not None:
        drop_place_notifications(game, who.pk, now)
        return _seated_result(game, signup, signups, changed=False)
    if not is_own_offer:
        if signup.offered_at is not None:
            raise Refused(choices.outdated_refusal())
        drop_place_notifications(game, who.pk, now)
        declined = signup.offer_declined_at is not None and number <= signup.offer_number
        return ActionResult(game, False, offer_wording.OFFER_EXPIRED if declined else offer_wording.SEAT_TAKEN)
    if signup.offered_until is not None and signup.offered_until <= now:
        expire_offer(game, signup, now)
        return ActionResult(game, True, offer_wording.OFFER_EXPIRED)
    if choice == "take":
        return take_seat(game, signup, who, signups, actor, now)
    end_offer(signup, declined_at=now)
    signups = assign_seats(game, now, signups=signups)
    record_place_change(game, who, actor, AuditAction.DECLINE_OFFER, now)
    return ActionResult(game, True, offer_wording.DECLINED, signups)


def take_seat(
    game: Game, signup: Signup, who: User, signups: list[Signup], actor: Actor, now: datetime
) -> ActionResult:
    """Give the offered seat to whoever accepts it, if one is free. Needs the game's lock."""
    if not has_free_seat(game, signups):
        end_offer(signup)
        if actor.user == who:
            drop_place_notifications(game, who.pk, now)
        return ActionResult(game, False, offer_wording.SEAT_TAKEN, signups)
    set_seat(game, signup, now, now, already_notified=True)
    signups = assign_seats(game, now, signups=signups)
    record_place_change(game, who, actor, AuditAction.TAKE_OFFER, now)
    return _seated_result(game, signup, signups)


def _seated_result(game: Game, signup: Signup, signups: list[Signup], changed: bool = True) -> ActionResult:
    number, seated = place_among(signups, signup)
    text = wording.joined(number, game.settings.seats, seated, already=not changed)
    return ActionResult(game, changed, text, signups, instructions_text(game))


def rejoin(game: Game, signup: Signup, signups: list[Signup], actor: Actor, now: datetime) -> ActionResult | None:
    """Let a waiting person accept their offer, or get back in line; return None if neither applies.

    Needs the game's lock.
    """
    if signup.seated_at is not None or signup.user is None:
        return None
    if signup.offered_at is not None and has_free_seat(game, signups):
        return take_seat(game, signup, signup.user, signups, actor, now)
    if signup.offer_declined_at is None and not signup.on_standby:
        return None
    signup.offer_declined_at, signup.on_standby = None, False
    signup.save(update_fields=["offer_declined_at", "on_standby"])
    signups = assign_seats(game, now, requester_key=signup.order_key, signups=signups)
    record_place_change(game, signup.user, actor, AuditAction.REJOIN_WAIT_LIST, now)
    number, seated = place_among(signups, signup)
    if not seated:
        return ActionResult(game, True, offer_wording.rejoined(number), signups, instructions_text(game))
    return _seated_result(game, signup, signups)


def expire_offer(game: Game, signup: Signup, now: datetime) -> None:
    """End an offer that was not answered in time, and offer the seat to the next. Needs the game's lock."""
    if game.state(now) is not State.SCHEDULED:
        end_offer(signup)
        return
    end_offer(signup, declined_at=now)
    assign_seats(game, now)
    assert signup.user is not None, "who is no person is not asked"
    record_place_change(game, signup.user, CLOCK_ACTOR, AuditAction.OFFER_EXPIRED, now)
