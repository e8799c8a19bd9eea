"""/game list and /game mine: ephemeral pages with links; and checks that the registered commands are ours."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.utils import translation

from conftest import World, make_world
from discord_bot.interactions import command_translations
from discord_bot.models import Interaction
from games.core import wording
from games.models import Announcement
from gamesched.local_discord import fixtures
from gamesched.local_discord.api.interactions import commands
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.testing.programs import run_program
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True)]

COMMANDS = "Games with this person, Sign someone up, Who was notified, /game"
LIST = [{"type": 1, "name": "list", "options": []}]
MINE = [{"type": 1, "name": "mine", "options": []}]


@pytest.fixture
def world(now: Any) -> World:
    return make_world(now)


@pytest.fixture
def stack(world: World) -> Iterator[Stack]:
    with Stack("bot") as running:
        done = run_program(["manage.py", "sync_commands"], running.variables)
        assert (done.stdout, done.returncode) == (f"Updated: {COMMANDS}.\n", 0), done.stderr
        yield running


def newest(stack: Stack, person: str) -> dict[str, Any]:
    """Return the newest message that a person sees in #general."""
    return stack.discord.client.messages(person, fixtures.GENERAL_ID)[0]


def command(stack: Stack, person: str, options: list[dict[str, Any]]) -> dict[str, Any]:
    entry = stack.discord.client.use_command(person, fixtures.GENERAL_ID, "game", options)
    assert entry["state"] == "answered", entry
    assert entry["milliseconds"] < 3000
    return eventually(lambda: newest(stack, person))


@pytest.mark.processes
def test_the_list_is_private_in_pages_and_links_to_the_posts(world: World, stack: Stack) -> None:
    for number in range(10):
        starts = world.now + timedelta(days=1, hours=number)
        world.create_game(title=f"Night [{number}](x) *", starts_at=starts, channel_id=fixtures.GAME_NIGHT_ID)
    Announcement.objects.filter(game__title__startswith="Night [0]").update(message_id=4321)
    shown = command(stack, "charlie", LIST)
    assert shown["flags"] & 64
    [embed] = shown["embeds"]
    assert embed["title"] == "Upcoming games in Friday Night Dice"
    assert embed["footer"]["text"] == "Page 1 of 2"
    jump = f"/channels/{fixtures.GUILD_ID}/{fixtures.GAME_NIGHT_ID}/4321"
    title, link = re.findall(r"\*\*\[(.+)\]\((http\S+)\)\*\*", embed["description"])[0]
    assert title == r"Night \[0\](x) \*", "a title cannot become a link of its own"
    assert link.endswith(jump)
    assert embed["description"].count("5 seats free · #game-night") == 8
    assert "Night" not in str(stack.discord.client.messages("bob", fixtures.GENERAL_ID)), "nobody else sees it"
    [later] = shown["components"][0]["components"]
    assert later["label"] == "Later"
    entry = stack.discord.client.click("charlie", shown, later["custom_id"])
    assert entry["response_type"] == 7, "the page is turned in place"
    second = newest(stack, "charlie")
    assert second["id"] == shown["id"]
    assert re.findall(r"Night \\\[(\d)", second["embeds"][0]["description"]) == ["8", "9"]
    assert [b["label"] for b in second["components"][0]["components"]] == ["Earlier"]
    names = eventually(lambda: sorted(Interaction.objects.values_list("name", flat=True)))
    assert set(names) <= {"/game list", "games:list:2:0"}


