"""The games of a series with the real programs: announced, and regulars replaced, once whatever is killed meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q

from conftest import World, make_world
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.core.codes import AuditAction, NotificationKind
from games.models import AuditEntry, Game
from games.series import host_decision
from games.series.expansion import make_due_games
from games.series.tests.scene import repeat
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from gamesched.local_discord import fixtures
from gamesched.testing.kills import kill_at
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from notifications.models import Delivery, Notification

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)


@pytest.fixture
def world(now: datetime) -> World:
    return make_world(now)


def make_next(world: World, game: Game, **plan: Any) -> Game:
    """Have a game of Bob's, in three days, repeat weekly; return the next one. Eleven days before, it is announced."""
    series = repeat(world, game, **{"lead_days": 11} | plan)
    assert make_due_games(world.now) == 1
    return series.games.latest("pk")


def make_due(kind: NotificationKind) -> None:
    assert Notification.objects.open().filter(kind=kind).update(due_at=db_now()) == 1


def is_all_done() -> bool:
    """Return whether notifyd has nothing to do just now."""
    unfinished = Notification.objects.open().filter(Q(due_at__lte=db_now()) | Q(leased_until__isnull=False))
    return not unfinished.exists() and not Delivery.objects.filter(status="pending").exists()


@pytest.mark.parametrize(("statement", "held"), [("INSERT", "games_auditentry"), ("COMMIT", "guilds_guild")])
def test_notifyd_killed_while_it_announces_the_game_of_a_series(world: World, statement: str, held: str) -> None:
    """Once the game counts as announced, and as all that is stored: one game, one post, and its regular told once."""
    # In UTC, so that the next one is announced in half an hour whatever the clocks do.
    start = world.now + timedelta(days=3, minutes=30)
    game = world.create_game(channel_id=fixtures.GENERAL_ID, starts_at=start, zone="UTC", reminders=())
    made = make_next(world, game, lead_days=10, regulars=(world.charlie.pk,), asks_regulars=False)
    assert made.announced_at is None
    with Stack("notifyd") as stack:
        eventually(lambda: len(stack.posts()) == 1 and is_all_done())
        kill_at(stack, "notifyd", statement, held, lambda: make_due(NotificationKind.AUTO_ANNOUNCE))
        made.refresh_from_db()
        assert (made.announced_at is not None) == (statement == "COMMIT")
        stack.start("notifyd")
        eventually(lambda: len(stack.posts()) == 2)
        eventually(lambda: stack.discord.client.dms("charlie"))
        eventually(is_all_done)
        assert (len(stack.posts()), len(stack.discord.client.dms("charlie"))) == (2, 1)
    assert Game.objects.count() == 2
    assert AuditEntry.objects.filter(game=made, action=AuditAction.ANNOUNCE).count() == 1


@pytest.mark.parametrize(("statement", "held"), [("INSERT", "notifications_delivery"), ("COMMIT", "guilds_user")])
def test_notifyd_killed_while_it_picks_the_substitute(world: World, statement: str, held: str) -> None:
    """Once the next substitute's time is set, and as all that is stored: the first is asked, once, and no other."""
    dana = world.add_member(fixtures.DANA_ID - fixtures.USER_ID_BASE)
    game = world.create_game(seats=1, offer_for=30, offer_within=0, reminders=())
    players = {"regulars": (world.alice.pk,), "substitutes": (world.charlie.pk, dana.pk)}
    made = make_next(world, game, asks_regulars=False, **players)
    signups.leave(made.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    questions = Notification.objects.filter(game=made, kind=NotificationKind.SUBSTITUTE)
    questions.update(due_at=world.now + HOUR)  # until notifyd runs, and the table is held
    with Stack("notifyd") as stack:
        eventually(is_all_done)
        kill_at(stack, "notifyd", statement, held, lambda: make_due(NotificationKind.SUBSTITUTE))
        assert not stack.discord.client.dms("charlie")
        assert questions.count() == (2 if statement == "COMMIT" else 1)
        stack.start("notifyd")
        eventually(lambda: stack.discord.client.dms("charlie"))
        eventually(is_all_done)
        assert len(stack.discord.client.dms("charlie")) == 1
    delivery = Delivery.objects.get(notification__in=questions)
    assert (delivery.recipient, delivery.status) == (world.charlie, "sent")
    assert questions.open().get().due_at > db_now(), "the other is asked if the first does not answer"


def test_the_host_says_in_a_direct_message_that_the_next_game_takes_place(world: World) -> None:
    made = make_next(world, world.create_game(channel_id=fixtures.GENERAL_ID), host_confirms=True)
    with Stack("bot", "notifyd") as stack:
        client = stack.discord.client
        [question] = eventually(lambda: client.dms("bob"))
        eventually(lambda: len(stack.posts()) == 1)
        takes_place, not_this_time = (
            PromptChoice(PromptKind.SERIES_GAME, made.pk, host_decision.prompt_number(made), choice).custom_id
            for choice in (host_decision.TAKES_PLACE, host_decision.NOT_THIS_TIME)
        )
        buttons = question["components"][0]["components"]
        assert [button["custom_id"] for button in buttons] == [takes_place, not_this_time]
        entry = client.click("bob", question, takes_place)
        assert entry["state"] == "answered"
        assert entry["milliseconds"] < 3000, "Discord's limit"
        eventually(lambda: len(stack.posts()) == 2)
        assert made.get_absolute_url() in str(stack.posts()[0])
        eventually(lambda: not client.dms("bob")[0]["components"])
