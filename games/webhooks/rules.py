"""When a request is sent again, and when a webhook is paused."""

from datetime import datetime, timedelta

from notifications.messages import Answer

# After the first attempt, the second, and so on; then it has failed. Together a bit more than a day.
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 10 * 3600)
)
PAUSED_AFTER = timedelta(days=1)  # without an attempt that worked
GONE = 410
WEBHOOKS_MAX, LOG_MAX = 10, 100  # of a server; of a webhook
BODY_MAX = 64 * 1024  # bytes


def wait_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many attempts that failed; None to give up."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else None


def is_to_pause(failing_since: datetime | None, answer: Answer, now: datetime) -> bool:
    """Return whether a webhook has failed so long, or so definitely, that nothing more is sent."""
    return answer.status == GONE or (failing_since is not None and now - failing_since >= PAUSED_AFTER)
