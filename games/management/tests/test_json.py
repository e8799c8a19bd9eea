"""`manage.py game … --json` answers what the API answers the same person."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conftest import World
from games.api.shapes import ActionShape, GameShape, ProblemShape
from games.api.tests.test_api import Program
from games.attendance.api import AttendanceRow, AttendeeShape
from games.core.base import Actor, EntryPoint
from games.management.base import registered
from games.models import Game
from games.polls.api import PollAction, PollShape
from games.polls.tests.helpers import make_poll
from games.signups import actions as signups
from guilds.models import VIEW_CHANNEL, Channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def say(capsys: Any) -> Any:
    """Run a subcommand, and return what it answers in JSON."""

    def say(*words: object) -> Any:
        call_command("game", *map(str, words), "--json")
        return json.loads(capsys.readouterr().out)

    return say


@pytest.fixture
def refused(capsys: Any) -> Any:
    """Run a subcommand that is refused, and return what it answers in JSON."""

    def refused(*words: object) -> Any:
        with pytest.raises(CommandError):
            call_command("game", *map(str, words), "--json")
        return json.loads(capsys.readouterr().out)

    return refused


def test_a_game_reads_as_the_api_shows_it(world: World, client: Any, say: Any) -> None:
    game = world.create_game(seats=1)
    for player in (world.charlie, world.alice):
        signups.join(game.pk, player, Actor(player, EntryPoint.PAGE), world.now)
    for person in (world.charlie, world.bob):
        answer = Program(client, world, person)("GET", f"/games/{game.pk}").json()
        assert say("show", game.pk, "--as", person.handle) == answer
    listed = Program(client, world, world.charlie)("GET", f"/guilds/{world.guild.pk}/games").json()["games"]
    assert say("list", "--as", "charlie") == listed
    assert [one["you"] for one in say("list")] == [""], "the operator is nobody's player"


def test_the_operator_also_reads_what_happened(world: World, client: Any, say: Any) -> None:
    game = world.create_game()
    shown = say("show", game.pk)
    assert shown["history"] == Program(client, world, world.bob)("GET", f"/games/{game.pk}/history").json()
    assert (shown["deliveries"], shown["you"], shown["may_manage"]) == ([], "", True)
    GameShape.model_validate(shown)
    assert "history" not in say("show", game.pk, "--as", "charlie")


def test_an_action_answers_what_it_did_or_would_do(world: World, say: Any) -> None:
    game = world.create_game()
    tried = ActionShape.model_validate(say("join", game.pk, "--as", "charlie", "--dry-run"))
    assert (tried.changed, tried.game) == (False, None)
    done = ActionShape.model_validate(say("join", game.pk, "--as", "charlie"))
    assert done.game is not None
    assert (done.changed, done.game.you) == (True, "seated")
    again = ActionShape.model_validate(say("join", game.pk, "--as", "charlie"))
    assert not again.changed
    edited = ActionShape.model_validate(say("edit", game.pk, "--seats", "3"))
    assert edited.game is not None
    assert (edited.game.seats, edited.game.edit_version) == (3, Game.objects.get().edit_version)


def test_who_declines_a_draft_sees_it_no_more(world: World, say: Any) -> None:
    game = world.create_game()
    say("host", game.pk, "charlie", "--as", "bob")
    Game.objects.update(announced_at=None)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[])
    assert say("hosting", game.pk, "decline", "--as", "charlie")["game"] is None


def test_a_refusal_is_a_problem_with_the_apis_code_and_fields(world: World, client: Any, refused: Any) -> None:
    game = world.create_game()
    problem = refused("cancel", game.pk, "--as", "charlie")
    answer = Program(client, world, world.charlie)("POST", f"/games/{game.pk}/cancel")
    assert problem == answer.json()
    assert ProblemShape.model_validate(problem).status == answer.status_code == 403
    for option, value, field in (("--seats", 101, "settings.seats"), ("--date", "tomorrow-ish", "starts_at")):
        problem = refused("edit", game.pk, option, value, "--as", "bob")
        assert (problem["code"], {*problem["fields"]}) == ("bad_plan", {field})
    assert refused("show", 5)["status"] == 404
    assert refused("repeat", game.pk, "--rule", "every full moon", "--as", "bob")["code"] == "unreadable"
    assert {*refused("add", game.pk, "@nobody-here", "--as", "bob")["fields"]} == {"participants"}


def test_what_one_may_not_see_has_no_json(world: World, refused: Any, say: Any) -> None:
    game = world.create_game()
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[world.guild.pk, 0, VIEW_CHANNEL]])
    assert refused("show", game.pk, "--as", "charlie")["status"] == 404
    assert say("list", "--as", "charlie") == []


def test_attendance_of_a_game_and_of_a_server(world: World, client: Any, say: Any) -> None:
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    begun = world.now - timedelta(hours=1)
    Game.objects.filter(pk=game.pk).update(starts_at=begun, ends_at=begun + timedelta(hours=3))
    host, manager = Program(client, world, world.bob), Program(client, world, world.alice)
    assert say("attendance", game.pk, "--as", "bob") == host("GET", f"/games/{game.pk}/attendance").json()
    rows = say("attendance", "--guild", world.guild.pk, "--as", "alice")
    assert rows == manager("GET", f"/guilds/{world.guild.pk}/attendance").json()
    assert [AttendanceRow.model_validate(one).name for one in rows] == ["charlie"]
    assert [AttendeeShape.model_validate(one).came for one in say("attendance", game.pk)] == [True]


def test_a_poll_reads_as_the_api_shows_it(world: World, client: Any, say: Any, refused: Any) -> None:
    poll = make_poll(world)
    ticked = PollAction.model_validate(say("poll", "tick", poll.pk, 2, "--as", "charlie"))
    assert ticked.poll is not None
    assert [[one.name for one in time.voters] for time in ticked.poll.times][:2] == [[], ["charlie"]]
    player = Program(client, world, world.charlie)
    assert say("poll", "show", poll.pk, "--as", "charlie") == player("GET", f"/polls/{poll.pk}").json()
    listed = player("GET", f"/guilds/{world.guild.pk}/polls").json()
    assert say("poll", "list", "--as", "charlie") == listed
    assert [PollShape.model_validate(one).times[1].best for one in say("poll", "list")] == [True]
    assert say("poll", "cancel", poll.pk, "--dry-run")["poll"] is None
    assert refused("poll", "make", poll.pk, "--as", "charlie")["code"] == "not_yours"


def test_every_subcommand_takes_json() -> None:
    from django.core.management import load_command_class

    assert registered()
    parser = load_command_class("games", "game").create_parser("manage.py", "game")
    [subparsers] = [action for action in parser._actions if action.dest == "word"]
    choices: Any = subparsers.choices
    for word, sub in choices.items():
        inner = [action for action in sub._actions if action.dest == "what" and hasattr(action.choices, "values")]
        for one in [sub] if not inner else inner[0].choices.values():
            assert any("--json" in action.option_strings for action in one._actions), word
