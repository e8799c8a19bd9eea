"""A network may swallow every connection to the database and end none: nobody waits for ever."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest

from conftest import World
from gamesched.lib.clock import db_now
from gamesched.lib.orm import in_db
from gamesched.lib.pg_notify import listening
from notifications import heartbeat
from notifications.daemon import lock, loop
from notifications.daemon.lock import Stuck
from notifications.daemon.loop import Notifyd
from notifications.messages import Letter, Permanent, Sent
from notifications.models import Heartbeat
from notifications.queue import BELL


class Nowhere:
    """A backend that reaches nobody."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, letter: Letter) -> Sent:
        raise Permanent("nobody is there", "0")

    async def newest_own(self, channel_ids: Sequence[int]) -> int | None:
        return None

    async def is_in(self, guild_id: int) -> bool:
        return True


def beat(seconds_ago: float) -> None:
    heartbeat.beat(heartbeat.SPEAKER, db_now() - timedelta(seconds=seconds_ago))


def beaten_for() -> float:
    return (db_now() - Heartbeat.objects.get(name=heartbeat.SPEAKER).at).total_seconds()


@pytest.mark.parametrize("shows_life", [True, False])
async def test_a_speaker_that_shows_no_life_is_cut_off(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, shows_life: bool
) -> None:
    monkeypatch.setattr(loop, "LOCK_TURN", 0.1)
    await in_db(beat, 30 if shows_life else 90)
    stopping = asyncio.Event()
    async with listening(BELL) as speaker:
        await speaker.execute("SELECT pg_advisory_lock(%s)", [lock.SPEAKER_LOCK])
        standby = asyncio.create_task(Notifyd(Nowhere(), stopping).run())
        until = time.monotonic() + (1 if shows_life else 10)
        while time.monotonic() < until and await in_db(beaten_for) > 20:
            await asyncio.sleep(0.05)
        assert (await in_db(beaten_for) > 20) is shows_life
        if shows_life:
            await speaker.execute("SELECT 1")
        else:
            with pytest.raises(psycopg.OperationalError):
                await speaker.execute("SELECT 1")
        stopping.set()
        await standby


async def test_a_step_that_does_not_come_back_ends_it(committed_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "STUCK", 0.2)
    monkeypatch.setattr(Notifyd, "_work", lambda *args: time.sleep(1.0))
    with pytest.raises(Stuck, match="has not answered"):
        await Notifyd(Nowhere(), asyncio.Event()).run()
