"""Answering a person in time, whatever happens, and writing down how it went."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import discord

from discord_bot import render
from discord_bot.models import Interaction, Outcome
from games.core import wording
from gamesched.lib.clock import db_now
from gamesched.lib.orm import in_db, seconds_for
from notifications.messages import Button

log = logging.getLogger(__name__)
T = TypeVar("T")

SLOW = 2.0  # seconds; Discord forgets an interaction that has no answer after 3
# Seconds. Who would wait longer behind others is told so at once: after two seconds the whole crowd would want it at
# the same moment, and a slow machine could not tell them all within the third.
BUSY = 1.0
FLUSH_EVERY = 1.0  # seconds
CONTENT_MAX = 2000  # characters of a message, as Discord takes


@dataclass
class Entry:
    """How one interaction goes, as far as it went."""

    interaction: discord.Interaction
    name: str
    began: float = field(default_factory=time.monotonic)
    milliseconds: int | None = None
    since_click: int | None = None
    outcome: Outcome = Outcome.DONE
    detail: str = ""

    def answered(self) -> None:
        """Discord took an answer; the first counts."""
        if self.milliseconds is None:
            self.milliseconds = round((time.monotonic() - self.began) * 1000)
            made = self.interaction.created_at.timestamp()
            self.since_click = max(min(round((time.time() - made) * 1000), 2**31 - 1), -(2**31))

    def row(self, now: datetime) -> Interaction:
        asked = self.interaction
        return Interaction(
            id=asked.id,
            at=now - timedelta(seconds=time.monotonic() - self.began),
            guild_id=asked.guild_id,
            person_id=asked.user.id,
            person=asked.user.name[:64],
            name=self.name[:100],
            outcome=self.outcome,
            detail=self.detail[:300],
            milliseconds=self.milliseconds,
            since_click=self.since_click,
        )


class Log:
    """Entries on their way to the database: together, and after the answer, so that nobody waits for them."""

    def __init__(self) -> None:
        self._waiting: list[Entry] = []
        self._flushing: asyncio.Task[None] | None = None

    def add(self, entry: Entry) -> None:
        self._waiting.append(entry)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    @contextmanager
    def written(self, entry: Entry) -> Iterator[None]:
        """Write down how answering went, also where Discord did not take the answer."""
        try:
            yield
        except discord.HTTPException as reason:
            unanswered(entry, reason)
        finally:
            self.add(entry)

    async def close(self) -> None:
        """Write down what still waits."""
        if self._flushing is not None:
            self._flushing.cancel()
        await self._write()

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(FLUSH_EVERY)
            await self._write()

    async def _write(self) -> None:
        entries, self._waiting = self._waiting, []
        if not entries:
            return
        try:
            await in_db(_keep, entries)
        except Exception as reason:
            # Without a database the clicks failed too; the log is no reason to hold them in memory.
            log.warning("%d interactions could not be written down: %s", len(entries), str(reason).strip())


def _keep(entries: list[Entry]) -> None:
    now = db_now()
    # The gateway may deliver an event twice, after a resume.
    Interaction.objects.bulk_create([entry.row(now) for entry in entries], ignore_conflicts=True)


_under_way = 0  # works that answers wait for


async def in_time(entry: Entry, work: Awaitable[T], defer: Callable[[], Awaitable[object]], failed: T) -> T:
    """What the work returns; `defer` tells Discord that the answer follows, where it takes longer than two seconds or
    too many others come first.

    `failed` where the work raised.
    """
    global _under_way
    task = asyncio.ensure_future(work)
    _under_way += 1
    task.add_done_callback(_ended)
    await asyncio.wait({task}, timeout=0 if seconds_for(_under_way) > BUSY else SLOW)
    if not task.done():
        await defer()
        entry.answered()
    try:
        return await task
    except Exception:
        log.exception("%s failed", entry.name)
        entry.outcome = Outcome.FAILED
        return failed


def _ended(task: "asyncio.Future[T]") -> None:
    global _under_way
    _under_way -= 1


async def say(entry: Entry, text: str, *, buttons: tuple[Button, ...] = ()) -> None:
    """A line that only this person sees, with what there is to press under it."""
    interaction = entry.interaction
    entry.detail = entry.detail or text
    text = text[:CONTENT_MAX]  # as of games without end at the same time
    mentions = discord.AllowedMentions.none()
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True, allowed_mentions=mentions, **render.choices(buttons))
    else:
        await interaction.response.send_message(
            text, ephemeral=True, allowed_mentions=mentions, **render.choices(buttons)
        )
    entry.answered()


def unanswered(entry: Entry, reason: discord.HTTPException) -> None:
    """Discord did not take an answer. What was done stays done."""
    log.warning("%s could not be answered: %s", entry.name, reason)
    entry.outcome, entry.detail = Outcome.UNANSWERED, f"{wording.UNANSWERED} {reason}"
