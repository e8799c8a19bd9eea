"""notifyd's steps, small and synchronous, which tests call one by one. All use `now` as the current time."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from guilds.directory import upsert
from guilds.models import User
from notifications import policy
from notifications.codes import SkipCode
from notifications.heartbeat import DAEMON_NAME
from notifications.messages import (
    InternalError,
    OutgoingMessage,
    PermanentError,
    RateLimited,
    SentMessage,
    TemporaryError,
)
from notifications.models import (
    Delivery,
    DeliveryMethod,
    DeliveryStatus,
    Heartbeat,
    Notification,
    Preference,
    new_nonce,
)
from notifications.queue import lock_game
from notifications.types import BuiltPost, Skip, expanded_types, get_message_type, get_post_type, post_types

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One message to send now: for a delivery, or for a post (with the version that it shows)."""

    pk: int
    message: OutgoingMessage = field(repr=False)  # a log has no names and no texts
    post: BuiltPost | None = field(default=None, repr=False)
    guild_id: int | None = None

    @property
    def may_exist_already(self) -> bool:
        """Return whether it creates a post that an earlier attempt may have created, showing an older state."""
        return (
            self.message.post is not None
            and self.message.message_id is None
            and self.message.first_attempt_at is not None
        )


SendResult = SentMessage | TemporaryError | PermanentError

# After downtime, what expires first goes first.
EXPIRING_FIRST = F("expires_at").asc(nulls_last=True)
STALE_DM_CODES = {PermanentError.UNKNOWN_CHANNEL, PermanentError.MISSING_PERMISSION}


def release_leases() -> None:
    """Release the leases of the previous sender.

    Only the one sender leases, and its nonces make a repeat harmless, so a killed notifyd delays nothing.
    """
    Notification.objects.open().exclude(leased_until=None).update(due_at=F("created_at"), leased_until=None)
    Delivery.objects.filter(status=DeliveryStatus.PENDING).exclude(leased_until=None).update(leased_until=None)


def create_due_deliveries(now: datetime, limit: int = 200) -> int:
    """Expand due messages into deliveries, each in its own transaction. Return how many rows it looked at."""
    due = Notification.objects.deliverable().filter(kind__in=expanded_types(), due_at__lte=now)
    rows = list(due.order_by(EXPIRING_FIRST, "due_at", "pk").values_list("pk", "game_id")[:limit])
    for pk, game_id in rows:
        try:
            _create_deliveries(pk, game_id, now)
        except OperationalError:  # the database's error, not the row's
            raise
        except Exception as reason:
            # One broken row must not stop the rest.
            log.exception("Notification %s could not be expanded", pk)
            _postpone(pk, now, f"{type(reason).__name__}: {reason}")
    return len(rows)


@transaction.atomic
def _create_deliveries(pk: int, game_id: int | None, now: datetime) -> None:
    lock_game(game_id)
    rows = Notification.objects.open().select_for_update(no_key=True, of=("self",)).select_related("game")
    row = rows.filter(pk=pk, due_at__lte=now).first()
    if row is None:  # moved or closed by an action meanwhile
        return
    expired = policy.is_expired(row.expires_at, now)
    recipients = Skip(SkipCode.EXPIRED) if expired else get_message_type(row.kind).recipients(row, now)
    if isinstance(recipients, Skip):
        row.skip_code, row.skip_reason = recipients.code, recipients.reason
    else:
        fields: dict[str, Any] = {"notification": row, "next_attempt_at": now, "expires_at": row.expires_at}
        Delivery.objects.bulk_create([Delivery(recipient_id=user_id, **fields) for user_id in recipients])
    row.closed_at = now
    row.save(update_fields=["closed_at", "skip_code", "skip_reason"])


def _postpone(pk: int, now: datetime, reason: str) -> None:
    row = Notification.objects.open().filter(pk=pk).first()
    if row is None:
        return
    row.attempts, row.error, row.leased_until = row.attempts + 1, reason[:300], None
    row.due_at = now + policy.backoff(row.attempts, None)
    if row.attempts >= policy.MAX_ATTEMPTS:
        _close_given_up(row, now)
    row.save()


def _close_given_up(row: Notification, now: datetime) -> None:
    row.closed_at, row.skip_code = now, SkipCode.GAVE_UP
    row.skip_reason = f"{SkipCode.GAVE_UP.label} after {row.attempts} tries"


