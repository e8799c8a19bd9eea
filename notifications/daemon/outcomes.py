"""Records what became of the messages that notifyd sent. All use `now` as the current time."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction

from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.metrics import LATENESS
from guilds.directory import upsert
from guilds.models import User
from notifications import devices, policy, shared_messages
from notifications.codes import DM_REFUSED, SkipCode
from notifications.heartbeat import DAEMON_NAME
from notifications.messages import (
    Answer,
    InternalError,
    OutgoingMessage,
    PermanentError,
    PushOutcome,
    RateLimited,
    SentMessage,
    TemporaryError,
)
from notifications.models import Delivery, DeliveryStatus, Notification, PushUse, new_nonce
from notifications.queue import lock_games
from notifications.types import BuiltPost, SyncedPost, get_message_type, get_post_type

log = logging.getLogger(__name__)

SendResult = SentMessage | PushOutcome | Answer | TemporaryError | PermanentError
Sent = SentMessage | PushOutcome  # one without an error
DeliveryResult = Sent | TemporaryError | PermanentError
STALE_DM_CODES = {PermanentError.UNKNOWN_CHANNEL, PermanentError.MISSING_PERMISSION}


@dataclass(frozen=True)
class Job:
    """One message to send now: for a delivery, or for a post (with the version that it shows)."""

    pk: int
    message: OutgoingMessage = field(repr=False)  # a log has no names and no texts
    post: BuiltPost | None = field(default=None, repr=False)
    guild_id: int | None = None
    shared: bool = False  # whether other deliveries get its outcome
    kind: str = ""
    parent: str = field(default="", repr=False)  # the span that caused it, as a traceparent

    @property
    def may_exist_already(self) -> bool:
        """Return whether it creates a post that an earlier attempt may have created, showing an older state."""
        return (
            self.message.post is not None
            and self.message.message_id is None
            and self.message.first_attempt_at is not None
        )


def record(results: Sequence[tuple[Job, SendResult]], now: datetime) -> None:
    """Save the results of the messages: of all that were sent, or wait for a limit, together; of others one by one."""
    # First of all: if killed over and over in the middle, the database would seem older than Discord.
    message_ids = [
        out.message_id for job, out in results if isinstance(out, SentMessage) and job.message.message_id is None
    ]
    pushes = [out for _, out in results if isinstance(out, PushOutcome)]
    results = [(job, out.result if isinstance(out, PushOutcome) else out) for job, out in results]
    sent: list[tuple[Job, Sent]] = []
    limited: list[tuple[Job, RateLimited]] = []
    one_by_one: list[tuple[Job, SendResult]] = []
    for job, outcome in results:
        if job.post is None and isinstance(outcome, Sent):
            sent.append((job, outcome))
        elif job.post is None and isinstance(outcome, RateLimited) and not job.shared:
            limited.append((job, outcome))
        else:
            one_by_one.append((job, outcome))
    try:
        if message_ids:
            _note_newest(max(message_ids))
        devices.note_outcomes(pushes, now)
        if sent:
            _record_together(sent, now)
        if limited:
            _record_limited(limited, now)
    except OperationalError:
        raise
    except Exception:
        log.exception("Could not record the outcome of %d messages together", len(sent) + len(limited))
        one_by_one = results
    for job, outcome in one_by_one:
        try:
            _record_outcome(job, outcome, now)
        except OperationalError:
            raise
        except Exception:
            # The row may have been deleted with its guild. Otherwise the lease ends, and it is tried again.
            log.exception("Could not record the outcome of %s", job)


def _note_newest(message_id: int) -> None:
    """Note the newest message that was made, by which a restored backup is recognised."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_NEWEST, {"message": message_id, "sender": DAEMON_NAME})


