"""The game in people's own calendars."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.urls import reverse
from icalendar import Calendar

from conftest import World
from games.core.base import Actor, EntryPoint
from games.posts.calendar_time_zones import zone_component
from games.posts.wording import calendar_state
from games.scheduling import cancellation
from games.signups import actions as signups
from notifications.models import Preference


def event_in(response: Any) -> Any:
    return Calendar.from_ical(response.content).walk("VEVENT")[0]


def test_the_file_of_a_game(world: World, as_person: Any) -> None:
    game = world.create_game(title="Dune, part 1; again", location="<#1200000000000000012>, upstairs")
    client, url = as_person(world.charlie), reverse("game-calendar", args=[game.pk])
    response = client.get(url)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert f"DTSTART:{game.starts_at:%Y%m%dT%H%M%SZ}\r\n" in response.text
    assert f"DTEND:{game.starts_at + timedelta(hours=2):%Y%m%dT%H%M%SZ}\r\n" in response.text
    event = event_in(response)
    first = {name: str(event[name]) for name in ("SUMMARY", "LOCATION", "URL", "STATUS", "SEQUENCE")}
    assert first == {
        "SUMMARY": "Dune, part 1; again",
        "LOCATION": "#game-night, upstairs",
        "URL": game.url,
        "STATUS": "CONFIRMED",
        "SEQUENCE": str(game.post_version),
    }
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    again = event_in(client.get(url))
    assert again["UID"] == event["UID"]
    assert again["STATUS"] == "CANCELLED"
    assert again["SEQUENCE"] > event["SEQUENCE"]


def test_the_file_says_what_the_game_is_and_when_to_be_reminded(world: World, as_person: Any) -> None:
    game = world.create_game(
        seats=1, description="**Bring** dice.\n||The butler||", instructions="The door code is 4711.", reminders=(60,)
    )
    Preference.objects.create(user=world.charlie, guild=world.guild, reminder_minutes=15)
    client, url = as_person(world.charlie), reverse("game-calendar", args=[game.pk])

    def read() -> tuple[str, str, list[timedelta]]:
        event = event_in(client.get(url))
        return str(event["STATUS"]), str(event["DESCRIPTION"]), [one["TRIGGER"].dt for one in event.walk("VALARM")]

    said = f"Bring dice.\n[spoiler]\n\n{game.url}"
    assert read() == ("CONFIRMED", said, [])
    signups.join(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert read() == ("TENTATIVE", f"{calendar_state(False, '', True)}\n\n{said}", [])
    signups.leave(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now)
    # Without what is for those who signed up: a file is handed on.
    assert read() == ("CONFIRMED", said, [-timedelta(minutes=60), -timedelta(minutes=15)])


def test_summer_time_begins_by_the_clock_before_it() -> None:
    written = zone_component("Europe/Berlin", 2027, 2027).to_ical().decode().split()
    onsets = [line for line in written if line.startswith(("BEGIN:", "DTSTART:", "TZOFFSETTO:"))]
    assert onsets[1:] == [
        *("BEGIN:STANDARD", "DTSTART:20270101T010000", "TZOFFSETTO:+0100"),
        *("BEGIN:DAYLIGHT", "DTSTART:20270328T020000", "TZOFFSETTO:+0200"),
        *("BEGIN:STANDARD", "DTSTART:20271031T030000", "TZOFFSETTO:+0100"),
    ]


def test_the_page_leads_there_and_to_google(world: World, as_person: Any) -> None:
    game = world.create_game(title="Dune & <co>", location="Bob's attic")
    page = as_person(world.charlie).get(game.get_absolute_url())
    assert f'href="{reverse("game-calendar", args=[game.pk])}"' in page.text
    google = page.context["game"]["google_url"]
    assert google.replace("&", "&amp;") in page.text
    end = game.starts_at + timedelta(hours=2)
    assert parse_qs(urlsplit(google).query) == {
        "action": ["TEMPLATE"],
        "text": ["Dune & <co>"],
        "dates": [f"{game.starts_at:%Y%m%dT%H%M%SZ}/{end:%Y%m%dT%H%M%SZ}"],
        "details": [game.url],
        "location": ["Bob's attic"],
    }
