"""What can happen to a request instead of, before or after its answer; and pauses of the whole local Discord."""

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
    """The connection is cut instead of an answer."""


@dataclass(frozen=True)
class FaultResponse:
    """An answer made up."""

    status: int
    body: Json
    headers: dict[str, str]


@dataclass
class RequestFault:
    """What happens to requests whose "METHOD /path" matches `match` (`*` for anything), until it is `over`.

    `given` is what it was told, of which the kind needs some. `left` is how many requests it still hits; None: any
    number. Of those that match, it hits the `probability` part, the same ones for the same `seed`.
    """

    id: int
    kind: str
    parameters: Json
    remaining: int | None = 1
    probability: float = 1.0
    random: Random = field(default_factory=Random)

    def hits(self, request: str) -> bool:
        """Whether this "METHOD /path" is hit, which is counted."""
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
        """What happens before the request is looked at. Raises Dropped."""
        if self.kind == "status":
            return self._error_response(int(self.parameters["status"]))
        if self.kind in ("timeout", "delay"):
            await asyncio.sleep(self.parameters["seconds"])
        if self.kind == "timeout":
            raise ConnectionDropped
        return None

    def after_request(self) -> None:
        """What happens once the request was done. Raises Dropped."""
        if self.kind == "lost":
            raise ConnectionDropped

    def _error_response(self, status: int) -> FaultResponse:
        if status == 429:
            return rate_limited_response(self.parameters["retry_after"], "shared")
        message = self.parameters["message"] or f"{status}: fault on demand"
        return FaultResponse(status, {"message": message, "code": self.parameters["code"]}, VIA)


@dataclass
class RateLimitFault(RequestFault):
    """A rate limit: from the first request that matches on, all are refused for `retry_after` seconds."""

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
    """A 429 with the headers of its scope, "user", "shared" or "global".

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
            # A shared limit is the resource's, and leaves the bot's own count alone.
            "X-RateLimit-Remaining": "4" if scope == "shared" else "0",
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
        }
    message = "The resource is being rate limited." if scope == "shared" else "You are being rate limited."
    return FaultResponse(429, {"message": message, "retry_after": wait, "global": scope == "global"}, headers)


class Pause:
    """A time that ends by itself: `going_on` is set but for then."""

    def __init__(self, going_on: asyncio.Event | None = None) -> None:
        self.unpaused = going_on or asyncio.Event()
        self.unpaused.set()
        self._end: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> None:
        """Pause for so long from now on, however long was said before."""
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
        """Seconds; 0 when there is no pause."""
        return 0.0 if self._end is None else max(0.0, self._end.when() - asyncio.get_running_loop().time())