# Not synced to disk when it commits, here and below: a server that loses it in a crash has a row that is leased and was
# sent, as after a crash before recording, and its nonce keeps it from being repeated.
_NOTE_NEWEST = """
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', TRUE))
UPDATE notifications_heartbeat SET newest_message_id = greatest(newest_message_id, %(message)s)
FROM relaxed WHERE name = %(sender)s
"""
# Locked in the order of their ids. What kept one from direct messages stays, for those who ask why they were called in
# the channel.
_RECORD_SENT = """
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', TRUE)), locked AS MATERIALIZED (
    SELECT d.id, result.channel_id, result.message_id FROM notifications_delivery d
    JOIN unnest(%(ids)s::bigint[], %(channels)s::bigint[], %(messages)s::bigint[]) result (id, channel_id, message_id)
        ON d.id = result.id
    ORDER BY d.id FOR NO KEY UPDATE OF d
)
UPDATE notifications_delivery d SET
    status = 'sent', sent_at = %(now)s, leased_until = NULL, channel_id = locked.channel_id,
    message_id = locked.message_id, error = '',
    lateness_ms = least(floor(extract(epoch FROM %(now)s - n.due_at) * 1000), 2147483647)::integer,
    error_code = CASE WHEN d.in_channel AND d.error_code = ANY(%(kept)s) THEN d.error_code ELSE '' END
FROM locked, relaxed, notifications_notification n
WHERE d.id = locked.id AND n.id = d.notification_id
RETURNING d.lateness_ms
"""
_COPY_SENT = """
UPDATE notifications_delivery d SET
    status = sent.status, sent_at = sent.sent_at, lateness_ms = sent.lateness_ms, channel_id = sent.channel_id,
    message_id = sent.message_id, error_code = sent.error_code, error = sent.error
FROM notifications_delivery sent
WHERE d.sent_with_id = sent.id AND sent.id = ANY(%(ids)s) AND d.status = 'pending'
"""
# The attempt does not count, and is forgotten if it was the first.
_RECORD_LIMITED = """
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', TRUE)), locked AS MATERIALIZED (
    SELECT d.id, result.next_attempt_at, result.error, result.is_first FROM notifications_delivery d
    JOIN unnest(%(ids)s::bigint[], %(times)s::timestamptz[], %(errors)s::text[], %(first)s::boolean[])
        result (id, next_attempt_at, error, is_first) ON d.id = result.id
    ORDER BY d.id FOR NO KEY UPDATE OF d
)
UPDATE notifications_delivery d SET
    leased_until = NULL, error_code = %(code)s, error = locked.error, next_attempt_at = locked.next_attempt_at,
    attempts = greatest(d.attempts - 1, 0),
    first_attempt_at = CASE WHEN locked.is_first THEN NULL ELSE d.first_attempt_at END
FROM locked, relaxed WHERE d.id = locked.id
"""
_UPDATE_DM_CHANNELS = """
WITH found AS MATERIALIZED (
    SELECT person.id, opened.channel_id FROM guilds_user person
    JOIN unnest(%(ids)s::bigint[], %(channels)s::bigint[]) opened (id, channel_id) ON person.id = opened.id
    ORDER BY person.id FOR NO KEY UPDATE OF person SKIP LOCKED
)
UPDATE guilds_user person SET dm_channel_id = found.channel_id FROM found WHERE person.id = found.id
"""


def _record_together(sent: Sequence[tuple[Job, Sent]], now: datetime) -> None:
    _update_dm_channels(sent)
    with transaction.atomic():
        _record_sent(sent, now)


def _record_sent(sent: Sequence[tuple[Job, Sent]], now: datetime) -> None:
    """Save that messages were sent, in one statement, and one more where other deliveries get the outcome.

    `_record_delivery` does the same to one.
    """
    params: dict[str, Any] = {
        "ids": [job.pk for job, _ in sent],
        "channels": [outcome.channel_id if isinstance(outcome, SentMessage) else None for _, outcome in sent],
        "messages": [outcome.message_id if isinstance(outcome, SentMessage) else None for _, outcome in sent],
        "now": now,
        "kept": [str(code) for code in DM_REFUSED],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_SENT, params)
        for (milliseconds,) in cursor.fetchall():
            LATENESS.observe(milliseconds / 1000)
        if any(job.shared for job, _ in sent):
            cursor.execute(_COPY_SENT, params)


