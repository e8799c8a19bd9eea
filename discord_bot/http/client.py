"""How notifyd's requests leave: each made once, when Discord's limits leave room for it.

discord.py builds requests and reads answers, but its own way of making them is for a program that has nowhere to put
one: it repeats what was refused or failed up to five times by itself, sleeps where a letter's time runs out (after the
last request of a window until that window's end, before it returns the answer), and learns of the global limit by
hitting it. Here what failed goes back to the schedule, whose next try meets the guard and the paces anew.
"""

import logging
import time
from typing import Any

import aiohttp
import discord
from discord.http import Route
from django.conf import settings

from discord_bot.http.limits import PATIENCE, Bucket, Buckets, Guard, Pace
from discord_bot.http.user_agent import USER_AGENT
from notifications.messages import NotYet, Passing, TokenRefused

log = logging.getLogger(__name__)

TIMEOUT = 6.0  # seconds for one request
# After a longer wait, a post had better be rendered as the game is by then.
EDIT_PATIENCE = 0.5  # seconds
SECOND = 1.0  # of Discord's clock; the local one may be faster
# What one request was told of a channel that is deleted, or that the bot may not see, holds for those that wait too.
NOT_THERE = {10003, 50001}  # Unknown Channel, Missing Access
NOT_THERE_FOR = 10.0  # seconds
SHARE = 0.9  # of the bot's requests a second; the rest is for look-ups, see `lookups`
REFUSED = "Discord refused DISCORD_BOT_TOKEN."


class Rest:
    """Makes a client's requests. Open in a running event loop; `close` at the end."""

    def __init__(self, client: discord.Client) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        count = max(1, int(settings.DISCORD_REQUESTS_PER_SECOND * SHARE))
        self._pace = Pace(count, SECOND, at_once=max(1, count // 10))
        self._buckets = Buckets()
        self._guard = Guard()
        self._refused = False
        self._not_there: dict[str, tuple[float, discord.HTTPException]] = {}  # by channel, until when
        # The one method through which everything goes that the client asks for.
        client.http.request = self.request  # type: ignore[method-assign]

    async def close(self) -> None:
        await self._session.close()

    async def request(
        self, route: Route, *, json: Any = None, params: Any = None, reason: str | None = None, **unused: Any
    ) -> Any:
        """Ask once and return what Discord answers.

        Raises NotYet before asking when it is not its turn, Passing, TokenRefused, and discord.py's HTTPException for
        what Discord understood and declined.
        """
        assert not unused.get("files"), "nothing is uploaded"
        editing = route.method in ("PATCH", "DELETE")
        bucket = self._buckets.of(route.key, route.major_parameters)
        deadline = time.monotonic() + (EDIT_PATIENCE if editing else PATIENCE)
        self._check(editing, route.major_parameters)
        await bucket.enter(deadline)
        unsent = True
        try:
            await self._pace.enter(deadline, "Discord takes no more requests just now")
            self._check(editing, route.major_parameters)
            unsent = False
            headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}", "User-Agent": USER_AGENT}
            asked = self._session.request(route.method, route.url, json=json, params=params, headers=headers)
            async with asked as answer:
                self._guard.count(answer.status, answer.headers, time.monotonic())
                if answer.status == 401:
                    self._refuse()
                bucket.learn(answer.headers, answer.ok)
                name = answer.headers.get("X-RateLimit-Bucket")
                self._buckets.named(route.key, route.major_parameters, name, bucket)
                said = await _body(answer)
            try:
                return self._meaning(answer, said, bucket)
            except discord.HTTPException as reason:
                if reason.code in NOT_THERE and route.channel_id:
                    self._not_there[route.major_parameters] = (time.monotonic() + NOT_THERE_FOR, reason)
                raise
        except (aiohttp.ClientError, OSError) as problem:
            raise Passing(f"Discord cannot be reached: {str(problem) or type(problem).__name__}") from None
        finally:
            bucket.leave(unsent)

    def _check(self, editing: bool, place: str) -> None:
        """Asked before waiting, and again just before leaving: what was sent meanwhile may have been refused."""
        if self._refused:
            raise TokenRefused(REFUSED)
        until, reason = self._not_there.get(place, (0.0, None))
        if reason is not None:
            if time.monotonic() < until:
                raise type(reason)(reason.response, {"code": reason.code, "message": reason.text})
            del self._not_there[place]
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
        if answer.status == 403:
            raise discord.Forbidden(answer, told or None)
        if answer.status == 404:
            raise discord.NotFound(answer, told or None)
        if answer.status != 429 or code:  # with a code, a limit that only some requests of the route meet
            raise discord.HTTPException(answer, told or None)
        wait = float(told.get("retry_after") or answer.headers.get("Retry-After") or 1.0)
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
