"""A poll in Discord: times are ticked in its select, and its button makes it a game."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.core.codes import NotificationKind
from games.models import Game, TimePollVote
from games.polls import wording
from games.polls.tests.helpers import make_poll, options, tick
from gamesched.local_discord import fixtures
from gamesched.testing.kills import kill_at
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually
from notifications.models import Delivery

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_ticking_by_the_select_and_making_it_a_game_by_the_button(now: Any) -> None:
    world = make_world(now)
    poll = make_poll(world, channel_id=fixtures.GENERAL_ID)
    times = options(poll)
    with Stack("bot", "notifyd") as stack:
        client = stack.discord.client
        [post] = eventually(lambda: stack.posts())
        rows = [one for one in post["components"][0]["components"] if one["type"] == 1]
        [select], [make, _] = (row["components"] for row in rows)
        assert [one["value"] for one in select["options"]] == [str(one.pk) for one in times]

        def tick(person: str, *numbers: int) -> dict[str, Any]:
            values = [str(times[number].pk) for number in numbers]
            entry: dict[str, Any] = client.click(person, post, select["custom_id"], values=values)
            assert entry["state"] == "answered"
            assert entry["milliseconds"] < 3000, "Discord's limit"
            return entry

        def seen(person: str) -> list[dict[str, Any]]:
            shown: list[dict[str, Any]] = client.messages(person, fixtures.GENERAL_ID)
            return shown

        def replies(person: str) -> list[str]:
            return [one["content"] for one in seen(person) if one.get("flags", 0) & 64]

        tick("charlie", 0, 1)
        [reply] = eventually(lambda: [one for one in seen("charlie") if one.get("flags", 0) & 64])
        own = reply["components"][0]["components"][0]
        assert [one.get("default", False) for one in own["options"]] == [True, True, False]
        client.click("charlie", reply, own["custom_id"], values=[str(times[1].pk)])
        eventually(lambda: TimePollVote.objects.filter(user=world.charlie).count() == 1)
        tick("alice", 1)
        eventually(lambda: f"<@{world.charlie.pk}> <@{world.alice.pk}>" in shown_in(stack.posts()[0]))
        tick("alice", 1, 2)
        assert TimePollVote.objects.filter(user=world.alice).count() == 2

        button = make["custom_id"]
        assert client.click("charlie", post, button)["state"] == "answered"
        eventually(lambda: wording.NOT_YOURS in replies("charlie"))
        assert not Game.objects.exists()
        assert client.click("bob", post, button)["state"] == "answered"
        game = eventually(lambda: list(Game.objects.all()))[0]
        assert game.starts_at == times[1].starts_at
        assert [one.user for one in game.signups.order_by("order_key")] == [world.charlie, world.alice]
        eventually(lambda: len(stack.posts()) == 2)
        # The poll becomes a link to the game, which has a post of its own.
        eventually(lambda: button not in str(stack.posts()) and game.get_absolute_url() in str(stack.posts()))


@pytest.mark.parametrize(("statement", "held"), [("SELECT", "guilds_guild"), ("INSERT", "notifications_delivery")])
def test_notifyd_killed_while_it_makes_the_game_of_a_quorum(now: datetime, statement: str, held: str) -> None:
    """Before the game is written, and after it, when its host is to be told: one game, and one message, come of it."""
    world = make_world(now)
    poll = make_poll(world, channel_id=fixtures.GENERAL_ID, quorum=1)
    with Stack("notifyd") as stack:
        eventually(stack.posts)
        kill_at(stack, "notifyd", statement, held, lambda: tick(poll, world.charlie, world, [1]))
        assert not Game.objects.exists()
        stack.start("notifyd")
        deliveries = Delivery.objects.filter(notification__kind=NotificationKind.TIME_POLL_GAME, recipient=world.bob)
        eventually(lambda: deliveries.filter(status="sent").exists())
        game = Game.objects.get()
        assert (game.starts_at, deliveries.count()) == (options(poll)[1].starts_at, 1)
        assert [one.user for one in game.signups.all()] == [world.charlie]
        eventually(lambda: len(stack.posts()) == 2)
