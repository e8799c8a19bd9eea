"""How much of Discord's limits notifyd uses; prints figures and asserts none. Takes four minutes.

python -m pytest -q -s -o python_files=bench_rate_limits.py discord_bot/tests/bench_rate_limits.py
"""

import asyncio
import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from conftest import make_world
from discord_bot.backend.backend import DiscordBackend
from discord_bot.http import client
from games.core.base import Actor, EntryPoint
from games.models import Game, Signup
from games.scheduling import actions as scheduling
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from notifications.messages import OutgoingMessage, TemporaryError

AT_ONCE = 100  # messages in flight, as in notifyd
RATE = 2  # how much faster Discord's clock is than ours; with more, a busy machine's jitter shows


def channels_of(local: LocalDiscord, count: int) -> list[int]:
    """Create so many text channels and return their ids."""
    return local.run_in_loop(
        lambda state: [state.add_channel(state.guilds[fixtures.GUILD_ID], f"table-{n}").id for n in range(count)]
    )


async def drain(backend: DiscordBackend, messages: list[OutgoingMessage]) -> tuple[float, int]:
    """Send all messages as notifyd would, and retry temporary errors. Return the real seconds and the retries."""
    free = asyncio.Semaphore(AT_ONCE)
    passed = 0

    async def send_message(message: OutgoingMessage) -> None:
        nonlocal passed
        while True:
            async with free:
                try:
                    async with asyncio.timeout(10):
                        await backend.send(message)
                    return
                except TimeoutError:
                    pause = 1.0
                except TemporaryError as reason:
                    pause = reason.retry_after or 1.0
                passed += 1
            await asyncio.sleep(pause)

    started = time.monotonic()
    await asyncio.gather(*map(send_message, messages))
    return time.monotonic() - started, passed


def test_ten_thousand_posts_over_five_hundred_channels(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rate, posts, channels = RATE, 10_000, 500
    with LocalDiscord() as local:
        settings.DISCORD_API_URL, settings.DISCORD_BOT_TOKEN = local.api_url, local.bot_token
        monkeypatch.setattr(client, "SECOND", 1 / rate)
        local.state.clock.rate = rate
        places = channels_of(local, channels)
        messages = [
            OutgoingMessage(channel_id=place, text=f"post {n}", nonce=str(n))
            for n, place in zip(range(posts), itertools.cycle(places), strict=False)
        ]

        async def run() -> tuple[float, int]:
            backend = DiscordBackend()
            await backend.start()
            try:
                return await drain(backend, messages)
            finally:
                await backend.stop()

        seconds, passed = asyncio.run(run())
        statuses = Counter(entry["status"] for entry in local.server.services.request_log)
        per_second = posts / seconds / rate
        print(f"\n{posts} posts, {channels} channels: {seconds * rate:.0f} s of Discord's, {per_second:.1f} a second, ")
        print(f"{per_second / 45:.1%} of 45, {per_second / 50:.1%} of 50; passed {passed}; answers {dict(statuses)}")


@pytest.mark.django_db(transaction=True)
def test_five_hundred_clicks_and_fifty_edits_in_ten_seconds(now: datetime) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        client = stack.discord.client
        game = world.create_game(channel_id=fixtures.GENERAL_ID, seats=10)
        post = eventually(stack.posts)[0]
        names = [person["username"] for person in client.add_people(500, fixtures.GUILD_ID)]
        started = time.monotonic()

        def click(number: int) -> None:
            time.sleep(max(0.0, started + number / 50 - time.monotonic()))
            client.click(names[number], post, f"game:{game.pk}:join", wait=0)

        with ThreadPoolExecutor(20) as threads:
            clicks = [threads.submit(click, number) for number in range(500)]
            for number in range(50):
                time.sleep(max(0.0, started + number / 5 - time.monotonic()))
                plan = replace(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), title=f"Edit {number}")
                scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), datetime.now(UTC))
            for future in clicks:
                future.result()
        took = time.monotonic() - started
        eventually(lambda: all(entry["state"] != "waiting" for entry in client.interactions()))
        eventually(lambda: Signup.objects.count() == 500)
        eventually(lambda: "490 waiting" in str(stack.posts()) and "Edit 49" in str(stack.posts()))
        print(f"\n500 clicks and 50 edits in {took:.1f} s: {len(client.requests('PATCH /channels'))} edits, ", end="")
        print(f"{Counter(entry['state'] for entry in client.interactions())}, the last one right")
