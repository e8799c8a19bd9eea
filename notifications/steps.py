"""What notifyd does, in small synchronous steps that tests call one by one. All are judged by `now`."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from guilds.actions import see_user_gone
from guilds.models import User
from notifications import rules
from notifications.kinds import Drop, Rendered, letter_kind, letter_kinds, post_kind, post_kinds
from notifications.letter import Letter, Passing, Permanent, Sent
from notifications.models import Delivery, Heartbeat, Notification, Status, new_nonce

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One letter to send now: for a delivery, or (with the revision it shows) for a post."""

    pk: int
    letter: Letter
    rendered: Rendered | None = None


Outcome = Sent | Passing | Permanent


def take_over() -> None:
    """Forget the leases of whoever spoke before.

    Only the one speaker leases, and its nonces make a repeat harmless, so a killed notifyd delays nothing.
    """
    Notification.objects.open().exclude(leased_until=None).update(due_at=F("created_at"), leased_until=None)
    Delivery.objects.filter(status=Status.PENDING).exclude(leased_until=None).update(leased_until=None)


def expand_due(now: datetime, limit: int = 200) -> int:
    """Turn due letters into deliveries, each in a transaction of its own. Says how many rows it looked at."""
    due = Notification.objects.open().filter(kind__in=letter_kinds(), due_at__lte=now).order_by("due_at", "pk")
    found = list(due.values_list("pk", "game_id")[:limit])
    for pk, game_id in found:
        try:
            _expand(pk, game_id, now)
        except Exception as reason:
            # One poisoned row must not silence the rest.
            log.exception("Notification %s could not be expanded", pk)
            _set_aside(pk, now, f"{type(reason).__name__}: {reason}")
    return len(found)


@transaction.atomic
def _expand(pk: int, game_id: int | None, now: datetime) -> None:
    _lock_game(game_id)
    rows = Notification.objects.open().select_for_update(no_key=True, of=("self",)).select_related("game")
    row = rows.filter(pk=pk, due_at__lte=now).first()
    if row is None:  # moved or closed by a verb meanwhile
        return
    meant = letter_kind(row.kind).expand(row, now)
    if isinstance(meant, Drop):
        row.dropped = meant.reason
    else:
        Delivery.objects.bulk_create(
            [Delivery(notification=row, recipient_id=user_id, next_try_at=now) for user_id in meant]
        )
    row.closed_at = now
    row.save(update_fields=["closed_at", "dropped"])


def _lock_game(game_id: int | None) -> None:
    """First in the one lock order: game, notification, delivery. Claiming first deadlocks with the verbs."""
    games: type[models.Model] = Notification._meta.get_field("game").related_model
    list(games._default_manager.select_for_update(no_key=True).filter(pk=game_id).values_list("pk"))


def _set_aside(pk: int, now: datetime, why: str) -> None:
    row = Notification.objects.open().filter(pk=pk).first()
    if row is None:
        return
    row.attempts += 1
    row.error = why[:300]
    row.leased_until = None
    row.due_at = now + rules.backoff(row.attempts, None)
    if row.attempts >= rules.MAX_ATTEMPTS:
        row.closed_at, row.dropped = now, f"gave up after {row.attempts} tries"
    row.save()


def take_jobs(now: datetime, limit: int) -> list[Job]:
    """Lease what is due and render it, posts first: a full game's button should not wait behind letters."""
    jobs = [job for pk in _lease_posts(now, limit) if (job := _render_post(pk, now))]
    left = limit - len(jobs)
    return jobs + [job for pk in _lease_deliveries(now, left) if (job := _render_delivery(pk, now))]


@transaction.atomic
def _lease_posts(now: datetime, limit: int) -> list[int]:
    rows = Notification.objects.open().filter(kind__in=post_kinds(), due_at__lte=now)
    found = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now)).order_by("due_at", "pk")
    ids = list(found.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:limit])
    # due_at moves to the lease's end, so that a change made during the edit sets the time of the next one.
    until = now + rules.LEASE
    Notification.objects.filter(pk__in=ids).update(leased_until=until, due_at=until, attempts=F("attempts") + 1)
    return ids


@transaction.atomic
def _lease_deliveries(now: datetime, limit: int) -> list[int]:
    rows = Delivery.objects.filter(status=Status.PENDING, next_try_at__lte=now)
    found = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now)).order_by("next_try_at", "pk")
    ids = list(found.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:limit])
    Delivery.objects.filter(pk__in=ids).update(
        leased_until=now + rules.LEASE,
        attempts=F("attempts") + 1,
        first_tried_at=Coalesce("first_tried_at", now, output_field=models.DateTimeField()),
    )
    return ids


def _render_post(pk: int, now: datetime) -> Job | None:
    row = Notification.objects.select_related("game").get(pk=pk)
    try:
        rendered = post_kind(row.kind).render(row, now)
    except Exception as reason:
        log.exception("Post %s could not be rendered", pk)
        _set_aside(pk, now, f"{type(reason).__name__}: {reason}")
        return None
    if isinstance(rendered, Drop):
        Notification.objects.open().filter(pk=pk).update(closed_at=now, dropped=rendered.reason)
        return None
    return Job(pk, rendered.letter, rendered)


