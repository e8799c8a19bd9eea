"""Pure decisions about when to try, and how long to wait."""

from datetime import datetime, timedelta

LEASE = timedelta(seconds=30)  # longer than a send may take (10 s), shorter than Discord remembers a nonce
NONCE_MEMORY = timedelta(minutes=2)  # for so long, at least, Discord knows a nonce again
CAP = 30.0  # the longest sleep in seconds, half of the horizon within which a new row rings the bell
MAX_ATTEMPTS = 10


def wait(now: datetime, due: datetime | None) -> float:
    """Seconds to sleep until the earliest due time, never below 0 and never above the cap."""
    if due is None:
        return CAP
    return min(max((due - now).total_seconds(), 0.0), CAP)


def in_doubt(first_tried_at: datetime | None, now: datetime) -> bool:
    """Whether something may have been sent, and too long ago for its nonce to tell."""
    return first_tried_at is not None and now - first_tried_at > NONCE_MEMORY


def backoff(attempts: int, retry_after: float | None) -> timedelta:
    """How long to leave a row alone after its n-th failure: what Discord said, else 2, 4, 8 … 300 seconds."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 0.1), 300))
    return timedelta(seconds=min(2.0 ** max(attempts, 1), 300))


def minutes_text(minutes: int) -> str:
    """`2 hours`, `1 hour and 30 minutes`, `1 day`: a length of time in words."""
    parts = []
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count} {word}{'s' if count > 1 else ''}")
    return " and ".join(", ".join(parts).rsplit(", ", 1)) or "0 minutes"
