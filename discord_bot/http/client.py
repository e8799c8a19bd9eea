"""notifyd's HTTP client: sends each request once, when Discord's limits allow it.

discord.py builds requests and parses responses, but its own HTTP client cannot hand work back: it repeats up to
five times what was refused or failed, sleeps while a message's time runs out (after the last request of a window
until that window ends, before it returns the response), and learns of the global limit by hitting it. Here a failed
request goes back to the schedule, and its next attempt passes the guard and the limiters again.
"""

import logging
import time
from json import loads
from typing import Any

import aiohttp
import discord
from discord.http import Route
from django.conf import settings
from django.utils.translation import gettext_noop

from discord_bot.http.limits import MAX_WAIT, InvalidRequestGuard, RouteBucket, RouteBuckets, SlidingWindowLimiter
from discord_bot.http.tracing import request_trace
from notifications.messages import RateLimited, TemporaryError, TokenRefused

log = logging.getLogger(__name__)

TIMEOUT = 6.0  # seconds for one request
# After a longer wait, a post is better rendered again from the game's current state.
MAX_EDIT_WAIT = 0.5  # seconds
SECOND = 1.0  # of Discord's clock; the local one may be faster
# An error about a deleted or inaccessible channel applies to the requests that wait for it, too.
INACCESSIBLE_CODES = {10003, 50001}  # Unknown Channel, Missing Access
INACCESSIBLE_FOR = 10.0  # seconds
SHARE = 0.9  # of the bot's requests a second; the rest is for look-ups, see `lookup_limit`
UNREACHABLE = gettext_noop("Can't reach Discord")
TOKEN_REFUSED_TEXT = "Discord refused DISCORD_BOT_TOKEN."  # noqa: S105


class RestClient:
    """Sends a discord.py client's requests. Create it in a running event loop, and `close` it at the end."""

    def __init__(self, client: discord.Client) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT), trace_configs=[request_trace()]
        )
        count = max(1, int(settings.DISCORD_REQUESTS_PER_SECOND * SHARE))
        self._limiter = SlidingWindowLimiter(count, SECOND, at_once=max(1, count // 10))
        self._buckets = RouteBuckets()
        self._guard = InvalidRequestGuard()
        self._headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}"}
        self._is_token_refused = False
        self._inaccessible: dict[str, tuple[float, discord.HTTPException]] = {}  # by channel, until when
        # All of the client's requests go through this one method.
        client.http.request = self.request  # type: ignore[method-assign]

    async def close(self) -> None:
        await self._session.close()

    async def request(
        self, route: Route, *, json: Any = None, params: Any = None, reason: str | None = None, **unused: Any
    ) -> Any:
        """Send a request once and return the response's body.

        Raise RateLimited before sending if it is not its turn, TemporaryError, TokenRefused, and discord.py's
        HTTPException for what Discord refused.
        """
        assert not unused.get("files"), "nothing is uploaded"
        editing = route.method in ("PATCH", "DELETE")
        place = route.major_parameters
        bucket = self._buckets.get(route.key, place)
        deadline = time.monotonic() + (MAX_EDIT_WAIT if editing else MAX_WAIT)
        self._check(editing, place)
        await bucket.acquire(deadline)
        unsent = True
        try:
            await self._limiter.acquire(deadline, gettext_noop("Discord accepts no more requests right now"))
            self._check(editing, place)
            unsent = False
            pending = self._session.request(route.method, route.url, json=json, params=params, headers=self._headers)
            async with pending as response:
                self._guard.count(response.status, response.headers, time.monotonic())
                if response.status == 401:
                    self._note_token_refused()
                bucket.update(response.headers, response.ok)
                name = response.headers.get("X-RateLimit-Bucket")
                self._buckets.remember_name(route.key, place, name, bucket)
                body = await _read_json(response)
            try:
                return self._parse(response, body, bucket)
            except discord.HTTPException as reason:
                if reason.code in INACCESSIBLE_CODES and route.channel_id:
                    self._inaccessible[place] = (time.monotonic() + INACCESSIBLE_FOR, reason)
                raise
        except (aiohttp.ClientError, OSError) as problem:
            raise TemporaryError(f"{UNREACHABLE}: {str(problem) or type(problem).__name__}") from None
        finally:
            bucket.release(unsent)

    def _check(self, editing: bool, channel: str) -> None:
        """Raise if sending is pointless now. Called before waiting and again just before sending."""
        if self._is_token_refused:
            raise TokenRefused(TOKEN_REFUSED_TEXT)
        until, reason = self._inaccessible.get(channel, (0.0, None))
        if reason is not None:
            if time.monotonic() < until:
                raise type(reason)(reason.response, {"code": reason.code, "message": reason.text})
            del self._inaccessible[channel]
        self._guard.check(editing, time.monotonic())

    def _note_token_refused(self) -> None:
        if not self._is_token_refused:
            log.error("%s Nothing is sent until you fix that; waiting messages are kept.", TOKEN_REFUSED_TEXT)
        self._is_token_refused = True

    def _parse(self, response: aiohttp.ClientResponse, body: Any, bucket: RouteBucket) -> Any:
        if response.ok:
            return body
        error = body if isinstance(body, dict) else {}
        code = int(error.get("code") or 0)
        if response.status == 401:
            raise TokenRefused(TOKEN_REFUSED_TEXT)
        if response.status >= 500:
            raise TemporaryError(f"Discord answered {response.status}")
        if not error and response.status != 429:
            # Not Discord's own answer, which always has a code: something before it, such as Cloudflare, refuses.
            raise TemporaryError(f"Discord answered {response.status} without saying why")
        if response.status == 403:
            raise discord.Forbidden(response, error or None)
        if response.status == 404:
            raise discord.NotFound(response, error or None)
        if response.status != 429 or code:  # with a code, a limit that only some requests of the route meet
            raise discord.HTTPException(response, error or None)
        wait = float(error.get("retry_after") or response.headers.get("Retry-After") or 1.0)
        if error.get("global") or not error:  # without a body it is Cloudflare, which has banned us, not Discord
            log.warning("Reached Discord's limit for the whole bot. Asking nothing for %.1f s.", wait)
            self._limiter.pause(wait)
        else:
            bucket.exhaust(wait)
        raise RateLimited(gettext_noop("Discord limits us"), wait)


async def _read_json(response: aiohttp.ClientResponse) -> Any:
    if response.content_type != "application/json":
        return None
    try:
        return loads(await response.read())
    except ValueError:
        return None
