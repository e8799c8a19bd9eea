"""Time zones by their IANA names, as people choose and browsers send them."""

from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

NOT_ZONES = {"factory", "localtime", "posixrules"}  # names in the database that say nothing of a place


@cache
def _names() -> dict[str, str]:
    """Return every name in lower case with the name as written; old ones too, as browsers still send them."""
    return {name.lower(): name for name in sorted(available_timezones()) if name.lower() not in NOT_ZONES}


def find_zone(text: str) -> str | None:
    """Return the zone that a text names, in any case and with spaces for underscores; None for none."""
    return _names().get("_".join(text.split()).lower())


@lru_cache(maxsize=1024)
def zone_info(name: str) -> ZoneInfo:
    """Return the zone by its stored name; UTC for '', and for one that the zone database no longer has."""
    return ZoneInfo(find_zone(name) or "UTC")