def lease_jobs(now: datetime, limit: int, posts: int | None = None) -> list[Job]:
    """Lease what is due and render it, posts first: a full game's button should not wait behind messages.

    At most `posts` posts, so that messages do not wait behind thousands of them.
    """
    leased_posts = _lease_posts(now, limit if posts is None else min(limit, posts))
    jobs = [job for pk in leased_posts if (job := _build_post(pk, now))]
    left = limit - len(jobs)
    ids = _lease_deliveries(now, left)
    leased = Delivery.objects.select_related("notification__game", "recipient").in_bulk(ids)
    preferences = _preferences(leased.values())
    # In the order of the lease: what expires first goes first.
    deliveries = [leased[pk] for pk in ids if pk in leased]
    return jobs + [
        job for delivery in deliveries if (job := _build_delivery(delivery, preferences.get(delivery.pk), now))
    ]


@transaction.atomic
def _lease_posts(now: datetime, limit: int) -> list[int]:
    rows = Notification.objects.deliverable().filter(kind__in=post_types(), due_at__lte=now)
    free = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now)).order_by("due_at", "pk")
    ids = _lock_ids(free, limit)
    # due_at moves to the lease's end, so that a change made during the edit sets the time of the next one.
    until = now + settings.NOTIFY_LEASE
    Notification.objects.filter(pk__in=ids).update(leased_until=until, due_at=until, **_attempt_fields(now))
    return ids


@transaction.atomic
def _lease_deliveries(now: datetime, limit: int) -> list[int]:
    rows = Delivery.objects.deliverable().filter(next_attempt_at__lte=now)
    free = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now)).order_by(
        EXPIRING_FIRST, "next_attempt_at", "pk"
    )
    ids = _lock_ids(free, limit)
    Delivery.objects.filter(pk__in=ids).update(leased_until=now + settings.NOTIFY_LEASE, **_attempt_fields(now))
    return ids


def _lock_ids(rows: "models.QuerySet[Any]", limit: int) -> list[int]:
    return list(
        rows.select_for_update(skip_locked=True, no_key=True, of=("self",)).values_list("pk", flat=True)[:limit]
    )


def _attempt_fields(now: datetime) -> dict[str, Any]:
    return {
        "attempts": F("attempts") + 1,
        "first_attempt_at": Coalesce("first_attempt_at", now, output_field=models.DateTimeField()),
    }


def _build_post(pk: int, now: datetime) -> Job | None:
    row = Notification.objects.select_related("game").get(pk=pk)
    try:
        rendered = get_post_type(row.kind).build_message(row, now)
    except Exception as reason:
        log.exception("Post %s could not be rendered", pk)
        _postpone(pk, now, f"{type(reason).__name__}: {reason}")
        return None
    if isinstance(rendered, Skip):
        # Not an error for anyone to fix. A change made meanwhile, such as another channel in place of a deleted one,
        # keeps the row open: closed with it, that change was never posted.
        rows = Notification.objects.open().filter(pk=pk)
        closed = rows.filter(post_version=row.post_version).update(
            closed_at=now, skip_code=rendered.code, skip_reason=rendered.reason, error=""
        )
        if not closed:
            rows.update(leased_until=None)
        return None
    return Job(pk, rendered.message, rendered, _guild_id(row))


def _preferences(deliveries: Iterable[Delivery]) -> dict[int, Preference]:
    """Return the recipients' preferences by delivery, for the guild of each. Takes one query, however many."""
    about = {
        row.pk: (row.recipient_id, guild_id)
        for row in deliveries
        if (guild_id := get_message_type(row.notification.kind).guild(row.notification)) is not None
    }
    people, guilds = ({pair[at] for pair in about.values()} for at in (0, 1))
    preferences = Preference.objects.select_related("user").filter(user__in=people, guild__in=guilds) if about else ()
    by_pair = {(one.user_id, one.guild_id): one for one in preferences}
    return {pk: by_pair[pair] for pk, pair in about.items() if pair in by_pair}


def _build_delivery(delivery: Delivery, preference: Preference | None, now: datetime) -> Job | None:
    pk = delivery.pk
    _fall_back_to_channel_before_sending(delivery, preference, now)
    render = get_message_type(delivery.notification.kind).build_message
    try:
        if policy.is_expired(delivery.expires_at, now):
            message: OutgoingMessage | Skip = Skip(SkipCode.EXPIRED)
        elif delivery.recipient.forgotten_at is not None:
            message = Skip(SkipCode.FORGOTTEN)
        elif preference is not None and preference.method == DeliveryMethod.NONE:
            message = Skip(SkipCode.UNWANTED)
        else:
            message = render(delivery, now) if render else Skip(SkipCode.NO_MESSAGE)
    except Exception as reason:
        log.exception("Delivery %s could not be rendered", pk)
        _record_failure(delivery, None, InternalError(f"{type(reason).__name__}: {reason}"), now)
        return None
    if isinstance(message, Skip):
        Delivery.objects.filter(pk=pk).update(
            status=DeliveryStatus.DROPPED, error_code=message.code, error=message.reason, leased_until=None
        )
        return None
    if preference is not None and preference.is_quiet(now):
        message = replace(message, silent=True)
    return Job(pk, message, guild_id=_guild_id(delivery.notification))


