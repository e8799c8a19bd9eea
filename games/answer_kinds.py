"""What is due, and who is told, about people's answers to a game."""

from collections.abc import Iterable
from datetime import datetime

from games import answer_messages
from games.actions.planning import touch
from games.letters import about, about_game, game_of, to_recipient
from games.messages import plain
from games.models import Game
from games.states import State
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
    text = answer_messages.dropped_out(*about(delivery, game), plain(facts["who"]))
    return about_game(delivery, game, text, now)
