"""Durations in words."""


def minutes_text(minutes: int) -> str:
    """Return a duration in words: `2 hours`, `1 hour and 30 minutes`, `1 day`."""
    parts = []
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count} {word}{'s' if count > 1 else ''}")
    return " and ".join(", ".join(parts).rsplit(", ", 1)) or "0 minutes"
