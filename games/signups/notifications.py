"""What is due, and who is told, about people's answers to a game."""

from collections.abc import Iterable
from datetime import datetime

from games.core.base import touch
from games.core.notifications import about, about_game, game_of, to_recipient
from games.core.states import State
from games.core.wording import plain
from games.models import Game
from games.signups import wording as signup_wording
from notifications.kinds import Drop, Kind, register
from notifications.letter import Letter
from notifications.models import Delivery, Notification


def register_all() -> None:
    register(Kind("signups_close", expand=_closed))
    register(Kind("dropped_out", expand=to_recipient, render=_dropped_out))


def _closed(row: Notification, now: datetime) -> Iterable[int]:
    """Nobody is written to: the post loses its button to join."""
    touch(Game.objects.get(pk=row.game_id or 0), now)
    return ()


def _dropped_out(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = game_of(delivery.notification)
    facts = delivery.notification.facts
    if game.state(now) is not State.SCHEDULED:
        return Drop("the game is not to come")
    if game.signups.current().filter(user_id=int(facts["person"])).exists():
        return Drop("they are in again")
    text = signup_wording.dropped_out(*about(delivery, game), plain(facts["who"]))
    return about_game(delivery, game, text, now)
