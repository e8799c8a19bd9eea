"""Pages and actions run few statements, none twice, however many games and people there are."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import World
from discord_bot.interactions.signup_buttons import Click, SignupReply, run_signup_action
from games.core.base import Actor, EntryPoint, dry_run
from games.models import Game, GameTemplate
from games.signups import actions as signups
from games.signups import responses
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Channel, Member, User

pytestmark = pytest.mark.slow

PLAYER_PAGE, HOST_PAGE, LIST_PAGE, CLICK = 7, 12, 7, 17  # statements


def read_roles_now() -> None:
    """Make all roles fresh: on a slow machine making a crowd takes longer than they are valid."""
    Member.objects.update(roles_read_at=datetime.now(UTC))


def statements(work: Callable[[], Any]) -> list[str]:
    """Return the statements that some work runs, none of them twice."""
    read_roles_now()
    with CaptureQueriesContext(connection) as captured:
        work()
    executed = [query["sql"] for query in captured]
    repeated = {sql: count for sql, count in Counter(executed).items() if count > 1}
    assert not repeated, "\n".join(f"{count} times: {sql}" for sql, count in repeated.items())
    return executed


def queries(client: Any, url: str) -> int:
    read_roles_now()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def fill(world: World, game: Game, people: range) -> None:
    for number in people:
        person = world.add_member(number)
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)


def click(world: World, game: Game, user: User, action: str = "join") -> SignupReply:
    member = MemberPayload(UserPayload(user.pk, user.handle))
    return run_signup_action(Click(game.pk, action, world.guild.pk, member))


def test_a_guilds_page_and_my_games(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    fill(world, world.create_game(), range(100, 102))
    urls = ["/", reverse("guild", args=[world.guild.pk])]
    before = [queries(client, url) for url in urls]
    for _ in range(8):
        fill(world, world.create_game(), range(100, 105))
    assert [queries(client, url) for url in urls] == before


@pytest.mark.parametrize("who", ["bob", "charlie", "alice"], ids=["host", "player", "manager"])
def test_a_list_takes_few_statements(world: World, as_person: Any, who: str) -> None:
    client = as_person(getattr(world, who))
    for number in range(4):
        fill(world, world.create_game(reminders=()), range(100 + number, 103))
    Game.objects.filter(pk=world.create_game().pk).update(announced_at=None)
    for address in ("/", reverse("guild", args=[world.guild.pk])):
        executed = statements(lambda address=address: client.get(address))  # type: ignore[misc]
        assert len(executed) <= LIST_PAGE, "\n".join(executed)


def test_a_games_page(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    game = world.create_game(seats=10)
    fill(world, game, range(100, 102))
    before = queries(client, game.get_absolute_url())
    fill(world, game, range(102, 130))
    assert queries(client, game.get_absolute_url()) == before


@pytest.mark.parametrize("signed_up", [True, False], ids=["in it", "not in it"])
def test_a_players_page_of_a_game(world: World, as_person: Any, signed_up: bool) -> None:
    client = as_person(world.charlie)
    game = world.create_game(seats=10, answers=True, plus_one=True)
    fill(world, game, range(100, 130))
    if signed_up:
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    maybe = world.add_member(130)
    responses.respond_maybe(game.pk, maybe, Actor(maybe, EntryPoint.PAGE), world.now)
    executed = statements(lambda: client.get(game.get_absolute_url()))
    assert len(executed) <= PLAYER_PAGE, "\n".join(executed)


@pytest.mark.parametrize("who", ["bob", "alice"], ids=["host", "manager"])
def test_a_hosts_page_of_a_game(world: World, as_person: Any, who: str) -> None:
    client = as_person(getattr(world, who))
    game = world.create_game(seats=10, answers=True, minimum=3)
    fill(world, game, range(100, 130))
    executed = statements(lambda: client.get(game.get_absolute_url()))
    assert len(executed) <= HOST_PAGE, "\n".join(executed)


def test_pages_that_mention_people_and_places(world: World, as_person: Any) -> None:
    text = "@charlie meets in #raids"
    game = world.create_game(description=text, location=text, instructions=text)
    for who in (world.charlie, world.bob):
        client = as_person(who)
        statements(lambda client=client: client.get(game.get_absolute_url()))  # type: ignore[misc]


def test_a_page_of_an_empty_game(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    game = world.create_game()
    statements(lambda: client.get(game.get_absolute_url()))


def test_a_click_in_a_crowd(world: World) -> None:
    game = world.create_game(seats=10)
    fill(world, game, range(100, 140))
    for action in ("join", "leave"):
        executed = statements(lambda action=action: click(world, game, world.charlie, action))  # type: ignore[misc]
        assert len(executed) <= CLICK, "\n".join(executed)


def most_loops(plan: dict[str, Any]) -> int:
    """Return how often the busiest step of a plan ran."""
    return max(int(plan["Actual Loops"]), *map(most_loops, plan.get("Plans", [])), 0)


def test_joining_looks_up_nothing_once_for_each_who_waits(world: World) -> None:
    game = world.create_game(seats=2)
    loops = []
    for crowd in (range(100, 105), range(105, 140)):
        fill(world, game, crowd)
        executed = statements(lambda: dry_run(lambda: click(world, game, world.charlie)))
        [joining] = [sql for sql in executed if "responded" in sql]
        loops.append(most_loops(explain(joining)))
    assert loops[0] == loops[1], loops


def explain(sql: str) -> dict[str, Any]:
    """Run a statement and return its plan, with how often each step ran."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        [(found,)] = cursor.fetchall()
    [plan] = json.loads(found) if isinstance(found, str) else found
    root: dict[str, Any] = plan["Plan"]
    return root


def test_a_click_that_gets_a_seat(world: World) -> None:
    game = world.create_game(seats=10)
    executed = statements(lambda: click(world, game, world.charlie))
    assert len(executed) <= CLICK, "\n".join(executed)


def test_a_click_on_a_game_that_mentions_people_and_places(world: World) -> None:
    game = world.create_game(description="@charlie meets in #raids", location="#raids, @charlie", answers=True)
    statements(lambda: click(world, game, world.charlie))


def test_a_click_on_a_game_in_a_thread_with_a_template(world: World) -> None:
    thread = Channel.objects.create(id=77, guild=world.guild, name="table", type=11, parent=world.channel)
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", plus_one=True)
    game = world.create_game(seats=10, channel_id=thread.pk, template_id=template.pk)
    fill(world, game, range(100, 112))
    executed = statements(lambda: click(world, game, world.charlie))
    assert len(executed) <= CLICK, "\n".join(executed)


def test_pages_run_no_foreign_script(world: World, client: Any) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