def _record_limited(limited: Sequence[tuple[Job, RateLimited]], now: datetime) -> None:
    """Save that messages wait for a rate limit, in one statement; `record_failure` does the same to one.

    A storm in a few channels meets their limits again and again; one by one, that took a third of notifyd's time.
    """
    params: dict[str, Any] = {
        "ids": [job.pk for job, _ in limited],
        "times": [now + policy.backoff(0, error.retry_after) for _, error in limited],
        "errors": [str(error)[:300] for _, error in limited],
        "first": [job.message.first_attempt_at is None for job, _ in limited],
        "code": str(RateLimited.code),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_LIMITED, params)


def _update_dm_channels(sent: Sequence[tuple[Job, Sent]]) -> None:
    """Store the channels of people's DMs. In a transaction of its own: persons are locked before all else.

    Who is locked just now is left out, as one transaction locks one person; their next message stores it.
    """
    channels = {
        job.message.user_id: outcome.channel_id
        for job, outcome in sent
        # Opening a channel is limited more strictly than writing in one.
        if isinstance(outcome, SentMessage)
        and job.message.user_id is not None
        and job.message.channel_id != outcome.channel_id
    }
    if channels:
        with connection.cursor() as cursor:
            cursor.execute(_UPDATE_DM_CHANNELS, {"ids": list(channels), "channels": list(channels.values())})


def _record_outcome(job: Job, outcome: SendResult, now: datetime) -> None:
    if job.post is not None:
        assert not isinstance(outcome, PushOutcome), "a post goes to a channel"
        _record_post(job, job.post, outcome, now)
    else:
        assert not isinstance(outcome, Answer), "a delivery goes to a person"
        _update_dm_channel(job.message, outcome)
        _record_delivery(job.pk, job.message, outcome, now)
    if isinstance(outcome, PermanentError):
        _update_directory(job.message, outcome, now)


def _update_dm_channel(message: OutgoingMessage, outcome: DeliveryResult) -> None:
    """Store or forget the channel of a person's DMs. In no transaction: persons are locked before all else."""
    person = User.objects.filter(pk=message.user_id or 0)
    if isinstance(outcome, SentMessage):
        if message.user_id is not None and message.channel_id != outcome.channel_id:
            # Opening a channel is limited more strictly than writing in one.
            person.update(dm_channel_id=outcome.channel_id)
    elif not isinstance(outcome, PushOutcome) and _has_stale_dm_channel(message, outcome):
        person.update(dm_channel_id=None)


def _has_stale_dm_channel(message: OutgoingMessage, error: TemporaryError | PermanentError) -> bool:
    """Return whether the stored channel is not ours, as after a change of the bot's application."""
    return bool(message.user_id and message.channel_id and error.code in STALE_DM_CODES)


def _update_directory(message: OutgoingMessage, error: PermanentError, now: datetime) -> None:
    """Save what an error reveals of people and channels. Runs last, for it may take games' locks, which come first."""
    if message.user_id is None:
        if error.code == PermanentError.UNKNOWN_CHANNEL and message.channel_id is not None:
            upsert.mark_channel_deleted(message.channel_id, now)
    elif error.code == PermanentError.CLOSED_DMS:
        upsert.mark_dms_closed(message.user_id, now)


GAME_OF_POST = CompiledQuery(lambda pk: Notification.objects.filter(pk=pk).values_list("game_id"))
LOCKED_POST = CompiledQuery(
    lambda pk: Notification.objects.select_for_update(no_key=True, of=("self",)).select_related("game").filter(pk=pk)
)


