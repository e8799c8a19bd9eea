"""Closing sign-ups by hand and opening them again."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import World
from games.core import state_wording, wording
from games.core.base import Actor, EntryPoint
from games.core.states import State
from games.models import Game
from games.pages.game_page import history
from games.signups.closing import close_signups, reopen_signups
from games.signups.wording import DONE
from gamesched.lib.refusal import Refused
from notifications.models import Notification


def test_one_button_that_closes_and_reopens(world: World, as_person: Any) -> None:
    game, client = world.create_game(), as_person(world.bob)
    Notification.objects.all().delete()
    closed = client.post(reverse("game-close", args=[game.pk]), follow=True).text
    assert DONE["close"] in closed
    assert "Reopen sign-ups" in closed
    assert Game.objects.get().closed_at is not None
    assert Notification.objects.filter(kind="announcement").exists(), "the post shows it"
    opened = client.post(reverse("game-reopen", args=[game.pk]), headers={"HX-Request": "true"}).text
    assert DONE["reopen"] in opened
    assert "Close sign-ups" in opened
    assert [line.text for line in history(game)][:2] == [
        "Bob the GM opened the sign-ups again",
        "Bob the GM closed the sign-ups",
    ]
    assert "Close sign-ups" not in as_person(world.charlie).get(game.get_absolute_url()).text


def test_closing_twice_changes_nothing_and_only_hosts_may(world: World) -> None:
    game, by = world.create_game(), Actor(world.bob, EntryPoint.PAGE)
    assert close_signups(game.pk, by, world.now).changed
    assert not close_signups(game.pk, by, world.now).changed
    assert reopen_signups(game.pk, by, world.now).changed
    assert not reopen_signups(game.pk, by, world.now).changed
    with pytest.raises(Refused, match=wording.NOT_YOURS):
        close_signups(game.pk, Actor(world.charlie, EntryPoint.PAGE), world.now)
    with pytest.raises(Refused, match=state_wording.signups_closed(State.IN_PROGRESS)):
        close_signups(game.pk, by, game.starts_at)


def test_the_commands(world: World) -> None:
    game, out = world.create_game(), StringIO()
    call_command("game", "close", str(game.pk), "--as", "bob", stdout=out)
    assert Game.objects.get().closed_at is not None
    call_command("game", "reopen", str(game.pk), stdout=out)
    assert Game.objects.get().closed_at is None
    call_command("game", "cohosts", str(game.pk), "charlie", stdout=out)
    assert list(game.cohosts.all()) == [world.charlie]
    call_command("game", "host", str(game.pk), "alice", stdout=out)
    assert "alice is the host now" in out.getvalue()
