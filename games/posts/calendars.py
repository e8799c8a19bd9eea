"""A game in people's own calendars: as an iCalendar file, and as a link to Google Calendar."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse
from icalendar import Calendar, Event

from games.core.text import GuildTexts
from games.models import Game

ICALENDAR_PRODUCT_ID = "-//Game Scheduler//Game Scheduler//EN"
GOOGLE_RENDER_URL = "https://calendar.google.com/calendar/render"
GOOGLE_URL_MAX = 500  # characters, so that the post has space for it: browsers would take thousands


def calendar_path(game: Game) -> str:
    return reverse("game-calendar", args=[game.pk])


def calendar_file(game: Game, now: datetime) -> bytes:
    """Return the game as an iCalendar file (RFC 5545); imported again, it replaces the earlier event."""
    event = Event()
    # Not derived from the URL of this installation, which may move.
    event.add("uid", f"{game.guild_id}-{game.pk}@game-scheduler")
    event.add("dtstamp", now)
    event.add("dtstart", game.starts_at.astimezone(UTC))
    event.add("dtend", game.ends_at.astimezone(UTC))
    event.add("summary", game.title)
    # Whoever has the file reads it: it names only channels that everybody sees who sees the game.
    texts = GuildTexts(game.guild_id, channel=game.channel, zone=game.zone)
    if place := texts.as_plain_text(game.settings.location):
        event.add("location", place)
    event.add("url", game.url)
    event.add("status", "CANCELLED" if game.cancelled_at else "CONFIRMED")
    event.add("sequence", game.post_version)
    calendar = Calendar()
    calendar.add("prodid", ICALENDAR_PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add_component(event)
    file: bytes = calendar.to_ical()
    return file


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
