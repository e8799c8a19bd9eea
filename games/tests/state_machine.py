"""What the random tests share: any action in any order at any time on one game, with everybody's messages read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.frequent_queries import CURRENT_SIGNUPS, GAME
from games.models import AuditEntry, Game, Signup
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery

PEOPLE = 6
person = st.integers(0, PEOPLE - 1)


class OneGame(RuleBasedStateMachine):
    """One game, its host and six people, a clock, and notifyd."""

    world: World
    people: list[User]
    id: int

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.now = self.world.now
        self.messages = 0
        self.outgoing: dict[int, OutgoingMessage] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    @property
    def game(self) -> Game:
        game = GAME.first(self.id)
        assert game is not None
        return game

    @property
    def host(self) -> Actor:
        return Actor(self.world.bob, EntryPoint.PAGE)

    def current(self) -> list[Signup]:
        return CURRENT_SIGNUPS.all(self.id)

    def do(self, action: Callable[[], Any]) -> bool:
        """Return whether it was done: a refusal is a valid result too."""
        self.now += timedelta(seconds=1)
        try:
            with transaction.atomic():
                action()
        except Refused:
            return False
        AuditEntry.objects.all().delete()  # which no rule reads
        return True

    def run_notifyd(self) -> None:
        """Run notifyd until nothing is due."""
        for _ in range(20):
            looked_at = steps.create_due_deliveries(self.now)
            jobs = steps.lease_jobs(self.now, 100)
            if not looked_at and not jobs:
                return
            steps.record([(job, self.sent(job)) for job in jobs], self.now)
            messages = {job.pk: job.message for job in jobs if job.post is None}
            for delivery in Delivery.objects.filter(pk__in=messages).select_related("notification").order_by("pk"):
                self.receive(delivery, messages[delivery.pk])
        raise AssertionError("it never comes to rest")

    def sent(self, job: steps.Job) -> SentMessage:
        self.messages += 1
        return SentMessage(job.message.channel_id or 1, job.message.message_id or self.messages)

    def receive(self, delivery: Delivery, message: OutgoingMessage) -> None:
        """Let a person read a message."""
        raise NotImplementedError


def run(machine: type[OneGame], world: World, examples: int, steps_each: int = 25) -> None:
    """Run so many examples, each of at most so many steps."""

    class Here(machine):  # type: ignore[valid-type,misc]
        people = [world.add_member(number) for number in range(100, 100 + PEOPLE)]

    Here.world = world
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps_each,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
