"""The notifications that remind players; registered at start, with those of `news`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from games.core.codes import REMINDER_KINDS, GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notifications import (
    build_message,
    common_game_texts,
    game_message,
    game_of_notification,
    only_recipient,
    skip_if_moved,
    with_nonce,
)
from games.core.payloads import StartPayload
from games.core.settings import ReminderPlace
from games.models import Game
from games.reminders import new_game_notifications
from games.reminders import wording as reminder_wording
from notifications.codes import SkipCode
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, DeliveryMethod, DeliveryStatus, Notification, Preference
from notifications.policy import LATE_AFTER
from notifications.types import NotificationType, Skip, guild_of_game, register

MAX_PINGS = 80  # people pinged by one message
MESSAGE_MAX = 2000  # characters, Discord's limit
MENTION_MAX = 24  # characters of one mention, at most


# --- reminders -------------------------------------------------------------------------------------------


def _reminder_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    if (skip := skip_if_moved(row, game, now)) is not None:
        return skip
    due = Notification.objects.open().filter(kind=row.kind, game=game, due_at__lte=now)
    if due.filter(minutes__lt=row.minutes).exists():
        return Skip(GameSkipCode.LATER_REMINDER_DUE)
    if game.settings.reminder_place == ReminderPlace.CHANNEL:
        # One message for all, addressed to the host: it stays in the channel, whoever is seated when it is sent.
        row.payload = replace(StartPayload.of(row), place=ReminderPlace.CHANNEL.value).to_json()
        row.save(update_fields=["payload"])
        return [game.host_id]
    everyone = dict.fromkeys([game.host_id, *_seated_user_ids(game)])
    # Players whose own reminder is nearer to the start, and due too, get only that one.
    own = Notification.objects.open().filter(
        kind=NotificationKind.OWN_REMINDER, game=game, due_at__lte=now, minutes__lt=row.minutes
    )
    nearer = _users_with_own_reminder(game, own.values("minutes")) | _users_reminded_nearer(row, game, row.minutes or 0)
    return [user_id for user_id in everyone if user_id not in nearer]


def _own_reminder_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Return the host and seated players who chose this length and get no other reminder now."""
    game = game_of_notification(row)
    if (skip := skip_if_moved(row, game, now)) is not None:
        return skip
    for_everyone = replace(StartPayload.of(row), place=ReminderPlace.CHANNEL.value)
    others = Notification.objects.filter(
        kind=NotificationKind.REMINDER, game=game, minutes__lte=row.minutes, due_at__lte=now
    )
    in_channel = others.filter(skip_code="", payload__contains=for_everyone.to_json())
    if others.open().exists() or in_channel.exists():
        return Skip(GameSkipCode.GAME_REMINDER_DUE)
    wanting = _users_with_own_reminder(game, [row.minutes]) - _users_reminded_nearer(row, game, (row.minutes or 0) + 1)
    return [user_id for user_id in dict.fromkeys([game.host_id, *_seated_user_ids(game)]) if user_id in wanting]


def _users_with_own_reminder(game: Game, minutes: Any) -> set[int]:
    """Return the users who chose one of these lengths for their own reminder in the game's guild."""
    preferences = Preference.objects.filter(guild=game.guild_id, reminder_minutes__in=minutes)
    return set(preferences.values_list("user_id", flat=True))


def _users_reminded_nearer(row: Notification, game: Game, minutes: int) -> set[int]:
    """Return the users with a reminder of this start due fewer than `minutes` before it."""
    deliveries = Delivery.objects.filter(
        notification__game=game,
        notification__kind__in=REMINDER_KINDS,
        notification__minutes__lt=minutes,
        notification__payload__contains=StartPayload(StartPayload.of(row).starts_at).to_json(),
    )
    undelivered = (DeliveryStatus.DROPPED, DeliveryStatus.FAILED)
    return set(deliveries.exclude(status__in=undelivered).values_list("recipient_id", flat=True))