def _fall_back_to_channel_before_sending(delivery: Delivery, preference: Preference | None, now: datetime) -> None:
    """Move a delivery to the channel if its recipient prefers that, or is known to have closed their DMs."""
    mention = preference is not None and preference.method == DeliveryMethod.MENTION
    # After an attempt it may be in their direct messages already.
    first = policy.earlier_attempt_at(delivery.first_attempt_at, now) is None
    if first and (mention or delivery.recipient.dm_closed_at is not None) and not delivery.in_channel:
        # Discord would refuse a message to closed DMs, and counts refusals.
        delivery.in_channel = True
        delivery.save(update_fields=["in_channel"])


def _guild_id(row: Notification) -> int | None:
    game: Any = row.game
    return game.guild_id if game is not None else None


def record(results: list[tuple[Job, SendResult]], now: datetime) -> None:
    """Save the results of the messages, each in its own transaction."""
    # First of all: if killed over and over in the middle, the database would seem older than Discord.
    message_ids = [
        out.message_id for job, out in results if isinstance(out, SentMessage) and job.message.message_id is None
    ]
    if message_ids:
        Heartbeat.objects.filter(name=DAEMON_NAME).update(
            newest_message_id=Greatest("newest_message_id", max(message_ids))
        )
    for job, outcome in results:
        try:
            _record_outcome(job, outcome, now)
        except OperationalError:
            raise
        except Exception:
            # The row may have been deleted with its guild. Otherwise the lease ends, and it is tried again.
            log.exception("What became of %s could not be written down", job)


def _record_outcome(job: Job, outcome: SendResult, now: datetime) -> None:
    if job.post is not None:
        _record_post(job, job.post, outcome, now)
    else:
        _update_dm_channel(job.message, outcome)
        _record_delivery(job.pk, job.message, outcome, now)
    if isinstance(outcome, PermanentError):
        _update_directory(job.message, outcome, now)


def _update_dm_channel(message: OutgoingMessage, outcome: SendResult) -> None:
    """Store or forget the channel of a person's DMs. In no transaction: persons are locked before all else."""
    person = User.objects.filter(pk=message.user_id or 0)
    if isinstance(outcome, SentMessage):
        if message.user_id is not None and message.channel_id != outcome.channel_id:
            # Opening a channel is limited more strictly than writing in one.
            person.update(dm_channel_id=outcome.channel_id)
    elif _has_stale_dm_channel(message, outcome):
        person.update(dm_channel_id=None)


def _has_stale_dm_channel(message: OutgoingMessage, error: TemporaryError | PermanentError) -> bool:
    """Return whether the stored channel is not ours, as after a change of the bot's application."""
    return bool(message.user_id and message.channel_id and error.code in STALE_DM_CODES)


def _update_directory(message: OutgoingMessage, error: PermanentError, now: datetime) -> None:
    """Save what an error reveals of people and channels. Runs last, for it may take games' locks, which come first."""
    if message.user_id is None:
        if error.code == PermanentError.UNKNOWN_CHANNEL and message.channel_id is not None:
            upsert.mark_channel_deleted(message.channel_id, now)
    elif error.code == PermanentError.LEFT:
        upsert.mark_user_left_all_guilds(message.user_id, now)
    elif error.code == PermanentError.CLOSED_DMS:
        upsert.mark_dms_closed(message.user_id, now)


