"""What is meant for one person never stands in a channel: there, a line says that there is something to read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.plain_text import MarkupReader, to_plain_text
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.models import Game
from games.scheduling import actions as scheduling
from games.scheduling.actions import plan_from_game
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery, DeliveryMethod, Preference

SECRET = "Elm Street 5, door code 4711"


def sent_messages(world: World, after: timedelta = timedelta(minutes=2)) -> list[OutgoingMessage]:
    """Run notifyd once and return the messages to people."""
    now = world.now + after
    steps.create_due_deliveries(now)
    jobs = steps.lease_jobs(now, 100)
    steps.record([(job, SentMessage(1, job.pk)) for job in jobs], now)
    return [job.message for job in jobs if job.post is None]


def host(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def joins(world: World, game: Game) -> None:
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), world.now)


def is_edited(world: World, game: Game) -> None:
    joins(world, game)
    sent_messages(world, timedelta(seconds=1))
    plan = change_plan(plan_from_game(Game.objects.get(pk=game.pk)), instructions=f"New: {SECRET}")
    scheduling.edit_game(game.pk, plan, host(world), world.now)


def is_removed(world: World, game: Game) -> None:
    joins(world, game)
    sent_messages(world, timedelta(seconds=1))
    signup = game.signups.get(user=world.charlie)
    signups.remove_signup(game.pk, signup.pk, host(world), world.now, reason=SECRET)


def is_written_to(world: World, game: Game) -> None:
    joins(world, game)
    sent_messages(world, timedelta(seconds=1))
    host_messages.message_players(game.pk, SECRET, Audience.ALL, host(world), world.now)


def is_promoted(world: World, game: Game) -> None:
    Game.objects.update(seats=1)
    signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.BUTTON), world.now)
    joins(world, game)
    sent_messages(world, timedelta(seconds=1))
    signups.leave(game.pk, world.alice, Actor(world.alice, EntryPoint.BUTTON), world.now + timedelta(seconds=2))


def is_added(world: World, game: Game) -> None:
    signups.join(game.pk, world.charlie, host(world), world.now)


def closes_dms(user: User, world: World) -> None:
    User.objects.filter(pk=user.pk).update(dm_closed_at=world.now)


def chooses_mentions(user: User, world: World) -> None:
    Preference.objects.create(user=user, guild=world.guild, method=DeliveryMethod.MENTION)


@pytest.mark.parametrize("prepare", [closes_dms, chooses_mentions])
@pytest.mark.parametrize("event", [joins, is_edited, is_removed, is_written_to, is_promoted, is_added])
def test_private_words_stay_out_of_the_channel(
    world: World,
    as_person: Any,
    event: Callable[[World, Game], None],
    prepare: Callable[[User, World], None],
) -> None:
    prepare(world.charlie, world)
    game = world.create_game(instructions=SECRET, confirm_by_dm=True, reminders=())
    event(world, game)
    messages = [each for each in sent_messages(world) if world.charlie.pk in each.ping_users]
    assert messages
    assert all(message.channel_id == world.channel.pk for message in messages)
    assert all(SECRET not in message.text for message in messages)
    # It is read on the game's page, by nobody else.
    delivery = Delivery.objects.filter(recipient=world.charlie, in_channel=True).latest("pk")
    assert f"?d={delivery.nonce}" in messages[-1].text
    address = f"{game.get_absolute_url()}?d={delivery.nonce}"
    assert SECRET in as_person(world.charlie).get(address).context["own_message"]
    assert as_person(world.alice).get(address).context["own_message"] == ""


def test_a_reminder_reads_the_same_in_a_channel(world: World) -> None:
    closes_dms(world.charlie, world)
    game = world.create_game(reminders=(60,), instructions=SECRET)
    joins(world, game)
    [message] = [
        each for each in sent_messages(world, timedelta(days=3, minutes=-59)) if world.charlie.pk in each.ping_users
    ]
    assert "Curse of Strahd" in message.text
    assert SECRET not in message.text


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("**Dune** in Friday", "Dune in Friday"),
        (r"5 \* 5 \_ 2", "5 * 5 _ 2"),
        ("Starts <t:1893456000:F>", "Starts Tue 1 Jan 2030, 00:00 UTC"),
        ("See <https://e.io/a_b>\n-# small", "See https://e.io/a_b\nsmall"),
        ("||hidden|| [text](https://e.io)", "[spoiler] text (e.io)"),
    ],
)
def test_markup_becomes_plain_text(markup: str, plain: str) -> None:
    assert to_plain_text(markup, MarkupReader("UTC")) == plain
