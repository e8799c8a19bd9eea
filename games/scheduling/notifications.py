"""The notifications about announcing and cancelling a game, and about undoing that."""

from collections.abc import Iterable
from datetime import datetime

from games.core import message_limits
from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notification_schedule import bump_post_version
from games.core.notifications import (
    acting_user_name,
    common_game_texts,
    game_message,
    game_of_notification,
    host_recipient,
)
from games.core.payloads import CancellationPayload, HostActionPayload
from games.core.read_ahead import current_signup
from games.core.states import GameAction, is_allowed
from games.core.webhooks import queue_event
from games.models import Game, WebhookEvent
from games.scheduling import wording as schedule_wording
from games.scheduling.cancellation import users_last_notified_of_cancellation
from games.scheduling.cloning import users_to_invite
from games.scheduling.publishing import announce_on_schedule
from games.signups.rules import signup_closed_reason
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import NotificationType, Skip, register

# --- announcing ------------------------------------------------------------------------------------------


def _announce_now(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Announce the game; this row itself notifies nobody."""
    game = game_of_notification(row)
    if not is_allowed(GameAction.ANNOUNCE, game.state(now)) or game.announce_at is None:
        return Skip(GameSkipCode.ANNOUNCED_OR_CANCELLED)
    announce_on_schedule(game, now)
    return ()


def _not_announced_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if not game.state(now).hidden or game.announce_at is not None or game.starts_at > now:
        return Skip(GameSkipCode.HOST_ACTED)
    return game_message(delivery, game, schedule_wording.not_announced(*common_game_texts(delivery, game)), now)


# --- an undone cancellation -------------------------------------------------------------------------------


def _cancellation_undone_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    if game.state(now).over:
        return Skip(GameSkipCode.OVER_OR_CANCELLED)
    return sorted(users_last_notified_of_cancellation(game.pk))


def _cancellation_undone_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.state(now).over:
        return Skip(GameSkipCode.OVER_OR_CANCELLED)
    return game_message(delivery, game, schedule_wording.on_again(*common_game_texts(delivery, game)), now, public=True)


# --- a deleted post --------------------------------------------------------------------------------------


def _update_post(row: Notification, now: datetime) -> Iterable[int]:
    """Update the post, without its buttons, refresh open pages, and tell webhooks; nobody is notified."""
    game = Game.objects.get(pk=row.game_id or 0)
    bump_post_version(game, now)
    queue_event(game, WebhookEvent.STARTED if row.kind == NotificationKind.START else WebhookEvent.ENDED)
    return ()


def _cancellation_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    if not _still_cancelled(row, game):
        return Skip(GameSkipCode.CANCELLATION_UNDONE)
    signed_up = game.signups.current().people().values_list("user_id", flat=True)
    everyone = dict.fromkeys([game.host_id, *signed_up])
    # Cancelled again before anybody was notified that it is on.
    known = {*users_last_notified_of_cancellation(game.pk), CancellationPayload.of(row).actor_id}
    return [user_id for user_id in everyone if user_id not in known]


def _still_cancelled(row: Notification, game: Game) -> bool:
    """Return whether this cancellation is current: not undone, nor followed by another."""
    return game.cancelled_at is not None and CancellationPayload.of(row).cancelled_at in {None, game.cancelled_at}


def _cancellation_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if not _still_cancelled(delivery.notification, game):
        return Skip(GameSkipCode.CANCELLATION_UNDONE)
    text = schedule_wording.cancellation(*common_game_texts(delivery, game), escape_markdown(game.cancel_reason))
    return game_message(delivery, game, text, now, public=True)


# --- a game scheduled again -------------------------------------------------------------------------------


def _invited_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    if signup_closed_reason(game, now, None):
        return Skip(GameSkipCode.NO_SIGNUPS)
    return users_to_invite(game, now)


def _invitation(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if signup_closed_reason(game, now, None):
        return Skip(GameSkipCode.NO_SIGNUPS)
    if current_signup(game, delivery.recipient_id) is not None:
        return Skip(GameSkipCode.IN_ALREADY)
    by = acting_user_name(HostActionPayload.of(delivery.notification).by_id, game)
    text = schedule_wording.invitation(*common_game_texts(delivery, game), by)
    return game_message(delivery, game, text, now, public=True)


register(
    NotificationType(
        NotificationKind.INVITED,
        recipients=_invited_recipients,
        build_message=_invitation,
        withheld=message_limits.withheld,
    )
)
register(NotificationType(NotificationKind.AUTO_ANNOUNCE, recipients=_announce_now))
register(
    NotificationType(NotificationKind.NOT_ANNOUNCED, recipients=host_recipient, build_message=_not_announced_message)
)
register(
    NotificationType(
        NotificationKind.CANCELLATION_UNDONE,
        recipients=_cancellation_undone_recipients,
        build_message=_cancellation_undone_message,
    )
)
register(NotificationType(NotificationKind.START, recipients=_update_post))
register(NotificationType(NotificationKind.END, recipients=_update_post))
register(
    NotificationType(
        NotificationKind.CANCELLED, recipients=_cancellation_recipients, build_message=_cancellation_message
    )
)
