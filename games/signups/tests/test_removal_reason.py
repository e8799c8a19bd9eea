"""Removing a player with a reason, or without."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.pages.game_page import history
from games.signups import actions as signups
from games.signups.tests.test_host_additions import build_message
from gamesched.lib.refusal import Refused


def joined(world: World) -> Game:
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return game


def test_the_reason_is_in_the_message_escaped_and_in_the_history(world: World, as_person: Any) -> None:
    game = joined(world)
    url = reverse("game-remove", args=[game.pk, game.signups.get().pk])
    assert 'name="reason"' in as_person(world.bob).get(game.get_absolute_url()).text
    as_person(world.bob).post(url, {"reason": " You have *two* games\r\n@everyone "})
    lines = build_message("removed", world).text.split("\n")
    assert lines[0].startswith("Bob the GM removed you from")
    assert lines[1:3] == ["> You have \\*two\\* games", "> \\@everyone"]
    assert history(game)[0].text == "Bob the GM removed charlie: You have *two* games\n@everyone"


def test_without_a_reason_nothing_is_quoted(world: World) -> None:
    game = joined(world)
    call_command("game", "remove", str(game.pk), "charlie", "--as", "bob", stdout=StringIO())
    assert ">" not in build_message("removed", world).text.replace("<t:", "").split("\n")[0].replace(":F>", "")
    assert history(game)[0].text == "Bob the GM removed charlie"


def test_the_command_takes_a_reason(world: World) -> None:
    game = joined(world)
    call_command("game", "remove", str(game.pk), "charlie", "--reason", "Next time", stdout=StringIO())
    assert "\n> Next time\n" in build_message("removed", world).text


def test_too_long_a_reason_removes_nobody(world: World) -> None:
    game = joined(world)
    with pytest.raises(Refused, match="Shorten it to 300"):
        signups.remove_signup(game.pk, game.signups.get().pk, Actor(world.bob, EntryPoint.PAGE), world.now, "x" * 301)
    assert game.signups.current().exists()
