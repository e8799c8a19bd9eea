"""The main path through all of Discord's faults: it ends correctly, with a sentence about what happened."""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from conftest import World, make_world
from games.core.base import Actor, EntryPoint
from games.core.codes import AuditAction
from games.core.wording import SOMEBODY
from games.models import Announcement, Game, Signup
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from games.scheduling.wording import AUDIT_ACTIONS
from games.signups import actions as signups
from gamesched.lib.version import VERSION
from gamesched.local_discord import fixtures
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually
from guilds.directory.lookup import refresh_member
from guilds.models import Channel, Guild, Member, Role
from notifications.messages import PermanentError
from notifications.models import Delivery, DeliveryStatus, Notification

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

POST, ALL = "POST /channels/*/messages", "*"
REQUESTS: dict[str, dict[str, Any]] = {
    "an error": {"kind": "status", "match": POST, "status": 503},
    "no answer, and not done": {"kind": "timeout", "match": POST, "seconds": 1},
    "done, and the answer lost": {"kind": "lost", "match": POST},
    "a limit of ours": {"kind": "rate_limit", "match": POST, "retry_after": 1.5, "scope": "user"},
    "a limit of the channel's": {"kind": "rate_limit", "match": POST, "retry_after": 1.5, "scope": "shared"},
    "the limit of everything": {"kind": "rate_limit", "match": POST, "retry_after": 1.5, "scope": "global"},
    "nothing for two seconds": {"kind": "freeze", "seconds": 2},
    "nobody there for two seconds": {"kind": "unreachable", "seconds": 2},
    "a third of all requests failing": {"kind": "status", "status": 502, "times": 0, "probability": 0.3, "seed": 7},
}
CONNECTIONS: dict[str, dict[str, Any]] = {
    "dropped, to be resumed": {"kind": "gateway_drop"},
    "dropped, not to be resumed": {"kind": "gateway_drop", "resumable": False},
    "asked to reconnect": {"kind": "gateway_drop", "reconnect": True},
    "an invalid session": {"kind": "invalid_session"},
    "an invalid session, to be resumed": {"kind": "invalid_session", "resumable": True},
}
numbers = itertools.count(1)