@pytest.mark.processes
def test_mine_are_those_one_hosts_plays_or_waits_for(world: World, stack: Stack) -> None:
    mine = world.create_game(title="Mine", seats=1)
    world.create_game(title="Not mine")
    assert "Games you host" not in str(command(stack, "charlie", MINE))
    assert newest(stack, "charlie")["content"] == wording.NO_GAMES_OF_MINE
    from games.core.base import Actor, EntryPoint
    from games.signups import actions as signups

    signups.join(mine.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    shown = command(stack, "charlie", MINE)["embeds"][0]
    assert shown["title"] == "Your games"
    assert "Mine" in shown["description"]
    assert "Not mine" not in shown["description"]
    assert "1 of 1 seats taken · Friday Night Dice · #game-night · you're in" in shown["description"]
    assert "you're hosting" in command(stack, "bob", MINE)["embeds"][0]["description"]


@pytest.mark.processes
def test_a_command_of_another_version_is_answered_politely(world: World, stack: Stack) -> None:
    other = [
        {"name": "game", "type": 1, "description": "x", "options": [{"name": "old", "type": 1, "description": "x"}]}
    ]
    stack.discord.run_in_loop(lambda state: commands.bulk_overwrite(state, commands.GLOBAL, other))
    entry = stack.discord.client.use_command("charlie", fixtures.GENERAL_ID, "game", [{"type": 1, "name": "old"}])
    assert entry["state"] == "answered"
    assert newest(stack, "charlie")["content"] == wording.OLD_COMMAND


@pytest.fixture
def local(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalDiscord]:
    import discord.http

    with LocalDiscord() as running:
        settings.DISCORD_API_URL = running.api_url
        monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
        yield running


def _game_command(state: Any) -> Any:
    return next(one for one in state.commands[0] if one["name"] == "game")


def test_stale_commands_are_named_and_brought_up_to_date_once(local: LocalDiscord, capsys: Any) -> None:
    with pytest.raises(CommandError, match=rf"Not up to date: {COMMANDS}\."):
        call_command("sync_commands", check=True)
    ids = [check_message.id for check_message in run_checks(tags=["discord"], include_deployment_checks=True)]
    assert ids == ["discord_bot.W001"]
    call_command("sync_commands")
    call_command("sync_commands")
    call_command("sync_commands", check=True)
    assert capsys.readouterr().out.splitlines() == [f"Updated: {COMMANDS}."] + ["The commands are up to date."] * 2
    assert len(local.client.requests("PUT /applications")) == 1, "nothing is written where nothing differs"
    assert run_checks(tags=["discord"], include_deployment_checks=True) == []
    local.run_in_loop(lambda state: _game_command(state)["options"][0].update(description="Another"))
    with pytest.raises(CommandError, match="/game"):
        call_command("sync_commands", check=True)


def test_descriptions_and_menu_entries_are_registered_in_each_language(
    local: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "get_supported_language_variant", lambda locale: {"de": "de"}[locale])
    monkeypatch.setattr(command_translations, "gettext", "Auf Deutsch: {}".format)
    call_command("sync_commands")
    game = local.run_in_loop(_game_command)
    create = next(one for one in game["options"] if one["name"] == "create")
    for part in (game, create, *create["options"]):
        assert part["description_localizations"] == {"de": f"Auf Deutsch: {part['description']}"}, part["name"]
        assert not part.get("name_localizations"), "people type it"
    menus = local.run_in_loop(lambda state: [one for one in state.commands[0] if one["type"] != 1])
    assert {one["name"]: one["name_localizations"] for one in menus} == {
        name: {"de": f"Auf Deutsch: {name}"} if len(name) < 20 else {} for name in (one["name"] for one in menus)
    }
    call_command("sync_commands", check=True)
    monkeypatch.setattr(command_translations, "gettext", "Anders: {}".format)
    with pytest.raises(CommandError, match="/game"):
        call_command("sync_commands", check=True)


def test_a_refused_token_and_a_silent_discord_are_named(local: LocalDiscord, settings: Any) -> None:
    settings.DISCORD_BOT_TOKEN = local.bot_token + "x"
    with pytest.raises(CommandError, match="Discord refused DISCORD_BOT_TOKEN"):
        call_command("sync_commands")
    assert [check_message.id for check_message in run_checks(tags=["discord"], include_deployment_checks=True)] == [
        "discord_bot.E001"
    ]
    settings.DISCORD_API_URL = "http://127.0.0.1:9/api/v10"
    with pytest.raises(CommandError, match="Can't ask Discord right now"):
        call_command("sync_commands")
    assert [check_message.id for check_message in run_checks(tags=["discord"], include_deployment_checks=True)] == [
        "discord_bot.I001"
    ]


@pytest.mark.processes
def test_only_one_channels(world: World, stack: Stack) -> None:
    world.create_game(title="Raid", channel_id=fixtures.RAIDS_ID)
    world.create_game(title="Quiz", channel_id=fixtures.GAME_NIGHT_ID)
    here = [{"type": 1, "name": "list", "options": [{"type": 7, "name": "channel", "value": str(fixtures.RAIDS_ID)}]}]
    shown = command(stack, "charlie", here)["embeds"][0]["description"]
    assert "Raid" in shown
    assert "Quiz" not in shown
