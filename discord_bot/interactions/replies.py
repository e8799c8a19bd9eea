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
from gamesched.lib.orm import seconds_for
from notifications.messages import Button

log = logging.getLogger(__name__)
T = TypeVar("T")

DEFER_AFTER = 2.0  # seconds; Discord forgets an interaction that has no answer after 3
# Seconds. Who would wait longer behind others is told so at once: after two seconds the whole crowd would want it at
# the same moment, and a slow machine could not tell them all within the third.
BUSY = 1.0
MAX_CONTENT = 2000  # characters of a message, as Discord takes


_under_way = 0  # works that answers wait for


async def defer_if_slow(
    entry: InteractionRecord, work: Awaitable[T], defer: Callable[[], Awaitable[object]], fallback: T
) -> T:
    """What the work returns; `defer` tells Discord that the answer follows, where it takes longer than two seconds or
    too many others come first.

    `failed` where the work raised.
    """
    global _under_way
    task = asyncio.ensure_future(work)
    _under_way += 1
    task.add_done_callback(_ended)
    await asyncio.wait({task}, timeout=0 if seconds_for(_under_way) > BUSY else DEFER_AFTER)
    if not task.done():
        await defer()
        entry.mark_answered()
    try:
        return await task
    except Exception:
        log.exception("%s failed", entry.name)
        entry.outcome = Outcome.FAILED
        return fallback


def _ended(task: "asyncio.Future[T]") -> None:
    global _under_way
    _under_way -= 1


async def reply_ephemeral(entry: InteractionRecord, text: str, *, buttons: tuple[Button, ...] = ()) -> None:
    """A line that only this person sees, with what there is to press under it."""
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