@pytest.fixture
def world(now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def stack(world: World) -> Iterator[Stack]:
    with Stack("bot", "notifyd", limited=False, longest_backoff=1.0) as running:
        yield running


def fault(stack: Stack, kind: str, **details: Any) -> None:
    texts = {key: str(value) if key.endswith("_id") else value for key, value in details.items()}
    stack.discord.client.add_fault(kind, **texts)


def reminders_to(stack: Stack, person: str, game: Game) -> list[str]:
    """Return the reminders of this game that a person got."""
    texts = [message["content"] for message in stack.discord.client.dms(person)]
    return [text for text in texts if f"**{game.title}**" in text and "⏰" in text]


def schedule_announce_join_remind(stack: Stack, world: World, happen: Callable[[], None]) -> None:
    """Schedule a game, announce it, join by a click, be reminded: each once, though `happen` runs before."""
    happen()
    number = next(numbers)
    title, lead = f"Walk {number}", timedelta(days=1, hours=3 * number)  # no two games at a time
    later = datetime.now(UTC) + lead + timedelta(minutes=10)
    game = world.create_game(title=title, starts_at=later, channel_id=fixtures.GENERAL_ID)
    eventually(lambda: stack.posts_of(game))

    def joined() -> bool:
        for post in stack.posts_of(game):
            stack.discord.client.click("charlie", post, f"game:{game.pk}:join", wait=1)
        return Signup.objects.current().filter(game=game, user_id=fixtures.CHARLIE_ID).exists()

    eventually(joined)
    eventually(lambda: "4 of 5 seats free" in str(stack.posts_of(game)))
    stack.discord.client.clear_faults()
    happen()
    # The start moves to where the reminder is due, by too little to ask players for a new confirmation.
    starts_at = datetime.now(UTC) + lead + timedelta(seconds=1)
    soon = change_plan(scheduling.plan_from_game(game), starts_at=starts_at, reminders=(lead // timedelta(minutes=1),))
    scheduling.edit_game(game.pk, soon, Actor(world.bob, EntryPoint.PAGE), datetime.now(UTC))
    eventually(lambda: reminders_to(stack, "charlie", game) and reminders_to(stack, "bob", game))
    reminders = Delivery.objects.filter(notification__kind="reminder")
    eventually(lambda: reminders.filter(notification__game=game, status=DeliveryStatus.SENT).count() == 2)
    assert len(stack.posts_of(game)) == 1
    for person in ("charlie", "bob"):
        assert len(reminders_to(stack, person, game)) == 1
    assert not reminders.exclude(status=DeliveryStatus.SENT).exists()


@pytest.mark.slow
def test_requests_that_fail(world: World, stack: Stack) -> None:
    """Neither asks how the other ended, so one walk has both."""
    ends = iter(CONNECTIONS.values())
    for number, details in enumerate(REQUESTS.values()):
        if (end := next(ends, None)) is not None:
            fault(stack, **end)
            fault(stack, "rename", channel_id=fixtures.RAIDS_ID, name=f"raids-{number}")
            eventually(Channel.objects.filter(pk=fixtures.RAIDS_ID, name=f"raids-{number}").exists)
        else:
            assert "Traceback" not in stack.log_text
        schedule_announce_join_remind(stack, world, partial(fault, stack, **details))
        stack.discord.client.clear_faults()
    log = stack.log_text
    assert "Lost the connection to Discord. Reconnecting automatically." in log
    assert "Connected to Discord again; nothing was missed." in log
    assert re.search(r"Can't hear Discord \(.+\)\. Attempting a reconnect in", log)
    assert re.search(r"Trying the announcement for game \d+ again in \d+ s: Discord answered 503", log)
    assert re.search(r"Trying the reminder for game \d+ to \d+ again in \d+ s: Discord answered 503", log)
    assert "never retrieved" not in log
    asked = stack.discord.client.requests()
    assert {request["agent"] for request in asked} == {f"DiscordBot ({stack.url}, {VERSION})"}
    assert [request for request in asked if request["path"].startswith("/interactions/")]


def test_things_that_change(world: World, stack: Stack, as_person: Any, settings: Any) -> None:
    settings.DISCORD_API_URL = stack.discord.api_url
    now = datetime.now(UTC)
    game = world.create_game(title="Long walk", channel_id=fixtures.GENERAL_ID, starts_at=now + timedelta(days=2))

    def page(who: Any) -> str:
        return str(as_person(who).get(game.get_absolute_url()).text)

    def edit(**changes: Any) -> None:
        game.refresh_from_db()
        plan = change_plan(scheduling.plan_from_game(game), **changes)
        scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), datetime.now(UTC))

    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), now)
    [first] = eventually(lambda: [p for p in stack.posts_of(game) if "4 of 5" in shown_in(p)])
    eventually(lambda: Announcement.objects.get().shown_version == 2)

    # Deleted in bulk: put back.
    fault(stack, "delete_messages", channel_id=fixtures.GENERAL_ID)
    eventually(lambda: [p for p in stack.posts_of(game) if p["id"] != first["id"]])
    eventually(lambda: Announcement.objects.get().message_id)
    assert f"{SOMEBODY} {AUDIT_ACTIONS[AuditAction.POST_DELETED]}" in page(world.bob)

    # A permission taken, and given back.
    fault(stack, "permissions", channel_id=fixtures.GENERAL_ID, take=["SEND_MESSAGES"])
    eventually(lambda: Channel.objects.get(pk=fixtures.GENERAL_ID).missing_requirements)
    edit(title="Longer walk")  # which needs no permission
    eventually(lambda: "Longer walk" in shown_in(stack.posts_of(game)[0]))
    fault(stack, "delete_messages", channel_id=fixtures.GENERAL_ID)
    eventually(lambda: Announcement.objects.get().problem_code)
    assert "Not announced: the bot needs Send Messages and Embed Links in #general." in page(world.bob)
    fault(stack, "give", channel_id=fixtures.GENERAL_ID)
    eventually(lambda: "Longer walk" in str(stack.posts_of(game)))
    eventually(lambda: not Announcement.objects.get().problem_code)

    # A role deleted: no one's sign-up depends on it.
    fault(stack, "delete_role", role_id=fixtures.PLAYER_ID)
    eventually(lambda: Role.objects.get(pk=fixtures.PLAYER_ID).deleted_at)
    assert "4 of 5 seats free" in page(world.bob)

    # An outage, and its end.
    fault(stack, "outage")
    eventually(lambda: Guild.objects.get().unavailable)
    guild_page = f"/guilds/{world.guild.pk}/"
    assert "Discord has an outage on this server." in as_person(world.bob).get(guild_page).text
    fault(stack, "outage", over=True)
    eventually(lambda: not Guild.objects.get().unavailable)

    # The bot removed, a change meanwhile, and the bot invited again.
    fault(stack, "kick_bot")
    eventually(lambda: Guild.objects.get().bot_removed_at)
    assert as_person(world.bob).get(game.get_absolute_url()).status_code == 404
    scheduling.edit_game(
        game.pk,
        replace(scheduling.plan_from_game(game), title="Longest walk"),
        Actor(None, EntryPoint.COMMAND, operator=True),
        now,
    )
    assert Notification.objects.open().filter(kind="announcement").exists(), "it waits"
    fault(stack, "invite_bot")
    eventually(lambda: "Longest walk" in str(stack.posts_of(game)))
    assert len(stack.posts_of(game)) == 1
    assert "Longest walk" in page(world.bob)

    # A member removed, and another banned: for them there is no such game.
    dana = Member.objects.filter(user_id=fixtures.DANA_ID)
    refresh_member(world.guild.pk, fixtures.DANA_ID)
    assert dana.get().left_at is None
    for kind, person in (("remove_member", fixtures.DANA_ID), ("ban_member", fixtures.CHARLIE_ID)):
        fault(stack, kind, user_id=person)
        refresh_member(world.guild.pk, person)
        assert Member.objects.get(user_id=person).left_at is not None
    assert as_person(world.charlie).get(game.get_absolute_url()).status_code == 404

    # The channel deleted, and another chosen.
    fault(stack, "delete_channel", channel_id=fixtures.GENERAL_ID)
    eventually(lambda: Announcement.objects.get().problem_code)
    assert "Not announced: #general is gone. Edit the game and choose another channel." in page(world.bob)
    edit(channel_id=fixtures.RAIDS_ID)
    eventually(lambda: stack.posts_of(game, fixtures.RAIDS_ID))
    assert not Announcement.objects.get().problem_code

    for sentence in (
        "1 posts were deleted in Discord. Putting them back.",
        "Discord reports an outage of the server Friday Night Dice.",
        "The bot was removed from the server Friday Night Dice. We keep its games for 30 days.",
        "The bot was invited to the server Friday Night Dice.",
        "#general of the server Friday Night Dice was deleted.",
    ):
        assert sentence in stack.log_text


def test_who_left_is_not_mentioned_in_the_channel(world: World, stack: Stack) -> None:
    start = datetime.now(UTC) + timedelta(seconds=62)
    game = world.create_game(channel_id=fixtures.GENERAL_ID, starts_at=start, reminders=(1,))
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), datetime.now(UTC))
    fault(stack, "remove_member", user_id=fixtures.CHARLIE_ID)
    eventually(lambda: Delivery.objects.filter(recipient=world.charlie, status=DeliveryStatus.FAILED).exists())
    assert Delivery.objects.get(recipient=world.charlie).error_code == PermanentError.LEFT
    time.sleep(0.5)
    assert not [m for m in stack.discord.client.messages("bob", fixtures.GENERAL_ID) if m["content"]]
