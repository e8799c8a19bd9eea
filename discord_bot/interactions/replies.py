"""Replies to interactions in time, whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from django.utils import translation
from django.utils.translation import gettext

from discord_bot import render
from discord_bot.interactions.log import InteractionRecord
from discord_bot.interactions.typed_texts import MAX_CONTENT
from discord_bot.models import Outcome
from games.core import wording
from games.core.escaping import cut_message, escape_markdown
from games.offers.schedule_conflicts import ScheduleConflict
from gamesched.lib.orm import before_new_work, expected_seconds
from guilds.names import isolated
from notifications.messages import Button

log = logging.getLogger(__name__)
T = TypeVar("T")

# Seconds; Discord drops an interaction without a response after 3. With 2, one of a crowd was late on a slow machine.
DEFER_AFTER = 1.5
# Seconds. If the queue is longer, defer at once: later the whole crowd would need it at the same moment, and a slow
# machine could not defer them all within what is left.
LONGEST_QUEUE = 1.0


_running_tasks = 0  # that interactions wait for


async def defer_if_slow(
    entry: InteractionRecord, work: Awaitable[T], defer: Callable[[], Awaitable[object]], fallback: T
) -> T:
    """Return the result of `work`, or `fallback` if it raised.

    Call `defer` if it takes longer than DEFER_AFTER, or at once if the queue before it is too long.
    """
    global _running_tasks
    task = asyncio.ensure_future(work)
    _running_tasks += 1
    task.add_done_callback(_count_ended)
    await asyncio.wait({task}, timeout=0 if expected_seconds(_running_tasks) > LONGEST_QUEUE else DEFER_AFTER)
    if not task.done():
        # Of a crowd, everyone has to be deferred within Discord's three seconds before anything else is done.
        with before_new_work():
            await defer()
        entry.mark_responded()
    try:
        return await task
    except Exception:
        log.exception("%s failed", entry.name)
        entry.outcome = Outcome.FAILED
        return fallback
    finally:
        translation.activate(entry.language)  # in this task: the work ran in another


def _count_ended(task: "asyncio.Future[T]") -> None:
    global _running_tasks
    _running_tasks -= 1


async def reply_ephemeral(
    entry: InteractionRecord,
    text: str,
    *,
    buttons: tuple[Button, ...] = (),
    components: Mapping[str, Any] | None = None,
) -> None:
    """Send an ephemeral reply or follow-up, with buttons under it, or rendered `components`."""
    interaction = entry.interaction
    text = gettext(text) if text else ""
    entry.detail = entry.detail or text
    text = cut_message(text, MAX_CONTENT)  # a list of overlapping games has no limit
    content = {"allowed_mentions": render.NO_PINGS, **(components or render.button_message(buttons))}
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True, **content)
    else:
        await interaction.response.send_message(text, ephemeral=True, **content)
    entry.mark_responded()


def with_private_text(text: str, private_text: str) -> str:
    """Add what only the reader may see, for ephemeral replies and direct messages."""
    return f"{text}\n\n{private_text}" if private_text else text


def overlap_text(conflict: ScheduleConflict) -> str:
    """Return the prompt about overlapping games, in Discord's markdown."""
    return conflict.prompt_text(
        lambda game: (f"**{isolated(escape_markdown(game.title))}**", wording.timestamp(game.starts_at))
    )
