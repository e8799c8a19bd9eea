"""Waiting on purpose: being on the wait list and given no seat until one wants it."""

from datetime import datetime

from django.db import transaction

from games.core.base import ActionResult, Actor, locked_game_for, on_behalf_of, record_change
from games.core.roster import place_of_user
from games.core.seating import assign_seats, end_offer
from games.core.states import GameAction
from games.offers import actions as offers
from games.offers import wording as offer_wording
from games.signups.actions import join
from guilds.models import User


@transaction.atomic
def set_standby(game_id: int, who: User, on: bool, actor: Actor, now: datetime) -> ActionResult:
    """Have somebody wait on purpose, giving up the seat they have; or with `on` false want one again.

    Who is not in the game joins, waiting. Raises Refused once the game has started, and as joining does.
    """
    game = locked_game_for(GameAction.JOIN, game_id, who, actor, now)
    signup = game.signups.current().filter(user=who).first()
    if signup is None and on:
        return join(game_id, who, actor, now, on_standby=True)
    if signup is None or not (on or signup.waits):
        return ActionResult(game, False, offer_wording.NOT_ON_STANDBY)
    if not on:
        result = offers.rejoin(game, signup, actor, now)
        assert result is not None, "who waits on purpose has no seat"
        return result
    if signup.waits:
        return ActionResult(game, False, offer_wording.ALREADY_ON_STANDBY)
    gave_up = signup.seated_at is not None
    signup.seated_at, signup.waits, signup.asked = None, True, 0
    signup.save(update_fields=["seated_at", "waits", "asked"])
    end_offer(signup)
    assign_seats(game, now)
    record_change(game, actor, "wait", on_behalf_of(game, who, actor), now)
    return ActionResult(game, True, offer_wording.on_standby(place_of_user(game, who)[0], gave_up))
