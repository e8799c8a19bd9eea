"""Waiting on purpose: being on the wait list and given no seat until one wants it."""

from datetime import datetime

from django.db import transaction

from games.core.base import Actor, Done, changed, game_for, whose
from games.core.roster import place_of
from games.core.seating import end_offer, reseat
from games.offers import actions as offers
from games.offers import wording as offer_wording
from games.signups.actions import join
from guilds.models import User


@transaction.atomic
def wait(game_id: int, who: User, on: bool, actor: Actor, now: datetime) -> Done:
    """Have somebody wait on purpose, giving up the seat they have; or with `on` false want one again.

    Who is not in the game joins, waiting. Raises Refused once the game has started, and as joining does.
    """
    game = game_for("join", game_id, who, actor, now)
    signup = game.signups.current().filter(user=who).first()
    if signup is None and on:
        return join(game_id, who, actor, now, waits=True)
    if signup is None or not (on or signup.waits):
        return Done(game, False, offer_wording.WAITS_NOT)
    if not on:
        back = offers.again(game, signup, actor, now)
        assert back is not None, "who waits on purpose has no seat"
        return back
    if signup.waits:
        return Done(game, False, offer_wording.WAITS_ALREADY)
    gave_up = signup.seated_at is not None
    signup.seated_at, signup.waits, signup.asked = None, True, 0
    signup.save(update_fields=["seated_at", "waits", "asked"])
    end_offer(signup)
    reseat(game, now)
    changed(game, actor, "wait", whose(game, who, actor), now)
    return Done(game, True, offer_wording.waiting(place_of(game, who)[0], gave_up))
