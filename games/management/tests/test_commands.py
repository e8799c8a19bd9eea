"""`manage.py game` and `manage.py notifications`: subcommands, JSON and exit codes."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, load_command_class

import games
from conftest import World
from games.core.wording import UNKNOWN_GAME
from games.deliveries.wording import given_up
from games.management.base import ActionCommand, registered
from games.models import AuditEntry, Game, GameTemplate
from gamesched.lib.autodiscovery import import_from_folders
from notifications.models import Delivery, Notification


def json_output(capsys: Any) -> Any:
    return json.loads(capsys.readouterr().out)


def test_create_show_list_and_cancel(world: World, capsys: Any) -> None:
    start = world.now + timedelta(days=2)
    call_command(
        "game", "create", "--as", "bob", "--guild", str(world.guild.pk), "--channel", str(world.channel.pk),
        "--title", "Dune", "--date", f"{start:%Y-%m-%d}", "--time", "20:00", "--zone", "Europe/Berlin", "--seats", "4",
        "--reminders", "1h", "--json",
    )  # fmt: skip
    created = json_output(capsys)
    game = Game.objects.get()
    shown = created["game"]
    assert (shown["id"], shown["title"], game.host, game.reminders) == (str(game.pk), "Dune", world.bob, [60])
    call_command("game", "show", str(game.pk))
    assert "4 seats free" in capsys.readouterr().out
    call_command("game", "list", "--json", "--as", "charlie")
    assert [line["title"] for line in json_output(capsys)] == ["Dune"]
    call_command("game", "cancel", str(game.pk), "--reason", "rain", "--json")
    assert json_output(capsys)["game"]["state"] == "cancelled"
    call_command("game", "list")
    assert "cancelled" in capsys.readouterr().out, "it stays in the list until its start"


def test_a_refusal_is_a_sentence_and_exit_code_1(world: World) -> None:
    game = world.create_game()
    with pytest.raises(CommandError, match="Only the host") as refused:
        call_command("game", "cancel", str(game.pk), "--as", "charlie")
    assert refused.value.returncode == 1
    with pytest.raises(CommandError, match=UNKNOWN_GAME):
        call_command("game", "show", str(2**70))
    with pytest.raises(CommandError, match="We don't know anyone called 'zoe'"):
        call_command("game", "join", str(game.pk), "--as", "zoe")
    with pytest.raises(CommandError, match="Say who you mean") as usage:
        call_command("game", "join", str(game.pk))
    assert usage.value.returncode == 2


def test_editing_changes_only_what_is_given(world: World) -> None:
    game = world.create_game()
    call_command("game", "edit", str(game.pk), "--seats", "2", "--as", "bob")
    changed = Game.objects.get()
    assert (changed.seats, changed.title, changed.starts_at) == (2, game.title, game.starts_at)
    with pytest.raises(CommandError, match="--seats: Choose 1 to 100 seats"):
        call_command("game", "edit", str(game.pk), "--seats", "101", "--as", "bob")


def test_a_setting_that_the_template_locks_is_refused(world: World) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", seats=4, locked=["seats"])
    game = world.create_game(seats=None, template_id=template.pk)
    with pytest.raises(CommandError, match=re.escape("--seats: Set by Campaign. Its games can't")):
        call_command("game", "edit", str(game.pk), "--seats", "2", "--title", "Dune", "--as", "bob")
    assert Game.objects.get().title == game.title


def test_listing_resending_and_dropping_failed_deliveries(world: World, capsys: Any) -> None:
    call_command("notifications", "list")
    assert "Nothing failed." in capsys.readouterr().out
    world.create_game()
    row = Notification.objects.get(kind="start")
    delivery = Delivery.objects.create(
        notification=row, recipient=world.charlie, next_attempt_at=world.now, status="failed", error="Missing Access"
    )
    call_command("notifications", "list", "--json")
    assert json_output(capsys)[0] == {
        "delivery": delivery.pk, "kind": "start", "game": row.game_id, "to": "charlie", "why": "Missing Access",
    }  # fmt: skip
    call_command("notifications", "retry", str(delivery.pk))
    assert "We send the message" in capsys.readouterr().out
    call_command("notifications", "drop", str(delivery.resend.pk))
    assert given_up("charlie") in capsys.readouterr().out
    assert list(AuditEntry.objects.filter(actor=None, source="command").values_list("action", flat=True)) == [
        "drop",
        "resend",
    ]
    call_command("notifications", "list")
    assert "Nothing failed." in capsys.readouterr().out
    with pytest.raises(CommandError, match="There is no message 999"):
        call_command("notifications", "drop", "999")


def test_every_folders_commands_are_found_and_no_word_has_two() -> None:
    import_from_folders(games, "commands")
    found = [one.handlers for one in registered()]
    assert len(found) == len(set(found))
    folders = {handlers.__module__.split(".")[1] for handlers in found}
    with_words = {
        path.parent.name for path in Path(games.__file__).parent.glob("*/commands.py") if "do_" in path.read_text()
    }
    assert folders == with_words
    handlers = [ActionCommand, *found, load_command_class("games", "game").__class__]
    words = [name for one in handlers for name in vars(one) if name.startswith("do_")]
    assert len(words) == len(set(words))
    parser = load_command_class("games", "game").create_parser("manage.py", "game")
    [subparsers] = [action for action in parser._actions if action.dest == "word"]
    assert {f"do_{word}" for word in subparsers.choices or ()} == set(words)


def test_o16_servers_and_channels_by_name(world: World, capsys: Any) -> None:
    call_command("guild", "list", "--json")
    assert [(row["id"], row["name"]) for row in json_output(capsys)] == [(str(world.guild.pk), world.guild.name)]
    call_command("channel", "list", "--guild", world.guild.name.upper(), "--json")
    assert str(world.channel.pk) in [row["id"] for row in json_output(capsys)]
    start = world.now + timedelta(days=2)
    call_command(
        "game", "create", "--guild", world.guild.name, "--channel", world.channel.name, "--title", "Dune",
        "--as", "bob", "--date", f"{start:%Y-%m-%d}", "--time", "20:00", "--zone", "Europe/Berlin",
    )  # fmt: skip
    assert Game.objects.get().channel == world.channel
    capsys.readouterr()
    call_command("game", "list", "--guild", world.guild.name, "--json")
    assert len(json_output(capsys)) == 1
    with pytest.raises(CommandError, match="guild list"):
        call_command("channel", "list", "--guild", "nowhere")


def test_o16_one_games_and_one_persons_deliveries(world: World, capsys: Any) -> None:
    game, other = world.create_game(), world.create_game()
    for row in Notification.objects.filter(kind="start").order_by("game"):
        Delivery.objects.create(
            notification=row, recipient=world.charlie, next_attempt_at=world.now, status="sent", sent_at=world.now
        )
    for options, found in (
        (["--game", str(game.pk)], [game.pk]),
        (["--person", "charlie"], [other.pk, game.pk]),
        (["--person", "bob"], []),
        (["--since", "2h", "--game", str(other.pk)], [other.pk]),
    ):
        call_command("notifications", "list", *options, "--json")
        assert [row["game"] for row in json_output(capsys)] == found
    with pytest.raises(CommandError, match="--since"):
        call_command("notifications", "list", "--since", "yesterday")
    call_command("game", "show", str(game.pk), "--json")
    shown = json_output(capsys)
    assert [row["recipient"]["name"] for row in shown["deliveries"]] == ["charlie"]
    assert shown["history"]
    call_command("game", "show", str(game.pk), "--as", "charlie", "--json")
    assert "deliveries" not in json_output(capsys), "of others one sees what the page shows"


def test_o7_it_does_not_say_that_all_was_delivered_while_something_waits(world: World, capsys: Any) -> None:
    world.create_game()
    Notification.objects.filter(kind="announcement").update(due_at=world.now)
    call_command("notifications", "list")
    assert "Due and not sent yet: 1." in capsys.readouterr().out
