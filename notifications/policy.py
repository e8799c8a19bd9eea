"""Pure functions that decide when to try, and how long to wait."""

from datetime import datetime, time, timedelta, tzinfo

from django.conf import settings

MAX_SLEEP = 30.0  # the longest sleep in seconds, half of the horizon within which a new row triggers pg_notify
MAX_ATTEMPTS = 10  # for our own errors, which waiting does not fix
MAX_BACKOFF = 120.0  # seconds; also the maximum delay of a message after Discord was down
GIVE_UP_AFTER = timedelta(days=1)  # for rows without a deadline
LATE_AFTER = timedelta(minutes=2)  # from then on a message mentions that it is late


def sleep_seconds(now: datetime, due: datetime | None) -> float:
    """Return the seconds until the earliest due time, between 0 and MAX_SLEEP."""
    if due is None:
        return MAX_SLEEP
    return min(max((due - now).total_seconds(), 0.0), MAX_SLEEP)


def is_due(at: datetime | None, now: datetime) -> bool:
    """Return whether this time has come; None never does."""
    return at is not None and at <= now


def earlier_attempt_at(first_attempt_at: datetime | None, now: datetime) -> datetime | None:
    """Return the time of the first attempt; None if that is the current one, made `now`."""
    return first_attempt_at if first_attempt_at is not None and first_attempt_at < now else None


def is_maybe_sent(first_attempt_at: datetime | None, now: datetime) -> bool:
    """Return whether a message may have been sent too long ago for its nonce to prevent a repeat."""
    return first_attempt_at is not None and now - first_attempt_at > settings.NOTIFY_NONCE_MEMORY


def backoff(attempts: int, retry_after: float | None) -> timedelta:
    """Return how long to wait after the n-th failure: Discord's retry_after, else 2, 4, 8 … 120 seconds."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 0.1), 600))
    return timedelta(seconds=min(2.0 ** min(max(attempts, 1), 16), MAX_BACKOFF))


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Return whether the message has expired."""
    return expires_at is not None and expires_at <= now


def should_give_up(first_attempt_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    """Return whether to stop after temporary errors: at the deadline, or after a day without one."""
    if expires_at is not None:
        return expires_at <= now
    return first_attempt_at is not None and now - first_attempt_at > GIVE_UP_AFTER


def is_quiet(at: datetime, zone: tzinfo, quiet_from: time | None, quiet_to: time | None) -> bool:
    """Return whether the time in the zone is within quiet hours, which may span midnight; their end is outside."""
    if quiet_from is None or quiet_to is None:
        return False
    clock = at.astimezone(zone).time()
    if quiet_from <= quiet_to:
        return quiet_from <= clock < quiet_to
    return clock >= quiet_from or clock < quiet_to