def _reminder_guild_id(row: Notification) -> int | None:
    """Return the guild for the recipient's preferences; None for one message to all, where they do not apply."""
    return None if StartPayload.of(row).place == ReminderPlace.CHANNEL else guild_of_game(row)


def _seated_user_ids(game: Game) -> list[int]:
    seated = game.signups.current().seated().people()
    return [user_id for user_id in seated.values_list("user_id", flat=True) if user_id]


def _reminder_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := skip_if_moved(delivery.notification, game, now)) is not None:
        return skip
    if now - delivery.notification.due_at > LATE_AFTER and _later_reminder(delivery).exists():
        return Skip(GameSkipCode.LATER_REMINDER_WAITS)
    if StartPayload.of(delivery.notification).place == ReminderPlace.CHANNEL:
        return _channel_reminder_message(delivery, game, now)
    hosting = game.host_id == delivery.recipient_id
    if not hosting and not _is_seated(game, delivery.recipient_id):
        return Skip(GameSkipCode.LEFT)
    return game_message(
        delivery, game, reminder_wording.reminder(*common_game_texts(delivery, game), hosting), now, public=True
    )


def _later_reminder(delivery: Delivery) -> QuerySet[Delivery]:
    """Return the pending deliveries to the same person of a reminder nearer to the start."""
    row = delivery.notification
    return Delivery.objects.filter(
        recipient=delivery.recipient_id,
        status=DeliveryStatus.PENDING,
        notification__game=row.game_id,
        notification__kind__in=REMINDER_KINDS,
        notification__minutes__lt=row.minutes,
    )


def _channel_reminder_message(delivery: Delivery, game: Game, now: datetime) -> OutgoingMessage | Skip:
    """Return one message that mentions every seated player who wants it, as many as it may ping.

    Players in their quiet hours are mentioned without a ping.
    """
    everyone = dict.fromkeys([game.host_id, *_seated_user_ids(game)])
    preferences = Preference.objects.select_related("user").filter(guild=game.guild_id, user__in=everyone)
    by_user = {preference.user_id: preference for preference in preferences}
    text = reminder_wording.channel_reminder(
        escape_markdown(game.title), game.starts_at, with_nonce(delivery, game.url)
    )
    # To everyone at once, so nobody's own rights count.
    message = build_message(delivery, text, game.guild_id, game.announcement.message_channel_id, now)
    most = min(MAX_PINGS, (MESSAGE_MAX - len(message.text)) // MENTION_MAX)
    mentioned = [pk for pk in everyone if pk not in by_user or by_user[pk].method != DeliveryMethod.NONE][:most]
    if not mentioned:
        return Skip(SkipCode.UNWANTED)
    mentions = " ".join(f"<@{user_id}>" for user_id in mentioned)
    pinged = tuple(pk for pk in mentioned if pk not in by_user or not by_user[pk].is_quiet(now))
    return replace(
        message,
        user_id=None,
        channel_id=game.announcement.message_channel_id,
        text=f"{mentions} {message.text}",
        ping_users=pinged,
    )


def _is_seated(game: Game, user_id: int) -> bool:
    return game.signups.seated().of(user_id).exists()


register(
    NotificationType(
        NotificationKind.REMINDER,
        recipients=_reminder_recipients,
        build_message=_reminder_message,
        guild=_reminder_guild_id,
    )
)
register(
    NotificationType(
        NotificationKind.OWN_REMINDER, recipients=_own_reminder_recipients, build_message=_reminder_message
    )
)
register(
    NotificationType(
        NotificationKind.NEW_GAME,
        recipients=new_game_notifications.recipients_of_new_game,
        build_message=new_game_notifications.build_new_game,
    )
)
register(
    NotificationType(
        NotificationKind.DIGEST,
        recipients=new_game_notifications.recipients_of_digest,
        build_message=new_game_notifications.build_digest,
    )
)
register(
    NotificationType(
        NotificationKind.TEST_REMINDER,
        recipients=only_recipient,
        build_message=new_game_notifications._test_reminder_message,
        guild=new_game_notifications.test_reminder_guild_id,
    )
)
