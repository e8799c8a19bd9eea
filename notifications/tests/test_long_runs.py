"""A sender that runs for months, on a machine whose clock is wrong."""

import asyncio
import gc
import time
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conftest import World
from games.models import Game
from gamesched.lib.clock import db_now
from notifications.daemon import loop, steps
from notifications.messages import OutgoingMessage, SentMessage, load_backend
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.tests.test_sets import PEOPLE, Collected, add_due_reminders, sent

pytestmark = pytest.mark.slow

ROUNDS = 4


@pytest.mark.parametrize("wrong", [timedelta(hours=-3), timedelta(hours=3)])
def test_the_databases_clock_decides_what_is_due(
    world: World, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    real_time, real_now = time.time, timezone.now
    monkeypatch.setattr(time, "time", lambda: real_time() + wrong.total_seconds())
    monkeypatch.setattr(timezone, "now", lambda: real_now() + wrong)
    add_due_reminders(world, 2)
    later = Notification.objects.latest("pk")
    Notification.objects.filter(pk=later.pk).update(due_at=db_now() + timedelta(hours=1))
    daemon, collected = loop.Notifyd(load_backend(), asyncio.Event()), Collected()
    began = db_now()
    for _ in range(PEOPLE):
        daemon._run_steps([], 100, 60, collected)  # type: ignore[arg-type]
    assert len(collected.jobs) == PEOPLE
    steps.record(sent(collected.jobs), db_now())
    deliveries = list(Delivery.objects.all())
    assert {each.status for each in deliveries} == {DeliveryStatus.SENT}
    assert {each.notification_id for each in deliveries} == {Notification.objects.earliest("pk").pk}
    times: list[datetime | None] = [each.sent_at for each in deliveries]
    assert all(at is not None and began <= at <= db_now() for at in times)


class Accepting:
    """A backend that takes every message at once."""

    def __init__(self) -> None:
        self.count = 0

    async def send(self, message: OutgoingMessage) -> SentMessage:
        self.count += 1
        return SentMessage(5, self.count)


def test_a_message_that_is_sent_leaves_nothing_in_memory(committed_world: World) -> None:
    backend = Accepting()
    daemon = loop.Notifyd(backend, asyncio.Event())  # type: ignore[arg-type]

    async def send_all() -> None:
        while await daemon.run_once() == 0.0 or daemon.sending or daemon.results:
            if daemon.sending:
                await asyncio.wait(daemon.sending)

    def objects_after(rounds: int) -> int:
        for _ in range(rounds):
            add_due_reminders(committed_world, 3)
            Game.objects.update(announced_at=committed_world.now - timedelta(days=2))  # no host may post many in a day
            asyncio.run(send_all())
        gc.collect()
        return len(gc.get_objects())

    before = objects_after(3)
    sent_before = backend.count
    kept = objects_after(ROUNDS) - before
    messages = backend.count - sent_before
    assert messages == ROUNDS * 3 * PEOPLE
    assert kept < messages / 2, f"{kept} objects more after {messages} messages"
