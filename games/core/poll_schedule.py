"""Scheduling a poll's notifications: its post, its end, the game that it becomes."""

from datetime import datetime

from games.core.codes import NotificationKind
from games.core.payloads import PollPayload
from games.models import TimePoll
from notifications.queue import schedule


def schedule_poll(poll: TimePoll, kind: NotificationKind, due_at: datetime) -> None:
    """Schedule one of a poll's kinds, at the latest at `due_at`."""
    schedule(
        kind,
        game_id=None,
        due_at=due_at,
        post_version=poll.post_version,
        dedupe_key=poll.pk,
        payload=PollPayload(poll.guild_id, poll.pk),
        keep_earlier=True,
    )


def schedule_open_polls(guild_id: int, now: datetime) -> None:
    """Have the posts of a guild's open polls edited."""
    for poll in TimePoll.objects.filter(guild=guild_id).open(now):
        schedule_poll(poll, NotificationKind.TIME_POLL, now)
