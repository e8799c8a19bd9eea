"""A Redis cache that may fail: without Redis everything is slower, but nothing breaks."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
T = TypeVar("T")

TIMEOUT = 0.5  # seconds; a page makes a few calls, and its reader waits
RETRY_AFTER = (
    5  # seconds until a silent server is tried again: resolving the name of a dead one can take longer than TIMEOUT
)
# Seconds. A key that could not be deleted while Redis was down, such as the session of someone who logged out,
# lives no longer than this.
MAX_TIMEOUT = 600


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, except that an unreachable server acts as an empty cache."""

    # On the class, since Django makes a new object for each request.
    unavailable_until = 0.0

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        # One retry, for a connection that died while idle; the client's own default waits for seconds.
        options = {
            "socket_connect_timeout": TIMEOUT,
            "socket_timeout": TIMEOUT,
            "retry": Retry(NoBackoff(), 1),
            **params.get("OPTIONS", {}),
        }
        super().__init__(server, {**params, "OPTIONS": options})

    def _try(self, call: Callable[[], T], fallback: T) -> T:
        if time.monotonic() < ForgivingRedisCache.unavailable_until:
            return fallback
        try:
            return call()
        except RedisError as reason:
            logger.warning("Redis doesn't answer, so we run without it for %s s: %s", RETRY_AFTER, reason)
            ForgivingRedisCache.unavailable_until = time.monotonic() + RETRY_AFTER
            return fallback

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int:
        """Return the seconds for which a key is kept, at most MAX_TIMEOUT."""
        seconds = super().get_backend_timeout(timeout)
        return MAX_TIMEOUT if seconds is None else min(int(seconds), MAX_TIMEOUT)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: RedisCache.get(self, key, default, version), default)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._try(lambda: RedisCache.get_many(self, keys, version), {})

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: RedisCache.has_key(self, key, version), False)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._try(lambda: RedisCache.add(self, key, value, timeout, version), False)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._try(lambda: RedisCache.set(self, key, value, timeout, version), None)

    def set_many(self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[Any]:
        return self._try(lambda: RedisCache.set_many(self, data, timeout, version), list(data))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._try(lambda: RedisCache.touch(self, key, timeout, version), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: RedisCache.delete(self, key, version), False)

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        self._try(lambda: RedisCache.delete_many(self, keys, version), None)

    def clear(self) -> None:
        self._try(lambda: RedisCache.clear(self), None)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Increment a key. Raise ValueError while Redis is down, as for a missing key."""
        count = self._try(lambda: RedisCache.incr(self, key, delta, version), None)
        if count is None:
            raise ValueError(f"Key '{key}' not found")
        return int(count)
