"""/game edit, cancel, settings, mine in a direct message, and the menus of a post and of a person."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from conftest import EVERYONE, World, make_world
from discord_bot.interactions import game_commands
from discord_bot.interactions.command_use import CommandReply, Work, use_command
from discord_bot.interactions.game_commands import Changes
from discord_bot.interactions.game_list import PageRequest, load_page
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.models import Announcement, Game, Series, Signup
from games.scheduling import command_wording
from games.scheduling.line_wording import LINE_PROBLEMS
from games.series.actions import end_series
from games.series.tests.scene import repeat
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.testing.programs import run_program
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import VIEW_CHANNEL, Channel, User

POST = 4321  # the id of the post's message
CHARLIE = {fixtures.CHARLIE_ID: MemberPayload(UserPayload(fixtures.CHARLIE_ID, "charlie"))}


def payload(user: User) -> MemberPayload:
    return MemberPayload(UserPayload(user.pk, user.handle))


def use(world: World, by: User, work: Work, *typed: str) -> CommandReply:
    return use_command(world.guild.pk, payload(by), work, typed)


@pytest.fixture
def game(world: World) -> Game:
    """A game of Bob's in #raids, with a post."""
    made = world.create_game(title="Dune", channel_id=fixtures.RAIDS_ID, seats=3)
    Announcement.objects.filter(game=made).update(message_id=POST)
    return made


def hide(world: World) -> None:
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])


def test_edit_changes_what_is_named_and_nothing_else(world: World, game: Game) -> None:
    changes = Changes(title="Dune II", when="tomorrow 20:00", seats=6, duration="3h")
    assert use(world, world.bob, partial(game_commands.edit, game_id=str(game.pk), changes=changes)).outcome == "done"
    edited = Game.objects.get()
    assert (edited.title, edited.settings.seats, edited.minutes) == ("Dune II", 6, 180)
    assert edited.starts_at != game.starts_at
    assert (edited.description, edited.channel_id) == (game.description, game.channel_id)


def test_edit_of_nothing_leads_to_the_page(world: World, game: Game) -> None:
    reply = use(world, world.bob, partial(game_commands.edit, game_id=str(game.pk), changes=Changes()))
    assert f"/games/{game.pk}/edit/" in reply.text


@pytest.mark.parametrize(
    ("work", "page"),
    [
        (lambda game: partial(game_commands.edit, game_id=str(game.pk), changes=Changes()), "edit/later"),
        (lambda game: partial(game_commands.edit, game_id=str(game.pk), changes=Changes(title="Part 2")), "edit/later"),
        (lambda game: partial(game_commands.cancel, game_id=str(game.pk), reason=""), "repeat"),
        (lambda game: partial(game_commands.sign_up, message_id=POST, people=CHARLIE), "repeat"),
    ],
)
def test_of_a_series_only_this_game_changes_and_the_answer_says_where_later_ones_do(
    world: World, game: Game, work: Callable[[Game], Work], page: str
) -> None:
    address = f"/games/{game.pk}/{page}/"
    assert address not in use(world, world.bob, work(game)).text
    repeat(world, game)
    reply = use(world, world.bob, work(game))
    assert address in reply.text
    assert bool(reply.buttons) == (page == "edit/later")
    end_series(game.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert address not in use(world, world.bob, work(game)).text


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (Changes(when="12/01"), "ambiguous"),
        (Changes(when="friday"), "no_time"),
        (Changes(when="yesterday 8pm"), "past"),
        (Changes(duration="long"), "bad_length"),
    ],
)
def test_what_is_not_understood_is_said_with_what_was_typed(
    world: World, game: Game, changes: Changes, problem: str
) -> None:
    work = partial(game_commands.edit, game_id=str(game.pk), changes=changes)
    reply = use(world, world.bob, work, changes.when, changes.duration)
    assert reply.outcome == Outcome.REFUSED
    assert LINE_PROBLEMS[problem] in reply.text
    assert (changes.when or changes.duration) in reply.text
    assert Game.objects.get().edit_version == game.edit_version


def test_cancel_cancels_with_the_reason(world: World, game: Game) -> None:
    work = partial(game_commands.cancel, game_id=str(game.pk), reason="The table burnt down.")
    assert use(world, world.bob, work).outcome == "done"
    cancelled = Game.objects.get()
    assert cancelled.cancelled_at is not None
    assert cancelled.cancel_reason == "The table burnt down."


def test_only_who_runs_a_game_changes_it(world: World, game: Game) -> None:
    edit = partial(game_commands.edit, game_id=str(game.pk), changes=Changes(title="Mine"))
    cancel = partial(game_commands.cancel, game_id=str(game.pk), reason="")
    told = partial(game_commands.list_deliveries, message_id=POST)
    add = partial(game_commands.sign_up, message_id=POST, people={world.alice.pk: payload(world.alice)})
    for work in (edit, cancel, told, add):
        assert use(world, world.charlie, work) == CommandReply(wording.NOT_YOURS)


def test_what_somebody_may_not_see_does_not_exist_for_them(world: World, game: Game) -> None:
    hide(world)
    edit = partial(game_commands.edit, game_id=str(game.pk), changes=Changes(title="Mine"))
    assert use(world, world.charlie, edit).text == command_wording.CHOOSE_GAME
    cancel = partial(game_commands.cancel, game_id=str(game.pk), reason="")
    assert use(world, world.charlie, cancel).text == command_wording.CHOOSE_GAME
    told = partial(game_commands.list_deliveries, message_id=POST)
    assert use(world, world.charlie, told).text == command_wording.NO_POST
    games = use(world, world.charlie, partial(game_commands.games_with, user_id=world.bob.pk, name=""))
    assert games.games is None


