"""A reminder that is sent or read late: true whenever it is read, and none once the game has begun."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.core.settings import ReminderPlace
from games.core.wording import relative_time
from games.models import Game
from games.reminders.actions import NotificationPreferences, save_preferences
from games.signups import actions as signups
from notifications.daemon import steps
from notifications.models import DeliveryMethod

STAMP = re.compile(r"<t:(\d+)(?::(\w))?>")
# A relative time reads "22 minutes ago" in time, so nothing may stand before it that speaks of what is to come.
TO_COME = re.compile(r"\b(starts?|begins?|is|opens?|will|comes?)\b[^.:\n]* ago\b", re.IGNORECASE)
MINUTES = (60, 15)
SENT_BEFORE = (60, 57, 30, 15, 14, 1, 0, -1, -30, -600)  # minutes before the start
READ_AFTER = (0, 1, 22, 90, 576_000)  # minutes after it was sent


def as_read(text: str, at: Any) -> str:
    """Return a message as Discord shows it at some moment."""

    def shown(match: re.Match[str]) -> str:
        moment = at.fromtimestamp(int(match[1]), at.tzinfo)
        return relative_time(moment, at) if match[2] == "R" else f"{moment:%A, %H:%M}"

    return STAMP.sub(shown, text)


def game_with_reminders(world: World, place: ReminderPlace, method: str) -> Game:
    """A game of Bob's in which Charlie plays, each with a reminder of their own beside the game's."""
    game = world.create_game(reminders=MINUTES, reminder_place=place.value)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    for person in (world.bob, world.charlie):
        chosen = NotificationPreferences(how=method, reminder=30)
        save_preferences(world.guild.pk, chosen, Actor(person, EntryPoint.PAGE), world.now)
    return game


def sent_texts(game: Game, minutes: int) -> Iterator[str]:
    """Yield what notifyd sends after it was away until so many minutes before the start."""
    now = game.starts_at - timedelta(minutes=minutes)
    steps.create_due_deliveries(now)
    for job in steps.lease_jobs(now, 50):
        if job.post is None and job.message.text:
            yield job.message.text


@pytest.mark.parametrize("method", [DeliveryMethod.DM, DeliveryMethod.MENTION])
@pytest.mark.parametrize("place", [*ReminderPlace])
def test_no_reminder_says_that_a_game_starts_ago(world: World, place: ReminderPlace, method: str) -> None:
    game = game_with_reminders(world, place, method)
    for minutes in SENT_BEFORE:
        with transaction.atomic():
            texts = list(sent_texts(game, minutes))
            transaction.set_rollback(True)
        assert bool(texts) is (minutes > 0), "none once it has begun"
        for text in texts:
            assert "<t:" in text
            for read_after in READ_AFTER:
                read = as_read(text, game.starts_at + timedelta(minutes=read_after - minutes))
                assert not TO_COME.search(read), read


def test_the_kinds_are_all_of_them(world: World) -> None:
    """What is said above is said of every kind of reminder."""
    game = game_with_reminders(world, ReminderPlace.CHANNEL, DeliveryMethod.DM)
    planned = {*game.notifications.exclude(minutes=None).values_list("kind", flat=True)}
    assert planned == {NotificationKind.REMINDER, NotificationKind.OWN_REMINDER}


def test_what_would_be_wrong_is_seen() -> None:
    assert TO_COME.search("Reminder: **Dune** starts 22 minutes ago.")
    assert not TO_COME.search("Start: Friday, 20:00 (22 minutes ago).")
