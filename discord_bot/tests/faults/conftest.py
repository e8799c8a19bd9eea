"""One stage for all fault tests of a module: a start costs seconds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from discord_bot.tests.faults.harness import Stage, own_server


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    now = datetime.now(UTC).replace(microsecond=0)
    with django_db_blocker.unblock(), own_server() as server, Stage(server, now) as made:
        yield made
