"""notifyd's steps against the local Discord, without a process."""

import asyncio
from datetime import datetime
from typing import Any

from conftest import World
from discord_bot.backend.backend import DiscordBackend
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from notifications.daemon import steps
from notifications.daemon.steps import Job, SendResult
from notifications.messages import PermanentError, TemporaryError


def send_due(now: datetime, lost: bool = False) -> None:
    """Send what is due, as notifyd does; with `lost`, no response arrives, and a new notifyd takes over."""
    steps.create_due_deliveries(now)
    jobs = steps.lease_jobs(now, 100)
    results = asyncio.run(_send(jobs)) if jobs else []
    if lost:
        steps.release_leases()
    else:
        steps.record(results, now)


async def _send(jobs: list[Job]) -> list[tuple[Job, SendResult]]:
    backend = DiscordBackend()
    await backend.start()
    results: list[tuple[Job, SendResult]] = []
    for job in jobs:
        try:
            results.append((job, await backend.send(job.message)))
        except (TemporaryError, PermanentError) as reason:
            results.append((job, reason))
    await backend.stop()
    return results


def edit_game(world: World, game: Game, now: datetime, **changes: Any) -> Game:
    plan = change_plan(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), **changes)
    return scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), now).game
