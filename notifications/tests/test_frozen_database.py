"""A network may swallow every connection to the database and end none: no process waits for ever."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest

from conftest import World
from gamesched.lib.clock import db_now
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.pg_notify import listen
from notifications import heartbeat
from notifications.daemon import lock
from notifications.daemon.lock import DatabaseStuck
from notifications.daemon.loop import Notifyd
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Heartbeat
from notifications.queue import DUE_CHANNEL

pytestmark = pytest.mark.slow


class UnreachableBackend:
    """A backend that never sends."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: OutgoingMessage) -> SentMessage:
        raise PermanentError("nobody is there", "0")

    async def newest_own_message_id(self, channel_ids: Sequence[int]) -> int | None:
        return None

    async def is_in_guild(self, guild_id: int) -> bool:
        return True

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        return True


def record_heartbeat(seconds_ago: float) -> None:
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, db_now() - timedelta(seconds=seconds_ago))


def heartbeat_age() -> float:
    return (db_now() - Heartbeat.objects.get(name=heartbeat.DAEMON_NAME).at).total_seconds()


@pytest.mark.parametrize("shows_life", [True, False])
async def test_a_sender_that_shows_no_life_is_cut_off(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, shows_life: bool
) -> None:
    monkeypatch.setattr(lock, "LOCK_WAIT", 0.1)
    await run_in_db_thread(record_heartbeat, 30 if shows_life else 90)
    stopping = asyncio.Event()
    async with listen(DUE_CHANNEL) as sender:
        await sender.execute("SELECT pg_advisory_lock(%s)", [lock.SENDER_LOCK])
        standby = asyncio.create_task(Notifyd(UnreachableBackend(), stopping).run())
        until = time.monotonic() + (1 if shows_life else 10)
        while time.monotonic() < until and await run_in_db_thread(heartbeat_age) > 20:
            await asyncio.sleep(0.05)
        assert (await run_in_db_thread(heartbeat_age) > 20) is shows_life
        if shows_life:
            await sender.execute("SELECT 1")
        else:
            with pytest.raises(psycopg.OperationalError):
                await sender.execute("SELECT 1")
        stopping.set()
        await standby


async def test_a_step_that_does_not_come_back_ends_it(committed_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "STUCK_AFTER", 0.2)
    monkeypatch.setattr(Notifyd, "_run_steps", lambda *args: time.sleep(1.0))
    with pytest.raises(DatabaseStuck, match="hasn't answered"):
        await Notifyd(UnreachableBackend(), asyncio.Event()).run()
