"""A guild in which every form has something to do, kept for a whole module, and all that is stored."""

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from conftest import World, make_world
from games.api.tokens import create_token
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.imports.actions import keep_file
from games.models import (
    ApiScope,
    ApiToken,
    Game,
    GameImport,
    GameTemplate,
    Signup,
    TimePoll,
    Webhook,
    WebhookEvent,
    WebhookRequest,
)
from games.polls.tests.helpers import make_poll
from games.signups import actions as signups
from games.tests.test_access_matrix import ROUTES
from games.webhooks.actions import create_webhook
from gamesched.testing.stored_rows import Rows, stored_rows
from guilds.models import Member, SentForm, User
from notifications.models import Delivery, Notification


@dataclass
class Stage:
    """A guild in which every form has something to do."""

    world: World
    game: Game
    waiting: Signup
    delivery: Delivery
    templates: list[GameTemplate]
    blocked: User
    poll: TimePoll
    token: ApiToken
    webhook: Webhook
    sent: WebhookRequest
    file: GameImport

    @property
    def args(self) -> dict[str, list[Any]]:
        guild, game = self.world.guild.pk, self.game.pk
        return {
            "": [],
            "wrong token": ["A" * 32],
            "no picture": [f"{'0' * 64}-64x48"],
            "no drawing": [game, "0" * 64],
            "share link": [game, self.game.share_token],
            "card": [game, self.game.share_token, "0" * 32],
            "language": ["de", "0" * 12],
            "guild": [guild],
            "token": [self.token.pk],
            "guild token": [guild, self.token.pk],
            "webhook": [guild, self.webhook.pk],
            "webhook request": [guild, self.webhook.pk, self.sent.pk],
            "import": [guild, self.file.pk],
            "game": [game],
            "companion": [game, "server_event"],
            "block": [guild, self.blocked.pk],
            "signup": [game, self.waiting.pk],
            "channel": [guild, self.world.channel.pk],
            "template": [guild, self.templates[1].pk],
            "delivery": [game, self.delivery.pk],
            "guild delivery": [guild, self.delivery.pk],
            "poll": [self.poll.pk],
        }

    def url(self, route: str) -> str:
        return reverse(route, args=self.args[ROUTES[route][1]])


def make_stage(world: World) -> Stage:
    game = world.create_game(seats=1, plus_one=True, method="picks_waiting", starts_at=world.now + timedelta(days=2))
    people = [world.charlie, *(world.add_member(number) for number in (100, 101))]
    for person in people:
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    row = Notification.objects.create(game=game, kind="reminder", due_at=world.now, closed_at=world.now)
    delivery = Delivery.objects.create(
        notification=row, recipient=world.charlie, status="failed", next_attempt_at=world.now
    )
    names = enumerate(("Campaign", "One-shot", "Raid"))
    templates = [GameTemplate.objects.create(guild=world.guild, name=name, position=n) for n, name in names]
    blocked = world.add_member(102)
    host_actions.block_user(world.guild.pk, blocked, None, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    Member.objects.update(roles_read_at=world.now)
    waiting = game.signups.get(user=people[1])
    token, _ = create_token(
        Actor(world.alice, EntryPoint.PAGE), "bot", [ApiScope.READ], world.now, None, world.guild.pk
    )
    webhook = create_webhook(
        world.guild.pk, "https://example.com/hook", [WebhookEvent.JOINED], Actor(world.alice, EntryPoint.PAGE),
        world.now,
    )  # fmt: skip
    at = {"created_at": world.now, "next_attempt_at": world.now}
    sent = webhook.requests.create(event="test", body="{}", status="sent", **at)
    text = f"Dune\n{world.now + timedelta(days=9):%Y-%m-%d} 20:00 UTC".encode()
    file = keep_file(world.guild.pk, text, Actor(world.alice, EntryPoint.PAGE), world.now)
    return Stage(world, game, waiting, delivery, templates, blocked, make_poll(world), token, webhook, sent, file)


@pytest.fixture(scope="module")
def module_stage(module_db: None) -> Stage:
    return make_stage(make_world(datetime.now(UTC).replace(microsecond=0)))


@pytest.fixture
def db(module_stage: Stage, savepoint: None) -> None:
    """Undo a test's changes, and keep the module's stage."""


@pytest.fixture
def stage(db: None, module_stage: Stage) -> Stage:
    return copy.deepcopy(module_stage)


def rows() -> Rows:
    """Return all that is stored, without what every request writes."""
    ours = [model for name in ("games", "guilds", "notifications") for model in apps.get_app_config(name).get_models()]
    return stored_rows(model for model in ours if model not in {SentForm, Member, User})