@transaction.atomic
def _record_post(
    job: Job, rendered: BuiltPost, outcome: SentMessage | Answer | TemporaryError | PermanentError, now: datetime
) -> None:
    lock_games([game_id for (game_id,) in GAME_OF_POST.all(job.pk)])
    row = LOCKED_POST.first(job.pk)
    if row is None:  # deleted meanwhile, with its game
        return
    is_rescheduled = row.due_at != row.leased_until  # the lease set both to one time
    row.leased_until = None
    kind = get_post_type(row.kind)
    if isinstance(outcome, SentMessage | Answer):
        if isinstance(outcome, SentMessage):
            kind.on_synced(row, rendered, outcome, now)
        elif kind.on_answered is not None:
            kind.on_answered(row, rendered, outcome, now)
        row.error, row.attempts, row.first_attempt_at = "", 0, None
        if job.may_exist_already:
            # Discord returns what the first attempt created, which may show an older state of the game: edit it.
            row.due_at = now
        elif row.post_version == rendered.post_version and not is_rescheduled:
            _close_or_wait(row, kind, now)
        # Otherwise it was scheduled again during the edit: it stays open, due when that change set.
    elif isinstance(outcome, TemporaryError):
        row.error = str(outcome)[:300]
        row.due_at = now + policy.backoff(row.attempts, outcome.retry_after)
        if isinstance(outcome, RateLimited):
            _undo_attempt(row, rendered.message)
        elif _should_give_up(row, outcome, now):
            close_given_up(row, now)
        else:
            _log_retry(row, outcome, row.due_at - now)
    elif kind.on_failed(row, outcome, now) or row.post_version != rendered.post_version:
        # To be created again, or scheduled again meanwhile, perhaps for another channel: so this error is not final.
        row.error, row.due_at = str(outcome)[:300], now
    else:
        _close_or_wait(row, kind, now)
        row.error = str(outcome)[:300]
        if row.closed_at is not None:
            row.skip_code, row.skip_reason = SkipCode.REFUSED, f"{SkipCode.REFUSED.label}: {outcome.code}"
        log.warning("The %s stays undone: %s", row, outcome)
    row.save()


def _close_or_wait(row: Notification, kind: SyncedPost, now: datetime) -> None:
    """Close a post's row, or have it wait until its time to be looked at again."""
    again = kind.next_at(row, now)
    if again is None:
        row.closed_at = now
    else:
        row.due_at, row.attempts, row.first_attempt_at = again, 0, None


