"""Rate limits with Discord's headers: https://docs.discord.com/developers/topics/rate-limits"""

import hashlib
import math
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from gamesched.local_discord.errors import DiscordError
from gamesched.local_discord.state.clock import Clock

WINDOWS_KEPT = 10_000  # windows that have ended are forgotten beyond that many


@dataclass(frozen=True)
class Limit:
    """So many requests in so many seconds of the clock."""

    requests: int
    seconds: float


# Discord publishes few of these and warns not to rely on any; those of single routes are what clients observe.
RULES = {
    "global": Limit(50, 1.0),  # per bot; without authorization per address
    "post": Limit(5, 5.0),  # per channel
    "edit": Limit(5, 5.0),  # per channel
    "old_edit": Limit(3, 6.0),  # per channel, messages older than an hour: 429 with code 30046
    "open_dm": Limit(10, 10.0),  # per bot, new channels only: 429 with code 40003
    "member": Limit(5, 1.0),  # per guild
    "search": Limit(10, 10.0),  # per guild
    "webhook": Limit(5, 2.0),  # per token: what follows the first response
    "other": Limit(30, 1.0),  # per route and channel, guild or token
    "invalid": Limit(10_000, 600.0),  # answers 401, 403 and 429 per address, which is banned then
    "gateway": Limit(120, 60.0),  # frames per connection
    "identify": Limit(1, 5.0),  # per bot, as max_concurrency is 1
    "sessions": Limit(1000, 86_400.0),  # IDENTIFYs per bot, whose token is reset then
}

# Discord documents codes and messages, not the status. Of 30046 it is known to be 429; of 40003 clients report 403
# and 400, too: see `Limits.open_dm_status`.
OLD_EDIT = (30046, "Maximum number of edits to messages older than 1 hour reached. Try again later")
OPEN_DM = (40003, "You are opening direct messages too fast")


@dataclass
class _Window:
    ends: float
    used: int = 0


@dataclass(frozen=True)
class Taken:
    """What is left after one request. Times are real seconds."""

    limit: Limit
    left: int
    wait: float  # until the window ends
    refused: bool

    def headers(self, bucket: str) -> dict[str, str]:
        """Those of every answer on a route. `bucket` names what is limited, without channel, guild or webhook."""
        return {
            "X-RateLimit-Bucket": hashlib.md5(bucket.encode(), usedforsecurity=False).hexdigest(),
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": f"{time.time() + self.wait:.3f}",
            "X-RateLimit-Reset-After": f"{self.wait:.3f}",
        }

    def refusal(self, scope: str = "user", code: int | None = None, message: str | None = None) -> DiscordError:
        """The 429, with its own headers. `scope` is user, global or shared; only some limits have a `code`."""
        error = DiscordError(429, code or 0, message or "You are being rate limited.")
        error.body |= {"retry_after": self.wait, "global": scope == "global"}
        if code is None:
            del error.body["code"]
        error.headers = {"X-RateLimit-Scope": scope, "Retry-After": str(math.ceil(self.wait))}
        if scope == "global":
            error.headers["X-RateLimit-Global"] = "true"
        return error


class Limits:
    """Counts requests. `rules` may be changed at any time; `rules.clear()` lifts every limit, `RULES` names all.

    Windows go by the clock. Clients are told how long to wait in real seconds, so that one that sleeps as told keeps
    up with a clock that runs faster.
    """

    def __init__(self, clock: Clock) -> None:
        self.rules: dict[str, Limit] = dict(RULES)
        self.open_dm_status = 429
        self._clock = clock
        self._windows: dict[tuple[str, Hashable], _Window] = {}

    def take(self, rule: str, key: Hashable) -> Taken | None:
        """Count one request; None without such a rule."""
        limit = self.rules.get(rule)
        if limit is None:
            return None
        window = self._window(rule, key, limit)
        refused = window.used >= limit.requests
        window.used += not refused
        return self._taken(limit, window, refused)

    def look(self, rule: str, key: Hashable) -> Taken | None:
        """What one request more would meet, without counting it."""
        limit = self.rules.get(rule)
        if limit is None:
            return None
        window = self._windows.get((rule, key))
        if window is None or window.ends <= self._clock():
            return Taken(limit, limit.requests, 0.0, refused=False)
        return self._taken(limit, window, window.used >= limit.requests)

    def _window(self, rule: str, key: Hashable, limit: Limit) -> _Window:
        now = self._clock()
        window = self._windows.get((rule, key))
        if window is None or window.ends <= now:
            if len(self._windows) > WINDOWS_KEPT:
                self._windows = {each: window for each, window in self._windows.items() if window.ends > now}
            window = self._windows[rule, key] = _Window(now + limit.seconds)
        return window

    def _taken(self, limit: Limit, window: _Window, refused: bool) -> Taken:
        # Rounded up: who waits exactly as long as told must not come a moment early.
        wait = max(1, math.ceil(self._clock.real(window.ends - self._clock()) * 1000)) / 1000
        return Taken(limit, max(0, limit.requests - window.used), wait, refused)

    # --- limits that only some requests of a route meet ----------------------------------------------------

    def edit_old(self, channel_id: int) -> None:
        """An edit of a message older than an hour. Raises 429 with code 30046."""
        taken = self.take("old_edit", channel_id)
        if taken is not None and taken.refused:
            raise taken.refusal("user", *OLD_EDIT)

    def open_dm(self, bot_id: int) -> None:
        """A direct message channel that is not there yet. Raises `open_dm_status` with code 40003."""
        taken = self.take("open_dm", bot_id)
        if taken is not None and taken.refused:
            error = taken.refusal("user", *OPEN_DM)
            if self.open_dm_status != 429:
                error = DiscordError(self.open_dm_status, *OPEN_DM)
            raise error

    # --- invalid requests ----------------------------------------------------------------------------------

    @property
    def invalid(self) -> int:
        """How many invalid requests were answered lately, from all addresses."""
        now = self._clock()
        return sum(w.used for (rule, _), w in self._windows.items() if rule == "invalid" and w.ends > now)

    def answered(self, address: str, status: int, headers: Mapping[str, str]) -> None:
        """Count an answer if it is 401, 403 or 429; but not what others used up, scope "shared"."""
        if status in (401, 403, 429) and headers.get("X-RateLimit-Scope") != "shared":
            self.take("invalid", address)

    def banned(self, address: str) -> float | None:
        """For how many real seconds the address stays banned; None when it is not."""
        taken = self.look("invalid", address)
        return taken.wait if taken is not None and taken.refused else None
