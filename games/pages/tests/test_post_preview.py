"""The post that a form shows while somebody types: the same that is sent, and nothing is kept or asked."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from discord_bot.post_layout import announcement_layout, texts_of
from games.core.base import Actor, EntryPoint
from games.core.text import GuildTexts
from games.models import Game, GameTemplate, GuildDefaults
from games.pages.post_preview import post_preview
from games.pages.tests.test_pages import fields
from games.posts.announcement import announcement_view
from games.scheduling.forms import TypedForm
from games.signups import actions as signups
from guilds.models import User
from guilds.sent_forms.tokens import FIELD
from notifications.models import Notification

HTMX = {"HX-Request": "true", "HX-Target": "post-preview"}


def shown(client: Any, address: str, data: dict[str, Any]) -> str:
    response = client.post(address, data, headers=HTMX)
    assert response.status_code == 200
    assert "<html" not in response.text
    return str(response.text)


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_a_new_games_post_is_shown_and_nothing_is_kept(world: World, as_person: Any) -> None:
    data = fields(world, description="**Bring** dice & ||snacks||.", participants=f"Zoe\nCharlie <@{world.charlie.pk}>")
    text = shown(as_person(world.bob), reverse("preview-new", args=[GUILD]), data)
    assert "<strong>Bring</strong> dice &amp;" in text
    for part in ("Curse of Strahd", "3 of 5 seats free", "Hosted by Bob the GM", "Join", "2 hours"):
        assert part in words(text), part
    assert "<li>Zoe</li>" in text
    assert 'id="start-note"' in text
    assert 'id="now-where"' in text
    assert not Game.objects.exists()
    assert not Notification.objects.exists()


def test_it_has_the_texts_of_the_post(world: World) -> None:
    """An unchanged game's preview says what its post says, but for links that lead away from the form."""
    game = world.create_game(description="Bring dice.", location="At Bob's", signups_close=60)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    viewer = Actor(world.bob, EntryPoint.PAGE).viewer(GUILD)
    data = {**fields(world), "location": "At Bob's", "signups_close": "1h", "zone": "Europe/Berlin"}
    local = game.starts_at.astimezone(world.bob.tzinfo)
    data |= {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}", "zone": world.bob.tzinfo.key}
    post = post_preview(TypedForm(data, guild=world.guild, game=game, viewer=viewer), viewer, world.now)
    game.refresh_from_db()
    sent = texts_of(announcement_layout(announcement_view(game, world.now)).children)
    reader = GuildTexts(GUILD, viewer=viewer, now=world.now)
    expected = words(reader.message_as_html(sent))
    assert not post.notes
    for text in post.texts[:-1]:  # the last has the links to calendars
        assert words(text) in expected, text


@pytest.mark.parametrize(
    ("wrong", "label"),
    [
        ({"time": "late"}, "Time"),
        ({"zone": "Nowhere"}, "Time zone"),
        ({"seats": "many"}, "Seats"),
        ({"title": "x" * 300}, "Title"),
        ({"date": "2020-01-01"}, "Time"),
    ],
)
def test_what_is_wrong_is_left_out_and_named(world: World, as_person: Any, wrong: dict[str, str], label: str) -> None:
    text = words(shown(as_person(world.bob), reverse("preview-new", args=[GUILD]), fields(world, **wrong)))
    assert f"Not in the preview yet: {label}." in text
    assert "Bring dice." in text


def test_an_empty_form_has_a_preview(world: World, as_person: Any) -> None:
    assert "Hosted by" in words(shown(as_person(world.bob), reverse("preview-new", args=[GUILD]), {}))


def test_an_edited_games_post_shows_who_is_in_it_and_saves_nothing(world: World, as_person: Any) -> None:
    game = world.create_game(seats=1)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    before = Game.objects.filter(pk=game.pk).values().get()
    data = fields(world, title="Dune", seats="1", participants="Zoe")
    text = words(shown(as_person(world.bob), reverse("preview-edited", args=[game.pk]), data))
    for part in ("Dune", "1 of 1 seats taken, 1 waiting", "Join the wait list", "Wait list Zoe"):
        assert part in text, part
    assert Game.objects.filter(pk=game.pk).values().get() == before


def test_nobody_is_asked_who_is_meant(world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("participant_lookup", "mention_lookup"):
        monkeypatch.setattr(f"games.signups.{module}.look_up_people", None)
    data = fields(world, participants="@nobody-known\nZoe", host="@nobody-known", description="Ask @nobody-known.")
    assert "4 of 5 seats free Zoe" in words(shown(as_person(world.bob), reverse("preview-new", args=[GUILD]), data))


def test_its_settings_come_from_the_template(world: World, as_person: Any) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Raid", seats=7, position=1)
    data = fields(world, seats="", template=str(template.pk))
    assert "7 seats free" in words(shown(as_person(world.bob), reverse("preview-new", args=[GUILD]), data))


def test_whoever_is_logged_out_meanwhile_stays_on_the_form(client: Any, world: World) -> None:
    """The form itself is still to be sent, and comes back after the log-in."""
    response = client.post(reverse("preview-new", args=[GUILD]), fields(world), headers=HTMX)
    assert response.status_code == 401
    assert "HX-Redirect" not in response.headers
    assert not response.text


def test_without_a_script_it_is_a_page_of_its_own(world: World, as_person: Any) -> None:
    response = as_person(world.bob).post(reverse("preview-new", args=[GUILD]), fields(world))
    assert "<h1>Preview</h1>" in response.text
    assert "Curse of Strahd" in response.text


# --- the form ----------------------------------------------------------------------------------------------


def test_folded_groups_say_what_they_hold(world: World, as_person: Any) -> None:
    GuildDefaults.objects.update(reminders=[30])
    page = as_person(world.bob).get(reverse("game-new", args=[GUILD])).text
    said = dict(re.findall(r'id="now-(\w+)">([^<]*)<', page))
    assert said["where"].startswith("Channel: #general")
    assert said["people"] == "Participants: none · Host: you"
    assert said["more"] == "Reminders 30 minutes before — from the server"


@pytest.mark.parametrize("zone", ["europe/berlin", "America/New York", "ASIA/KOLKATA"])
def test_a_zone_is_typed_in_any_case(world: World, as_person: Any, zone: str) -> None:
    data = fields(world, zone=zone)
    assert as_person(world.bob).post(reverse("game-new", args=[GUILD]), data).status_code == 302
    assert Game.objects.get().zone.lower() == zone.lower().replace(" ", "_")


def test_the_start_is_said_in_the_readers_zone(world: World, as_person: Any) -> None:
    User.objects.filter(pk=world.bob.pk).update(zone="Asia/Tokyo")
    start = world.now + timedelta(days=3)
    page = shown(as_person(world.bob), reverse("preview-new", args=[GUILD]), fields(world))
    note = re.search(r'id="start-note"[^>]*>([^<]*)<', page)
    assert note is not None
    assert f"{start + timedelta(hours=9):%H:%M} your time, " in note[1]
    assert f"{start:%H:%M} UTC" in note[1]


def test_a_saved_form_names_the_draft_to_drop(world: World, as_person: Any) -> None:
    client, address = as_person(world.bob), reverse("game-new", args=[GUILD])
    draft = re.search(r'data-draft="([^"]+)"', client.get(address).text)
    assert draft is not None
    refused = client.post(address, fields(world, title=""))
    assert "saved_draft" not in refused.cookies
    assert client.post(address, fields(world)).cookies["saved_draft"].value == draft[1]
    assert FIELD not in draft[1]
