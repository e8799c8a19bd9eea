"""A game in people's own calendars: as an iCalendar event (RFC 5545), and as a link to Google Calendar."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext
from icalendar import Alarm, Calendar, Event, vDuration, vText

from games.core.text import GuildTexts
from games.models import Game, Signup
from games.posts import wording
from games.posts.calendar_time_zones import zone_component
from gamesched.lib.moments import in_zone
from notifications.models import DeliveryMethod, Preference

ICALENDAR_PRODUCT_ID = "-//Game Scheduler//Game Scheduler//EN"
GOOGLE_RENDER_URL = "https://calendar.google.com/calendar/render"
GOOGLE_URL_MAX = 500  # characters, so that the post has space for it: browsers would take thousands


@dataclass(frozen=True)
class OwnPart:
    """What an event says to its reader alone.

    `takes_part`: they play or host it, so that it fills their time. `reminders`: minutes before the start at which
    they want to hear of it.
    """

    takes_part: bool = False
    waiting: bool = False
    reminders: tuple[int, ...] = ()
    reads_instructions: bool = False


NO_PART = OwnPart()


def own_part(game: Game, user_id: int, signup: Signup | None, preference: Preference | None) -> OwnPart:
    """Return what a game's event says to a person, by their current sign-up and what they chose in its guild."""
    waiting = signup is not None and signup.seated_at is None and game.host_id != user_id
    if (signup is None or waiting) and game.host_id != user_id:
        return OwnPart(waiting=waiting)
    if preference is not None and preference.method == DeliveryMethod.NONE:
        return OwnPart(takes_part=True)
    extra = preference.reminder_minutes if preference is not None else None
    return OwnPart(takes_part=True, reminders=tuple({*game.settings.reminders, *filter(None, [extra])}))


def calendar_path(game: Game) -> str:
    return reverse("game-calendar", args=[game.pk])


def calendar_file(game: Game, now: datetime, own: OwnPart = NO_PART) -> bytes:
    """Return the game as an iCalendar file; imported again, it replaces the earlier event."""
    # Whoever has the file reads it: it names only channels that everybody sees who sees the game.
    texts = GuildTexts(game.guild_id, channel=game.channel, zone=game.zone)
    return write_calendar([game_event(game, texts, now, own)])


def write_calendar(events: Sequence[Event], name: str = "", fetched_every: timedelta | None = None) -> bytes:
    """Return events as an iCalendar file, with the time zones that they name.

    `name` and `fetched_every` are for programs that fetch it again and again.
    """
    calendar = Calendar()
    calendar.add("prodid", ICALENDAR_PRODUCT_ID)
    calendar.add("version", "2.0")
    if name:
        calendar.calendar_name = _text(name)
    if fetched_every is not None:
        calendar.add("refresh-interval", fetched_every, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vDuration(fetched_every))  # the same, as Outlook calls it
    years: dict[str, list[int]] = {}
    for event in events:
        for at in (event.DTSTART, event.DTEND, event.RECURRENCE_ID):
            if isinstance(at, datetime) and isinstance(at.tzinfo, ZoneInfo):
                years.setdefault(at.tzinfo.key, []).append(at.year)
    for key in sorted(years):
        calendar.add_component(zone_component(key, min(years[key]), max(years[key])))
    for event in events:
        calendar.add_component(event)
    file: bytes = calendar.to_ical()
    return file


