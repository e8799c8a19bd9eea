"""What notifyd does in a turn, sending included."""

import asyncio
from datetime import datetime

from notifications.daemon import steps
from notifications.daemon.loop import Notifyd
from notifications.messages import OutgoingMessage, SentMessage


class Discord:
    """Takes every message."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []

    async def send(self, message: OutgoingMessage) -> SentMessage:
        self.sent.append(message)
        return SentMessage(message.channel_id or 5, 6)


def take_turn(now: datetime, discord: Discord | None = None) -> None:
    """Do what notifyd does in one turn, sending included."""

    async def send(jobs: list[steps.Job]) -> list[tuple[steps.Job, steps.SendResult]]:
        notifyd = Notifyd(discord or Discord(), asyncio.Event())  # type: ignore[arg-type]
        await asyncio.gather(*(notifyd._send(job) for job in jobs))
        await notifyd.push.close()
        await notifyd.requests.close()
        return notifyd.results

    steps.create_due_deliveries(now)
    steps.record(asyncio.run(send(steps.lease_jobs(now, 100))), now)