@transaction.atomic
def _record_post(job: Job, rendered: BuiltPost, outcome: SendResult, now: datetime) -> None:
    lock_game(Notification.objects.filter(pk=job.pk).values_list("game_id", flat=True).first())
    row = Notification.objects.select_for_update(no_key=True, of=("self",)).select_related("game").get(pk=job.pk)
    row.leased_until = None
    kind = get_post_type(row.kind)
    if isinstance(outcome, SentMessage):
        kind.on_synced(row, rendered, outcome, now)
        row.error, row.attempts, row.first_attempt_at = "", 0, None
        if job.may_exist_already:
            # Discord returns what the first attempt created, which may show an older state of the game: edit it.
            row.due_at = now
        elif row.post_version == rendered.post_version:
            row.closed_at = now
        # Otherwise it was scheduled again during the edit: it stays open, due when that change set.
    elif isinstance(outcome, TemporaryError):
        row.error = str(outcome)[:300]
        row.due_at = now + policy.backoff(row.attempts, outcome.retry_after)
        if isinstance(outcome, RateLimited):
            _undo_attempt(row, rendered.message)
        elif _should_give_up(row, outcome, now):
            _close_given_up(row, now)
        else:
            _log_retry(row, outcome, row.due_at - now)
    elif kind.on_failed(row, outcome, now) or row.post_version != rendered.post_version:
        # To be created again, or scheduled again meanwhile, perhaps for another channel: so this error is not final.
        row.error, row.due_at = str(outcome)[:300], now
    else:
        row.closed_at, row.error = now, str(outcome)[:300]
        row.skip_code, row.skip_reason = SkipCode.REFUSED, f"{SkipCode.REFUSED.label}: {outcome.code}"
        log.warning("The %s stays undone: %s", row, outcome)
    row.save()


@transaction.atomic
def _record_delivery(pk: int, message: OutgoingMessage, outcome: SendResult, now: datetime) -> None:
    delivery = (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notification", "recipient")
        .filter(pk=pk)
        .first()
    )
    if delivery is None:  # deleted meanwhile, with its server or with who wrote it
        return
    if not isinstance(outcome, SentMessage):
        _record_failure(delivery, message, outcome, now)
        return
    delivery.status, delivery.sent_at, delivery.leased_until = DeliveryStatus.SENT, now, None
    delivery.channel_id, delivery.message_id = outcome.channel_id, outcome.message_id
    delivery.lateness_ms = min(int((now - delivery.notification.due_at).total_seconds() * 1000), 2**31 - 1)
    delivery.error_code = delivery.error = ""
    delivery.save()


def _record_failure(
    delivery: Delivery, message: OutgoingMessage | None, error: TemporaryError | PermanentError, now: datetime
) -> None:
    delivery.leased_until = None
    delivery.error_code, delivery.error = str(error.code)[:32], str(error)[:300]
    if isinstance(error, TemporaryError):
        delivery.next_attempt_at = now + policy.backoff(delivery.attempts, error.retry_after)
        if isinstance(error, RateLimited) and message is not None:
            _undo_attempt(delivery, message)
        elif _should_give_up(delivery, error, now):
            delivery.status = DeliveryStatus.FAILED
            delivery.error_code = SkipCode.GAVE_UP
            delivery.error = f"Gave up after {delivery.attempts} tries: {error}"[:300]
            log.warning("The %s failed. %s", delivery, delivery.error)
        else:
            _log_retry(delivery, error, delivery.next_attempt_at - now)
    elif error.code == PermanentError.CLOSED_DMS and not delivery.in_channel:
        _fall_back_to_channel_when_refused(delivery, error, now)
    elif message is not None and _has_stale_dm_channel(message, error):
        delivery.next_attempt_at = now
    else:
        delivery.status = DeliveryStatus.UNCERTAIN if error.code == PermanentError.UNCERTAIN else DeliveryStatus.FAILED
        log.warning("The %s is %s: %s", delivery, delivery.status_text, error)
    delivery.save()


def _fall_back_to_channel_when_refused(delivery: Delivery, error: PermanentError, now: datetime) -> None:
    """Move a delivery to the channel, as a new message due now, since Discord found the DMs closed."""
    delivery.in_channel = True
    delivery.nonce = new_nonce()
    delivery.attempts, delivery.first_attempt_at, delivery.next_attempt_at = 0, None, now
    log.info("The %s goes to the channel instead: %s", delivery, error)


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
    log.warning("The %s is tried again in %.0f s: %s", what, wait.total_seconds(), error)


def next_due(posts: bool = True) -> datetime | None:
    """Return when the next row without a lease is due, with or without posts; None if there is none.

    A lease that ran out with its result lost is found when the capped sleep ends, at the latest.
    """
    rows = Notification.objects.deliverable().filter(leased_until=None).order_by("due_at")
    if not posts:
        rows = rows.filter(kind__in=expanded_types())
    tries = Delivery.objects.deliverable().filter(leased_until=None).order_by("next_attempt_at")
    times = [*rows.values_list("due_at", flat=True)[:1], *tries.values_list("next_attempt_at", flat=True)[:1]]
    return min(times, default=None)