def game_event(game: Game, texts: GuildTexts, changed_at: datetime, own: OwnPart, zone: tzinfo = UTC) -> Event:
    """Return a game as an event, its times in a zone: a calendar with it needs that zone's component.

    `changed_at`: by which a calendar tells the newer of two that have the same sequence number.
    """
    event = Event()
    event.add("uid", event_uid(game))
    event.add("dtstamp", changed_at)
    event.add("created", game.created_at)
    event.add("dtstart", _in_zone(game.starts_at, zone))
    # A game ended in the second of its start lasts one: no event may end when it starts.
    event.add("dtend", _in_zone(max(game.ends_at, game.starts_at + timedelta(seconds=1)), zone))
    event.add("summary", _text(game.title))
    if place := texts.as_plain_text(game.settings.location):
        event.add("location", _text(place))
    event.add("description", _text(_description(game, texts, own)))
    event.add("url", game.url)
    if game.cancelled_at is not None:
        event.add("status", "CANCELLED")
    else:
        event.add("status", "TENTATIVE" if own.waiting else "CONFIRMED")
        for minutes in sorted(own.reminders, reverse=True):
            event.add_component(_alarm(game, minutes))
    # Only what they play or host fills their time, for whoever looks when they are free.
    event.add("transp", "OPAQUE" if own.takes_part and game.cancelled_at is None else "TRANSPARENT")
    event.add("sequence", game.post_version)
    return event


def place_in_series(event: Event, game: Game, zone: tzinfo = UTC) -> None:
    """Make a game's event one of its series, known there by the start before it was moved.

    No event of the series itself is needed: each of its games is there, with all that was changed of it.
    """
    assert game.series_start is not None
    event["UID"] = vText(f"{game.guild_id}-series-{game.series_id}@game-scheduler")
    event.add("recurrence-id", _in_zone(game.series_start, zone))


def event_uid(game: Game) -> str:
    """Return what every calendar knows a game by, for good: not the address of this installation, which may move."""
    return f"{game.guild_id}-{game.pk}@game-scheduler"


def _description(game: Game, texts: GuildTexts, own: OwnPart) -> str:
    """Return what the page says, as text. The state too: not every calendar shows it."""
    parts = [
        wording.calendar_state(game.cancelled_at is not None, game.cancel_reason, own.waiting),
        texts.as_plain_text(game.description),
    ]
    if own.reads_instructions and (instructions := texts.as_plain_text(game.settings.instructions)):
        parts.append(f"{gettext(wording.CALENDAR_INSTRUCTIONS)}\n{instructions}")
    return "\n\n".join(part for part in (*parts, game.url) if part)


def _alarm(game: Game, minutes: int) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _text(game.title))
    alarm.add("trigger", -timedelta(minutes=minutes))
    return alarm


def _in_zone(at: datetime, zone: tzinfo) -> datetime:
    """Return a moment in a zone; in UTC in the hour that comes twice, which programs read as either of the two."""
    local = in_zone(at, zone)
    comes_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return in_zone(at, UTC) if comes_twice else local


class _Text(vText):
    """A text as it is. icalendar 7.3 writes a typed `\\N`, as in D:\\New, as the end of a line."""

    def to_ical(self) -> bytes:
        return re.sub(r"([\\;,])", r"\\\1", self).replace("\n", r"\n").encode()


def _text(text: str) -> vText:
    """Return text without what no calendar file may contain: characters that control something, and odd line ends.

    Left in, some parsers end a line at them, and take what follows for a property.
    """
    lines = ("".join(one for one in line if unicodedata.category(one) != "Cc") for line in text.splitlines())
    return _Text("\n".join(lines))


def google_url(game: Game, texts: GuildTexts) -> str:
    """Return the URL of the page on which Google Calendar offers to add the game."""
    place = texts.as_plain_text(game.settings.location)
    return google_url_for(game.title, place, game.starts_at, game.ends_at, game.url)


def google_url_for(title: str, place: str, starts_at: datetime, ends_at: datetime, url: str) -> str:
    """Return the URL; if it would be too long, drop the place, then the end of the title."""
    times = "/".join(f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (starts_at, ends_at))
    for shown, where in ((title, place), *((title[:length], "") for length in (200, 100, 50, 20))):
        query = {"action": "TEMPLATE", "text": shown, "dates": times, "details": url}
        address = f"{GOOGLE_RENDER_URL}?{urlencode(query | ({'location': where} if where else {}))}"
        if len(address) <= GOOGLE_URL_MAX:
            break
    return address
