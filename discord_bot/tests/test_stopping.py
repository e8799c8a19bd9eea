"""Whatever a program is doing when it is told to stop, it ends quietly and soon; what fails meanwhile is one line."""

import asyncio
import logging
import os
import signal
import tempfile
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from django.db import InterfaceError, OperationalError

from conftest import make_world
from discord_bot.bot import Bot
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.models import Outcome
from gamesched.lib.outage import DATABASE
from gamesched.testing.programs import Program
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import PATIENCE, eventually

# Faults of the local Discord, seconds until the signal, and whether the bot is ready before the fault.
MOMENTS: list[tuple[list[dict[str, Any]], float, bool]] = [
    ([{"kind": "gateway_drop", "resumable": False}], 0.0, True),
    ([{"kind": "gateway_drop", "resumable": False}], 0.1, True),
    ([{"kind": "invalid_session"}], 0.1, True),
    ([{"kind": "unreachable", "seconds": 30}, {"kind": "gateway_drop"}], 2.0, True),
    ([{"kind": "unreachable", "seconds": 30}], 1.5, False),
    ([{"kind": "delay", "match": "GET /gateway/bot", "seconds": 9}], 1.5, False),
    ([{"kind": "delay", "match": "GET /users/@me", "seconds": 9}], 1.5, False),
    ([{"kind": "delay", "match": "GET /applications/*", "seconds": 9}], 2.0, False),
]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_the_bot_ends_quietly_whatever_it_is_doing(now: datetime) -> None:
    make_world(now)
    with Stack(limited=False) as stack:
        for number, (faults, seconds, ready) in enumerate(MOMENTS):
            if ready:
                stack.start("bot")
            for fault in faults:
                stack.discord.client.add_fault(**fault)
            if not ready:
                stack.start("bot", wait=False)
            time.sleep(seconds)
            program = stack.running.pop("bot")
            # A slow machine may still be importing, where only SIGTERM ends a program quietly by itself.
            os.kill(program.pid, signal.SIGINT if ready and number % 2 else signal.SIGTERM)
            assert program.wait(PATIENCE) in ({0} if ready else {0, -signal.SIGTERM}), faults
            assert "Traceback" not in stack.log_text, faults
            stack.discord.client.clear_faults()
            eventually(lambda: not stack.discord.client.bot_connected())


@pytest.mark.processes
def test_a_thread_that_never_comes_back_does_not_keep_a_program() -> None:
    code = (
        "import asyncio, django, sys, time\n"
        "django.setup()\n"
        "from gamesched.lib import service\n"
        "from gamesched.lib.orm import run_in_db_thread\n"
        "service.STOP_WITHIN = 0.3\n"
        "async def run():\n"
        "    stopping = asyncio.Event()\n"
        "    service.stop_on_signals(stopping)\n"
        "    frozen = asyncio.ensure_future(run_in_db_thread(time.sleep, 60))\n"
        "    print('ready', file=sys.stderr, flush=True)\n"
        "    await stopping.wait()\n"
        "asyncio.run(run())\n"
    )
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "gamesched.settings"}
    for number in (signal.SIGTERM, signal.SIGINT):
        with tempfile.NamedTemporaryFile("r") as log:
            program = Program(["-c", code], settings, log.name)
            eventually(lambda log=log: os.path.getsize(log.name) > 0)  # type: ignore[misc]
            os.kill(program.pid, number)
            assert program.wait(PATIENCE) == 0
            assert "Traceback" not in log.read()


LOCALES: dict[str, Any] = {"locale": discord.Locale.british_english, "guild_locale": None}
NO_ANSWER: list[Exception] = [
    aiohttp.ServerDisconnectedError(),
    aiohttp.ClientOSError(104, "Connection reset by peer"),
    aiohttp.ClientPayloadError("half of it"),
    ConnectionRefusedError(111, "refused"),
    TimeoutError(),
]


@pytest.mark.parametrize("error", NO_ANSWER, ids=repr)
async def test_a_reply_that_gets_no_answer_is_recorded_and_no_more(error: Exception) -> None:
    interaction: Any = SimpleNamespace(created_at=datetime.now(UTC), id=1, user=SimpleNamespace(id=1), **LOCALES)
    entry = InteractionRecord(interaction, "test")
    log = InteractionLog()
    with log.recording(entry):
        raise error
    assert entry.outcome is Outcome.UNANSWERED
    assert entry.detail.strip()
    log._unwritten.clear()
    await log.close()


@pytest.mark.parametrize("error", [*NO_ANSWER, OperationalError("gone"), InterfaceError("closed")], ids=repr)
async def test_background_work_that_fails_is_one_line(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise error

    bot = Bot()
    DATABASE.end()
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        await bot._start(work())
        try:
            raise error
        except Exception:
            await bot.on_error("on_ready")
    # An outage of the database is one line, whatever fails in it.
    assert len(caplog.records) == (1 if isinstance(error, OperationalError | InterfaceError) else 2)
    assert not any(record.exc_info for record in caplog.records)


async def test_work_that_is_wrong_is_logged_whole_and_closing_ends_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ZeroDivisionError

    bot = Bot()
    await bot._start(work())
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]
    endless = bot._start(bot._send_heartbeats())
    await asyncio.sleep(0)
    await bot.close()
    await asyncio.wait([endless], timeout=PATIENCE)
    assert endless.cancelled()


async def test_a_handler_that_the_end_cuts_off_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    bot = Bot()
    await bot.close()
    try:
        raise RuntimeError("Session is closed")
    except RuntimeError:
        await bot.on_error("on_ready")
    assert [record for record in caplog.records if record.exc_info or record.levelno >= logging.WARNING] == []
