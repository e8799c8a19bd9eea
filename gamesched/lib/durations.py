"""Lengths of time in words."""


def minutes_text(minutes: int) -> str:
    """`2 hours`, `1 hour and 30 minutes`, `1 day`: a length of time in words."""
    parts = []
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count} {word}{'s' if count > 1 else ''}")
    return " and ".join(", ".join(parts).rsplit(", ", 1)) or "0 minutes"
