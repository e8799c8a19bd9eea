"""The clock of the local Discord: real time, until a test speeds it up or jumps ahead."""

import asyncio
import time
from collections.abc import Callable
from typing import Any


class Clock:
    """Returns the time in seconds since 1970 when called. Safe to read and to set from any thread.

    It governs ids, deadlines, nonces and windows of rate limits. Clients sleep in real time, so waiting times sent to
    them are real seconds: see `real_seconds`. Heartbeats are the exception and always use real time: the interval is
    agreed on when a client connects and cannot be changed later, so every jump would lose the connection.
    """

    def __init__(self) -> None:
        self._timers: set[Timer] = set()
        self._set(time.time(), 1.0)

    def __call__(self) -> float:
        real_start, clock_start, rate = self._reference
        return clock_start + (time.time() - real_start) * rate

    @property
    def rate(self) -> float:
        """How many seconds pass in a real one. Changing it causes no jump. Raises ValueError unless above 0."""
        return self._reference[2]

    @rate.setter
    def rate(self, rate: float) -> None:
        if not 0 < rate < float("inf"):
            raise ValueError("The rate must be above 0.")
        self._set(self(), rate)

    def advance(self, seconds: float) -> None:
        """Jump ahead. Timers due meanwhile fire now. Raise ValueError for a jump back."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("The clock cannot go back.")
        self._set(self() + seconds, self.rate)

    def real_seconds(self, seconds: float) -> float:
        """Return how many real seconds so many seconds of this clock take."""
        return seconds / self.rate

    def call_later(self, seconds: float, function: Callable[..., None], *args: Any) -> "Timer":
        """Call a function in the running event loop after so many seconds of this clock."""
        return Timer(self, self() + seconds, function, args)

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of this clock."""
        over = asyncio.Event()
        timer = self.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    def _set(self, clock_time: float, rate: float) -> None:
        # The machine's time, the clock's time, the rate: one value, so that no reader sees half of a change.
        self._reference = (time.time(), clock_time, rate)
        for timer in tuple(self._timers):
            timer.loop.call_soon_threadsafe(timer.arm)


class Timer:
    """A scheduled call; `cancel` it in the loop that created it."""

    def __init__(self, clock: Clock, due: float, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.loop = asyncio.get_running_loop()
        self._clock, self._due, self._function, self._args = clock, due, function, args
        self._handle: asyncio.TimerHandle | None = None
        clock._timers.add(self)
        self.arm()

    def arm(self) -> None:
        """Wait for the remaining time, again."""
        if self not in self._clock._timers:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self.loop.call_later(self._clock.real_seconds(self._due - self._clock()), self._fire)

    def cancel(self) -> None:
        self._clock._timers.discard(self)
        if self._handle is not None:
            self._handle.cancel()

    def _fire(self) -> None:
        self.cancel()
        self._function(*self._args)
