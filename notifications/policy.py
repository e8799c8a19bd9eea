"""Pure decisions about when to try, and how long to wait."""

from datetime import datetime, time, timedelta, tzinfo

from django.conf import settings

MAX_SLEEP = 30.0  # the longest sleep in seconds, half of the horizon within which a new row rings the bell
MAX_ATTEMPTS = 10  # where the fault is ours, which waiting does not mend
MAX_BACKOFF = 120.0  # seconds; also how late, at most, a letter is after Discord was away
GIVE_UP_AFTER = timedelta(days=1)  # what no deadline makes useless before
LATE_AFTER = timedelta(minutes=2)  # from when on a letter says that it is late


def sleep_seconds(now: datetime, due: datetime | None) -> float:
    """Seconds to sleep until the earliest due time, never below 0 and never above the cap."""
    if due is None:
        return MAX_SLEEP
    return min(max((due - now).total_seconds(), 0.0), MAX_SLEEP)


def earlier_attempt_at(first_attempt_at: datetime | None, now: datetime) -> datetime | None:
    """Since when something may have been sent; None at its first try, which is what is taken `now`."""
    return first_attempt_at if first_attempt_at is not None and first_attempt_at < now else None


def is_maybe_sent(first_attempt_at: datetime | None, now: datetime) -> bool:
    """Whether something may have been sent, and too long ago for its nonce to tell."""
    return first_attempt_at is not None and now - first_attempt_at > settings.NOTIFY_NONCE_MEMORY


def backoff(attempts: int, retry_after: float | None) -> timedelta:
    """How long to leave a row alone after its n-th failure: what Discord said, else 2, 4, 8 … 120 seconds."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 0.1), 600))
    return timedelta(seconds=min(2.0 ** min(max(attempts, 1), 16), MAX_BACKOFF))


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether nobody is helped any more by what should have been said."""
    return expires_at is not None and expires_at <= now


def should_give_up(first_attempt_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    """Whether to stop trying what fails in passing: at its deadline, or after a day where it has none."""
    if expires_at is not None:
        return expires_at <= now
    return first_attempt_at is not None and now - first_attempt_at > GIVE_UP_AFTER


def is_quiet(at: datetime, zone: tzinfo, quiet_from: time | None, quiet_to: time | None) -> bool:
    """Whether a wall clock in the zone is within quiet hours, which may go over midnight; the end is outside."""
    if quiet_from is None or quiet_to is None:
        return False
    clock = at.astimezone(zone).time()
    if quiet_from <= quiet_to:
        return quiet_from <= clock < quiet_to
    return clock >= quiet_from or clock < quiet_to
