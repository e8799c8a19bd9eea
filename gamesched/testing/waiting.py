"""How long tests wait for what programs, browsers and threads do."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Seconds that tests wait for what will come. It measures nothing: a slow, busy machine must pass too. Only what we
# promise to people has a number of its own.
PATIENCE = 120.0
# Seconds in which a page, a post or a name follows what happened. We promise one; a slow machine takes some more. A
# periodic check would come a minute later, so it cannot be mistaken for it.
AT_ONCE = 10.0


def eventually(check: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Call `check` until its value is true, and return it; fail with the last value after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {seconds} s")
        time.sleep(0.02)
