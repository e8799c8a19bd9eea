"""Trouble in Discord: missing permissions, deleted messages, closed DMs, unknown buttons."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World, make_world
from games.agenda.tests.helpers import switch_on
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.core.companions import roles_to_choose
from games.core.permissions import visible_to_player
from games.models import Agenda, Announcement, Game
from games.scheduled_tasks import check_agendas, check_announcements
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import CANCELLATION_DELAY
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import Overwrite
from gamesched.testing.browsers import run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import PROGRAMS, Stack, shown_in
from gamesched.testing.waiting import AT_ONCE, eventually
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import upsert_member
from guilds.models import PIN_MESSAGES, VIEW_CHANNEL, Channel, Guild, Role, User
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.processes
numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def db(committed_module_db: None) -> None:
    """Let each test use the database, and keep what it commits."""


@pytest.fixture(scope="module")
def world(committed_module_db: None) -> World:
    return make_world(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def stack(world: World) -> Iterator[Stack]:
    """Run the programs for all tests of the module: each has a game of its own, and gives back what it takes."""
    with Stack("bot", "notifyd") as running:
        yield running


def make_game(world: World, starts_in: timedelta | None = None, **changes: Any) -> Game:
    """Create a game on a day of its own."""
    number = next(numbers)
    starts_at = datetime.now(UTC) + (starts_in or timedelta(days=2 + number))
    values = {"title": f"Trouble {number}", "channel_id": fixtures.GENERAL_ID, "starts_at": starts_at}
    return world.create_game(**values | changes)


def newest_ephemeral(stack: Stack, person: str, channel_id: int = fixtures.GENERAL_ID) -> str:
    """Return the newest ephemeral message that a person got."""
    messages = [m for m in stack.discord.client.messages(person, channel_id) if m.get("flags", 0) & 64]
    return str(messages[0]["content"]) if messages else ""


def test_a_missing_permission_is_named_and_trying_again_works(world: World, stack: Stack, as_person: Any) -> None:
    stack.discord.client.add_fault("permissions", channel_id=str(fixtures.RAIDS_ID), take=["SEND_MESSAGES"])
    missing = ["Send Messages", "Embed Links"]  # the second comes with the first
    eventually(lambda: Channel.objects.get(pk=fixtures.RAIDS_ID).missing_requirements == missing)
    game = make_game(world, channel_id=fixtures.RAIDS_ID)
    unposted = Announcement.objects.filter(game=game).exclude(problem_code="")
    eventually(unposted.exists)
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert "Not announced: the bot needs Send Messages and Embed Links in #raids." in page
    assert "Try again" in page
    stack.discord.client.add_fault("permissions", channel_id=str(fixtures.RAIDS_ID), take=[])
    eventually(lambda: not Channel.objects.get(pk=fixtures.RAIDS_ID).missing_requirements)
    scheduling.retry_announcement(game.pk, Actor(world.bob, EntryPoint.PAGE), datetime.now(UTC))
    eventually(lambda: stack.posts_of(game, fixtures.RAIDS_ID))
    eventually(lambda: not unposted.exists())


def known_post(stack: Stack, game: Game) -> dict[str, Any]:
    """Return a game's post once we know its id."""
    eventually(Announcement.objects.filter(game=game, message_id__isnull=False).exists)
    [post] = stack.posts_of(game)
    return post


def test_a_post_deleted_by_hand_is_put_back_at_once(world: World, stack: Stack) -> None:
    game = make_game(world)
    post = known_post(stack, game)
    stack.discord.client.add_fault("delete_message", channel_id=post["channel_id"], message_id=post["id"])
    again = eventually(lambda: [p for p in stack.posts_of(game) if p["id"] != post["id"]], AT_ONCE)
    assert len(again) == 1
    entry = stack.discord.client.click("charlie", again[0], f"game:{game.pk}:join")
    assert entry["state"] == "answered"
    eventually(lambda: "4 of 5 seats free" in shown_in(stack.posts_of(game)[0]))


def test_another_channel_takes_the_post_along(world: World, stack: Stack) -> None:
    game = make_game(world)
    known_post(stack, game)
    plan = replace(scheduling.plan_from_game(game), channel_id=fixtures.RAIDS_ID)
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), datetime.now(UTC))
    eventually(lambda: stack.posts_of(game, fixtures.RAIDS_ID))
    eventually(lambda: not stack.posts_of(game))


