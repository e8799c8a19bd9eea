"""Lists of a guild with a long history read by indexes: what PostgreSQL plans for a hundred thousand games."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import GUILD, World
from games.core import rules
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.pages import game_list, months
from games.pages.game_list import _key_text
from games.pages.tests.test_query_counts import read_roles_now
from games.signups import actions as signups
from gamesched.bench.data import copy_games, copy_rows
from guilds.models import Guild

pytestmark = pytest.mark.slow
HISTORY = 100_000


@pytest.fixture
def long_history(world: World) -> World:
    """A guild with a hundred thousand past games, a few to come, and a player in some of each."""
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    copy_games(
        Game.objects.get(pk=game.pk),
        HISTORY,
        [world.alice.pk, world.bob.pk],
        thin=100,
        starts_at="now() - interval '3 days' - n * interval '10 minutes'",
        ends_at="now() - interval '3 days' - n * interval '10 minutes' + interval '2 hours'",
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE games_game, games_signup, guilds_member, guilds_channel, games_announcement")
    return world


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def rows_read(sql: str) -> dict[str, float]:
    """Run a statement and return how many rows of games and sign-ups each node of its plan read, by table and node."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.replace('%', '%%')}")
        [(found,)] = cursor.fetchall()
    plan = (found if isinstance(found, list) else json.loads(found))[0]["Plan"]
    return {
        f"{number} {node['Node Type']} {node['Relation Name']}": (
            node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        )
        * node["Actual Loops"]
        for number, node in enumerate(nodes(plan))
        if node.get("Relation Name") in {"games_game", "games_signup", "games_announcement"}
    }


PAST = {"show": "past"}
DEEP = timedelta(days=350)  # in a history of two years


def test_no_statement_reads_the_history(long_history: World, as_person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_person(long_history.charlie)
    guild, month = reverse("guild", args=[GUILD]), {"month": f"{long_history.now - DEEP:%Y-%m}"}
    key = _key_text((long_history.now - DEEP, 1))
    deep = [(address, {**PAST, towards: key}) for address in ("/", guild) for towards in ("after", "before")]
    deep += [(reverse("month"), month), (reverse("guild-month", args=[GUILD]), month)]
    lists = [("/", {}), ("/", PAST), ("/", {"open_seats": "1"}), (guild, {}), (guild, PAST), (guild, {"mine": "1"})]
    lists += [(reverse("search"), {"q": text}) for text in ("", "strahd", "nothing like it", "alice")]
    for number, (address, params) in enumerate([*lists, *deep]):
        if number == len(lists):  # games this old have no posts in this data; their rows are read by their ids
            for module in (game_list, months):
                monkeypatch.setattr(module, "game_rows", lambda *_: {})
        read_roles_now()
        client.get(address, params)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, params).status_code == 200
        for query in captured:
            if re.search("games_game", query["sql"]):
                read = rows_read(query["sql"])
                # Some times what the counts go ahead, and a twentieth of the history.
                assert all(rows <= 5_000 for rows in read.values()), f"{address} {read}\n{query['sql']}"


def test_a_long_history_beside_others_games_to_come(long_history: World) -> None:
    """PostgreSQL thinks that each guild has its share of what is to come: the history was read from its beginning."""
    now, other = (
        long_history.now,
        Guild.objects.create(pk=GUILD + 1, name="Other", owner_id=1, synced_at=long_history.now),
    )
    copy_rows(
        Game,
        "games_game m, generate_series(1, 4000) n WHERE m.id = (SELECT max(id) FROM games_game)",
        [],
        guild_id=str(other.pk),
        starts_at="now() + n * interval '1 hour'",
        ends_at="now() + n * interval '1 hour' + interval '2 hours'",
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE games_game")
    own = Game.objects.filter(guild=GUILD)
    for games in (own.listed_to_come(now), own.past(now), own.upcoming(now)):
        with CaptureQueriesContext(connection) as captured:
            list(games.values_list("pk")[:20])
        read = rows_read(captured[0]["sql"])
        assert all(rows <= 5_000 for rows in read.values()), read


def test_every_announced_game_is_to_come_or_past(world: World) -> None:
    day, moment = timedelta(days=1), timedelta(minutes=1)
    announced = Game.objects.filter(pk=world.create_game().pk)
    for start, minutes, cancelled_at in product(
        (-8 * day, -7 * day, moment - 7 * day, -day, -moment, timedelta(), moment),
        (rules.DURATION_MIN, rules.DURATION_MAX),
        (None, world.now - 9 * day),
    ):
        starts_at, ends_at = world.now + start, world.now + start + timedelta(minutes=minutes)
        announced.update(starts_at=starts_at, ends_at=ends_at, cancelled_at=cancelled_at)
        is_over = (ends_at if cancelled_at is None else starts_at) <= world.now
        assert announced.past(world.now).exists() is is_over
        assert announced.listed_to_come(world.now).exists() is not is_over
