"""Queries that are compiled once find what their querysets find."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import F, Value
from django.db.models.functions import Greatest

from conftest import GUILD, World
from games.core.frequent_queries import (
    CURRENT_SIGNUPS,
    GAME_OF_PAGE,
    LOCKED_GAME,
    MEMBER,
    MEMBER_WITH_GUILD,
    MEMBERSHIPS_WITH_GUILD,
    MEMBERSHIPS_WITH_HIDDEN_GAMES,
    games_with_posts,
)
from games.models import Game
from gamesched.lib.compiled_query import CompiledQuery, CompiledSets
from gamesched.lib.pg_notify import connect_in_thread
from gamesched.lib.refusal import Refusal, Refused
from gamesched.testing.waiting import PATIENCE
from guilds.models import Channel, Guild, Member, User

pytestmark = pytest.mark.slow


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


def test_memberships(world: World) -> None:
    own = Member.objects.get(user=world.bob)
    game = world.create_game()
    assert MEMBERSHIPS_WITH_GUILD.all(world.bob.pk) == [own]
    assert MEMBERSHIPS_WITH_HIDDEN_GAMES.all(world.bob.pk) == []
    Game.objects.filter(pk=game.pk).update(announced_at=None)
    assert MEMBERSHIPS_WITH_HIDDEN_GAMES.all(world.bob.pk) == [own]
    Member.objects.filter(pk=own.pk).update(left_at=world.now)
    assert MEMBERSHIPS_WITH_GUILD.all(world.bob.pk) == MEMBERSHIPS_WITH_HIDDEN_GAMES.all(world.bob.pk) == []


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


def test_sets_of_however_many_ids(world: World, django_assert_num_queries: Any) -> None:
    guilds, people = [world.guild.pk], [world.alice.pk, *(one.pk for one in world.add_members(range(1000, 1120)))]
    members = CompiledSets(
        lambda guild_ids, user_ids, read_before: Member.objects.filter(
            guild__in=guild_ids, user__in=user_ids, roles_read_at__lte=read_before
        ).order_by("user_id")
    )
    for number in (1, 2, 10, 11, 100, 121):
        ids = people[:number]
        with django_assert_num_queries(1):
            found = members.all({*guilds}, ids, values=[world.now])
        assert [member.user_id for member in found] == sorted(ids)
        assert members.all(guilds, ids, values=[world.now - timedelta(days=1)]) == []
    assert [member.user_id for member in members.all([0, *guilds], people[1:2], values=[world.now])] == people[1:2]
    with django_assert_num_queries(0):
        assert members.all(guilds, [], values=[world.now]) == []


def test_ids_stay_whole_where_django_knows_no_column(world: World) -> None:
    """Django calls such an int a 32-bit one, of which psycopg sends the lower half."""
    role = world.guild.pk
    game = world.create_game(player_role_ids=(role,))
    other = CompiledQuery(lambda number: Game.objects.filter(player_role_ids__overlap=[number]))
    fixed = CompiledQuery(lambda pk: Game.objects.filter(pk=pk, player_role_ids__contains=[role]))
    later = CompiledQuery(lambda pk: Game.objects.filter(pk=pk, guild_id__lte=Greatest(Value(role), Value(1))))
    for _ in range(7):  # the last ones prepared
        assert other.first(role) == fixed.first(game.pk) == later.first(game.pk) == game
        assert other.first(role + (1 << 40)) is None


@pytest.mark.parametrize("pk", [1 << 63, 10**30, -(1 << 64)])
def test_an_id_that_no_column_holds_finds_nothing(world: World, pk: int) -> None:
    assert GAME_OF_PAGE.first(pk) is None


def test_what_runs_often_is_prepared(world: World) -> None:
    game = world.create_game()
    query = CompiledQuery(lambda pk: Game.objects.filter(pk=pk).values_list("title").order_by("seats", "title"))
    for _ in range(7):
        assert query.first(game.pk) == (game.title,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%seats% ASC, 1 ASC'")
        assert cursor.fetchone() == (1,)
        assert type(cursor.cursor) is not ServerBindingCursor


def prepared_titles() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%title%'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_what_is_prepared_outlives_a_refusal(committed_world: World) -> None:
    """psycopg drops it when a transaction rolls back, of which each refused press makes one."""
    game = committed_world.create_game()
    query = CompiledQuery(lambda pk: Game.objects.filter(pk=pk).values_list("title"))
    for _ in range(7):
        query.first(game.pk)
    before = prepared_titles()
    assert before

    @transaction.atomic
    def press() -> None:
        query.first(game.pk)
        raise Refused(Refusal("code", "no"))

    for _ in range(3):
        with pytest.raises(Refused):
            press()
        assert prepared_titles() == before
        assert query.first(game.pk) == (game.title,)


def test_statements_that_never_come_again_are_not_counted(world: World) -> None:
    """psycopg remembers a hundred, so that what runs once a page was never prepared."""
    game = world.create_game()
    query = CompiledQuery(lambda pk: Game.objects.filter(pk=pk).values_list("title", "pk"))
    before = prepared_titles()
    for _ in range(7):
        assert query.first(game.pk) == (game.title, game.pk)
        for number in range(120):
            Game.objects.filter(pk=number).exists()
    assert prepared_titles() == before + 1


@pytest.mark.django_db(transaction=True)
def test_plans_that_a_statement_dropped_are_made_again(committed_world: World) -> None:
    game = committed_world.create_game()
    query = CompiledQuery(lambda pk: Game.objects.filter(pk=pk).values_list("title"))
    for statement in ("DEALLOCATE ALL", "DEALLOCATE ALL", "CREATE TEMPORARY TABLE once (); DROP TABLE once"):
        for _ in range(7):
            assert query.first(game.pk) == (game.title,)
        with connection.cursor() as cursor:
            cursor.execute(statement)


def test_two_threads_that_compile_a_query_at_once(committed_world: World) -> None:
    """The slower one is half done when the faster one runs it again."""
    world, begun, compiled, half_done, go_on = committed_world, *(threading.Event() for _ in range(4))
    builds: list[object] = []

    def build(guild_id: int) -> Any:
        queryset = Guild.objects.filter(pk=guild_id)
        builds.append(queryset)
        if len(builds) == 1:
            begun.set()
            assert compiled.wait(PATIENCE)
            compiler = queryset.query.get_compiler(using="default")
            make_sql = compiler.as_sql

            def pause() -> Any:
                half_done.set()
                assert go_on.wait(PATIENCE)
                return make_sql()

            setattr(compiler, "as_sql", pause)  # noqa: B010 - mypy takes no assignment to a method
            setattr(queryset.query, "get_compiler", lambda using: compiler)  # noqa: B010
        return queryset

    query: CompiledQuery[Guild] = CompiledQuery(build)

    def find_in_thread() -> Guild | None:
        try:
            return query.first(world.guild.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        slower = pool.submit(find_in_thread)
        assert begun.wait(PATIENCE)
        assert query.first(world.guild.pk) == world.guild
        compiled.set()
        assert half_done.wait(PATIENCE)
        try:
            assert query.first(world.guild.pk) == world.guild
        finally:
            go_on.set()
        assert slower.result(PATIENCE) == world.guild
    assert query.first(world.guild.pk) == world.guild


def test_a_column_changes_under_a_program_that_runs(committed_world: World) -> None:
    query: CompiledQuery[Guild] = CompiledQuery(lambda guild_id: Guild.objects.filter(pk=guild_id))
    for _ in range(10):
        assert query.first(committed_world.guild.pk) == committed_world.guild
    migration = connect_in_thread()
    try:
        for size in (65, 64):
            migration.execute(f"ALTER TABLE guilds_guild ALTER COLUMN icon TYPE varchar({size})")
            for _ in range(10):
                assert query.first(committed_world.guild.pk) == committed_world.guild
    finally:
        migration.close()


def prepared_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


def test_what_is_rolled_back_costs_no_plan(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert prepared_statements() == 0
    for _ in range(6):
        MEMBER.first(GUILD, world.bob.pk)
        with transaction.atomic():
            MEMBER.first(GUILD, world.charlie.pk)
            transaction.set_rollback(True)
    assert prepared_statements() == 1
    assert MEMBER.first(GUILD, world.bob.pk) is not None