def add_dana(world: World) -> User:
    dana = MemberPayload(UserPayload(fixtures.DANA_ID, "dana", "Dana"))
    return upsert_member(world.guild.pk, dana, datetime.now(UTC)).user


def test_closed_direct_messages_fall_back_to_the_channel(world: World, stack: Stack) -> None:
    dana = add_dana(world)
    game = make_game(world, timedelta(seconds=62), reminders=(1,))
    signups.join(game.pk, dana, Actor(dana, EntryPoint.PAGE), datetime.now(UTC))

    def called() -> list[Any]:
        return [
            m
            for m in stack.discord.client.messages("bob", fixtures.GENERAL_ID)
            if f"<@{fixtures.DANA_ID}>" in m["content"]
        ]

    call = eventually(called)[0]
    assert [person["id"] for person in call["mentions"]] == [str(fixtures.DANA_ID)]
    eventually(Delivery.objects.filter(recipient=dana, status="sent", in_channel=True).exists)


def test_cancelling_notifies_everyone_who_signed_up(world: World, stack: Stack) -> None:
    now = datetime.now(UTC)
    game = make_game(world, title="*Dice* @everyone")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), now)
    eventually(lambda: stack.posts_of(game))
    cancellation.cancel_game(game.pk, "rain", Actor(world.bob, EntryPoint.PAGE), now - CANCELLATION_DELAY)

    def notices(person: str) -> list[Any]:
        return [message for message in stack.discord.client.dms(person) if "was cancelled" in message["content"]]

    [notice] = eventually(lambda: notices("charlie"))
    assert "rain" in notice["content"]
    assert not notice["mention_everyone"]
    assert "\\*Dice\\*" in notice["content"]
    eventually(lambda: "Join" not in str(stack.posts_of(game)[0]["components"]))
    assert not notices("bob"), "who cancelled knows"


@pytest.mark.parametrize(
    "custom_id",
    [
        "game:{other}:join",
        "game:0:join",
        "game:9999999999999999999:leave",
        "game:abc:join",
        f"game:{2**70}:join",
        "game:{game}:explode",
        "something else",
    ],
)
def test_a_strange_button_has_a_polite_answer(world: World, custom_id: str) -> None:
    from discord_bot.interactions.signup_buttons import Click, run_signup_action
    from gamesched.lib.ids import parse_id

    text = custom_id.format(game=2, other=10**6)
    parts = text.split(":")
    if len(parts) == 3 and parts[2] in {"join", "leave"} and len(parts[1]) <= 19:
        member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
        assert run_signup_action(Click(parse_id(parts[1]), parts[2], world.guild.pk, member)).text == wording.OLD_BUTTON
    else:
        from discord_bot.bot import COMPONENT_PATTERNS

        assert not any(ours.fullmatch(text) for ours in COMPONENT_PATTERNS)


def test_buttons_in_the_wrong_place(world: World) -> None:
    from discord_bot.interactions.signup_buttons import Click, run_signup_action

    game = make_game(world)
    member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    assert run_signup_action(Click(game.pk, "join", None, None)).text == wording.NOT_IN_DM
    Guild.objects.create(id=5, name="Elsewhere", owner_id=1)
    assert run_signup_action(Click(game.pk, "join", 5, member)).text == wording.NOT_HERE


def test_one_ephemeral_reply_for_each_click(world: World, stack: Stack) -> None:
    game = make_game(world, seats=3)
    for player in (world.alice, add_dana(world)):
        signups.join(game.pk, player, Actor(player, EntryPoint.PAGE), datetime.now(UTC))
    post = eventually(lambda: [p for p in stack.posts_of(game) if "1 of 3" in shown_in(p)])[0]
    eventually(Announcement.objects.filter(game=game, shown_version=3).exists)
    # A sign-up that came while the post was sent has it edited once more, though it shows it already.
    eventually(lambda: not Notification.objects.open().filter(kind=NotificationKind.ANNOUNCEMENT).exists())
    client = stack.discord.client
    edits = len(client.requests("PATCH /channels"))
    for person, action, reply in (
        ("charlie", "join", "You're in, seat 3 of 3."),
        ("alice", "join", "You're already in: seat 1 of 3."),
        ("dana", "leave", "You left the game."),
        ("bob", "leave", "You aren't in this game, so there's nothing to leave."),
    ):
        entry = client.click(person, post, f"game:{game.pk}:{action}")
        assert entry["state"] == "answered"
        assert entry["milliseconds"] < 3000
        eventually(lambda person=person, reply=reply: newest_ephemeral(stack, person) == reply)  # type: ignore[misc]
    time.sleep(2.5)  # the edit would come after two seconds
    assert len(client.requests("PATCH /channels")) == edits, "a lone click costs no edit"
    assert Game.objects.get(pk=game.pk).post_version == 5


