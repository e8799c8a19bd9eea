"""Answering a person in time, whatever happens, and writing down how it went."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord

from discord_bot import render
from discord_bot.interactions.log import InteractionRecord
from discord_bot.models import Outcome
from games.core import wording
from games.offers.overlaps import ScheduleConflict
from gamesched.lib.orm import expected_seconds
from notifications.messages import Button

log = logging.getLogger(__name__)
T = TypeVar("T")

DEFER_AFTER = 2.0  # seconds; Discord forgets an interaction that has no answer after 3
# Seconds. Who would wait longer behind others is deferred at arrival: after two seconds the whole crowd would be
# deferred at the same moment, and a slow machine could not do that for all of them within the third.
LONGEST_QUEUE = 1.0
MAX_CONTENT = 2000  # characters of a message, as Discord takes

_running_tasks = 0  # that interactions wait for


async def defer_if_slow(
    entry: InteractionRecord, work: Awaitable[T], defer: Callable[[], Awaitable[object]], fallback: T
) -> T:
    """Return the result of `work`, or `fallback` if it raised.

    Call `defer` after DEFER_AFTER, or at once if the queue before it is too long.
    """
    global _running_tasks
    task = asyncio.ensure_future(work)
    _running_tasks += 1
    task.add_done_callback(_count_ended)
    await asyncio.wait({task}, timeout=0 if expected_seconds(_running_tasks) > LONGEST_QUEUE else DEFER_AFTER)
    if not task.done():
        await defer()
        entry.mark_answered()
    try:
        return await task
    except Exception:
        log.exception("%s failed", entry.name)
        entry.outcome = Outcome.FAILED
        return fallback


def _count_ended(task: "asyncio.Future[T]") -> None:
    global _running_tasks
    _running_tasks -= 1


async def reply_ephemeral(entry: InteractionRecord, text: str, *, buttons: tuple[Button, ...] = ()) -> None:
    """Send a reply that only this person sees, with its buttons."""
    interaction = entry.interaction
    entry.detail = entry.detail or text
    text = text[:MAX_CONTENT]  # as of games without end at the same time
    mentions = discord.AllowedMentions.none()
    if interaction.response.is_done():
        await interaction.followup.send(
            text, ephemeral=True, allowed_mentions=mentions, **render.button_message(buttons)
        )
    else:
        await interaction.response.send_message(
            text, ephemeral=True, allowed_mentions=mentions, **render.button_message(buttons)
        )
    entry.mark_answered()


def overlap_text(conflict: ScheduleConflict) -> str:
    """What Discord says of games at the same time."""
    return conflict.prompt_text(
        lambda game: (f"**{wording.escape_markdown(game.title)}**", wording.timestamp(game.starts_at))
    )
