"""Pages take the same number of queries however many games and people they show."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import World
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from games.core.base import Actor
from games.models import Game
from games.signups import actions as signups
from guilds.directory.payloads import MemberPayload, UserPayload


def queries(client: Any, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(address).status_code == 200
    return len(found)


def fill(world: World, game: Game, people: range) -> None:
    for number in people:
        person = world.add_member(number)
        signups.join(game.pk, person, Actor(person, "page"), world.now)


def test_query_counts_of_the_guild_and_home_pages(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    fill(world, world.create_game(), range(100, 102))
    addresses = ["/", reverse("guild", args=[world.guild.pk])]
    before = [queries(client, address) for address in addresses]
    for _ in range(8):
        fill(world, world.create_game(), range(100, 105))
    assert [queries(client, address) for address in addresses] == before


def test_query_count_of_a_game_page(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    game = world.create_game(seats=10)
    fill(world, game, range(100, 102))
    before = queries(client, game.get_absolute_url())
    fill(world, game, range(102, 130))
    assert queries(client, game.get_absolute_url()) == before


def test_query_count_of_a_click_in_a_large_game(world: World) -> None:
    game = world.create_game(seats=10)
    fill(world, game, range(100, 140))
    member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    with CaptureQueriesContext(connection) as found:
        run_signup_action(Click(game.pk, "join", world.guild.pk, member))
    assert len(found) <= 30, "\n".join(query["sql"] for query in found)


def test_pages_run_no_foreign_script(world: World, client: Any) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
