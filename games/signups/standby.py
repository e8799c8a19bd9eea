"""Standby: being on the wait list by choice, and getting no seat until one wants it."""

from datetime import datetime

from django.db import transaction

from games.core.base import ActionResult, Actor, lock_person, locked_game_for, record_place_change
from games.core.codes import AuditAction
from games.core.queue import drop_place_notifications
from games.core.roster import own_signup, place_among
from games.core.seating import assign_seats, current_signups, end_offer
from games.core.states import GameAction
from games.core.withdrawals import guests_of
from games.offers import actions as offers
from games.offers import wording as offer_wording
from games.signups import wording as signup_wording
from games.signups.actions import join_locked
from guilds.models import User


@transaction.atomic
def set_standby(game_id: int, who: User, on: bool, actor: Actor, now: datetime) -> ActionResult:
    """Put a person on standby, which gives up their seat; with `on` false, back in line for a seat.

    Who is not in the game joins on standby. Raises Refused once the game has started, and as `join` does.
    """
    if actor.user == who:
        lock_person(who.pk)  # who waits for a game is in it, for others at that time
    game, viewer = locked_game_for(GameAction.JOIN, game_id, who, actor, now)
    signups = current_signups(game)
    signup = own_signup(signups, who)
    if signup is None and on:
        return join_locked(game, viewer, signups, who, actor, now, on_standby=True)
    if signup is None or on == signup.on_standby:
        if actor.user == who:  # the page that answers shows their place
            drop_place_notifications(game, who.pk, now)
        return ActionResult(game, False, offer_wording.ALREADY_ON_STANDBY if on else offer_wording.NOT_ON_STANDBY)
    if not on:
        result = offers.rejoin(game, signup, signups, actor, now)
        assert result is not None, "who only waits has no seat"
        return result
    gave_up = signup.seated_at is not None
    signup.seated_at, signup.on_standby, signup.open_confirmation = None, True, 0
    signup.save(update_fields=["seated_at", "on_standby", "open_confirmation"])
    end_offer(signup)
    signups = assign_seats(game, now, signups=signups)
    record_place_change(game, who, actor, AuditAction.STANDBY, now)
    text = offer_wording.on_standby(place_among(signups, signup)[0], gave_up)
    return ActionResult(game, True, signup_wording.with_guest_waiting(text, guests_of(signup, signups)), signups)