def _render_delivery(pk: int, now: datetime) -> Job | None:
    delivery = Delivery.objects.select_related("notification__game", "recipient").get(pk=pk)
    render = letter_kind(delivery.notification.kind).render
    try:
        letter = render(delivery, now) if render else Drop("this kind has no letter")
    except Exception as reason:
        log.exception("Delivery %s could not be rendered", pk)
        _failed(delivery, Passing(f"{type(reason).__name__}: {reason}"), now)
        return None
    if isinstance(letter, Drop):
        Delivery.objects.filter(pk=pk).update(status=Status.DROPPED, error=letter.reason, leased_until=None)
        return None
    return Job(pk, letter)


def record(results: list[tuple[Job, Outcome]], now: datetime) -> None:
    """Write down what became of the letters, each in a transaction of its own."""
    for job, outcome in results:
        if job.rendered is not None:
            _record_post(job.pk, job.rendered, outcome, now)
        else:
            _record_delivery(job.pk, outcome, now)
            if isinstance(outcome, Permanent) and outcome.code == Permanent.LEFT and job.letter.user_id:
                # Afterwards, for it takes games' locks, which come before a delivery's.
                see_user_gone(job.letter.user_id, now)


@transaction.atomic
def _record_post(pk: int, rendered: Rendered, outcome: Outcome, now: datetime) -> None:
    _lock_game(Notification.objects.filter(pk=pk).values_list("game_id", flat=True).first())
    row = Notification.objects.select_for_update(no_key=True, of=("self",)).select_related("game").get(pk=pk)
    row.leased_until = None
    kind = post_kind(row.kind)
    if isinstance(outcome, Sent):
        kind.shown(row, rendered, outcome, now)
        row.error, row.attempts = "", 0
        # Asked for again while we were editing: it stays open, due when that change said.
        if row.revision == rendered.revision:
            row.closed_at = now
    elif isinstance(outcome, Passing):
        row.error = str(outcome)[:300]
        row.due_at = now + rules.backoff(row.attempts, outcome.retry_after)
        _log_again(row, outcome, row.due_at - now)
        if row.attempts >= rules.MAX_ATTEMPTS * 3:
            row.closed_at, row.dropped = now, f"gave up after {row.attempts} tries"
    elif kind.failed(row, outcome, now):
        row.error, row.due_at = str(outcome)[:300], now
    else:
        row.closed_at, row.error, row.dropped = now, str(outcome)[:300], f"refused: {outcome.code}"
        log.warning("The %s stays undone: %s", row, outcome)
    row.save()


@transaction.atomic
def _record_delivery(pk: int, outcome: Outcome, now: datetime) -> None:
    delivery = (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notification", "recipient")
        .get(pk=pk)
    )
    if not isinstance(outcome, Sent):
        _failed(delivery, outcome, now)
        return
    delivery.status = Status.SENT
    delivery.sent_at = now
    delivery.leased_until = None
    delivery.channel_id, delivery.message_id = outcome.channel_id, outcome.message_id
    delivery.lateness_ms = min(int((now - delivery.notification.due_at).total_seconds() * 1000), 2**31 - 1)
    delivery.error = ""
    delivery.save()
    if not delivery.in_channel and delivery.recipient.dm_channel_id != outcome.channel_id:
        # Opening a channel is limited more strictly than writing in one.
        User.objects.filter(pk=delivery.recipient_id).update(dm_channel_id=outcome.channel_id)


def _failed(delivery: Delivery, why: Passing | Permanent, now: datetime) -> None:
    delivery.leased_until = None
    delivery.error = str(why)[:300]
    if isinstance(why, Passing):
        delivery.next_try_at = now + rules.backoff(delivery.attempts, why.retry_after)
        if delivery.attempts >= rules.MAX_ATTEMPTS:
            delivery.status = Status.FAILED
            delivery.error = f"Gave up after {delivery.attempts} tries: {why}"[:300]
            log.warning("The %s failed. %s", delivery, delivery.error)
        else:
            _log_again(delivery, why, delivery.next_try_at - now)
    elif why.code == Permanent.CLOSED_DMS and not delivery.in_channel:
        delivery.in_channel = True
        delivery.nonce = new_nonce()
        delivery.attempts, delivery.first_tried_at, delivery.next_try_at = 0, None, now
        log.info("The %s goes to the channel instead: %s", delivery, why)
    else:
        delivery.status = Status.FAILED
        log.warning("The %s failed: %s", delivery, why)
    delivery.save()


def _log_again(what: Notification | Delivery, why: Passing, wait: timedelta) -> None:
    log.warning("The %s is tried again in %.0f s: %s", what, wait.total_seconds(), why)


def next_due() -> datetime | None:
    """When the next row that nobody holds is due; None for none.

    A lease that ran out with its result lost is met at the latest when the capped sleep ends.
    """
    rows = Notification.objects.open().filter(leased_until=None).order_by("due_at")
    tries = Delivery.objects.filter(status=Status.PENDING, leased_until=None).order_by("next_try_at")
    times = [*rows.values_list("due_at", flat=True)[:1], *tries.values_list("next_try_at", flat=True)[:1]]
    return min(times, default=None)


def beat(name: str, now: datetime, note: str = "") -> None:
    """Show that a program is alive."""
    fields: dict[str, Any] = {"at": now, "note": note[:200]}
    Heartbeat.objects.update_or_create(name=name, defaults=fields)
