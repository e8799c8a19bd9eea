"""The notifications that remind players; registered at start, with those of `news`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import TextChoices

from games.core.codes import REMINDER_KINDS, GameSkipCode, NotificationKind
from games.core.companions import thread_id_of
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
from games.core.read_ahead import current_signup
from games.core.settings import ReminderPlace
from games.models import Game
from games.reminders import new_game_notifications
from games.reminders import wording as reminder_wording
from games.reminders.recipients import BY_MENTIONS, own_reminder_recipients, reminder_recipients
from guilds.models import Member
from guilds.permissions import may_view
from notifications.codes import SkipCode
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, DeliveryMethod, DeliveryStatus, Notification, Preference
from notifications.policy import LATE_AFTER
from notifications.types import NotificationType, SharedMessage, Skip, guild_of_game, register

# --- reminders -------------------------------------------------------------------------------------------


def _reminder_guild_id(row: Notification) -> int | None:
    """Return the guild for the recipient's preferences; None for one message to all, where they do not apply."""
    return None if _is_in_channel(row) else guild_of_game(row)


def _is_in_channel(row: Notification) -> bool:
    """Return whether everyone is reminded by mentions in the game's channel or thread."""
    return StartPayload.of(row).place in BY_MENTIONS


def _seated_user_ids(game: Game) -> list[int]:
    seated = game.signups.current().seated().people()
    return [user_id for user_id in seated.values_list("user_id", flat=True) if user_id]


def _reminder_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := skip_if_moved(delivery.notification, game, now)) is not None:
        return skip
    if _with_later_reminder(delivery.notification, game, [delivery.recipient_id], now):
        return Skip(GameSkipCode.LATER_REMINDER_WAITS)
    hosting = game.host_id == delivery.recipient_id
    signup = current_signup(game, delivery.recipient_id)
    if not hosting and (signup is None or signup.seated_at is None):
        return Skip(GameSkipCode.LEFT)
    return game_message(
        delivery, game, reminder_wording.reminder(*common_game_texts(delivery, game), hosting), now, public=True
    )


def _with_later_reminder(row: Notification, game: Game, user_ids: Sequence[int], now: datetime) -> set[int]:
    """Return those for whom a reminder nearer to the start waits to be sent, if this one is late."""
    if now - row.due_at <= LATE_AFTER:
        return set()
    if game.read_ahead is not None and (nearest := game.read_ahead.nearest_reminders) is not None:
        minutes = row.minutes or 0
        return {user_id for user_id in user_ids if nearest.get(user_id, minutes) < minutes}
    later = Delivery.objects.filter(
        recipient__in=user_ids,
        status=DeliveryStatus.PENDING,
        notification__game=row.game_id,
        notification__kind__in=REMINDER_KINDS,
        notification__minutes__lt=row.minutes,
    )
    return set(later.values_list("recipient_id", flat=True))


def _channel_reminder(delivery: Delivery, user_ids: Sequence[int], now: datetime) -> SharedMessage | Skip:
    """Return one message that mentions these players, without those who want none or left.

    Players in their quiet hours are mentioned without a ping.
    """
    row = delivery.notification
    game = game_of_notification(row)
    if (skip := skip_if_moved(row, game, now)) is not None:
        return skip
    preferences = Preference.objects.select_related("user").filter(guild=game.guild_id, user__in=user_ids)
    by_user = {preference.user_id: preference for preference in preferences}
    skips = {user_id: Skip(code) for user_id, code in _left_out(row, game, user_ids, by_user, now).items()}
    mentioned = [user_id for user_id in user_ids if user_id not in skips]
    title = common_game_texts(delivery, game)[0]
    text = reminder_wording.channel_reminder(title, game.starts_at, with_nonce(delivery, game.url))
    channel_id = game.announcement.message_channel_id
    thread_id = thread_id_of(game) if StartPayload.of(row).place == ReminderPlace.THREAD else None
    message = build_message(delivery, text, game.guild_id, channel_id, now)
    message = replace(
        message,
        user_id=None,
        channel_id=thread_id or channel_id,
        fallback_channel_id=channel_id if thread_id not in (None, channel_id) else None,
        text=f"{' '.join(f'<@{user_id}>' for user_id in mentioned)} {message.text}",
        ping_users=tuple(pk for pk in mentioned if pk not in by_user or not by_user[pk].is_quiet(now)),
    )
    return SharedMessage(message if mentioned else None, skips)


def _left_out(
    row: Notification, game: Game, user_ids: Sequence[int], preferences: Mapping[int, Preference], now: datetime
) -> dict[int, TextChoices]:
    """Return by id why a reminder in the channel does not mention some of these users."""
    in_game = {game.host_id, *_seated_user_ids(game)}
    rows = Member.objects.with_role_permissions().select_related("guild")
    members = {one.user_id: one for one in rows.filter(guild=game.guild_id, user__in=user_ids, left_at=None)}
    later = _with_later_reminder(row, game, user_ids, now)

    def why(user_id: int) -> TextChoices | None:
        member, preference = members.get(user_id), preferences.get(user_id)
        if user_id not in in_game:
            return GameSkipCode.LEFT
        if member is None:
            return GameSkipCode.NOT_A_MEMBER
        if not may_view(member, game.channel):
            return GameSkipCode.CHANNEL_HIDDEN
        if preference is not None and preference.method == DeliveryMethod.NONE:
            return SkipCode.UNWANTED
        return GameSkipCode.LATER_REMINDER_WAITS if user_id in later else None

    return {user_id: code for user_id in user_ids if (code := why(user_id)) is not None}


register(
    NotificationType(
        NotificationKind.REMINDER,
        recipients_together=reminder_recipients,
        build_message=_reminder_message,
        guild=_reminder_guild_id,
        is_shared=_is_in_channel,
        build_shared=_channel_reminder,
    )
)
register(
    NotificationType(
        NotificationKind.OWN_REMINDER, recipients_together=own_reminder_recipients, build_message=_reminder_message
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
