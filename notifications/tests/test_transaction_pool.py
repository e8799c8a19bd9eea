"""Through a pool in transaction mode nothing is heard, and locks are nobody's own: no notifyd speaks through one."""

import asyncio
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from conftest import World
from gamesched.testing.transaction_pool import transaction_pool
from notifications.daemon.lock import ListenUnavailable
from notifications.daemon.loop import Notifyd
from notifications.tests.test_frozen_database import UnreachableBackend

pytestmark = pytest.mark.slow


async def test_o6_two_notifyds_through_an_idle_pool_both_refuse(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_conninfo(settings.DATABASE_URL, dbname=str(connection.settings_dict["NAME"]))
    if conninfo_to_dict(url).get("password"):
        pytest.skip("The pool for tests knows no passwords.")
    async with transaction_pool(url) as port:
        # As the old test of the connection was content with: LISTEN and NOTIFY on one connection to the server.
        async with await psycopg.AsyncConnection.connect(
            make_conninfo(url, host="127.0.0.1", port=port), autocommit=True
        ) as one:
            await one.execute("LISTEN probe")
            await one.execute("SELECT pg_notify('probe', 'heard')")
            assert [note.payload async for note in one.notifies(timeout=5, stop_after=1)] == ["heard"]
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", str(port))
        runs = [Notifyd(UnreachableBackend(), asyncio.Event()).run() for _ in range(2)]
        ends: list[Any] = await asyncio.gather(*runs, return_exceptions=True)
    assert [type(end) for end in ends] == [ListenUnavailable, ListenUnavailable]
