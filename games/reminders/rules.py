"""When a daily digest is due."""

from datetime import UTC, datetime, timedelta, tzinfo

DIGEST_HOUR = 18  # by the clock of whoever gets it: before the evening's games


def next_digest(now: datetime, zone: tzinfo) -> datetime:
    """When a daily digest comes next, for somebody in that zone."""
    local = now.astimezone(zone)
    at = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0, fold=0)
    if at.astimezone(UTC) <= now:
        at += timedelta(days=1)  # by the wall clock, whatever the day's length
    return at.astimezone(UTC)
