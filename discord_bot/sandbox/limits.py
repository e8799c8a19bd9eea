"""Rate limits with Discord's headers: https://discord.com/developers/docs/topics/rate-limits"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from discord_bot.sandbox.things import Json


@dataclass(frozen=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


@dataclass
class _Window:
    ends: float
    left: int


class Limits:
    """Counts requests per bucket. `rules` may be changed at any time; `rules.clear()` lifts every limit.

    Known rules: "post" and "edit" count per channel, "global" per bot.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.rules: dict[str, Limit] = {"post": Limit(5, 5.0), "edit": Limit(5, 5.0), "global": Limit(50, 1.0)}
        self._clock = clock
        self._windows: dict[tuple[str, int], _Window] = {}

    def take(self, rule: str, major: int) -> tuple[dict[str, str], Json | None]:
        """Count one request. Returns the headers to send, and the body of a 429 when it is one too many."""
        limit = self.rules.get(rule)
        if limit is None:
            return {}, None
        now = self._clock()
        window = self._windows.get((rule, major))
        if window is None or window.ends <= now:
            window = self._windows[rule, major] = _Window(now + limit.seconds, limit.requests)
        refused = window.left == 0
        window.left = max(0, window.left - 1)
        wait = max(0.0, window.ends - now)
        if rule == "global":
            return _refusal(wait, "global") if refused else ({}, None)
        headers = {
            "X-RateLimit-Bucket": hashlib.md5(rule.encode(), usedforsecurity=False).hexdigest(),
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(window.left),
            "X-RateLimit-Reset": f"{window.ends:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
        }
        if not refused:
            return headers, None
        told, body = _refusal(wait, "user")
        return headers | told, body


def _refusal(wait: float, scope: str) -> tuple[dict[str, str], Json]:
    headers = {"X-RateLimit-Scope": scope, "Retry-After": str(int(wait) + 1)}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    retry_after = max(0.001, round(wait, 3))
    return headers, {"message": "You are being rate limited.", "retry_after": retry_after, "global": scope == "global"}
