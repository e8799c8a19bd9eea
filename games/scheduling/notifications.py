"""What is said of a game's life: announcing it at its time, that it is on again, and that its post was deleted."""

from collections.abc import Iterable
from datetime import datetime

from games.core import choices
from games.core.choices import Ask
from games.core.notifications import about, about_game, game_of, to_host
from games.core.states import allowed
from games.posts import deleted_posts
from games.posts.actions import awaits_answer, question
from games.scheduling import wording as schedule_wording
from games.scheduling.publishing import announce_planned, heard_last
from notifications.kinds import Drop, Kind, register
from notifications.letter import Letter
from notifications.models import Delivery, Notification


def register_all() -> None:
    register(Kind("announce", expand=_announce))
    register(Kind("not_announced", expand=to_host, render=_not_announced))
    register(Kind("on_again", expand=_who_heard, render=_on_again))
    register(Kind("deleted", expand=to_host, render=_deleted))
    choices.register(deleted_posts.ASKED, deleted_posts.answer)


# --- announcing ------------------------------------------------------------------------------------------


def _announce(row: Notification, now: datetime) -> Iterable[int] | Drop:
    """Nobody is written to by this row itself."""
    game = game_of(row)
    if not allowed("announce", game.state(now)) or game.announce_at is None:
        return Drop("it was announced or cancelled before")
    announce_planned(game, now)
    return ()


def _not_announced(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = game_of(delivery.notification)
    if not game.state(now).hidden or game.announce_at is not None or game.starts_at > now:
        return Drop("its host has seen to it")
    return about_game(delivery, game, schedule_wording.not_announced(*about(delivery, game)), now)


# --- on again --------------------------------------------------------------------------------------------


def _who_heard(row: Notification, now: datetime) -> Iterable[int] | Drop:
    game = game_of(row)
    if game.state(now).over:
        return Drop("the game is over, or cancelled once more")
    return sorted(heard_last(game.pk))


def _on_again(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = game_of(delivery.notification)
    if game.state(now).over:
        return Drop("the game is over, or cancelled once more")
    return about_game(delivery, game, schedule_wording.on_again(*about(delivery, game)), now)


# --- a deleted post --------------------------------------------------------------------------------------


def _deleted(delivery: Delivery, now: datetime) -> Letter | Drop:
    game, number = game_of(delivery.notification), delivery.notification.facts["number"]
    post = game.announcement
    if game.state(now).over or not awaits_answer(post) or question(post) != number:
        return Drop("it was answered")
    put_back = Ask(deleted_posts.ASKED, game.pk, number, deleted_posts.PUT_BACK).button(
        schedule_wording.PUT_BACK, "primary"
    )
    cancel = Ask(deleted_posts.ASKED, game.pk, number, deleted_posts.CANCEL).button(schedule_wording.CANCEL, "danger")
    return about_game(delivery, game, schedule_wording.deleted(*about(delivery, game)), now, put_back, cancel)
