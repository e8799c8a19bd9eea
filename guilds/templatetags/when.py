"""Times as people read them: in their zone, with the zone said."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template

register = template.Library()


@register.filter
def when(at: datetime, zone: str) -> str:
    """`Fri 27 Nov 2026, 20:00 CET`, in the zone named (UTC for '')."""
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """`CET`; `UTC+03:00` where the zone has only a number for a name."""
    name = local.tzname() or "UTC"
    if name[0] in "+-":
        offset = f"{local:%z}"
        return f"UTC{offset[:3]}:{offset[3:]}"
    return name
