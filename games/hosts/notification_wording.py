"""Wording of the notification that a host left."""

from datetime import datetime

from games.core.wording import timestamp

KEEP_LABEL, MOVE_LABEL, CANCEL_LABEL, TAKE_LABEL = "Keep it", "Move it", "Cancel it", "Take over"


def host_left(title: str, guild: str, starts_at: datetime, url: str, host: str) -> str:
    return (
        f"{host} left {guild}, so **{title}**, {timestamp(starts_at)}, no longer has a host. "
        f"Take it over, or cancel it on its page.\n{url}"
    )
