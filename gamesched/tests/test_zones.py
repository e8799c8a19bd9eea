"""Time zones by every name that browsers send and people type."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesched.lib.zones import find_zone, zone_info

KNOWN = [
    "UTC", "GMT", "Etc/UTC", "Etc/GMT", "Etc/GMT+5", "Etc/GMT-14", "EST", "MST", "EST5EDT", "CET", "US/Pacific",
    "Asia/Calcutta", "Asia/Katmandu", "Europe/Kiev", "Europe/Kyiv", "America/Buenos_Aires", "Pacific/Enderbury",
    "America/Argentina/Buenos_Aires", "Zulu", "NZ-CHAT",
]  # fmt: skip
UNKNOWN = ["", "Mars/Olympus", "Etc/Unknown", "+05:00", "UTC+5", "localtime", "Factory", "posix/Europe/Berlin"]
UNKNOWN += ["../../etc/passwd", "/etc/localtime", "Europe/Berlin\x00", "\ud800", "Europe", "x" * 5000]


@pytest.mark.parametrize("name", KNOWN)
def test_a_name_of_the_zone_database_is_kept(name: str) -> None:
    assert find_zone(name) == name
    assert find_zone(f" {name.lower()} ") == name
    assert zone_info(name) == ZoneInfo(name)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_no_zone_is_refused_and_shown_as_utc(name: str) -> None:
    assert find_zone(name) is None
    assert zone_info(name).key == "UTC"


def test_spaces_are_underscores() -> None:
    assert find_zone("america/new york") == "America/New_York"


@given(st.text(max_size=40))
def test_any_text_is_a_zone_or_none(text: str) -> None:
    found = find_zone(text)
    assert found is None or zone_info(text).key == found
