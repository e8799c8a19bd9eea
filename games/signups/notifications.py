"""What is due, and who is told, about people's answers to a game."""

from collections.abc import Iterable
from datetime import datetime

from games.core import choices, wording
from games.core.notifications import about, about_game, done_by, fitting, game_of, to_recipient
from games.core.roster import place_of
from games.core.scheduling import touch
from games.core.states import State
from games.core.wording import plain
from games.models import Game
from games.models.settings import Method
from games.signups import notification_wording as signup_notification_wording
from games.signups import swaps
from games.signups import wording as signup_wording
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip, NotificationType, register


def _closed(row: Notification, now: datetime) -> Iterable[int]:
    """Nobody is written to: the post loses its button to join."""
    touch(Game.objects.get(pk=row.game_id or 0), now)
    return ()


def _dropped_out(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    facts = delivery.notification.facts
    if game.state(now) is not State.SCHEDULED:
        return Skip("the game is not to come")
    if game.signups.current().filter(user_id=int(facts["person"])).exists():
        return Skip("they are in again")
    text = signup_wording.dropped_out(*about(delivery, game), plain(facts["who"]))
    return about_game(delivery, game, text, now)


INSTRUCTIONS_SHOWN = 1000  # characters, so that the longest title and address fit beside them


def _moved(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """What became of their seat in sum, since they last heard of it."""
    game = game_of(delivery.notification)
    signup = game.signups.current().filter(user_id=delivery.recipient_id).first()
    if game.state(now) is not State.SCHEDULED or signup is None:
        return Skip("they are no longer in, or the game is not to come")
    seated = signup.seated_at is not None
    if seated == delivery.notification.facts["was_seated"]:
        return Skip("they have the place they had")
    say = signup_notification_wording.promoted if seated else signup_notification_wording.demoted
    if not seated and signup.waits:
        say = signup_notification_wording.benched
    elif not seated and game.effective.method is Method.PRIORITY:
        say = signup_notification_wording.displaced
    return about_game(delivery, game, say(*about(delivery, game)), now)


def _added(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    signup = game.signups.current().filter(user_id=delivery.recipient_id).first()
    if game.state(now).over or signup is None:
        return Skip("they are no longer in, or the game is over")
    text = signup_notification_wording.was_added(
        *about(delivery, game), done_by(delivery, game), signup.seated_at is not None
    )
    return about_game(delivery, game, text, now)


def _removed(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if game.state(now).over or game.signups.current().filter(user_id=delivery.recipient_id).exists():
        return Skip("they are in again, or the game is over")
    word = wording.plain(delivery.notification.facts.get("word", ""))
    text = signup_notification_wording.was_removed(*about(delivery, game), done_by(delivery, game), word)
    return about_game(delivery, game, text, now)


def _confirmed(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if not game.signups.current().filter(user_id=delivery.recipient_id).exists():
        return Skip("they left")
    number, seated = place_of(game, delivery.recipient)
    place = wording.place_text(number, game.effective.seats, seated)
    text = signup_notification_wording.confirmed(
        *about(delivery, game), place, fitting(game.effective.instructions, INSTRUCTIONS_SHOWN)
    )
    return about_game(delivery, game, text, now)


def _lost_seat(delivery: Delivery, now: datetime) -> OutgoingMessage:
    game, facts = game_of(delivery.notification), delivery.notification.facts
    text = signup_notification_wording.lost_seat(*about(delivery, game), wording.plain(facts["who"]), facts["left"])
    return about_game(delivery, game, text, now)


register(NotificationType("signups_close", recipients=_closed))
register(NotificationType("dropped_out", recipients=to_recipient, build_message=_dropped_out))
choices.register("overlap", swaps.answer)


register(NotificationType("moved", recipients=to_recipient, build_message=_moved))
register(NotificationType("confirmed", recipients=to_recipient, build_message=_confirmed))
register(NotificationType("lost_seat", recipients=to_recipient, build_message=_lost_seat))
register(NotificationType("added", recipients=to_recipient, build_message=_added))
register(NotificationType("removed", recipients=to_recipient, build_message=_removed))
