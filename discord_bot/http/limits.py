"""When a request may leave, so that Discord has nothing to refuse: by its own headers, and by even paces.

https://discord.com/developers/docs/topics/rate-limits. All times are seconds of the monotonic clock. What would have to
wait longer than PATIENCE is not kept here, but handed back with the time of its turn: the schedule remembers it, and
what can be sent is.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from notifications.messages import NotYet

log = logging.getLogger(__name__)

PATIENCE = 3.0  # seconds; with a request's own timeout well below the ten that a letter may take
MARGIN = 1.02  # what leaves evenly arrives a little unevenly
KEPT = 1000  # buckets and paces; beyond that, those at rest are forgotten


class Line:
    """What many want to use and few at a time can."""

    def __init__(self) -> None:
        self._promised = 0.0

    def away(self, now: float, wait: float, step: float, why: str) -> NotYet:
        """Send somebody away, to come back in `wait` seconds or `step` after whoever was sent away before them."""
        turn = max(self._promised, now + wait)
        self._promised = turn + step
        return NotYet(why, turn - now)


class Pace(Line):
    """At most `count` in any so many seconds: `at_once` of them at once, then at most twice as fast as even.

    So a few leave without waiting, whoever was kept by a busy machine catches up, and what arrives late meets no crowd.
    """

    def __init__(self, count: int, seconds: float, at_once: int = 1) -> None:
        super().__init__()
        self._seconds = seconds * MARGIN
        self.step = self._seconds / count
        self._ahead = (at_once - 1) * self.step / 2
        self._left: deque[float] = deque(maxlen=count)  # when each left
        self._spaced = 0.0  # up to when those that left would have kept their distance
        self._paused = 0.0
        self._waiting = 0
        self._turn = asyncio.Lock()

    def _next(self) -> float:
        """When the next may leave."""
        full = len(self._left) == self._left.maxlen
        return max(self._paused, self._spaced - self._ahead, self._left[0] + self._seconds if full else 0.0)

    def _leave(self) -> None:
        now = time.monotonic()
        self._left.append(now)
        self._spaced = max(self._spaced, now) + self.step / 2

    def take(self, why: str, in_line: bool = True) -> None:
        """Take the turn if it is now. Raises NotYet; without `in_line` for who may ask again before their turn."""
        now = time.monotonic()
        if now < self._next():
            raise self.away(now, self._next() - now, self.step if in_line else 0.0, why)
        self._leave()

    async def enter(self, deadline: float, why: str) -> None:
        """Wait for the next turn and take it. Raises NotYet if it comes after the deadline, or after a pause."""
        now = time.monotonic()
        begins = max(self._next(), now) + self._waiting * self.step
        if begins > deadline:
            raise self.away(now, begins - now, self.step, why)
        self._waiting += 1
        try:
            async with self._turn:
                while (wait := self._next() - time.monotonic()) > 0:
                    if self._next() > deadline:
                        raise self.away(time.monotonic(), wait, self.step, why)
                    await asyncio.sleep(wait)
                self._leave()
        finally:
            self._waiting -= 1

    def pause(self, seconds: float) -> None:
        """Nobody's turn comes before then."""
        self._paused = time.monotonic() + seconds

    def at_rest(self, now: float) -> bool:
        return self._next() <= now


