"""notifyd's requests to Discord: each made once, when Discord's limits leave room for it.

Not through discord.py's client, which is made for a program that has nowhere to put a request: it repeats what was
refused or failed up to five times by itself, sleeps where a letter's time runs out (after the last request of a window
until that window's end, before it returns the answer), and learns of the global limit by hitting it. Here a request is
made once; what failed goes back to the schedule, whose next try meets the guard and the paces anew.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from django.conf import settings

from discord_bot.addresses import USER_AGENT
from discord_bot.pacing import PATIENCE, Bucket, Buckets, Guard, Pace
from notifications.letter import NotYet, Passing, TokenRefused

log = logging.getLogger(__name__)

TIMEOUT = 6.0  # seconds for one request
SECOND = 1.0  # of Discord's clock; the local one may be faster
SHARE = 0.9  # of the bot's requests a second; the rest is for look-ups, see `lookups`
REFUSED = "Discord refused DISCORD_BOT_TOKEN."


class Declined(Exception):
    """Discord understood and declined: a status 4xx, with its own code where it gave one, else 0.

    `retry_after` in seconds, where it said so.
    """

    def __init__(self, status: int, code: int, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.retry_after = status, code, retry_after


class Rest:
    """Open in a running event loop; `close` at the end."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        count = max(1, int(settings.DISCORD_REQUESTS_PER_SECOND * SHARE))
        self._pace = Pace(count, SECOND, at_once=max(1, count // 10))
        self._buckets = Buckets()
        self._guard = Guard()
        self._refused = False

    async def close(self) -> None:
        await self._session.close()

    async def request(
        self,
        method: str,
        route: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
        **ids: int,
    ) -> Any:
        """Ask once and return what Discord answers. `ids` fill the route, of which `channel_id` has its own limits.

        Raises NotYet before asking when it is not its turn, Passing, TokenRefused, and Declined.
        """
        editing = method in ("PATCH", "DELETE")
        major = str(ids.get("channel_id", ""))
        bucket = self._buckets.of(f"{method} {route}", major)
        deadline = time.monotonic() + patience
        self._check(editing)
        await bucket.enter(deadline)
        unsent = True
        try:
            await self._pace.enter(deadline, "Discord takes no more requests just now")
            self._check(editing)
            unsent = False
            headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}", "User-Agent": USER_AGENT}
            address = settings.DISCORD_API_URL + route.format_map(ids)
            asked = self._session.request(method, address, json=body, params=query, headers=headers)
            async with asked as answer:
                self._guard.count(answer.status, answer.headers, time.monotonic())
                if answer.status == 401:
                    self._refuse()
                bucket.learn(answer.headers, answer.ok)
                self._buckets.named(f"{method} {route}", major, answer.headers.get("X-RateLimit-Bucket"), bucket)
                said = await _body(answer)
            return self._meaning(answer, said, bucket)
        except (aiohttp.ClientError, OSError) as reason:
            raise Passing(f"Discord cannot be reached: {str(reason) or type(reason).__name__}") from None
        finally:
            bucket.leave(unsent)

    def _check(self, editing: bool) -> None:
        """Asked before waiting, and again just before leaving: what was sent meanwhile may have been refused."""
        if self._refused:
            raise TokenRefused(REFUSED)
        self._guard.check(editing, time.monotonic())

    def _refuse(self) -> None:
        if not self._refused:
            log.error("%s Nothing is sent until it is mended; what waits is kept.", REFUSED)
        self._refused = True

    def _meaning(self, answer: aiohttp.ClientResponse, said: Any, bucket: Bucket) -> Any:
        if answer.ok:
            return said
        told = said if isinstance(said, dict) else {}
        code = int(told.get("code") or 0)
        if answer.status == 401:
            raise TokenRefused(REFUSED)
        if answer.status >= 500:
            raise Passing(f"Discord answered {answer.status}")
        if answer.status != 429:
            raise Declined(answer.status, code, str(told.get("message") or f"Discord answered {answer.status}"))
        wait = float(told.get("retry_after") or answer.headers.get("Retry-After") or 1.0)
        if code:  # a limit that only some requests of the route meet
            raise Declined(429, code, str(told.get("message")), wait)
        if told.get("global") or not told:  # without a word it is not Discord but Cloudflare, who has banned us
            log.warning("Discord's limit for the whole bot was reached. Nothing is asked for %.1f s.", wait)
            self._pace.pause(wait)
        else:
            bucket.close(wait)
        raise NotYet("Discord limits us", wait)


async def _body(answer: aiohttp.ClientResponse) -> Any:
    if answer.content_type != "application/json":
        return None
    try:
        return await answer.json()
    except ValueError:
        return None
