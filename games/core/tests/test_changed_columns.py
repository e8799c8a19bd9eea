"""A game that was read saves the columns that changed, and no others."""

from copy import copy
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.models import Game


def written(game: Game, **options: Any) -> str:
    with CaptureQueriesContext(connection) as captured:
        game.save(**options)
    return " ".join(one["sql"].split(" WHERE ")[0] for one in captured.captured_queries)


def test_only_what_changed_is_written(world: World) -> None:
    game = Game.objects.get(pk=world.create_game().pk)
    assert written(game) == ""
    Game.objects.filter(pk=game.pk).update(description="Somebody else's")
    game.title = "Another"
    assert written(game) == """UPDATE "games_game" SET "title" = 'Another'"""
    assert written(game) == "", "it is saved"
    assert Game.objects.get(pk=game.pk).description == "Somebody else's"


def test_a_list_changed_in_place_and_another_row_of_a_relation_are_written(world: World) -> None:
    game = Game.objects.get(pk=world.create_game().pk)
    game.kept_starts.append(world.now)
    game.channel = world.other_channel
    sql = written(game)
    assert ('"kept_starts"' in sql, '"channel_id"' in sql, '"title"' in sql) == (True, True, False)
    game.kept_starts.append(world.now + timedelta(days=1))
    assert '"kept_starts"' in written(game)
    assert len(Game.objects.get(pk=game.pk).kept_starts) == 2


def test_what_is_changed_and_not_yet_saved_is_kept_in_mind(world: World) -> None:
    game = Game.objects.get(pk=world.create_game().pk)
    game.title, game.description = "Another", "Other"
    written(game, update_fields=["description"])
    game.refresh_from_db(fields=["rewards"])
    assert written(game) == """UPDATE "games_game" SET "title" = 'Another'"""
    narrow = Game.objects.only("title").get(pk=game.pk)
    narrow.title = "A third"
    assert narrow.description == "Other"
    assert written(narrow) == """UPDATE "games_game" SET "title" = 'A third'"""


def test_a_copy_of_a_row_is_a_new_row(world: World) -> None:
    game = Game.objects.get(pk=world.create_game().pk)
    other = copy(game)
    other.pk = None
    other.save()
    assert Game.objects.get(pk=other.pk).title == game.title
    created = world.create_game()
    created.title = "Another"
    assert written(created) == """UPDATE "games_game" SET "title" = 'Another'"""
