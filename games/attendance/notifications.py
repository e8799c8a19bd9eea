"""What follows a game by itself: its host is asked for the rewards once, and its post goes to the archive."""

from collections.abc import Iterable
from datetime import datetime

from games.attendance import wording as attendance_wording
from games.core.notifications import about, about_game, game_of, marked
from games.core.states import State
from games.models import Game
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip, NotificationType, register


def _no_rewards(game: Game, now: datetime) -> Skip | None:
    if game.rewards:
        return Skip("the rewards are written down")
    state = game.state(now)
    ended = state in {State.COMPLETED, State.ARCHIVED}
    return None if ended else Skip(f"the game is {state.replace('_', ' ')}")


def _host(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of(row)
    return _no_rewards(game, now) or [game.host_id]


def _rewards(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if (drop := _no_rewards(game, now)) is not None:
        return drop
    title, guild, starts_at, _ = about(delivery, game)
    text = attendance_wording.rewards_due(title, guild, starts_at, marked(delivery, f"{game.url}rewards/"))
    return about_game(delivery, game, text, now)


register(NotificationType("rewards", recipients=_host, build_message=_rewards))
