"""Joining and leaving."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from games import messages
from games.actions.planning import Actor, Done, changed, locked_game, require_manager, reseat
from games.models import Game, Signup
from games.roster import place_of
from games.rules import State
from gamesched.lib.refusal import Refusal, Refused
from guilds.access import membership
from guilds.models import User
from guilds.names import names_in


@transaction.atomic
def join(game_id: int, who: User, actor: Actor, now: datetime) -> Done:
    """Sign a person up: a seat while one is free, else the end of the wait list.

    Joining twice changes nothing. Raises Refused once the game has started.
    """
    game = _open_game(game_id, who, actor, now)
    if membership(who, game.guild_id) is None:
        raise Refused(Refusal("not_a_member", messages.NOT_A_MEMBER))
    already = game.signups.current().filter(user=who).exists()
    if not already:
        # Under the game's lock, so that the order is that of the locks and no two are alike.
        last = game.signups.aggregate(last=Max("order_key"))["last"] or 0
        Signup.objects.create(game=game, user=who, order_key=last + 1, joined_at=now)
        reseat(game, now)
        changed(game, actor, "join", _for(game, who, actor), now)
    number, seated = place_of(game, who)
    return Done(game, not already, messages.joined(number, game.effective.seats, seated, already))


@transaction.atomic
def leave(game_id: int, who: User, actor: Actor, now: datetime) -> Done:
    """Take a person out; whoever has waited longest gets the seat. Raises Refused once the game has started."""
    game = _open_game(game_id, who, actor, now)
    was_in = game.signups.current().filter(user=who).update(left_at=now, seated_at=None) == 1
    if was_in:
        reseat(game, now)
        changed(game, actor, "leave", _for(game, who, actor), now)
    return Done(game, was_in, messages.left(was_in))


def _open_game(game_id: int, who: User, actor: Actor, now: datetime) -> Game:
    game = locked_game(game_id, actor)
    if actor.user != who:
        require_manager(game, actor)
    if (state := game.state(now)) is not State.SCHEDULED:
        raise Refused(Refusal("closed", messages.closed(state, game.cancel_reason)))
    return game


def _for(game: Game, who: User, actor: Actor) -> dict[str, str]:
    return {} if actor.user == who else {"for": names_in(game.guild_id, [who.pk])[who.pk].text}
