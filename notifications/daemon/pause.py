"""Pauses sending while the database may be older than Discord, as after a restored backup."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest
from django.dispatch import Signal

from gamesched.lib.clock import DbNow
from gamesched.lib.pg_notify import notify
from notifications import heartbeat
from notifications.codes import SkipCode
from notifications.models import Delivery, DeliveryStatus, Heartbeat, Notification, Pause, PushUse
from notifications.policy import GIVE_UP_AFTER
from notifications.queue import DUE_CHANNEL, lock_games
from notifications.types import post_types, user_message_types

resumed = Signal()  # for what is to be looked after once the database may be older than Discord
MAX_UNRECORDED = timedelta(minutes=2)  # how long a sent message may be unrecorded, crashes included
CHANNELS_EACH = 20  # channels each: those last written in, and those to write in next
DISCORD_EPOCH = 1420070400000  # https://docs.discord.com/developers/reference#snowflakes


def current_pause() -> Pause | None:
    """Return the open pause, if there is one."""
    return Pause.objects.filter(resumed_at=None).first()


def pause(reason: str, now: datetime) -> None:
    """Pause sending until an operator resumes it; an open pause stays as it is."""
    Pause.objects.bulk_create([Pause(reason=reason[:300], paused_at=now)], ignore_conflicts=True)


def resume(who: str, now: datetime) -> int:
    """End the pause. Return how many messages were dropped: all that were due, since they may have been sent.

    Posts are brought up to date, after a search for those that may exist. Later messages will be sent. What the bot has
    said so far counts as known, or the next start would pause for it again.
    """
    pause_row = current_pause()
    if pause_row is None:
        return 0
    due = Notification.objects.open().filter(due_at__lte=now)
    dropped = sum(_skip_due(game_id, now) for game_id in due.values_list("game_id", flat=True).distinct())
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    dropped += pending.update(
        status=DeliveryStatus.DROPPED, error_code=SkipCode.PAUSED, error=SkipCode.PAUSED.label, leased_until=None
    )
    Heartbeat.objects.filter(name=heartbeat.DAEMON_NAME).update(
        newest_message_id=Greatest("newest_message_id", Value(first_snowflake(now)))
    )
    Pause.objects.filter(pk=pause_row.pk).update(resumed_at=now, resumed_by=who[:100])
    notify(DUE_CHANNEL)
    resumed.send(None)
    return dropped


@transaction.atomic
def _skip_due(game_id: int | None, now: datetime) -> int:
    lock_games([game_id])
    same_game = Q(game_id=game_id) if game_id else Q(game=None)
    due = Notification.objects.open().filter(same_game, due_at__lte=now)
    due.filter(kind__in=post_types(), first_attempt_at=None).update(first_attempt_at=F("created_at"))
    messages = due.filter(kind__in=user_message_types())
    return messages.update(closed_at=now, skip_code=SkipCode.PAUSED, skip_reason=SkipCode.PAUSED.label)


# --- whether the database is older than Discord ----------------------------------------------------------


def channels_to_check() -> list[int]:
    """Return channels that could contain a message newer than the database: last written in, or to write in next."""
    last = Delivery.objects.filter(channel_id__isnull=False).order_by("-pk").values_list("channel_id", flat=True)
    soon = Notification.objects.open().filter(game__isnull=False).order_by("due_at")
    channels = [*last[: CHANNELS_EACH * 5], *soon.values_list("game__channel_id", flat=True)[: CHANNELS_EACH * 5]]
    return list(dict.fromkeys(int(channel) for channel in channels if channel))[: CHANNELS_EACH * 2]


def is_database_older(newest_message_id: int | None, sender: str) -> bool:
    """Return whether Discord has a message of ours that a current database would have. Both times are Discord's own.

    A message that is not recorded yet is no sign of that: it is being sent, or whoever sent it was killed.
    """
    if newest_message_id is None or not _is_newer(newest_message_id, sender):
        return False
    # Read first: what is recorded after that is known below.
    sent_at = snowflake_time(newest_message_id)
    is_being_sent = _unrecorded_attempts(sent_at)
    known = _newest_known(sender)
    if known is None or newest_message_id <= known:
        return False
    is_recent = sent_at - snowflake_time(known) <= MAX_UNRECORDED
    return not is_being_sent if is_recent else True not in is_being_sent


def _newest_known(sender: str) -> int | None:
    return Heartbeat.objects.filter(name=sender).values_list("newest_message_id", flat=True).first()


def _is_newer(message_id: int, sender: str) -> bool:
    known = _newest_known(sender)
    return known is not None and message_id > known


def _unrecorded_attempts(sent_at: datetime) -> list[bool | None]:
    """Return of each row whose message may be the one sent then whether it is leased at this moment."""
    attempted = Q(first_attempt_at__isnull=False)
    tried_then = Q(first_attempt_at__gte=sent_at - GIVE_UP_AFTER)
    in_doubt = tried_then & Q(status__in=[DeliveryStatus.UNCERTAIN, DeliveryStatus.FAILED])
    posts = Notification.objects.open().filter(attempted, kind__in=post_types())
    messages = Delivery.objects.filter(attempted & Q(status=DeliveryStatus.PENDING) | in_doubt)
    messages = messages.exclude(push=PushUse.CHOSEN)  # Discord has none of those
    is_leased = ExpressionWrapper(Q(leased_until__gt=DbNow()), BooleanField())
    return [row for rows in (posts, messages) for row in rows.values_list(is_leased, flat=True)]


def snowflake_time(snowflake: int) -> datetime:
    """Return when Discord created the object with this id."""
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH) / 1000, UTC)


def first_snowflake(at: datetime) -> int:
    """Return the least id that Discord gives at this time."""
    return (int(at.timestamp() * 1000) - DISCORD_EPOCH) << 22