# The web program with pages that look their people up each second. That they do within a minute and then ever more
# rarely has a test of its own (games.pages.tests.test_live_idle).
CURIOUS_WEB = """
import runpy, sys
from datetime import timedelta
from games.pages import live, shown_people
from guilds.directory import lookup
live.PEOPLE_CHECK_SECONDS = shown_people.FIRST_WAIT = shown_people.LONGEST_WAIT = 1.0
lookup.SHOWN_FRESH = timedelta()
sys.argv = ["daphne", "-b", "127.0.0.1", "-p", "{port}", "gamesched.asgi:application"]
runpy.run_module("daphne", run_name="__main__", alter_sys=True)
"""


@pytest.mark.browser
def test_new_names_show_on_an_open_page(world: World, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROGRAMS, "web", ["-c", CURIOUS_WEB])
    stack.start("web")
    client = stack.discord.client
    game = make_game(world)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), datetime.now(UTC))
    session = session_of(world.bob)

    def walk(browser: Any) -> None:
        page = page_with(browser, stack.url, session)
        page.goto(f"{stack.url}{game.get_absolute_url()}")
        page.locator("[data-live-state]", has_text="Live").wait_for()
        client.add_fault("rename", channel_id=str(fixtures.GENERAL_ID), name="town-square")
        page.get_by_text("#town-square").first.wait_for(timeout=AT_ONCE * 1000)
        # No event reports a member's nick; the page's own look-up does.
        client.add_fault("rename", guild_id=str(fixtures.GUILD_ID), user_id=str(fixtures.CHARLIE_ID), name="Chuck")
        page.locator(".roster").get_by_text("Chuck").first.wait_for()

    run_in_browser(walk)
    stack.stop("web")


def test_what_happened_while_the_bot_was_down(world: World, stack: Stack, settings: Any) -> None:
    """A deleted post is put back at the next change, without the bot; the rest is learnt at its start."""
    settings.DISCORD_API_URL = stack.discord.api_url
    games = [make_game(world) for _ in range(2)]
    posts = [known_post(stack, game) for game in games]
    stack.kill("bot")
    client = stack.discord.client
    for post in posts:
        client.add_fault("delete_message", channel_id=post["channel_id"], message_id=post["id"])
    changed, unchanged = games
    signups.join(changed.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), datetime.now(UTC))
    [again] = eventually(lambda: stack.posts_of(changed))
    assert again["id"] != posts[0]["id"]
    assert "4 of 5 seats free" in shown_in(again)
    assert not stack.posts_of(unchanged)

    client.add_fault("rename", channel_id=str(fixtures.GENERAL_ID), name="market-square")
    client.add_fault("rename", guild_id=str(fixtures.GUILD_ID), role_id=str(fixtures.PLAYER_ID), name="Adventurer")
    client.add_fault("rename", guild_id=str(fixtures.GUILD_ID), name="Saturday Night Dice")
    Announcement.objects.update(checked_at=datetime.now(UTC))
    stack.start("bot")
    eventually(Channel.objects.filter(pk=fixtures.GENERAL_ID, name="market-square").exists)
    assert Role.objects.get(pk=fixtures.PLAYER_ID).name == "Adventurer"
    # It came with the bot, and no person can have it: nothing offers it.
    assert fixtures.BOT_ROLE_ID not in roles_to_choose(fixtures.GUILD_ID).values_list("pk", flat=True)
    assert Guild.objects.get(pk=fixtures.GUILD_ID).name == "Saturday Night Dice"
    eventually(Announcement.objects.filter(game=unchanged, checked_at=None).exists)
    assert check_announcements() == "Found 1 posts deleted."
    eventually(lambda: stack.posts_of(unchanged))
    assert len(stack.posts_of(unchanged)) == 1


