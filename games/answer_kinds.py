"""What is due, and who is told, about people's answers to a game."""

from collections.abc import Iterable
from datetime import datetime

from games import answer_messages
from games.actions.planning import touch
from games.letters import letter
from games.messages import plain, stamp
from games.models import Game
from games.states import State
from notifications.kinds import Drop, Kind, register
from notifications.letter import Letter
from notifications.models import Delivery, Notification


def register_all() -> None:
    register(Kind("signups_close", expand=_closed))
    register(Kind("dropped_out", expand=_recipient, render=_dropped_out))


def _closed(row: Notification, now: datetime) -> Iterable[int]:
    """Nobody is written to: the post loses its button to join."""
    touch(Game.objects.get(pk=row.game_id or 0), now)
    return ()


def _recipient(row: Notification, now: datetime) -> Iterable[int] | Drop:
    return [row.recipient_id] if row.recipient_id else Drop("nobody to tell")


def _dropped_out(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = Game.objects.with_levels().select_related("announcement__channel").get(pk=delivery.notification.game_id or 0)
    facts = delivery.notification.facts
    if game.state(now) is not State.SCHEDULED:
        return Drop("the game is not to come")
    if game.signups.current().filter(user_id=int(facts["person"])).exists():
        return Drop("they are in again")
    url = f"{game.url}?d={delivery.nonce}"
    text = answer_messages.dropped_out(
        plain(game.title), plain(game.guild.name), stamp(game.starts_at), url, plain(facts["who"])
    )
    return letter(delivery, text, game.guild_id, game.announcement.place_id, now)
