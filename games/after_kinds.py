"""What follows a game by itself: its host is asked for the rewards once, and its post goes to the archive."""

from collections.abc import Iterable
from datetime import datetime

from games import after_messages as words
from games.actions.archiving import archive_as_planned
from games.letters import letter
from games.messages import plain, stamp
from games.models import Game
from games.states import State
from notifications.kinds import Drop, Kind, register
from notifications.letter import Letter
from notifications.models import Delivery, Notification


def register_all() -> None:
    register(Kind("rewards", expand=_host, render=_rewards))
    register(Kind("archive", expand=_archive))


def _game(row: Notification) -> Game:
    return Game.objects.with_levels().select_related("announcement__channel").get(pk=row.game_id or 0)


def _no_rewards(game: Game, now: datetime) -> Drop | None:
    if game.rewards:
        return Drop("the rewards are written down")
    state = game.state(now)
    ended = state in {State.COMPLETED, State.ARCHIVED}
    return None if ended else Drop(f"the game is {state.replace('_', ' ')}")


def _host(row: Notification, now: datetime) -> Iterable[int] | Drop:
    game = _game(row)
    return _no_rewards(game, now) or [game.host_id]


def _rewards(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = _game(delivery.notification)
    if (drop := _no_rewards(game, now)) is not None:
        return drop
    address = f"{game.url}rewards/?d={delivery.nonce}"
    text = words.rewards_due(plain(game.title), plain(game.guild.name), stamp(game.starts_at), address)
    return letter(delivery, text, game.guild_id, game.announcement.place_id, now)


def _archive(row: Notification, now: datetime) -> Iterable[int] | Drop:
    """Nobody is written to: the post moves."""
    why = archive_as_planned(_game(row), now)
    return Drop(why) if why else ()