def test_an_agenda_that_somebody_unpins_is_pinned_again(world: World, stack: Stack, settings: Any) -> None:
    """Discord tells the bot that the pins of the channel changed, not which: the worker looks at the agenda."""
    settings.DISCORD_API_URL = stack.discord.api_url
    local, here = stack.discord, fixtures.GAME_NIGHT_ID
    local.client.add_fault("give", channel_id=here, user_id=local.client_id, permissions=["PIN_MESSAGES"])
    eventually(lambda: Channel.objects.get(pk=here).bot_has(PIN_MESSAGES))
    switch_on(world, agenda_pinned=True)
    message_id = eventually(lambda: Agenda.objects.exclude(pinned_at=None).values_list("message_id", flat=True).first())
    Agenda.objects.update(checked_at=world.now + timedelta(hours=1))
    message = local.run_in_loop(lambda state: state.messages[here][message_id or 0])
    local.run_in_loop(lambda state: state.set_pinned(message, False))
    eventually(lambda: Agenda.objects.get().checked_at is None)
    assert check_agendas() == "Found 0 agendas deleted."
    eventually(lambda: message.pinned_at)
    switch_on(world, days=None)


def test_a_channel_that_discord_hides_from_the_bot_keeps_its_name_and_shows_nobody_in(
    world: World, stack: Stack, as_person: Any
) -> None:
    game = make_game(world, channel_id=fixtures.RAIDS_ID)
    client = stack.discord.client
    secret = stack.discord.run_in_loop(
        lambda state: state.add_channel(
            state.guilds[fixtures.GUILD_ID],
            "secret",
            overwrites=[Overwrite(fixtures.GUILD_ID, 0, 0, VIEW_CHANNEL), Overwrite(fixtures.BOB_ID, 1, VIEW_CHANNEL)],
        )
    )
    # What everybody saw until now, the officers alone see; the bot is told of neither.
    client.add_fault("rename", channel_id=str(fixtures.RAIDS_ID), name="raids-and-plans")
    eventually(lambda: Channel.objects.filter(pk=fixtures.RAIDS_ID, name="raids-and-plans").exists(), AT_ONCE)
    everyone = {"channel_id": str(fixtures.RAIDS_ID), "role_id": str(fixtures.GUILD_ID)}
    client.add_fault("permissions", **everyone, take=["VIEW_CHANNEL"])
    eventually(lambda: Channel.objects.get(pk=fixtures.RAIDS_ID).bot_permissions == 0, AT_ONCE)
    client.add_fault("rename", channel_id=str(fixtures.RAIDS_ID), name="plans")
    raids = Channel.objects.get(pk=fixtures.RAIDS_ID)
    assert (raids.name, raids.deleted_at) == ("raids-and-plans", None)
    assert raids.missing_requirements[0] == "View Channel"
    assert not visible_to_player(world.charlie).filter(pk=game.pk).exists()
    assert not Channel.objects.filter(pk=secret.id).exists(), "Discord tells no name of it"
    assert "___hidden___" not in as_person(world.alice).get(reverse("guild-setup", args=[fixtures.GUILD_ID])).text
    client.add_fault("permissions", **everyone, take=[])
    client.add_fault("give", channel_id=str(secret.id), permissions=["VIEW_CHANNEL"])
    eventually(lambda: Channel.objects.filter(pk=fixtures.RAIDS_ID, name="plans").exists(), AT_ONCE)
    assert visible_to_player(world.charlie).filter(pk=game.pk).exists()
    eventually(lambda: Channel.objects.filter(pk=secret.id, name="secret").exists(), AT_ONCE)


def test_a_channel_that_discord_hides_from_a_person_hides_its_games(world: World, stack: Stack) -> None:
    game = make_game(world, channel_id=fixtures.RAIDS_ID)
    client = stack.discord.client
    target = {"channel_id": str(fixtures.RAIDS_ID), "user_id": str(fixtures.CHARLIE_ID)}
    client.add_fault("permissions", **target, take=["VIEW_CHANNEL"])
    eventually(lambda: not visible_to_player(world.charlie).filter(pk=game.pk).exists(), AT_ONCE)
    assert visible_to_player(world.bob).filter(pk=game.pk).exists()
    client.add_fault("permissions", **target, take=[])
    eventually(lambda: visible_to_player(world.charlie).filter(pk=game.pk).exists(), AT_ONCE)
