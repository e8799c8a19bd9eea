"""How much of Discord's limits notifyd uses; prints figures and asserts none. Takes four minutes.

python -m pytest -q -s -o python_files=bench_limits.py discord_bot/tests/bench_limits.py
"""

import asyncio
import itertools
import time
from collections import Counter
from typing import Any

import pytest

from discord_bot import rest
from discord_bot.sandbox import cast
from discord_bot.sandbox.testing import LocalDiscord
from discord_bot.speaking import DiscordBackend
from notifications.letter import Letter, Passing

AT_ONCE = 100  # letters in flight, as notifyd has
RATE = 2  # how much faster Discord's clock is than ours; more, and a busy machine's jitter shows


def channels_of(local: LocalDiscord, count: int) -> list[int]:
    """So many new text channels."""
    return local.do(
        lambda world: [world.add_channel(world.guilds[cast.GUILD_ID], f"table-{n}").id for n in range(count)]
    )


async def drain(backend: DiscordBackend, letters: list[Letter]) -> tuple[float, int]:
    """Send them all as notifyd would, and again what may pass; returns real seconds and how often it had to pass."""
    free = asyncio.Semaphore(AT_ONCE)
    passed = 0

    async def one(letter: Letter) -> None:
        nonlocal passed
        while True:
            async with free:
                try:
                    async with asyncio.timeout(10):
                        await backend.send(letter)
                    return
                except TimeoutError:
                    again = 1.0
                except Passing as reason:
                    again = reason.retry_after or 1.0
                passed += 1
            await asyncio.sleep(again)

    started = time.monotonic()
    await asyncio.gather(*map(one, letters))
    return time.monotonic() - started, passed


def test_ten_thousand_posts_over_five_hundred_channels(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rate, posts, channels = RATE, 10_000, 500
    with LocalDiscord() as local:
        settings.DISCORD_API_URL, settings.DISCORD_BOT_TOKEN = local.api_url, local.bot_token
        monkeypatch.setattr(rest, "SECOND", 1 / rate)
        local.world.clock.rate = rate
        places = channels_of(local, channels)
        letters = [
            Letter(channel_id=place, text=f"post {n}", nonce=str(n))
            for n, place in zip(range(posts), itertools.cycle(places), strict=False)
        ]

        async def run() -> tuple[float, int]:
            backend = DiscordBackend()
            await backend.start()
            try:
                return await drain(backend, letters)
            finally:
                await backend.stop()

        seconds, passed = asyncio.run(run())
        statuses = Counter(entry["status"] for entry in local.server.services.log)
        per_second = posts / seconds / rate
        print(f"\n{posts} posts, {channels} channels: {seconds * rate:.0f} s of Discord's, {per_second:.1f} a second, ")
        print(f"{per_second / 45:.1%} of 45, {per_second / 50:.1%} of 50; passed {passed}; answers {dict(statuses)}")
