"""Rate limiters that delay requests so that Discord has none to refuse, by its headers and by even spacing.

https://discord.com/developers/docs/topics/rate-limits. All times are seconds of the monotonic clock. A request that
would wait longer than MAX_WAIT is handed back with the time of its turn: the schedule stores it, and others can be
sent meanwhile.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from django.utils.translation import gettext_noop

from gamesched.lib.metrics import TURNED_AWAY
from notifications.messages import RateLimited

log = logging.getLogger(__name__)

MAX_WAIT = 3.0  # seconds; with a request's own timeout, well below the ten that sending a message may take
MARGIN = 1.02  # requests sent evenly arrive a little unevenly
MAX_KEPT = 1000  # buckets and limiters; beyond that, idle ones are dropped


class Limiter:
    """Base of limiters, which hands later turns to requests that it turns away."""

    def __init__(self) -> None:
        self._reserved_until = 0.0

    def turn_away(self, now: float, wait: float, interval: float, reason: str) -> RateLimited:
        """Return RateLimited with the next free turn, and reserve that turn."""
        TURNED_AWAY.inc()
        turn = max(self._reserved_until, now + wait)
        self._reserved_until = turn + interval
        return RateLimited(reason, turn - now)


class SlidingWindowLimiter(Limiter):
    """At most `count` in any window of `seconds`: `at_once` together, then at most twice as fast as even spacing.

    So a few go without waiting, a request delayed by a busy machine catches up, and a late one meets no crowd.
    """

    def __init__(self, count: int, seconds: float, at_once: int = 1) -> None:
        super().__init__()
        self._seconds = seconds * MARGIN
        self.interval = self._seconds / count
        self._burst = (at_once - 1) * self.interval / 2
        self._sent_at: deque[float] = deque(maxlen=count)
        self._spaced_until = 0.0  # when the spacing of all sent so far ends
        self._paused_until = 0.0
        self._waiting = 0
        self._turn_lock = asyncio.Lock()

    def _next_turn(self) -> float:
        """Return when the next request may be sent."""
        full = len(self._sent_at) == self._sent_at.maxlen
        return max(
            self._paused_until, self._spaced_until - self._burst, self._sent_at[0] + self._seconds if full else 0.0
        )

    def _record_sent(self) -> None:
        now = time.monotonic()
        self._sent_at.append(now)
        self._spaced_until = max(self._spaced_until, now) + self.interval / 2

    def try_acquire(self, reason: str, reserve: bool = True) -> None:
        """Take the turn if it is now, else raise RateLimited.

        Use `reserve=False` if the caller may retry before its turn.
        """
        now = time.monotonic()
        if now < self._next_turn():
            raise self.turn_away(now, self._next_turn() - now, self.interval if reserve else 0.0, reason)
        self._record_sent()

    async def acquire(self, deadline: float, reason: str) -> None:
        """Wait for the next turn and take it. Raise RateLimited if it comes after the deadline, or after a pause."""
        now = time.monotonic()
        begins = max(self._next_turn(), now) + self._waiting * self.interval
        if begins > deadline:
            raise self.turn_away(now, begins - now, self.interval, reason)
        self._waiting += 1
        try:
            async with self._turn_lock:
                while (wait := self._next_turn() - time.monotonic()) > 0:
                    if self._next_turn() > deadline:
                        raise self.turn_away(time.monotonic(), wait, self.interval, reason)
                    await asyncio.sleep(wait)
                self._record_sent()
        finally:
            self._waiting -= 1

    def pause(self, seconds: float) -> None:
        """Allow no request for so many seconds."""
        self._paused_until = time.monotonic() + seconds

    def is_idle(self, now: float) -> bool:
        return self._next_turn() <= now


class RouteBucket(Limiter):
    """One of Discord's rate limit buckets, as the headers of its responses describe it.

    Until the first response, one request at a time finds out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._limit: int | None = None
        self._unlimited = False
        self._remaining = 0
        self._window = 1.0
        self._window_started_at = self._resets_at = 0.0
        self._in_flight = 0
        self._changed = asyncio.Event()

    async def acquire(self, deadline: float) -> None:
        """Wait for a free request and take it; `release` must follow. Raise RateLimited if none is free in time."""
        while True:
            now = time.monotonic()
            if self._has_room(now):
                self._remaining -= 1
                self._in_flight += 1
                return
            until = self._resets_at if self._limit is not None else deadline
            if until > deadline or now >= deadline:
                wait, step = (until - now, self._window / self._limit) if self._limit else (0.3, 0.1)
                raise self.turn_away(
                    now, max(wait, 0.1), step, gettext_noop("This channel accepts no more messages right now")
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(until - now):
                    await self._changed.wait()

    def _has_room(self, now: float) -> bool:
        if self._unlimited:
            return True
        if self._limit is None:
            return not self._in_flight
        if now >= self._resets_at:
            # Requests in flight may count in either window.
            self._remaining = self._limit - self._in_flight
            self._window_started_at, self._resets_at = now, now + self._window
        return self._remaining > 0

    def release(self, unsent: bool = False) -> None:
        """End a request, whatever its result; `unsent` gives its place back."""
        self._in_flight -= 1
        self._remaining += unsent
        waiters, self._changed = self._changed, asyncio.Event()
        waiters.set()

    def update(self, headers: Mapping[str, str], ok: bool) -> None:
        """Read a response's headers."""
        try:
            limit, left = int(headers["X-RateLimit-Limit"]), int(headers["X-RateLimit-Remaining"])
            after = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            self._unlimited = self._unlimited or (ok and self._limit is None)
            return
        now = time.monotonic()
        if self._limit is None:
            self._window_started_at, self._remaining, self._window = now, left, after
        elif now + after < self._window_started_at + self._window / 2:
            return  # a response from the previous window, whose remainder no longer matters
        self._unlimited = False
        self._limit = limit
        self._window = max(self._window, after)
        self._remaining = min(self._remaining, left)
        self._resets_at = now + after

    def exhaust(self, seconds: float) -> None:
        """Close the bucket after Discord refused a request that it should have allowed."""
        now = time.monotonic()
        self._limit = self._limit or 1
        self._remaining, self._window_started_at, self._resets_at = 0, now, now + seconds

    def is_idle(self, now: float) -> bool:
        return not self._in_flight and self._resets_at <= now


class RouteBuckets:
    """All buckets, by Discord's name for them (from responses) and by the channel that they count for."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._buckets: dict[tuple[str, str], RouteBucket] = {}

    def get(self, route: str, major: str) -> RouteBucket:
        if len(self._buckets) > MAX_KEPT:
            now = time.monotonic()
            self._buckets = {key: each for key, each in self._buckets.items() if not each.is_idle(now)}
        return self._buckets.setdefault((self._names.get(route, route), major), RouteBucket())

    def remember_name(self, route: str, major: str, name: str | None, bucket: RouteBucket) -> None:
        """Store the bucket's name that a response gives for the route."""
        if name is not None and self._names.get(route) != name:
            self._names[route] = name
        if name is not None:
            self._buckets.setdefault((name, major), bucket)


class InvalidRequestGuard:
    """Counts the responses for which Discord bans an address: 10,000 of 401, 403 and 429 in ten minutes.

    https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """

    WINDOW = 600.0
    MESSAGE_LIMIT = 800  # beyond it only edits are sent, so that posts stay correct
    EDIT_LIMIT = 900  # beyond it nothing is sent

    def __init__(self) -> None:
        self._refused_at: deque[float] = deque()
        self._has_warned = False

    def count(self, status: int, headers: Mapping[str, str], now: float) -> None:
        """Record one response. Scope "shared" does not count: others used that limit up."""
        if status in (401, 403, 429) and headers.get("X-RateLimit-Scope") != "shared":
            self._refused_at.append(now)

    def check(self, editing: bool, now: float) -> None:
        """Raise RateLimited while too many requests were refused lately."""
        while self._refused_at and self._refused_at[0] <= now - self.WINDOW:
            self._refused_at.popleft()
        limit = self.EDIT_LIMIT if editing else self.MESSAGE_LIMIT
        if len(self._refused_at) < self.MESSAGE_LIMIT:
            self._has_warned = False
        if len(self._refused_at) < limit:
            return
        wait = self._refused_at[len(self._refused_at) - limit] + self.WINDOW - now
        if not self._has_warned:
            self._has_warned = True
            log.error(
                "Discord refused %d requests within ten minutes, and bans bots that reach 10,000. New messages wait "
                "for %.0f s. See what failed: python manage.py notifications list.",
                len(self._refused_at),
                wait,
            )
        raise RateLimited(gettext_noop("Too many requests were refused lately"), wait)
