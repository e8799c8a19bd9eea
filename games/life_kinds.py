"""What is said of a game's life: announcing it at its time, that it is on again, and that its post was deleted."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from games import asking, life_messages
from games.actions import deleted
from games.actions.announcing import awaits_answer, question
from games.actions.life import announce_planned, heard_last
from games.asking import Ask
from games.letters import letter
from games.messages import plain, stamp
from games.models import Game
from games.states import allowed
from notifications.kinds import Drop, Kind, register
from notifications.letter import Letter
from notifications.models import Delivery, Notification


def register_all() -> None:
    register(Kind("announce", expand=_announce))
    register(Kind("not_announced", expand=_host, render=_not_announced))
    register(Kind("on_again", expand=_who_heard, render=_on_again))
    register(Kind("deleted", expand=_host, render=_deleted))
    asking.register(deleted.ASKED, deleted.answer)


def _game(row: Notification) -> Game:
    return Game.objects.with_levels().select_related("announcement__channel").get(pk=row.game_id or 0)


def _about(delivery: Delivery, game: Game) -> tuple[str, str, str, str]:
    """What every letter says: which game, where, when, and its page."""
    return plain(game.title), plain(game.guild.name), stamp(game.starts_at), f"{game.url}?d={delivery.nonce}"


def _letter(delivery: Delivery, game: Game, text: str, now: datetime) -> Letter:
    return letter(delivery, text, game.guild_id, game.announcement.place_id, now)


def _host(row: Notification, now: datetime) -> Iterable[int]:
    return [_game(row).host_id]


# --- announcing ------------------------------------------------------------------------------------------


def _announce(row: Notification, now: datetime) -> Iterable[int] | Drop:
    """Nobody is written to by this row itself."""
    game = _game(row)
    if not allowed("announce", game.state(now)) or game.announce_at is None:
        return Drop("it was announced or cancelled before")
    announce_planned(game, now)
    return ()


def _not_announced(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = _game(delivery.notification)
    if not game.state(now).hidden or game.announce_at is not None or game.starts_at > now:
        return Drop("its host has seen to it")
    return _letter(delivery, game, life_messages.not_announced(*_about(delivery, game)), now)


# --- on again --------------------------------------------------------------------------------------------


def _who_heard(row: Notification, now: datetime) -> Iterable[int] | Drop:
    game = _game(row)
    if game.state(now).over:
        return Drop("the game is over, or cancelled once more")
    return sorted(heard_last(game.pk))


def _on_again(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = _game(delivery.notification)
    if game.state(now).over:
        return Drop("the game is over, or cancelled once more")
    return _letter(delivery, game, life_messages.on_again(*_about(delivery, game)), now)


# --- a deleted post --------------------------------------------------------------------------------------


def _deleted(delivery: Delivery, now: datetime) -> Letter | Drop:
    game, number = _game(delivery.notification), delivery.notification.facts["number"]
    post = game.announcement
    if game.state(now).over or not awaits_answer(post) or question(post) != number:
        return Drop("it was answered")
    made = _letter(delivery, game, life_messages.deleted(*_about(delivery, game)), now)
    put_back = Ask(deleted.ASKED, game.pk, number, deleted.PUT_BACK).button(life_messages.PUT_BACK, "primary")
    cancel = Ask(deleted.ASKED, game.pk, number, deleted.CANCEL).button(life_messages.CANCEL, "danger")
    return replace(made, buttons=(put_back, cancel))
