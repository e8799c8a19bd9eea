"""When a daily digest is due."""

from datetime import UTC, datetime, timedelta, tzinfo

DIGEST_HOUR = 18  # in the recipient's zone: before the evening's games


def next_digest(now: datetime, zone: tzinfo) -> datetime:
    """Return when the next daily digest is due for a user in this zone."""
    local = now.astimezone(zone)
    at = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0, fold=0)
    if at.astimezone(UTC) <= now:
        at += timedelta(days=1)  # in local time, however long the day is
    return at.astimezone(UTC)
