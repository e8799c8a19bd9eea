"""The one line at the top of a guild's page: its reading, its quick picks, and the form that it fills in."""

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.permissions import load_viewer
from games.models import Game, GuildDefaults
from games.scheduling.actions import create_game
from games.scheduling.line_forms import LAST_SLOT, line_context
from games.scheduling.line_wording import LINE_PROBLEMS
from gamesched.local_discord import fixtures
from guilds.models import VIEW_CHANNEL, Channel, User

LINE = "Curse of Strahd tomorrow 20:00, 4 seats, 3h"


def reading(client: Client, world: World, text: str) -> str:
    return client.get(reverse("line-reading", args=[world.guild.pk]), {"what": text}).content.decode()


def form_of(client: Client, world: World, **query: Any) -> Any:
    response = client.get(reverse("game-new", args=[world.guild.pk]), query)
    assert response.status_code == 200
    return response


def test_the_guilds_page_has_the_line_for_those_who_schedule(world: World, as_person: Any) -> None:
    page = as_person(world.bob).get(reverse("guild", args=[world.guild.pk])).content.decode()
    assert f'action="{reverse("game-new", args=[world.guild.pk])}"' in page
    assert f'hx-get="{reverse("line-reading", args=[world.guild.pk])}"' in page
    GuildDefaults.objects.update(host_role_ids=[fixtures.ORGANISER_ID])
    page = as_person(world.bob).get(reverse("guild", args=[world.guild.pk])).content.decode()
    assert reverse("line-reading", args=[world.guild.pk]) not in page


def test_the_reading_says_what_was_understood(world: World, as_person: Any) -> None:
    User.objects.update(zone="Europe/Berlin")
    shown = reading(as_person(world.bob), world, LINE)
    assert "<strong>Curse of Strahd</strong>" in shown
    for part in ("20:00 CE", "4 seats", "3 hours", "#general"):
        assert part in shown


@pytest.mark.parametrize(
    ("text", "problem"),
    [("Dune", "no_when"), ("Dune friday", "no_time"), ("Dune 12/01", "ambiguous"), ("tomorrow 8pm", "no_title")],
)
def test_the_reading_asks_for_what_is_missing(world: World, as_person: Any, text: str, problem: str) -> None:
    assert LINE_PROBLEMS[problem] in reading(as_person(world.bob), world, text)


def test_nothing_typed_has_no_reading(world: World, as_person: Any) -> None:
    assert reading(as_person(world.bob), world, " ").strip() == ""


def test_the_reading_escapes_what_is_typed(world: World, as_person: Any) -> None:
    assert "<script>" not in reading(as_person(world.bob), world, "<script>alert(1)</script> tomorrow 8pm")


