"""Template filters that write times in a person's zone, with the zone's name."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gamesched.lib.dates import day_text, moment_text, near_moment_text, short_month, short_weekday
from gamesched.lib.moments import in_zone
from gamesched.lib.zones import zone_info

register = template.Library()


@register.filter
def machine_time(at: datetime) -> str:
    """Return a time for `<time datetime>`: HTML allows three digits of a second, and PostgreSQL has six."""
    return at.isoformat(timespec="seconds")


@register.filter
def when(at: datetime, zone: str) -> str:
    """Return a time as `Fri 27 Nov 2026, 20:00 CET` in the given zone (UTC for '')."""
    local = in_zone(at, zone_info(zone))
    return f"{moment_text(local)} {zone_name(local)}"


@register.filter
def when_near(at: datetime, zone: str) -> str:
    """Return a time of the next weeks as `Fri 27 Nov, 20:00 CET` in the given zone (UTC for '')."""
    local = in_zone(at, zone_info(zone))
    return f"{near_moment_text(local)} {zone_name(local)}"


@register.filter
def day(at: datetime, zone: str) -> SafeString:
    """Return the day of a time in the given zone, as a leaf of a calendar. No template: lists have many."""
    local = in_zone(at, zone_info(zone))
    leaf = '<span class="day" aria-hidden="true"><span>{}</span><b>{}</b><span>{}</span></span>'
    return format_html(leaf, short_weekday(local), local.day, short_month(local))


@register.filter
def date_of(at: datetime, zone: str) -> str:
    """Return the day of a time in the given zone, as `Fri 27 Nov 2026`."""
    local = in_zone(at, zone_info(zone))
    return day_text(local)


@register.filter
def clock(at: datetime, zone: str) -> str:
    """Return the time of day in the given zone, as `20:00`."""
    return f"{in_zone(at, zone_info(zone)):%H:%M}"


@register.filter
def zone_then(at: datetime, zone: str) -> str:
    """Return what the given zone is called at a time, as `CET`."""
    return zone_name(in_zone(at, zone_info(zone)))


def zone_name(local: datetime) -> str:
    """Return the zone's abbreviation as `CET`, or `UTC+03:00` where it is only a number."""
    name = local.tzname() or "UTC"
    if name[0] in "+-":
        offset = f"{local:%z}"
        return f"UTC{offset[:3]}:{offset[3:]}"
    return name
