"""Queries that are compiled once find what their querysets find."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from conftest import World
from games.core.frequent_queries import (
    CURRENT_SIGNUPS,
    GAME_OF_PAGE,
    LOCKED_GAME,
    MEMBER,
    MEMBER_WITH_GUILD,
    games_with_posts,
)
from games.models import Game
from gamesched.lib.compiled_query import CompiledQuery
from guilds.models import Channel, Member, User


def test_rows_of_different_ids(world: World, django_assert_num_queries: object) -> None:
    games = [world.create_game(title="First"), world.create_game(title="Second")]
    for game in games:
        found = GAME_OF_PAGE.first(game.pk)
        assert found is not None
        assert (found.title, found.host, found.channel, found.guild) == (
            game.title,
            world.bob,
            world.channel,
            world.guild,
        )
        assert found.settings.seats == 5
    assert GAME_OF_PAGE.first(0) is None
    assert CURRENT_SIGNUPS.all(games[0].pk) == list(games[0].signups.current())


def test_games_of_however_many_ids(world: World, django_assert_num_queries: Any) -> None:
    games = [world.create_game(title=f"Game {number}", reminders=()) for number in range(12)]
    for some in ([], games[:1], games[:2], games[1:11], games):
        with django_assert_num_queries(bool(some)):
            found = games_with_posts([game.pk for game in some] * 2)
            assert {game.pk: game.announcement.channel for game in found.values()} == {
                game.pk: world.channel for game in some
            }
    with django_assert_num_queries(2):
        assert set(games_with_posts([*range(-150, 0), games[3].pk])) == {games[3].pk}


def test_joins_need_no_more_queries(world: World, django_assert_num_queries: object) -> None:
    game = world.create_game()
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = GAME_OF_PAGE.first(game.pk)
        assert found is not None
        assert (found.guild.defaults.pk, found.host, found.announcement.channel) == (
            world.guild.pk,
            world.bob,
            world.channel,
        )


def test_annotations_and_several_ids(world: World) -> None:
    for person in (world.alice, world.bob):
        member = MEMBER.first(world.guild.pk, person.pk)
        assert member is not None
        assert member == Member.objects.get(user=person)
        assert "roles_read" in vars(member)
        assert set(member.role_permissions) == {world.guild.pk}
    assert MEMBER.first(world.bob.pk, world.guild.pk) is None, "the ids keep their places"
    assert MEMBER_WITH_GUILD.first(world.guild.pk, world.bob.pk) == member


def test_values_in_a_transaction_of_its_own_lock(world: World) -> None:
    game = world.create_game()
    assert LOCKED_GAME.first(game.pk) == Game.objects.values_list("pk").get(pk=game.pk)
    assert LOCKED_GAME.first(0) is None


def test_the_same_id_twice_and_equal_ids(world: World) -> None:
    twice = CompiledQuery(lambda pk: Channel.objects.filter(pk=pk, guild__channels__pk=pk).distinct())
    assert twice.all(world.channel.pk) == [world.channel]
    both = CompiledQuery(lambda a, b: Channel.objects.filter(pk__in=[a, b]))
    assert both.all(world.channel.pk, world.channel.pk) == [world.channel]


def test_a_query_without_its_ids_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="must have its values as parameters"):
        CompiledQuery(lambda pk: User.objects.filter(pk=F("pk"))).all(world.bob.pk)


@pytest.mark.django_db(transaction=True)
def test_threads_use_their_own_connections(committed_world: World) -> None:
    query = CompiledQuery(lambda pk: User.objects.filter(pk=pk))
    people = [committed_world.alice, committed_world.bob, committed_world.charlie] * 20

    def read(user: User) -> bool:
        try:
            return query.all(user.pk) == [user]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(read, people))