def test_two_readings_are_links_to_the_form_with_that_time(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    found = re.findall('href="([^"]+)"', reading(client, world, "Dune tomorrow at 8"))
    links = [html.unescape(link) for link in found]
    hours = []
    for link in links:
        query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        initial = form_of(client, world, **query).context["form"].initial
        hours.append(initial["time"].hour)
        assert initial["title"] == "Dune"
    assert hours == [20, 8]


def test_of_a_time_that_comes_twice_the_chosen_one_stays_chosen(world: World, as_person: Any) -> None:
    GuildDefaults.objects.update(zone="Europe/Berlin")
    found = re.findall('href="([^"]+)"', reading(as_person(world.bob), world, "Dune 31 october 2027 2:30am"))
    folds = []
    for link in found:
        query = {name: values[0] for name, values in parse_qs(urlsplit(html.unescape(link)).query).items()}
        folds.append(form_of(as_person(world.bob), world, **query).context["form"].initial["fold"])
    assert folds == ["0", "1"]


def test_without_a_script_the_button_leads_to_the_form_filled_in(world: World, as_person: Any) -> None:
    initial = form_of(as_person(world.bob), world, what=LINE).context["form"].initial
    tomorrow = (datetime.now(world.bob.tzinfo) + timedelta(days=1)).date()
    assert (initial["title"], initial["seats"], initial["duration"]) == ("Curse of Strahd", 4, 180)
    assert (initial["date"], f"{initial['time']:%H:%M}") == (tomorrow, "20:00")


def test_what_is_not_understood_stays_and_nothing_is_guessed(world: World, as_person: Any) -> None:
    response = form_of(as_person(world.bob), world, what="Curse of Strahd 12/01")
    initial = response.context["form"].initial
    assert (initial["title"], initial["date"], initial["time"]) == ("Curse of Strahd", None, None)
    assert LINE_PROBLEMS["ambiguous"] in response.content.decode()


def test_a_quick_pick_stands_behind_what_was_typed(world: World, as_person: Any) -> None:
    initial = form_of(as_person(world.bob), world, what="Dune", when="tomorrow 20:00").context["form"].initial
    assert (initial["title"], f"{initial['time']:%H:%M}") == ("Dune", "20:00")


def test_the_last_games_slot_is_a_week_later_and_as_long(world: World, as_person: Any) -> None:
    last = world.create_game(title="Dune", zone="Europe/Berlin", duration=45)
    initial = form_of(as_person(world.bob), world, what="Root", when=LAST_SLOT).context["form"].initial
    at = (last.starts_at + timedelta(days=7)).astimezone(last.starts_at.tzinfo)
    assert (initial["title"], initial["zone"], initial["duration"]) == ("Root", "Europe/Berlin", 45)
    assert abs((initial["date"] - at.date()).days) <= 1
    initial = form_of(as_person(world.charlie), world, what="Root", when=LAST_SLOT).context["form"].initial
    assert initial["title"] == "Root", "who had none keeps the form's own time"


def test_a_new_game_starts_in_the_channel_that_its_host_used_last(world: World, as_person: Any) -> None:
    world.create_game(channel_id=world.other_channel.pk)
    for person, channel, name in (
        (world.bob, str(world.other_channel.pk), "#raids"),
        (world.charlie, None, "#general"),
    ):
        client = as_person(person)
        assert form_of(client, world).context["form"].initial.get("channel") == channel
        assert name in reading(client, world, LINE)
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[GUILD, 0, VIEW_CHANNEL]])
    assert "channel" not in form_of(as_person(world.bob), world).context["form"].initial, "it is hidden from them"


def test_the_last_games_slot_is_offered_to_who_had_one_here(world: World, as_person: Any) -> None:
    client, page = as_person(world.bob), reverse("guild", args=[world.guild.pk])

    def offered() -> list[str]:
        return [value for value, _ in client.get(page).context["quick_picks"]]

    plan, by_alice = world.make_plan(), Actor(world.alice, EntryPoint.PAGE)
    create_game(world.guild.pk, plan, by_alice, world.now)
    assert LAST_SLOT not in offered()
    game = world.create_game()
    assert LAST_SLOT in offered()
    Game.objects.filter(pk=game.pk).update(cancelled_at=world.now)
    assert LAST_SLOT not in offered()


def test_this_evening_is_offered_until_it_begins(world: World) -> None:
    viewer = load_viewer(world.bob, world.guild.pk)
    noon = world.now.replace(hour=12)
    contexts = [line_context(viewer, at, hosted=True) for at in (noon, noon.replace(hour=21))]
    picks = [[value for value, _ in one["quick_picks"]] for one in contexts]
    assert picks[0] == ["tonight 20:00", "tomorrow 20:00", "friday 20:00", LAST_SLOT]
    assert picks[1] == picks[0][1:]


@pytest.mark.parametrize("query", [{"at": "99999999999999"}, {"at": "x"}, {"seats": "9" * 30}])
def test_a_forged_address_is_a_form(world: World, as_person: Any, query: dict[str, str]) -> None:
    form_of(as_person(world.bob), world, **query)


def test_a_game_is_scheduled_again_with_the_line_from_discord(world: World, as_person: Any) -> None:
    game = world.create_game(title="Dune", seats=3)
    response = as_person(world.bob).get(reverse("game-again", args=[game.pk]), {"what": "Dune II tomorrow 21:00"})
    initial = response.context["form"].initial
    assert (initial["title"], f"{initial['time']:%H:%M}", initial["seats"]) == ("Dune II", "21:00", 3)
