"""Adding people on a game's page, without the form of the whole game."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from games.core import state_wording, wording
from games.core.base import Actor, EntryPoint
from games.core.states import State
from games.models import Game
from games.signups.manual_seating import add_people
from games.signups.tests.test_host_additions import due, names
from games.signups.wording import NOBODY_NAMED
from gamesched.lib.refusal import Refused


@pytest.fixture(autouse=True)
def discord(settings: Any) -> None:
    settings.DISCORD_DIRECTORY = "games.signups.tests.test_host_additions.SearchableDirectory"


def test_the_page_adds_people_and_names_them(world: World, as_person: Any) -> None:
    game = world.create_game(seats=2)
    client, url = as_person(world.bob), reverse("game-add", args=[game.pk])
    assert f'href="{url}"' in client.get(game.get_absolute_url()).text
    reply = client.post(url, {"participants": "@char\nGrandma\n@alice"}, follow=True).text
    assert "Added: charlie, Grandma, alice. We took “@char” to mean charlie." in reply
    assert names(game) == (["charlie", "Grandma"], ["alice"])
    assert due("added") == [world.charlie.pk, world.alice.pk]
    assert "Already in: charlie." in client.post(url, {"participants": "@charlie"}, follow=True).text


def test_problems_are_shown_and_typed_names_are_kept(world: World, as_person: Any) -> None:
    game = world.create_game()
    robins = [world.add_member(n, nick="Robin") for n in (100, 101)]
    client, url = as_person(world.bob), reverse("game-add", args=[game.pk])
    wrong = client.post(url, {"participants": "Grandma\n@robin"})
    assert wrong.status_code == 422
    assert "Line 2, “@robin”: 2 members have that name." in wrong.text
    assert "Grandma\n@robin</textarea>" in wrong.text
    assert f'value="{robins[1].pk}"' in wrong.text
    assert not game.signups.exists()
    chosen = {"participants": "Grandma\n@robin", "choice:@robin": str(robins[1].pk)}
    assert client.post(url, chosen).status_code == 302
    assert set(game.signups.values_list("user", flat=True)) == {None, robins[1].pk}
    full = client.post(url, {"participants": "\n".join(f"Name {n}" for n in range(100))})
    assert full.status_code == 422
    assert "a game can have 100" in full.text
    assert "Name 99</textarea>" in full.text
    assert NOBODY_NAMED in client.post(url, {"participants": ""}).text


def test_only_hosts_add_and_not_after_the_end(world: World, as_person: Any) -> None:
    game = world.create_game()
    assert as_person(world.charlie).post(reverse("game-add", args=[game.pk]), {"participants": "X"}).status_code == 403
    assert reverse("game-add", args=[game.pk]) not in as_person(world.charlie).get(game.get_absolute_url()).text
    with pytest.raises(Refused, match=wording.NOT_YOURS):
        add_people(game.pk, ["X"], Actor(world.charlie, EntryPoint.PAGE), world.now)
    with pytest.raises(Refused, match=state_wording.no_longer_changeable(State.COMPLETED)):
        add_people(game.pk, ["X"], Actor(world.bob, EntryPoint.PAGE), game.ends_at)


def test_the_command(world: World) -> None:
    game, out = world.create_game(), StringIO()
    call_command("game", "add", str(game.pk), "@charlie, Grandma", stdout=out)
    assert "Added: charlie, Grandma." in out.getvalue()
    with pytest.raises(CommandError, match=r"Nobody was added\.\n  --participants: “@zoe”: Nobody"):
        call_command("game", "add", str(game.pk), "@zoe")
    assert Game.objects.get().signups.count() == 2
