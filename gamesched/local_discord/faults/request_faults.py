"""Faults of a request: instead of, before or after its response; and pauses of the whole local Discord."""

import asyncio
import math
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random

from gamesched.local_discord.state.entities import Json

VIA = {"Via": "1.1 local-discord"}  # discord.py does not retry a 429 without it
EXEMPT_FROM_GLOBAL_LIMIT = ("/interactions/", "/webhooks/")  # do not count towards the global limit


class ConnectionDropped(Exception):
    """Raised to cut the connection instead of responding."""


@dataclass(frozen=True)
class FaultResponse:
    """A made-up response."""

    status: int
    body: Json
    headers: dict[str, str]


@dataclass
class RequestFault:
    """A fault for requests with a "METHOD /path" that matches `match` (`*` for all), until `is_over`.

    `parameters` are its parameters, of which the kind uses some. `remaining` is how many requests it still hits; None:
    any number. Of the matching ones, it hits the share `probability`, the same ones for the same `seed`.
    """

    id: int
    kind: str
    parameters: Json
    remaining: int | None = 1
    probability: float = 1.0
    random: Random = field(default_factory=Random)

    def hits(self, request: str) -> bool:
        """Return whether this "METHOD /path" is hit, and count it."""
        if not fnmatchcase(request, self.parameters["match"]) or self.random.random() >= self.probability:
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    @property
    def is_over(self) -> bool:
        return self.remaining == 0

    def payload(self) -> Json:
        return {"id": self.id, "kind": self.kind, **self.parameters, "times": self.remaining or 0}

    async def before_request(self) -> FaultResponse | None:
        """Run before the request is handled. Raise ConnectionDropped."""
        if self.kind == "status" and not self.parameters["done"]:
            return self._error_response(int(self.parameters["status"]))
        if self.kind == "timeout" or (self.kind == "delay" and not self.parameters["done_first"]):
            await asyncio.sleep(self.parameters["seconds"])
        if self.kind == "timeout":
            raise ConnectionDropped
        return None

    async def after_request(self) -> FaultResponse | None:
        """Run after the request was handled; what is returned takes its answer's place. Raise ConnectionDropped."""
        if self.kind == "lost":
            raise ConnectionDropped
        if self.kind == "delay" and self.parameters["done_first"]:
            await asyncio.sleep(self.parameters["seconds"])
        if self.kind == "status":
            return self._error_response(int(self.parameters["status"]))
        return None

    def _error_response(self, status: int) -> FaultResponse:
        if status == 429:
            return rate_limited_response(self.parameters["retry_after"], "shared")
        message = self.parameters["message"] or f"{status}: fault on demand"
        return FaultResponse(status, {"message": message, "code": self.parameters["code"]}, VIA)


@dataclass
class RateLimitFault(RequestFault):
    """A rate limit: from the first matching request on, all are refused for `retry_after` seconds."""

    ends_at: float | None = None  # on the monotonic clock: what a client waits is real time

    def hits(self, request: str) -> bool:
        path = request.partition(" ")[2]
        if self.parameters["scope"] == "global" and path.startswith(EXEMPT_FROM_GLOBAL_LIMIT):
            return False
        if not fnmatchcase(request, self.parameters["match"]):
            return False
        if self.ends_at is None:
            self.ends_at = time.monotonic() + self.parameters["retry_after"]
        return True

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= time.monotonic()

    def payload(self) -> Json:
        left = None if self.ends_at is None else round(max(0.0, self.ends_at - time.monotonic()), 1)
        return {"id": self.id, "kind": self.kind, **self.parameters, "seconds_left": left}

    async def before_request(self) -> FaultResponse | None:
        assert self.ends_at is not None, "hit before it is asked"
        return rate_limited_response(self.ends_at - time.monotonic(), self.parameters["scope"])


def rate_limited_response(wait: float, scope: str) -> FaultResponse:
    """Return a 429 with the headers of its scope, "user", "shared" or "global".

    https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit
    """
    wait = max(0.001, round(wait, 3))
    headers = VIA | {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": scope}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    else:
        headers |= {
            "X-RateLimit-Bucket": "fa017" * 6,
            "X-RateLimit-Limit": "5",
            # A shared limit belongs to the resource, and leaves the bot's own count unchanged.
            "X-RateLimit-Remaining": "4" if scope == "shared" else "0",
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
        }
    message = "The resource is being rate limited." if scope == "shared" else "You are being rate limited."
    return FaultResponse(429, {"message": message, "retry_after": wait, "global": scope == "global"}, headers)


class Pause:
    """A pause that ends by itself; the event `unpaused` is cleared meanwhile."""

    def __init__(self, going_on: asyncio.Event | None = None) -> None:
        self.unpaused = going_on or asyncio.Event()
        self.unpaused.set()
        self._end: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> None:
        """Pause for so many seconds from now on, replacing any earlier pause."""
        self.end()
        self.unpaused.clear()
        self._end = asyncio.get_running_loop().call_later(seconds, self.end)

    def end(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = None
        self.unpaused.set()

    @property
    def seconds_left(self) -> float:
        """Return the remaining seconds; 0 without a pause."""
        return 0.0 if self._end is None else max(0.0, self._end.when() - asyncio.get_running_loop().time())
