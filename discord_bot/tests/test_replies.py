"""When an interaction is answered at once, and when it is deferred."""

import asyncio
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from discord_bot.interactions import replies
from discord_bot.interactions.log import InteractionRecord
from discord_bot.interactions.replies import defer_if_slow
from discord_bot.models import Outcome

SENDER: dict[str, Any] = {
    "user": SimpleNamespace(id=1),
    "locale": discord.Locale.british_english,
    "guild_locale": None,
}


async def respond(seconds: float, deferred: list[float]) -> tuple[str, InteractionRecord]:
    """Wait for work of so many seconds, and note when the interaction was deferred."""
    interaction: Any = SimpleNamespace(created_at=datetime.now(UTC), id=1, **SENDER)
    record = InteractionRecord(interaction, "test")

    async def work() -> str:
        await asyncio.sleep(seconds)
        return "done"

    async def defer() -> None:
        deferred.append(time.monotonic() - record.started)

    return await defer_if_slow(record, work(), defer, "failed"), record


def test_quick_work_is_never_deferred() -> None:
    deferred: list[float] = []
    text, record = asyncio.run(respond(0.01, deferred))
    assert (text, deferred, record.milliseconds) == ("done", [], None)


def test_slow_work_is_deferred_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "DEFER_AFTER", 0.1)
    deferred: list[float] = []
    text, record = asyncio.run(respond(0.3, deferred))
    assert text == "done"
    assert len(deferred) == 1
    assert record.milliseconds is not None


def test_in_a_crowd_whoever_comes_late_is_deferred_at_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "expected_seconds", lambda tasks: tasks * 0.1)
    deferred: list[float] = []

    async def crowd() -> list[tuple[str, InteractionRecord]]:
        return await asyncio.gather(*(respond(1.0, deferred) for _ in range(30)))

    assert {text for text, _ in asyncio.run(crowd())} == {"done"}
    assert len(deferred) == 20, "ten can be done within the second that anybody may wait"
    assert max(deferred) < 0.9, "at arrival, not after the work"
    assert replies._running_tasks == 0


def test_work_that_raises_is_answered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    interaction: Any = SimpleNamespace(created_at=datetime.now(UTC), id=1, **SENDER)
    record = InteractionRecord(interaction, "test")

    async def work() -> str:
        raise ValueError("as a fault of ours")

    async def defer() -> None:
        raise AssertionError("nothing to wait for")

    assert asyncio.run(defer_if_slow(record, work(), defer, "failed")) == "failed"
    assert record.outcome is Outcome.FAILED
