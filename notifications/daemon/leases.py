"""Leases, each one statement that reads an index as far as it leases: what else is due costs nothing.

By hand, since Django has no UPDATE … RETURNING. `notifications/tests/test_leases.py` holds each against the ORM.
"""

import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from notifications.heartbeat import DAEMON_NAME
from notifications.queue import DUE_CHANNEL
from notifications.types import expanded_types, post_types

# In all of them whether the bot is in the guild is a subquery, which is asked of each row in turn until enough are
# found; a join would be made for all that are due.

# In the order of the index `pending_delivery_expiring`.
_LEASE_DELIVERIES = """
WITH due AS MATERIALIZED (
    SELECT found.id, row_number() OVER () AS place FROM (
        SELECT d.id FROM notifications_delivery d
        WHERE d.status = 'pending' AND d.sent_with_id IS NULL AND d.next_attempt_at <= %(now)s
            AND (d.leased_until IS NULL OR d.leased_until <= %(now)s)
            AND (
                SELECT guild.bot_removed_at FROM notifications_notification n
                JOIN games_game game ON game.id = n.game_id JOIN guilds_guild guild ON guild.id = game.guild_id
                WHERE n.id = d.notification_id
            ) IS NULL
        ORDER BY d.expires_at, d.next_attempt_at, d.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
    ) found
), leased AS (
    UPDATE notifications_delivery d SET leased_until = %(until)s, attempts = d.attempts + 1,
        first_attempt_at = coalesce(d.first_attempt_at, %(now)s)
    FROM due WHERE d.id = due.id RETURNING d.id, due.place
)
SELECT id FROM leased ORDER BY place
"""

# due_at moves to the lease's end, so that a change made during the edit sets the time of the next one.
_LEASE_POSTS = """
WITH due AS MATERIALIZED (
    SELECT found.id, row_number() OVER () AS place FROM (
        SELECT n.id FROM notifications_notification n
        WHERE n.closed_at IS NULL AND n.kind = ANY(%(kinds)s) AND n.due_at <= %(now)s
            AND (n.leased_until IS NULL OR n.leased_until <= %(now)s)
            AND (
                SELECT guild.bot_removed_at FROM games_game game JOIN guilds_guild guild ON guild.id = game.guild_id
                WHERE game.id = n.game_id
            ) IS NULL
        ORDER BY n.due_at, n.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
    ) found
), leased AS (
    UPDATE notifications_notification n SET leased_until = %(until)s, due_at = %(until)s, attempts = n.attempts + 1,
        first_attempt_at = coalesce(n.first_attempt_at, %(now)s)
    FROM due WHERE n.id = due.id RETURNING n.id, due.place
)
SELECT id FROM leased ORDER BY place
"""

_DUE_NOTIFICATIONS = """
SELECT n.id, n.game_id, n.kind FROM notifications_notification n
WHERE n.closed_at IS NULL AND n.kind = ANY(%(kinds)s) AND n.due_at <= %(now)s AND n.due_at >= %(since)s::timestamptz
    AND (
        SELECT guild.bot_removed_at FROM games_game game JOIN guilds_guild guild ON guild.id = game.guild_id
        WHERE game.id = n.game_id
    ) IS NULL
ORDER BY n.expires_at NULLS LAST, n.due_at, n.id LIMIT %(limit)s
"""

# What is due within this time is prepared, and committed when it is due: a lone message takes a dozen statements. Its
# game is locked meanwhile, so the time follows what preparing takes on this machine.
LEAD, LEAST_LEAD, MOST_LEAD = timedelta(milliseconds=30), timedelta(milliseconds=10), timedelta(milliseconds=100)

_LOOK = """
SELECT clock_timestamp(), EXISTS (SELECT FROM notifications_pause WHERE resumed_at IS NULL), (
    SELECT n.due_at FROM notifications_notification n
    WHERE n.closed_at IS NULL AND (n.leased_until IS NULL OR n.leased_until <= statement_timestamp())
        AND n.kind = ANY(%(kinds)s) AND n.due_at >= %(since)s::timestamptz
        AND (
            SELECT guild.bot_removed_at FROM games_game game JOIN guilds_guild guild ON guild.id = game.guild_id
            WHERE game.id = n.game_id
        ) IS NULL
    ORDER BY n.due_at LIMIT 1
), (
    SELECT d.next_attempt_at FROM notifications_delivery d
    WHERE d.status = 'pending' AND d.sent_with_id IS NULL AND d.next_attempt_at >= %(since)s::timestamptz
        AND (d.leased_until IS NULL OR d.leased_until <= statement_timestamp())
        AND (
            SELECT guild.bot_removed_at FROM notifications_notification n
            JOIN games_game game ON game.id = n.game_id JOIN guilds_guild guild ON guild.id = game.guild_id
            WHERE n.id = d.notification_id
        ) IS NULL
    ORDER BY d.next_attempt_at LIMIT 1
), EXISTS (
    SELECT FROM notifications_notification n
    WHERE n.closed_at IS NULL AND (n.leased_until IS NULL OR n.leased_until <= statement_timestamp())
        AND n.kind = ANY(%(post_kinds)s) AND n.due_at <= statement_timestamp() + %(lead)s
        AND n.due_at >= %(since)s::timestamptz
        AND (
            SELECT guild.bot_removed_at FROM games_game game JOIN guilds_guild guild ON guild.id = game.guild_id
            WHERE game.id = n.game_id
        ) IS NULL
)
"""
# The sender's heartbeat and a NOTIFY to itself, in the statement that it makes anyway: idle, it makes no other.
_HEARTBEAT = """
WITH heartbeat AS (
    INSERT INTO notifications_heartbeat (name, at, note) VALUES (%(sender)s, clock_timestamp(), '')
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
)
"""
_SHOW_LIFE_AND_LOOK = f"{_HEARTBEAT}{_LOOK}, pg_notify(%(channel)s, %(canary)s)"


