"""What follows a game by itself: its host is asked for the rewards once, and its post goes to the archive."""

from collections.abc import Iterable
from datetime import datetime

from games.attendance import wording as attendance_wording
from games.core.notifications import about, about_game, game_of, marked
from games.core.states import State
from games.models import Game
from notifications.messages import Letter
from notifications.models import Delivery, Notification
from notifications.types import Drop, Kind, register


def _no_rewards(game: Game, now: datetime) -> Drop | None:
    if game.rewards:
        return Drop("the rewards are written down")
    state = game.state(now)
    ended = state in {State.COMPLETED, State.ARCHIVED}
    return None if ended else Drop(f"the game is {state.replace('_', ' ')}")


def _host(row: Notification, now: datetime) -> Iterable[int] | Drop:
    game = game_of(row)
    return _no_rewards(game, now) or [game.host_id]


def _rewards(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = game_of(delivery.notification)
    if (drop := _no_rewards(game, now)) is not None:
        return drop
    title, guild, starts_at, _ = about(delivery, game)
    text = attendance_wording.rewards_due(title, guild, starts_at, marked(delivery, f"{game.url}rewards/"))
    return about_game(delivery, game, text, now)


register(Kind("rewards", expand=_host, render=_rewards))
