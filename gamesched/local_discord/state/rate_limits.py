"""Rate limits with Discord's headers: https://docs.discord.com/developers/topics/rate-limits"""

import hashlib
import math
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from gamesched.local_discord.errors import DiscordError
from gamesched.local_discord.state.clock import Clock

MAX_WINDOWS = 10_000  # beyond that many, windows that have ended are dropped


@dataclass(frozen=True)
class RateLimit:
    """A number of requests in a number of seconds of the clock."""

    requests: int
    seconds: float


# Discord publishes few of these and warns not to rely on any; those of single routes are what clients observe.
RULES = {
    "global": RateLimit(50, 1.0),  # per bot; without authorization per address
    "post": RateLimit(5, 5.0),  # per channel
    "edit": RateLimit(5, 5.0),  # per channel
    "old_edit": RateLimit(3, 6.0),  # per channel, messages older than an hour: 429 with code 30046
    "open_dm": RateLimit(10, 10.0),  # per bot, new channels only: 429 with code 40003
    "member": RateLimit(5, 1.0),  # per guild
    "search": RateLimit(10, 10.0),  # per guild
    "rename": RateLimit(2, 600.0),  # per channel: another name or topic
    "crosspost": RateLimit(10, 3600.0),  # per channel
    "crosspost_edit": RateLimit(3, 3600.0),  # per channel, of crossposted messages: 429 with code 20028
    "webhook": RateLimit(5, 2.0),  # per token: follow-ups and edits after the first response
    "other": RateLimit(30, 1.0),  # per route and channel, guild or token
    "invalid": RateLimit(10_000, 600.0),  # responses 401, 403 and 429 per address, which is then banned
    "gateway": RateLimit(120, 60.0),  # frames per connection
    "identify": RateLimit(1, 5.0),  # per bot, and per shard number modulo `max_concurrency`
    "sessions": RateLimit(1000, 86_400.0),  # IDENTIFYs per bot; beyond it, the token is reset
}

# Discord documents codes and messages, not the status. Of 30046 it is known to be 429; of 40003 clients report 403
# and 400, too: see `RateLimits.open_dm_status`.
OLD_EDIT_ERROR = (30046, "Maximum number of edits to messages older than 1 hour reached. Try again later")
CHANNEL_WRITE_ERROR = (20028, "The write action you are performing on the channel has hit the write rate limit.")
OPEN_DM_ERROR = (40003, "You are opening direct messages too fast")


@dataclass
class _Window:
    ends_at: float
    used: int = 0


