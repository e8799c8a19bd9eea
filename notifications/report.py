"""Statistics of deliveries, for whoever runs the site. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, Count, DateTimeField, F, Min, Q, QuerySet, When
from django.db.models.functions import Coalesce, Greatest

from notifications.models import Delivery, DeliveryStatus, Heartbeat, Notification
from notifications.types import user_message_types

HOURS = 48


@dataclass(frozen=True)
class QueueReport:
    """The queue: what is due now, how late the latest is, those in flight, those of the next hour, those retried."""

    due: int
    oldest: timedelta
    in_flight: int
    next_hour: int
    retried: int


@dataclass(frozen=True)
class HourReport:
    """One hour's messages: how many were sent and failed, and the median and 99th percentile of lateness.

    Lateness is in seconds from due to sent; None if nothing was sent. Manual resends do not count.
    """

    begin: datetime
    sent: int
    p50: float | None
    p99: float | None
    failed: int


def lateness(now: datetime) -> timedelta:
    """Return how late what waits longest is: by when it was first due, as each try moves when it is due next."""
    first_due = Case(
        When(resend_of=None, then="notification__due_at"), default=Coalesce("first_attempt_at", "next_attempt_at")
    )
    begun = Greatest(first_due, "notification__created_at")
    messages = Delivery.objects.deliverable().aggregate(first=Min(begun, output_field=DateTimeField()))["first"]
    posts = Notification.objects.deliverable().aggregate(first=Min(Coalesce("first_attempt_at", "due_at")))["first"]
    return max((now - first for first in (messages, posts) if first is not None and first < now), default=timedelta())


def queue_report(now: datetime) -> QueueReport:
    rows = Notification.objects.deliverable()
    deliveries = Delivery.objects.deliverable()
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due_rows, due_tries = rows.filter(free, due_at__lte=now), deliveries.filter(free, next_attempt_at__lte=now)
    soon = now + timedelta(hours=1)
    return QueueReport(
        due=due_rows.count() + due_tries.count(),
        oldest=lateness(now),
        in_flight=rows.filter(leased_until__gt=now).count() + deliveries.filter(leased_until__gt=now).count(),
        next_hour=rows.filter(free, due_at__gt=now, due_at__lte=soon).count(),
        retried=rows.exclude(error="").count() + deliveries.exclude(error="").count(),
    )


# A failure has no own time, so next_attempt_at stands for it.
_HOURLY_SQL = """
SELECT hours.begin, count(sent_at),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY lateness_ms) / 1000,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY lateness_ms) / 1000,
    count(failed_at)
FROM generate_series(
    date_trunc('hour', %(now)s::timestamptz) - %(hours)s * interval '1 hour',
    date_trunc('hour', %(now)s::timestamptz), interval '1 hour'
) AS hours(begin)
LEFT JOIN (
    SELECT date_trunc('hour', sent_at) AS begin, sent_at, lateness_ms, NULL::timestamptz AS failed_at
    FROM notifications_delivery WHERE status = 'sent' AND resend_of_id IS NULL AND sent_at >= %(since)s
    UNION ALL
    SELECT date_trunc('hour', next_attempt_at), NULL, NULL, next_attempt_at
    FROM notifications_delivery WHERE status IN ('failed', 'uncertain') AND next_attempt_at >= %(since)s
    UNION ALL
    SELECT date_trunc('hour', closed_at), NULL, NULL, closed_at
    FROM notifications_notification WHERE error <> '' AND skip_code <> '' AND closed_at >= %(since)s
) AS happened USING (begin)
GROUP BY hours.begin ORDER BY hours.begin
"""


def hourly_reports(now: datetime) -> list[HourReport]:
    """Return the last 48 hours, the present one last."""
    with connection.cursor() as cursor:
        since = now - timedelta(hours=HOURS)
        cursor.execute(_HOURLY_SQL, {"now": now, "hours": HOURS - 1, "since": since})
        return [HourReport(*row) for row in cursor.fetchall()]


def heartbeats() -> list[Heartbeat]:
    """Return the programs' heartbeats, by name."""
    return list(Heartbeat.objects.order_by("name"))


def paused_guilds() -> list[tuple[str, int]]:
    """Return names of guilds that the bot was removed from, and how many rows wait there for its return."""
    rows = Notification.objects.open().filter(game__guild__bot_removed_at__isnull=False)
    return list(rows.order_by("game__guild__name").values_list("game__guild__name").annotate(n=Count("pk")))


def skip_reasons(now: datetime) -> list[tuple[str, int]]:
    """Return why due messages of the last 48 hours were not sent, and how often, the most frequent first."""
    since = now - timedelta(hours=HOURS)
    notifications = Notification.objects.filter(
        kind__in=user_message_types(), closed_at__gte=since, due_at__lte=F("closed_at")
    )
    deliveries = Delivery.objects.filter(status=DeliveryStatus.DROPPED, next_attempt_at__gte=since)
    counts: dict[str, int] = {}
    for why, count in (
        *notifications.exclude(skip_code="").order_by().values_list("skip_reason").annotate(n=Count("pk")),
        *deliveries.order_by().values_list("error").annotate(n=Count("pk")),
    ):
        counts[why] = counts.get(why, 0) + count
    return sorted(counts.items(), key=lambda pair: -pair[1])


def deliveries() -> "QuerySet[Delivery]":
    """Return the whole record, the latest first, with what is shown of each."""
    return Delivery.objects.select_related("notification", "recipient").order_by("-pk")


def waiting(now: datetime) -> int:
    """Return how many messages and posts are due and not sent, tried before or not."""
    rows = Notification.objects.deliverable().filter(Q(due_at__lte=now) | Q(first_attempt_at__isnull=False))
    return rows.count() + Delivery.objects.deliverable().count()


def undelivered() -> "tuple[Any, Any]":
    """Return what will not be sent without someone's help: failed and uncertain deliveries, and posts that gave up."""
    deliveries = Delivery.objects.filter(status__in=[DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN], resend=None)
    posts = Notification.objects.filter(~Q(error=""), ~Q(skip_code=""), closed_at__isnull=False)
    return deliveries.select_related("notification", "recipient").order_by("pk"), posts
