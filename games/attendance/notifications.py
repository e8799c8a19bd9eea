"""The notification that asks the host for the rewards when the game ends, and the one to those who got them."""

from collections.abc import Iterable
from datetime import datetime

from games.attendance import wording as attendance_wording
from games.core.codes import GameSkipCode, NotificationKind
from games.core.notifications import common_game_texts, game_message, game_of_notification, skip_for_state, with_nonce
from games.core.states import State
from games.models import Game
from games.posts.announcement import spoiler
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.types import NotificationType, Skip, register

NOT_NOTIFIED = (GameSkipCode.NO_REWARDS, GameSkipCode.DID_NOT_COME)


def _skip_rewards(game: Game, now: datetime) -> Skip | None:
    if game.rewards:
        return Skip(GameSkipCode.REWARDS_GIVEN)
    state = game.state(now)
    ended = state in {State.COMPLETED, State.ARCHIVED}
    return None if ended else skip_for_state(game, now)


def _rewards_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    return _skip_rewards(game, now) or [game.host_id]


def _rewards_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := _skip_rewards(game, now)) is not None:
        return skip
    title, guild, starts_at, _ = common_game_texts(delivery, game)
    text = attendance_wording.rewards_due(title, guild, starts_at, with_nonce(delivery, f"{game.url}rewards/"))
    return game_message(delivery, game, text, now)


def _rewarded_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Return who came and was not told yet: archiving again, or other rewards, tell nobody twice."""
    game = game_of_notification(row)
    if not game.rewards:
        return Skip(GameSkipCode.NO_REWARDS)
    notified = Delivery.objects.filter(notification__game=game, notification__kind=NotificationKind.REWARDED)
    # One that was dropped at its only attempt told nobody: what stood against it may be taken back.
    notified = notified.exclude(status=DeliveryStatus.DROPPED, attempts__lte=1, error_code__in=NOT_NOTIFIED)
    came = game.signups.current().seated().people().filter(no_show=False)
    came = came.exclude(user__in=notified.values("recipient")).order_by("order_key")
    return [user_id for user_id in came.values_list("user_id", flat=True) if user_id]


def _rewarded_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if not game.rewards:
        return Skip(GameSkipCode.NO_REWARDS)
    if not game.signups.current().seated().of(delivery.recipient_id).filter(no_show=False).exists():
        return Skip(GameSkipCode.DID_NOT_COME)
    text = attendance_wording.rewarded(*common_game_texts(delivery, game), spoiler(game.rewards))
    return game_message(delivery, game, text, now)


register(NotificationType(NotificationKind.REWARDED, recipients=_rewarded_recipients, build_message=_rewarded_message))
register(NotificationType(NotificationKind.REWARDS, recipients=_rewards_recipients, build_message=_rewards_message))