def test_the_menu_of_a_post_signs_members_up(world: World, game: Game) -> None:
    people = {one.pk: payload(one) for one in (world.charlie, world.alice)}
    reply = use(world, world.bob, partial(game_commands.sign_up, message_id=POST, people=people))
    assert reply.outcome == "done"
    assert set(Signup.objects.current().values_list("user_id", flat=True)) == {*people}
    bot = {9: MemberPayload(UserPayload(9, "beep", bot=True))}
    assert use(world, world.bob, partial(game_commands.sign_up, message_id=POST, people=bot)).text == (
        command_wording.NO_BOTS
    )
    other = partial(game_commands.sign_up, message_id=1, people=people)
    assert use(world, world.bob, other).text == command_wording.NO_POST


def test_the_menu_of_a_person_lists_the_games_that_one_may_see(world: World, game: Game) -> None:
    reply = use(world, world.charlie, partial(game_commands.games_with, user_id=world.bob.pk, name=""))
    assert reply.games is not None
    assert [row.title for row in reply.games.rows] == ["Dune"]
    nobody = use(world, world.charlie, partial(game_commands.games_with, user_id=world.alice.pk, name=""))
    assert nobody.games is None


def test_settings_are_for_managers_and_own_notifications_for_everybody(world: World) -> None:
    pages = [use(world, who, game_commands.show_settings).text for who in (world.alice, world.charlie)]
    assert [f"/guilds/{world.guild.pk}/settings/" in page for page in pages] == [True, False]
    assert all(f"/guilds/{world.guild.pk}/notifications/" in page for page in pages)


def test_in_a_direct_message_only_ones_own_games_are_listed(world: World, game: Game) -> None:
    sender = UserPayload(world.bob.pk, world.bob.handle)
    found = load_page(PageRequest("mine", None, None, user=sender))
    assert not isinstance(found, str)
    assert [row.title for row in found.rows] == ["Dune"]
    assert load_page(PageRequest("list", None, None, user=sender)) == command_wording.ONLY_IN_SERVER
    assert use_command(None, None, game_commands.show_settings).text == command_wording.ONLY_IN_SERVER


# --- in Discord --------------------------------------------------------------------------------------------


@pytest.fixture
def stack(now: Any, transactional_db: None) -> Iterator[Stack]:
    make_world(now)
    with Stack("bot", "notifyd") as running:
        done = run_program(["manage.py", "sync_commands"], running.variables)
        assert done.returncode == 0, done.stderr
        yield running


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_the_menus_and_the_commands_answer_in_discord(stack: Stack, now: Any) -> None:
    world, client = make_world(now), stack.discord.client
    game = world.create_game(title="Dune", channel_id=fixtures.GENERAL_ID, starts_at=now + timedelta(days=2))
    post = eventually(stack.posts)[0]
    # By the message's id the menu finds its game, and notifyd records that after Discord's answer.
    eventually(lambda: Announcement.objects.filter(message_id=post["id"]).exists())

    def newest(person: str = "bob") -> dict[str, Any]:
        return client.messages(person, fixtures.GENERAL_ID)[0]

    modal = client.use_menu("bob", fixtures.GENERAL_ID, "Sign someone up", 3, post["id"])["modal"]
    client.submit_modal("bob", modal, {"people": [str(fixtures.CHARLIE_ID)]})
    eventually(lambda: Signup.objects.current().filter(user_id=fixtures.CHARLIE_ID).exists())
    assert client.use_menu("bob", fixtures.GENERAL_ID, "Who was notified", 3, post["id"])["state"] == "answered"
    eventually(lambda: game.get_absolute_url() in newest()["content"])
    client.use_menu("alice", fixtures.GENERAL_ID, "Games with this person", 2, fixtures.CHARLIE_ID)
    eventually(lambda: "Dune" in str(newest("alice")["embeds"]))
    dm = client.as_person("bob", "POST", "/users/@me/channels", {"recipient_id": str(APPLICATION_ID)})["id"]
    assert client.use_command("bob", dm, "game", [{"type": 1, "name": "mine", "options": []}])["state"] == "answered"
    eventually(lambda: "Dune" in str(client.messages("bob", dm)[0]["embeds"]))
    typing = [{"name": "game", "value": "du", "focused": True}]
    found = client.autocomplete("bob", fixtures.GENERAL_ID, "game", [{"type": 1, "name": "cancel", "options": typing}])
    assert [choice["value"] for choice in found["choices"]] == [str(game.pk)]
    chosen = [{"name": "game", "value": str(game.pk)}, {"name": "title", "value": "Root"}]
    client.use_command("bob", fixtures.GENERAL_ID, "game", [{"type": 1, "name": "edit", "options": chosen}])
    eventually(lambda: "### [Root](" in shown_in(stack.posts("charlie")[0]))
    series = repeat(world, game)
    client.use_command("bob", fixtures.GENERAL_ID, "game", [{"type": 1, "name": "edit", "options": chosen[:1]}])
    eventually(lambda: f"/games/{game.pk}/edit/later/" in newest()["content"])
    skip = newest()["components"][0]["components"][0]["custom_id"]
    client.click("bob", newest(), skip)
    eventually(lambda: len(Series.objects.get(pk=series.pk).skipped) == 1)
    eventually(lambda: not newest()["components"])