# Rows that are done leave entries in the indexes for as long as somebody has a snapshot from before, such as a backup.
# They lie before all that is due, so most looks begin not at the beginning but this long before what was due then. By
# Discord's limit not three thousand are done in it. What is written later than that waits for the next canary.
SAFELY_BEFORE = timedelta(minutes=1)
BEGINNING = "-infinity"


def next_lead(lead: timedelta, took: timedelta) -> timedelta:
    """Return how long before its time to prepare the next message: soon more than the last took, slowly less."""
    return min(max(took * 1.5, lead * 0.95, LEAST_LEAD), MOST_LEAD)


def due_notifications(
    now: datetime, limit: int, since: "datetime | str" = BEGINNING
) -> list[tuple[int, int | None, str]]:
    """Return the due notifications that become deliveries, those that expire first first: id, game and kind."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE_NOTIFICATIONS, {"kinds": expanded_types(), "now": now, "limit": limit, "since": since})
        found: list[tuple[int, int | None, str]] = cursor.fetchall()
        return found


def lease_posts(now: datetime, limit: int, requests: bool = True) -> list[int]:
    """Lease the posts that are due, those due first first; return their ids in that order."""
    return _lease(_LEASE_POSTS, now, limit, {"kinds": post_types(requests)})


def lease_deliveries(now: datetime, limit: int) -> list[int]:
    """Lease the deliveries that are due, those that expire first first; return their ids in that order."""
    return _lease(_LEASE_DELIVERIES, now, limit, {})


# For a lease alone, in the same round trip: by statistics of a moment when little was due, sorting all that is due now
# seems no dearer than reading an index in its order.
_IN_ORDER = "SET LOCAL enable_sort = off; SET LOCAL jit = off;"


def _lease(sql: str, now: datetime, limit: int, params: dict[str, Any]) -> list[int]:
    params = params | {"now": now, "until": now + settings.NOTIFY_LEASE, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(f"{_IN_ORDER}{sql}", params)
        while cursor.nextset():  # up to the last statement's rows
            pass
        return [pk for (pk,) in cursor.fetchall()]


class Outlook(NamedTuple):
    """What one look finds: the time, whether all is paused, and when what is not leased just now is due next."""

    now: datetime
    is_paused: bool
    notification_due: datetime | None
    delivery_due: datetime | None
    has_due_posts: bool  # or posts that are due within the lead
    comes_at: float = 0.0  # when `now` comes, by `time.monotonic`; past, unless it is what is due next

    @property
    def next_due(self) -> datetime | None:
        """The earlier of both times."""
        return min((at for at in (self.notification_due, self.delivery_due) if at is not None), default=None)

    @property
    def nothing_before(self) -> datetime:
        """A time before which nothing is due, with SAFELY_BEFORE to spare for what is written late."""
        return min(self.now, self.next_due or self.now) - SAFELY_BEFORE

    def ahead(self, lead: timedelta) -> "Outlook":
        """Return the outlook at the time of what is due within `lead`, if nothing is due before."""
        due = self.next_due
        if due is None or not self.now < due <= self.now + lead:
            return self
        return self._replace(now=due, comes_at=self.comes_at + (due - self.now).total_seconds())

    def wait(self) -> float:
        """Sleep until its time comes, and return since when, by `time.monotonic`."""
        since = time.monotonic()
        if self.comes_at > since:
            time.sleep(self.comes_at - since)
        return since


def look(
    posts: bool = True,
    canary: str | None = None,
    since: "datetime | str" = BEGINNING,
    lead: timedelta = LEAD,
    requests: bool = True,
) -> Outlook:
    """Read all that decides whether there is something to do now; with `posts` False, posts do not count.

    Nor do those that send requests with `requests` False.

    What was due before `since` does not count either.

    With a `canary`, record the sender's heartbeat too, and notify DUE_CHANNEL of the canary.
    """
    post_kinds = post_types(requests) if posts else []
    kinds = [*expanded_types(), *post_kinds]
    params: dict[str, Any] = {"kinds": kinds, "post_kinds": post_kinds, "lead": lead, "since": since}
    if canary is not None:
        params |= {"sender": DAEMON_NAME, "channel": DUE_CHANNEL, "canary": canary}
    with connection.cursor() as cursor:
        cursor.execute(_LOOK if canary is None else _SHOW_LIFE_AND_LOOK, params)
        now, is_paused, notification_due, delivery_due, has_due_posts = cursor.fetchone()[:5]
        return Outlook(now, is_paused, notification_due, delivery_due, has_due_posts, time.monotonic())
