"""The pages to choose co-hosts, hand a game over, and block users."""

from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import Game
from games.signups import actions as signups
from guilds.models import Block


def test_cohosts_are_chosen_among_those_shown(world: World, as_person: Any) -> None:
    game = world.create_game()
    url = reverse("game-hosts", args=[game.pk])
    client = as_person(world.bob)
    assert "Hand it over" not in client.get(url).text
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert "Hand it over to charlie" in client.get(url).text
    stranger = 999
    client.post(url, {"cohosts": [str(world.charlie.pk), str(stranger), str(world.alice.pk)]})
    assert list(game.cohosts.all()) == [world.charlie], "others are not on the list"
    page = client.get(game.get_absolute_url()).text
    assert "Hosts" in page
    assert as_person(world.charlie).get(url).status_code == 403
    response = as_person(world.bob).post(url, {"cohosts": [], "host": str(world.charlie.pk)}, follow=True)
    assert "We ask charlie to run it" in response.text
    host_actions.answer_open_hand_over(game.pk, "accept", Actor(world.charlie, EntryPoint.PAGE), world.now)
    saved = Game.objects.get()
    assert (saved.host, list(saved.cohosts.all())) == (world.charlie, [world.bob])


def test_any_member_is_named_as_a_cohost(world: World, as_person: Any, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = "games.signups.tests.test_host_additions.SearchableDirectory"
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    robins = [world.add_member(n, nick="Robin") for n in (100, 101)]
    client, url = as_person(world.bob), reverse("game-hosts", args=[game.pk])
    data = {"cohosts": [str(world.charlie.pk)], "named": "@ali\n@robin, Grandma"}
    wrong = client.post(url, data | {"host": str(world.charlie.pk)})
    assert wrong.status_code == 422
    assert "Line 2, “@robin”: 2 members have that name." in wrong.text
    for kept in (
        f'name="cohosts" value="{world.charlie.pk}" checked',
        f'name="host" value="{world.charlie.pk}" checked',
    ):
        assert kept in wrong.text
    chosen = client.post(url, data | {"choice:@robin": str(robins[1].pk)})
    assert "“Grandma”: only members can be co-hosts." in chosen.text
    assert f"Robin &lt;@{robins[1].pk}&gt;, Grandma" in chosen.text, "what was chosen stays chosen"
    data["named"] = f"@ali\nRobin <@{robins[1].pk}>\n@bob the gm"
    saved = client.post(url, data, follow=True)
    assert "Changes saved. We took “@ali” to mean alice." in saved.text
    assert set(game.cohosts.all()) == {world.charlie, world.alice, robins[1]}, "the host is none beside themself"
    assert f'value="{robins[1].pk}" checked' in client.get(url).text, "who is one already can be taken out"


def test_blocking_and_unblocking(world: World, as_person: Any) -> None:
    url = reverse("guild-blocks", args=[world.guild.pk])
    client = as_person(world.alice)
    assert client.get(url).context["rows"] == []
    wrong = client.post(url, {"who": "nobody", "reason": "typed"})
    assert wrong.status_code == 422
    assert "know anyone here by that name." in wrong.text
    assert "typed" in wrong.text
    past = client.post(url, {"who": "@Charlie", "until": "2020-01-01T00:00"})
    assert "That date is past." in past.text
    shown = client.post(url, {"who": "@Charlie", "reason": "rude"}, follow=True).text
    assert "charlie" in shown
    assert "For good" in shown
    assert "rude" in shown
    client.post(reverse("guild-unblock", args=[world.guild.pk, world.charlie.pk]))
    assert not Block.objects.exists()


def test_the_end_of_a_block_is_in_the_viewers_zone(world: World, as_person: Any) -> None:
    world.alice.zone = "Asia/Tokyo"
    world.alice.save()
    url = reverse("guild-blocks", args=[world.guild.pk])
    shown = as_person(world.alice).post(url, {"who": "charlie", "until": "2100-01-02T03:00"}, follow=True).text
    assert "Until Sat 2 Jan 2100, 03:00 JST" in shown
    assert Block.objects.get().until == datetime(2100, 1, 1, 18, tzinfo=UTC)