@dataclass(frozen=True)
class LimitStatus:
    """The limit's state after one request. Times are real seconds."""

    limit: RateLimit
    remaining: int
    reset_after: float  # until the window ends
    exceeded: bool

    def headers(self, bucket: str) -> dict[str, str]:
        """Return the headers of every response on a route. `bucket` omits channel, guild and webhook."""
        return {
            "X-RateLimit-Bucket": hashlib.md5(bucket.encode(), usedforsecurity=False).hexdigest(),
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": f"{time.time() + self.reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{self.reset_after:.3f}",
        }

    def to_error(self, scope: str = "user", code: int | None = None, message: str | None = None) -> DiscordError:
        """Return the 429, with its own headers. `scope` is user, global or shared; only some limits have a `code`."""
        error = DiscordError(429, code or 0, message or "You are being rate limited.")
        error.body |= {"retry_after": self.reset_after, "global": scope == "global"}
        if code is None:
            del error.body["code"]
        error.headers = {"X-RateLimit-Scope": scope, "Retry-After": str(math.ceil(self.reset_after))}
        if scope == "global":
            error.headers["X-RateLimit-Global"] = "true"
        return error


class RateLimits:
    """Counts requests. `rules` may be changed at any time; `rules.clear()` lifts every limit, `RULES` has all.

    Windows use the clock. Waiting times for clients are real seconds, so that a client that obeys them keeps up with
    a clock that runs faster.
    """

    def __init__(self, clock: Clock) -> None:
        self.rules: dict[str, RateLimit] = dict(RULES)
        self.open_dm_status = 429
        self.max_concurrency = 1  # shards that may identify at a time; Discord gives more to the largest bots
        self._clock = clock
        self._windows: dict[tuple[str, Hashable], _Window] = {}

    def count_request(self, rule: str, key: Hashable) -> LimitStatus | None:
        """Count one request and return the status; None without such a rule."""
        limit = self.rules.get(rule)
        if limit is None:
            return None
        window = self._window(rule, key, limit)
        exceeded = window.used >= limit.requests
        window.used += not exceeded
        return self._status(limit, window, exceeded)

    def peek(self, rule: str, key: Hashable) -> LimitStatus | None:
        """Return the status for one more request, without counting it."""
        limit = self.rules.get(rule)
        if limit is None:
            return None
        window = self._windows.get((rule, key))
        if window is None or window.ends_at <= self._clock():
            return LimitStatus(limit, limit.requests, 0.0, exceeded=False)
        return self._status(limit, window, window.used >= limit.requests)

    def _window(self, rule: str, key: Hashable, limit: RateLimit) -> _Window:
        now = self._clock()
        window = self._windows.get((rule, key))
        if window is None or window.ends_at <= now:
            if len(self._windows) > MAX_WINDOWS:
                self._windows = {each: window for each, window in self._windows.items() if window.ends_at > now}
            window = self._windows[rule, key] = _Window(now + limit.seconds)
        return window

    def _status(self, limit: RateLimit, window: _Window, exceeded: bool) -> LimitStatus:
        # Rounded up: a client that waits exactly this long must not come a moment early.
        reset_after = max(1, math.ceil(self._clock.real_seconds(window.ends_at - self._clock()) * 1000)) / 1000
        return LimitStatus(limit, max(0, limit.requests - window.used), reset_after, exceeded)

    # --- limits for only some requests of a route ----------------------------------------------------------

    def count_old_edit(self, channel_id: int) -> None:
        """Count an edit of a message older than an hour. Raise 429 with code 30046."""
        limit_status = self.count_request("old_edit", channel_id)
        if limit_status is not None and limit_status.exceeded:
            raise limit_status.to_error("user", *OLD_EDIT_ERROR)

    def count_crosspost_edit(self, channel_id: int) -> None:
        """Count an edit of a crossposted message. Raise 429 with code 20028."""
        limit_status = self.count_request("crosspost_edit", channel_id)
        if limit_status is not None and limit_status.exceeded:
            raise limit_status.to_error("shared", *CHANNEL_WRITE_ERROR)

    def count_rename(self, channel_id: int) -> None:
        """Count another name or topic of a channel. Raise 429."""
        limit_status = self.count_request("rename", channel_id)
        if limit_status is not None and limit_status.exceeded:
            raise limit_status.to_error()

    def count_opened_dm(self, bot_id: int) -> None:
        """Count a new direct message channel. Raise `open_dm_status` with code 40003."""
        limit_status = self.count_request("open_dm", bot_id)
        if limit_status is not None and limit_status.exceeded:
            error = limit_status.to_error("user", *OPEN_DM_ERROR)
            if self.open_dm_status != 429:
                error = DiscordError(self.open_dm_status, *OPEN_DM_ERROR)
            raise error

    # --- invalid requests ----------------------------------------------------------------------------------

    @property
    def invalid_request_count(self) -> int:
        """Return how many invalid requests were answered lately, from all addresses."""
        now = self._clock()
        return sum(w.used for (rule, _), w in self._windows.items() if rule == "invalid" and w.ends_at > now)

    def count_invalid_response(self, address: str, status: int, headers: Mapping[str, str]) -> None:
        """Count a 401, 403 or 429, but not with scope "shared": others used that limit up."""
        if status in (401, 403, 429) and headers.get("X-RateLimit-Scope") != "shared":
            self.count_request("invalid", address)

    def seconds_banned(self, address: str) -> float | None:
        """Return for how many real seconds the address stays banned; None if it is not."""
        limit_status = self.peek("invalid", address)
        return limit_status.reset_after if limit_status is not None and limit_status.exceeded else None
