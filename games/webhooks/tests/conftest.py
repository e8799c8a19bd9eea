from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Webhook, WebhookEvent
from games.webhooks.actions import create_webhook
from games.webhooks.tests.receiver import Receiver
from games.webhooks.tests.turns import take_turn
from notifications.models import Notification

Turn = Callable[[datetime], None]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A receiver of the test's own: a request that one no longer waits for took the next one's answer."""
    settings.SEND_TO_PRIVATE_ADDRESSES = True
    with Receiver() as running:
        yield running


@pytest.fixture
def webhook(world: World, receiver: Receiver) -> Webhook:
    """A webhook of Alice's that is told of everything."""
    actor = Actor(world.alice, EntryPoint.PAGE)
    return create_webhook(world.guild.pk, receiver.url, [*WebhookEvent], actor, world.now)


@pytest.fixture
def turn() -> Turn:
    """Do what notifyd does in a turn about webhooks, and nothing else."""

    def turn(now: datetime) -> None:
        Notification.objects.open().exclude(kind__startswith="webhook").delete()
        take_turn(now)

    return turn
