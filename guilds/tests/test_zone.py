"""A person's time zone: taken from the browser once, or chosen from the list or by name."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from conftest import GUILD, World
from games.models import Game
from games.models.settings import GuildDefaults


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Etc/UTC", "Etc/GMT+5", "US/Pacific", "Asia/Calcutta", "EST"])
def test_the_browsers_zone_is_taken_and_said_once(world: World, as_person: Any, zone: str) -> None:
    client = as_person(world.bob)
    client.cookies["zone"] = zone
    shown = client.get("/")
    world.bob.refresh_from_db()
    assert world.bob.zone == zone
    assert [message.level_tag for message in get_messages(shown.wsgi_request)] == ["info"]
    assert zone.replace("_", " ") in shown.text
    assert "data-zone-unknown" not in shown.text
    assert client.cookies["zone"].value == ""
    assert client.get(reverse("game-new", args=[GUILD])).context["form"].initial["zone"] == zone


def test_a_chosen_zone_stays(world: World, as_person: Any) -> None:
    world.bob.zone = "Asia/Tokyo"
    world.bob.save()
    client = as_person(world.bob)
    client.cookies["zone"] = "Europe/Berlin"
    assert not list(get_messages(client.get("/").wsgi_request))
    world.bob.refresh_from_db()
    assert world.bob.zone == "Asia/Tokyo"


@pytest.mark.parametrize("sent", ["", "Etc/Unknown", "Mars/Olympus", "<script>", "x" * 3000])
def test_an_unknown_zone_is_not_taken(world: World, as_person: Any, sent: str) -> None:
    client = as_person(world.bob)
    client.cookies["zone"] = sent
    assert "data-zone-offer" in client.get("/").text
    world.bob.refresh_from_db()
    assert world.bob.zone == ""


def test_strangers_and_fragments_take_none(world: World, client: Any, as_person: Any) -> None:
    client.cookies["zone"] = "Europe/Berlin"
    assert "data-zone-unknown" in client.get("/").text
    bob = as_person(world.bob)
    bob.get("/", headers={"HX-Request": "true"})
    world.bob.refresh_from_db()
    assert world.bob.zone == ""


@pytest.mark.parametrize("typed", ["Etc/UTC", "GMT", "Etc/GMT+5", "EST", "Europe/Kiev", "asia/calcutta", "UTC"])
def test_any_name_may_be_chosen_and_is_shown_again(world: World, as_person: Any, typed: str) -> None:
    client = as_person(world.bob)
    assert client.post(reverse("me"), {"zone": typed}).status_code == 302
    world.bob.refresh_from_db()
    assert world.bob.zone.lower() == typed.lower()
    assert f'<option value="{world.bob.zone}" selected>' in client.get(reverse("me")).text


@pytest.mark.parametrize("typed", ["", "Mars/Olympus", "+05:00", "Factory", "Europe/Berlin\x00", "x" * 5000])
def test_no_other_text_may_be_chosen(world: World, as_person: Any, typed: str) -> None:
    shown = as_person(world.bob).post(reverse("me"), {"zone": typed})
    assert shown.status_code == 422
    assert shown.context["form"].errors["zone"]
    world.bob.refresh_from_db()
    assert world.bob.zone == ""


def test_a_game_and_a_server_keep_an_old_name(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    client.post(reverse("guild-settings", args=[GUILD]), {"edition": "1", "zone": "Asia/Calcutta"})
    assert GuildDefaults.objects.get().zone == "Asia/Calcutta"
    form = client.get(reverse("game-new", args=[GUILD])).context["form"]
    assert form.initial["zone"] == "Asia/Calcutta"
    day = f"{form.initial['date']:%Y-%m-%d}"
    data = {"title": "Chess", "date": day, "time": "20:00", "zone": "us/pacific", "channel": str(world.channel.pk)}
    assert client.post(reverse("game-new", args=[GUILD]), data).status_code == 302
    game = Game.objects.get()
    assert game.zone == "US/Pacific"
    assert 'name="zone" value="US/Pacific"' in client.get(reverse("game-edit", args=[game.pk])).text
    assert "your time" in client.get(game.get_absolute_url()).text


def test_a_zone_that_the_database_lost_is_shown_as_utc(world: World, as_person: Any) -> None:
    game = world.create_game()
    Game.objects.update(zone="Mars/Olympus")
    type(world.bob).objects.update(zone="Mars/Olympus")
    client = as_person(world.bob)
    pages = ("/", game.get_absolute_url(), reverse("game-edit", args=[game.pk]), reverse("game-again", args=[game.pk]))
    assert [client.get(page).status_code for page in pages] == [200] * 4
