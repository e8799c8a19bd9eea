"""The game in people's own calendars."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.urls import reverse
from icalendar import Calendar

from conftest import World
from games.core.base import Actor, EntryPoint
from games.scheduling import cancellation


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
