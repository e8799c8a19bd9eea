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
    began = time.monotonic()
    while True:
        value = check()
        if value:
            return value
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"still {value!r} after {seconds} s")
        # What takes long is looked at less often: a look costs the machine some of the time that it waits for.
        time.sleep(min(max(waited / 10, 0.02), 0.25))
