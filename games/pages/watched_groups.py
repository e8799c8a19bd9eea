"""Which groups of open pages this process has, stored so that triggers notify of their games and of no others."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import timedelta

from django.db import connection

from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.pg_notify import transactions_writing

STORED_ANEW, STORED_FOR = 90.0, timedelta(minutes=3)  # seconds from one time to the next, and for how long it holds
NOTIFYING = ("game.", "guild.")  # the groups of which triggers know
# The tables whose triggers ask which groups are stored.
TABLES = (
    "games_game", "games_signup", "guilds_member", "guilds_user", "guilds_channel", "guilds_guild",
    "notifications_delivery",
)  # fmt: skip
FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0  # seconds


class WatchedGroups:
    """The groups of this process's sockets. Belongs to one event loop.

    `look` has the pages of a group fetch again.
    """

    def __init__(self, look: Callable[[str], Awaitable[None]]) -> None:
        self._look = look
        self._sockets: Counter[str] = Counter()
        self._stored: set[str] = set()
        self._stored_at = 0.0  # by `time.monotonic`
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, groups: Iterable[str]) -> bool:
        """Count a socket in these groups; when this returns, triggers notify of them. Raise DATABASE_AWAY.

        Return whether they had to be stored for that: what changed before was told to nobody.

        Pages that open together cost one statement: whoever has the lock stores the groups of all who wait.
        """
        mine = [group for group in groups if group.startswith(NOTIFYING)]
        self._sockets.update(mine)
        if self._stored.issuperset(mine):
            return False
        async with self._lock:
            if new := self._sockets.keys() - self._stored:
                await self._store(new)
        return True

    def discard(self, group: str) -> None:
        """Count a socket less. The row of a group without sockets is not stored anew, and so ends."""
        if group in self._sockets:
            self._sockets[group] -= 1
            if self._sockets[group] <= 0:
                del self._sockets[group]
                self._stored.discard(group)

    async def store_anew(self) -> None:
        """Store all groups. Raise DATABASE_AWAY."""
        async with self._lock:
            self._stored_at = time.monotonic()
            await self._store(self._sockets.keys())

    async def store_in_time(self) -> None:
        """Store all groups, if that was last done a while ago. Raise DATABASE_AWAY."""
        if time.monotonic() - self._stored_at >= STORED_ANEW:
            await self.store_anew()

    async def _store(self, groups: Collection[str]) -> None:
        names = sorted(groups)
        if not names:
            return
        first = set(names) - self._stored
        writing = await run_in_db_thread(_store_groups, names, bool(first))
        self._stored.update(name for name in names if name in self._sockets)
        if writing:
            task = asyncio.create_task(self._tell_later(first, writing))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tell_later(self, groups: Collection[str], writing: set[str]) -> None:
        """Have pages fetch again once these transactions are over: their triggers may have found no such group."""
        wait = FIRST_WAIT
        try:
            while writing:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                writing &= await run_in_db_thread(transactions_writing, *TABLES)
        except DATABASE_AWAY:
            return  # the listener's connection ended too, and every page fetches again when it is back
        for group in groups:
            await self._look(group)


# One statement, as it is made for as long as a page is open. Another process may be storing anew what seems over: it is
# not waited for, which might be mutual.
_STORE = """
WITH ended AS (
    DELETE FROM games_watchedgroup WHERE name IN (
        SELECT name FROM games_watchedgroup WHERE until < clock_timestamp() AND name <> ALL(%(names)s::text[])
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO games_watchedgroup (name, until)
SELECT name, clock_timestamp() + %(seconds)s * interval '1 second' FROM unnest(%(names)s::text[]) name
ON CONFLICT (name) DO UPDATE SET until = excluded.until
"""


def _store_groups(names: Collection[str], is_new: bool) -> set[str]:
    """Store groups, in the order of their names; where some are new, return the transactions that may not know."""
    with connection.cursor() as cursor:
        cursor.execute(_STORE, {"names": list(names), "seconds": STORED_FOR.total_seconds()})
    return transactions_writing(*TABLES) if is_new else set()
