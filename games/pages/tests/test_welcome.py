"""The page that visitors see first: its example is a game of an evening to come."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from guilds.middleware import ZONE_COOKIE

AUCKLAND = ZoneInfo("Pacific/Auckland")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def example_of(client: Any, monkeypatch: Any, now: datetime, zone: str | None) -> tuple[str, str, list[str]]:
    """Return what the example says of its day, and the sheet of the calendar beside it."""
    monkeypatch.setattr(timezone, "now", lambda: now)
    if zone is not None:
        client.cookies[ZONE_COOKIE] = zone
    page = client.get(reverse("home")).text
    said = re.search(r'<p class="quiet small">(.*?) · (in \d+ days)</p>', page)
    sheet = re.search(r'<span class="day"[^>]*>(.*?)</span>\s*<div>', page, re.DOTALL)
    assert said is not None
    assert sheet is not None
    return said[1], said[2], re.findall(r">(\w+)<", sheet[1])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "zone", "said", "day"),
    [
        (NOON, None, "Mon 30 Nov 2026, 20:00 UTC", date(2026, 11, 30)),
        (NOON, "Europe/Berlin", "Mon 30 Nov 2026, 20:00 CET", date(2026, 11, 30)),
        # Another day than in UTC, on either side.
        (NOON.replace(hour=23), "Asia/Tokyo", "Tue 1 Dec 2026, 20:00 JST", date(2026, 12, 1)),
        (NOON.replace(hour=1), "America/New_York", "Sun 29 Nov 2026, 20:00 EST", date(2026, 11, 29)),
        # The clocks go back in between, and the evening stays at eight.
        (datetime(2026, 10, 23, 12, tzinfo=UTC), "Europe/Berlin", "Mon 26 Oct 2026, 20:00 CET", date(2026, 10, 26)),
        (NOON.replace(year=2031), "", "Sun 30 Nov 2031, 20:00 UTC", date(2031, 11, 30)),
        (NOON, "Not/A_Zone", "Mon 30 Nov 2026, 20:00 UTC", date(2026, 11, 30)),
        (NOON, '"><b>', "Mon 30 Nov 2026, 20:00 UTC", date(2026, 11, 30)),
    ],
)
def test_the_example_is_always_three_days_ahead(
    client: Any, monkeypatch: Any, now: datetime, zone: str | None, said: str, day: date
) -> None:
    shown, ahead, sheet = example_of(client, monkeypatch, now, zone)
    assert (shown, ahead) == (said, "in 3 days")
    assert sheet == [f"{day:%a}", str(day.day), f"{day:%b}"]


@pytest.mark.django_db
def test_it_is_never_past(client: Any, monkeypatch: Any) -> None:
    for hours in range(0, 400 * 24, 1009):
        now = NOON + timedelta(hours=hours)
        shown, _, _ = example_of(client, monkeypatch, now, "Pacific/Auckland")
        at = datetime.strptime(shown.rsplit(" ", 1)[0], "%a %d %b %Y, %H:%M").replace(tzinfo=AUCKLAND)
        assert timedelta(days=2) < at - now < timedelta(days=4)
