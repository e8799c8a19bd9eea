"""How far a time is, in words: one rule for pages, their scripts and messages."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from games.core.wording import _UNITS, relative_time

NOW = datetime(2026, 11, 27, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.001, "in a moment"), (0.5, "in 30 minutes"), (1.4, "in 84 minutes"), (1.5, "in 2 hours"), (2.5, "in 3 hours"),
     (-1.5, "2 hours ago"), (35, "in 35 hours"), (36, "in 2 days"), (47.9, "in 2 days"), (24 * 60, "in 2 months")],
)  # fmt: skip
def test_how_far_a_time_is(hours: float, text: str) -> None:
    assert relative_time(NOW + timedelta(hours=hours), NOW) == text


def test_scripts_count_in_the_same_units() -> None:
    declared = re.search(r"const UNITS = (\[.*\]);", (settings.BASE_DIR / "static/app.js").read_text())
    assert declared is not None
    assert [seconds for _, seconds in json.loads(declared[1])] == [unit[0] for unit in _UNITS]
