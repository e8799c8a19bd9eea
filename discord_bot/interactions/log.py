"""The interaction log: who clicked or typed what, and how the reply went."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

import discord
from django.utils import translation

from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.interactions.senders import greet
from discord_bot.models import Interaction, Outcome
from games.core import wording
from gamesched.lib import tracing
from gamesched.lib.clock import db_now
from gamesched.lib.metrics import INTERACTION
from gamesched.lib.orm import run_in_db_thread
from guilds.languages import default_language
from guilds.names import without_unstorable

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


FLUSH_EVERY = 1.0  # seconds


@dataclass
class InteractionRecord:
    """The record of one interaction, filled while it is handled. With it, its task speaks the sender's language."""

    interaction: discord.Interaction
    name: str
    started: float = field(default_factory=time.monotonic)
    milliseconds: int | None = None
    milliseconds_since_click: int | None = None
    outcome: Outcome = Outcome.DONE
    detail: str = ""
    language: str = field(init=False)
    span: tracing.Span | None = field(init=False)

    def __post_init__(self) -> None:
        self.language = greet(self.interaction)
        self.span = tracing.begin(self.name, tracing.Kind.SERVER)
        tracing.enter(self.span)

    async def work(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do database work in a thread; the work may find out that the sender chose another language."""

        def spoken() -> tuple[T, str]:
            with tracing.within(self.span):
                return work(*args, **kwargs), translation.get_language() or default_language()

        result, self.language = await run_in_db_thread(spoken)
        translation.activate(self.language)
        return result

    def mark_responded(self) -> None:
        """Record the time of the first reply that Discord accepted."""
        if self.milliseconds is None:
            self.milliseconds = round((time.monotonic() - self.started) * 1000)
            clicked_at = self.interaction.created_at.timestamp()
            self.milliseconds_since_click = max(min(round((time.time() - clicked_at) * 1000), 2**31 - 1), -(2**31))

    def to_row(self, now: datetime) -> Interaction:
        interaction = self.interaction
        return Interaction(
            id=interaction.id,
            at=now - timedelta(seconds=time.monotonic() - self.started),
            guild_id=interaction.guild_id,
            person_id=interaction.user.id,
            person=without_unstorable(interaction.user.name)[:64],
            name=without_unstorable(self.name)[:100],
            outcome=self.outcome,
            detail=without_unstorable(self.detail)[:300],
            milliseconds=self.milliseconds,
            milliseconds_since_click=self.milliseconds_since_click,
        )


class InteractionLog:
    """Writes records to the database in batches and after the reply, so that no one waits for them."""

    def __init__(self) -> None:
        self._unwritten: list[InteractionRecord] = []
        self._flushing: asyncio.Task[None] | None = None

    def add(self, entry: InteractionRecord) -> None:
        if entry.milliseconds is not None:
            INTERACTION.labels(entry.outcome).observe(entry.milliseconds / 1000)
        tracing.end(entry.span, failed=entry.outcome == Outcome.FAILED, outcome=entry.outcome)
        self._unwritten.append(entry)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    @contextmanager
    def recording(self, entry: InteractionRecord) -> Iterator[None]:
        """Record how the reply went, also if Discord did not accept it."""
        try:
            yield
        except REQUEST_FAILED as reason:
            record_no_response(entry, reason)
        finally:
            self.add(entry)

    async def close(self) -> None:
        """Write the remaining records."""
        if self._flushing is not None:
            self._flushing.cancel()
        await self._write()

    async def _flush(self) -> None:
        while self._unwritten:
            await asyncio.sleep(FLUSH_EVERY)
            await self._write()

    async def _write(self) -> None:
        entries, self._unwritten = self._unwritten, []
        if not entries:
            return
        try:
            await run_in_db_thread(_save_records, entries)
        except Exception as reason:
            # Without a database the clicks failed too, so the records are not worth keeping in memory.
            log.warning("Could not record %d interactions: %s", len(entries), str(reason).strip())


def _save_records(entries: list[InteractionRecord]) -> None:
    now = db_now()
    # The gateway may deliver an event twice, after a resume.
    Interaction.objects.bulk_create([entry.to_row(now) for entry in entries], ignore_conflicts=True)


def record_no_response(entry: InteractionRecord, reason: Exception) -> None:
    """Record that Discord did not accept a reply, or did not say so. What the action changed stays."""
    text = str(reason) or type(reason).__name__
    log.warning("Could not answer %s: %s", entry.name, text)
    entry.outcome, entry.detail = Outcome.UNANSWERED, f"{wording.NOT_ACKNOWLEDGED} {text}"
