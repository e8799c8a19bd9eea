"""What can happen to a request instead of, before or after its answer; and pauses of the whole local Discord."""

import asyncio
import math
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random

from gamesched.local_discord.state.entities import Json

VIA = {"Via": "1.1 local-discord"}  # discord.py does not retry a 429 without it
UNLIMITED = ("/interactions/", "/webhooks/")  # do not count towards the global limit


class Dropped(Exception):
    """The connection is cut instead of an answer."""


@dataclass(frozen=True)
class Made:
    """An answer made up."""

    status: int
    body: Json
    headers: dict[str, str]


@dataclass
class Fault:
    """What happens to requests whose "METHOD /path" matches `match` (`*` for anything), until it is `over`.

    `given` is what it was told, of which the kind needs some. `left` is how many requests it still hits; None: any
    number. Of those that match, it hits the `probability` part, the same ones for the same `seed`.
    """

    id: int
    kind: str
    given: Json
    left: int | None = 1
    probability: float = 1.0
    random: Random = field(default_factory=Random)

    def hits(self, request: str) -> bool:
        """Whether this "METHOD /path" is hit, which is counted."""
        if not fnmatchcase(request, self.given["match"]) or self.random.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    @property
    def over(self) -> bool:
        return self.left == 0

    def told(self) -> Json:
        return {"id": self.id, "kind": self.kind, **self.given, "times": self.left or 0}

    async def before(self) -> Made | None:
        """What happens before the request is looked at. Raises Dropped."""
        if self.kind == "status":
            return self._status(int(self.given["status"]))
        if self.kind in ("timeout", "delay"):
            await asyncio.sleep(self.given["seconds"])
        if self.kind == "timeout":
            raise Dropped
        return None

    def after(self) -> None:
        """What happens once the request was done. Raises Dropped."""
        if self.kind == "lost":
            raise Dropped

    def _status(self, status: int) -> Made:
        if status == 429:
            return limited(self.given["retry_after"], "shared")
        said = self.given["message"] or f"{status}: fault on demand"
        return Made(status, {"message": said, "code": self.given["code"]}, VIA)


@dataclass
class Closed(Fault):
    """A rate limit: from the first request that matches on, all are refused for `retry_after` seconds."""

    until: float | None = None  # on the monotonic clock: what a client waits is real time

    def hits(self, request: str) -> bool:
        path = request.partition(" ")[2]
        if self.given["scope"] == "global" and path.startswith(UNLIMITED):
            return False
        if not fnmatchcase(request, self.given["match"]):
            return False
        if self.until is None:
            self.until = time.monotonic() + self.given["retry_after"]
        return True

    @property
    def over(self) -> bool:
        return self.until is not None and self.until <= time.monotonic()

    def told(self) -> Json:
        left = None if self.until is None else round(max(0.0, self.until - time.monotonic()), 1)
        return {"id": self.id, "kind": self.kind, **self.given, "seconds_left": left}

    async def before(self) -> Made | None:
        assert self.until is not None, "hit before it is asked"
        return limited(self.until - time.monotonic(), self.given["scope"])


def limited(wait: float, scope: str) -> Made:
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
    said = "The resource is being rate limited." if scope == "shared" else "You are being rate limited."
    return Made(429, {"message": said, "retry_after": wait, "global": scope == "global"}, headers)


class Pause:
    """A time that ends by itself: `going_on` is set but for then."""

    def __init__(self, going_on: asyncio.Event | None = None) -> None:
        self.going_on = going_on or asyncio.Event()
        self.going_on.set()
        self._end: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> None:
        """Pause for so long from now on, however long was said before."""
        self.end()
        self.going_on.clear()
        self._end = asyncio.get_running_loop().call_later(seconds, self.end)

    def end(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = None
        self.going_on.set()

    @property
    def left(self) -> float:
        """Seconds; 0 when there is no pause."""
        return 0.0 if self._end is None else max(0.0, self._end.when() - asyncio.get_running_loop().time())