@transaction.atomic
def _record_delivery(pk: int, message: OutgoingMessage, outcome: DeliveryResult, now: datetime) -> None:
    delivery = (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notification", "recipient")
        .filter(pk=pk)
        .first()
    )
    if delivery is None:  # deleted meanwhile, with its server or with who wrote it
        return
    if not isinstance(outcome, Sent):
        record_failure(delivery, message, outcome, now)
        return
    delivery.status, delivery.sent_at, delivery.leased_until = DeliveryStatus.SENT, now, None
    if isinstance(outcome, SentMessage):
        delivery.channel_id, delivery.message_id = outcome.channel_id, outcome.message_id
    delivery.lateness_ms = min((now - delivery.notification.due_at) // timedelta(milliseconds=1), 2**31 - 1)
    # What kept it from their direct messages stays, for those who ask why they were called in the channel.
    kept = delivery.error_code if delivery.in_channel and delivery.error_code in DM_REFUSED else ""
    delivery.error_code, delivery.error = kept, ""
    delivery.save()
    LATENESS.observe(delivery.lateness_ms / 1000)
    _copy_outcome(delivery)


def _copy_outcome(delivery: Delivery) -> None:
    row = delivery.notification
    if get_message_type(row.kind).is_shared(row):
        shared_messages.copy_outcome(delivery)


def record_failure(
    delivery: Delivery, message: OutgoingMessage | None, error: TemporaryError | PermanentError, now: datetime
) -> None:
    """Save why a message was not sent, and when it is tried again; `message` is None if it could not be built."""
    delivery.leased_until = None
    delivery.error_code, delivery.error = str(error.code)[:32], str(error)[:300]
    if isinstance(error, TemporaryError):
        delivery.next_attempt_at = now + policy.backoff(delivery.attempts, error.retry_after)
        if delivery.push == PushUse.CHOSEN and _is_late_then(delivery, now):
            _send_as_direct_message(delivery, error, now)
        elif isinstance(error, RateLimited) and message is not None:
            _undo_attempt(delivery, message)
        elif _should_give_up(delivery, error, now):
            delivery.status = DeliveryStatus.FAILED
            delivery.error_code = SkipCode.GAVE_UP
            delivery.error = f"Gave up after {delivery.attempts} tries: {error}"[:300]
            log.warning("The %s failed. %s", delivery, delivery.error)
        else:
            _log_retry(delivery, error, delivery.next_attempt_at - now)
    elif error.code == PermanentError.NO_DEVICE:
        _send_as_direct_message(delivery, error, now)
    elif error.code in DM_REFUSED and not delivery.in_channel:
        _fall_back_to_channel_when_refused(delivery, error, now)
    elif message is not None and _has_stale_dm_channel(message, error):
        delivery.next_attempt_at = now
    else:
        delivery.status = DeliveryStatus.UNCERTAIN if error.code == PermanentError.UNCERTAIN else DeliveryStatus.FAILED
        log.warning("The %s is %s: %s", delivery, delivery.status_text, error)
    delivery.save()
    _copy_outcome(delivery)


def _is_late_then(delivery: Delivery, now: datetime) -> bool:
    """Return whether the next attempt comes so long after the first that another way is better."""
    return delivery.next_attempt_at - (delivery.first_attempt_at or now) > policy.LATE_AFTER


def _send_as_direct_message(delivery: Delivery, error: TemporaryError | PermanentError, now: datetime) -> None:
    """Move a delivery from devices to direct messages, as a new message due now."""
    delivery.push = PushUse.REFUSED
    _start_over(delivery, now)
    log.info("The %s goes as a direct message instead: %s", delivery, error)


def _fall_back_to_channel_when_refused(delivery: Delivery, error: PermanentError, now: datetime) -> None:
    """Move a delivery to the channel, as a new message due now, since Discord refused a direct message."""
    delivery.in_channel = True
    _start_over(delivery, now)
    log.info("The %s goes to the channel instead: %s", delivery, error)


def _start_over(delivery: Delivery, now: datetime) -> None:
    """Have a delivery sent elsewhere, as a new message due now."""
    delivery.nonce = new_nonce()
    delivery.attempts, delivery.first_attempt_at, delivery.next_attempt_at = 0, None, now


def _undo_attempt(row: Notification | Delivery, message: OutgoingMessage) -> None:
    """Uncount an attempt that a rate limit stopped."""
    row.attempts = max(row.attempts - 1, 0)
    if message.first_attempt_at is None:
        row.first_attempt_at = None


def _should_give_up(row: Notification | Delivery, error: TemporaryError, now: datetime) -> bool:
    """Return whether to stop trying: after MAX_ATTEMPTS for our own errors, at the deadline for temporary ones."""
    if isinstance(error, InternalError):
        return row.attempts >= policy.MAX_ATTEMPTS
    return policy.should_give_up(row.first_attempt_at, row.expires_at, now)


def _log_retry(what: Notification | Delivery, error: TemporaryError, wait: timedelta) -> None:
    log.warning("Trying the %s again in %.0f s: %s", what, wait.total_seconds(), error)


def close_given_up(row: Notification, now: datetime) -> None:
    """Close a notification that failed too often; the caller saves it."""
    row.closed_at, row.skip_code = now, SkipCode.GAVE_UP
    row.skip_reason = f"{SkipCode.GAVE_UP.label} after {row.attempts} tries"
