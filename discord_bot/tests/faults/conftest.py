"""One harness for all fault tests of a module: a start costs seconds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from discord_bot.tests.faults.harness import FaultHarness, private_postgres


@pytest.fixture(scope="module")
def harness(django_db_setup: None, django_db_blocker: Any) -> Iterator[FaultHarness]:
    now = datetime.now(UTC).replace(microsecond=0)
    with django_db_blocker.unblock(), private_postgres() as server, FaultHarness(server, now) as fault_harness:
        yield fault_harness