class Bucket(Line):
    """One of Discord's own limits, as the headers of its answers tell it.

    Until the first answer, one request at a time finds out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._limit: int | None = None
        self._unlimited = False
        self._left = 0
        self._window = 1.0
        self._begun = self._resets = 0.0
        self._under_way = 0
        self._moved = asyncio.Event()

    async def enter(self, deadline: float) -> None:
        """Wait for room and take it; `leave` must follow. Raises NotYet if there is none before the deadline."""
        while True:
            now = time.monotonic()
            if self._room(now):
                self._left -= 1
                self._under_way += 1
                return
            until = self._resets if self._limit is not None else deadline
            if until > deadline or now >= deadline:
                wait, step = (until - now, self._window / self._limit) if self._limit else (0.3, 0.1)
                raise self.away(now, max(wait, 0.1), step, "This channel takes no more messages just now")
            with suppress(TimeoutError):
                async with asyncio.timeout(until - now):
                    await self._moved.wait()

    def _room(self, now: float) -> bool:
        if self._unlimited:
            return True
        if self._limit is None:
            return not self._under_way
        if now >= self._resets:
            # What is under way may be counted in either window.
            self._left = self._limit - self._under_way
            self._begun, self._resets = now, now + self._window
        return self._left > 0

    def leave(self, unsent: bool = False) -> None:
        """Whatever became of the request; `unsent` gives the room back."""
        self._under_way -= 1
        self._left += unsent
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def learn(self, headers: Mapping[str, str], ok: bool) -> None:
        """Read an answer's headers."""
        try:
            limit, left = int(headers["X-RateLimit-Limit"]), int(headers["X-RateLimit-Remaining"])
            after = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            self._unlimited = self._unlimited or (ok and self._limit is None)
            return
        now = time.monotonic()
        if self._limit is None:
            self._begun, self._left, self._window = now, left, after
        elif now + after < self._begun + self._window / 2:
            return  # an answer from the window before, whose rest is no longer of interest
        self._unlimited = False
        self._limit = limit
        self._window = max(self._window, after)
        self._left = min(self._left, left)
        self._resets = now + after

    def close(self, seconds: float) -> None:
        """Discord refused a request, although we thought there was room."""
        now = time.monotonic()
        self._limit = self._limit or 1
        self._left, self._begun, self._resets = 0, now, now + seconds

    def at_rest(self, now: float) -> bool:
        return not self._under_way and self._resets <= now


class Buckets:
    """Every bucket: Discord's name for it, which answers tell, and the channel that it counts for."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._all: dict[tuple[str, str], Bucket] = {}

    def of(self, route: str, major: str) -> Bucket:
        if len(self._all) > KEPT:
            now = time.monotonic()
            self._all = {key: each for key, each in self._all.items() if not each.at_rest(now)}
        return self._all.setdefault((self._names.get(route, route), major), Bucket())

    def named(self, route: str, major: str, name: str | None, bucket: Bucket) -> None:
        """Remember what an answer says the route's bucket is called."""
        if name is not None and self._names.get(route) != name:
            self._names[route] = name
        if name is not None:
            self._all.setdefault((name, major), bucket)


class Guard:
    """Counts the answers for which Discord bans an address: 10,000 of 401, 403 and 429 in ten minutes.

    https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """

    WINDOW = 600.0
    SPEAKING = 800  # from there on, only edits: what people see of a game stays right
    EDITING = 900  # from there on, nothing

    def __init__(self) -> None:
        self._at: deque[float] = deque()
        self._said = False

    def count(self, status: int, headers: Mapping[str, str], now: float) -> None:
        """Note one answer. What others used up, scope "shared", does not count."""
        if status in (401, 403, 429) and headers.get("X-RateLimit-Scope") != "shared":
            self._at.append(now)

    def check(self, editing: bool, now: float) -> None:
        """Raises NotYet while too many requests were refused lately."""
        while self._at and self._at[0] <= now - self.WINDOW:
            self._at.popleft()
        most = self.EDITING if editing else self.SPEAKING
        if len(self._at) < self.SPEAKING:
            self._said = False
        if len(self._at) < most:
            return
        wait = self._at[len(self._at) - most] + self.WINDOW - now
        if not self._said:
            self._said = True
            log.error(
                "Discord refused %d requests within ten minutes, and bans whoever reaches 10,000. New messages wait "
                "for %.0f s. Look at what failed: python manage.py notifications list.",
                len(self._at),
                wait,
            )
        raise NotYet("Too many requests were refused lately", wait)
