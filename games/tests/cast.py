"""People with every kind of access, and a game in each of two guilds: fixtures, kept for a whole module."""

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client

from conftest import GUILD, World, make_world
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import Game, GameTemplate, Signup, TimePoll
from games.models.settings import GuildDefaults
from games.polls.tests.helpers import make_poll, tick
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from gamesched.testing.sessions import session_of
from guilds.directory.payloads import ChannelPayload, GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.directory.upsert import mark_member_left, upsert_guild, upsert_member
from guilds.models import Member, Role, User
from notifications.models import Delivery, Notification

PLAYER, HOST, MANAGER_ROLE = GUILD + 31, GUILD + 32, GUILD + 33
ELSEWHERE = GUILD + 1000
EVERYBODY = (
    "anonymous", "stranger", "ex-member", "blocked", "member", "player", "host", "co-host", "manager", "owner",
    "superuser",
)  # fmt: skip
MEMBERS = {"blocked", "member", "player", "host", "co-host", "manager", "owner"}
HOSTS = {"host", "co-host", "manager", "owner"}


@dataclass
class Cast:
    """The people of the matrix, and a game in each of two guilds."""

    people: dict[str, User]
    game: Game
    foreign: Game
    signup: Signup
    template: GameTemplate
    delivery: Delivery
    polls: dict[int, TimePoll]  # by guild; in the own one the host's, with a time ticked
    sessions: dict[str, str]  # of each person, who logged in once for the whole module


@pytest.fixture(scope="module")
def module_world(module_db: None) -> World:
    return make_world(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def module_cast(module_world: World) -> Cast:
    return make_cast(module_world)


@pytest.fixture
def db(module_cast: Cast, savepoint: None) -> None:
    """Undo a test's changes, and keep the module's cast."""


@pytest.fixture
def world(db: None, module_world: World) -> World:
    return copy.deepcopy(module_world)


@pytest.fixture
def cast(db: None, module_cast: Cast) -> Cast:
    return copy.deepcopy(module_cast)


@pytest.fixture
def only_outcomes(bare_refusals: None, cast: Cast, world: World) -> None:
    """Make many requests cheap of which only the outcome counts.

    Roles stay known: where each request is undone, Discord would be asked again before each.
    """
    Member.objects.update(roles_read_at=world.now + timedelta(hours=1))


def make_cast(world: World) -> Cast:
    for pk, name in ((PLAYER, "Player"), (HOST, "Host"), (MANAGER_ROLE, "Keeper")):
        Role.objects.create(pk=pk, guild=world.guild, name=name)
    GuildDefaults.objects.update(host_role_ids=[HOST], manager_role_ids=[MANAGER_ROLE], player_role_ids=[PLAYER])

    def member(number: int, *roles: int) -> User:
        payload = MemberPayload(UserPayload(1300000000000000000 + number, f"person{number}"), role_ids=roles)
        return upsert_member(world.guild.pk, payload, world.now).user

    people = {
        "stranger": User.objects.create(id=999, username="999", handle="stranger"),
        "ex-member": member(101, PLAYER, HOST, MANAGER_ROLE),
        "blocked": member(102, PLAYER),
        "member": member(103),
        "player": member(104, PLAYER),
        "host": member(105, HOST),
        "co-host": member(106, HOST),
        "manager": member(107, MANAGER_ROLE),
        "owner": world.alice,
        "superuser": User.objects.create(id=5, username="root", handle="root", is_staff=True, is_superuser=True),
    }
    mark_member_left(world.guild.pk, people["ex-member"].pk, world.now)
    game = scheduling.create_game(
        world.guild.pk, world.make_plan(), Actor(people["host"], EntryPoint.PAGE), world.now
    ).game
    host_actions.set_cohosts(game.pk, [people["co-host"]], Actor(people["host"], EntryPoint.PAGE), world.now)
    host_actions.block_user(world.guild.pk, people["blocked"], None, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    signups.join(game.pk, world.bob, Actor(people["host"], EntryPoint.PAGE), world.now)
    row = Notification.objects.create(game=game, kind="reminder", due_at=world.now)
    delivery = Delivery.objects.create(
        notification=row, recipient=world.bob, status="failed", next_attempt_at=world.now
    )
    sessions = {who: session_of(person) for who, person in people.items()}
    foreign = foreign_game(world)
    polls = {
        one.guild_id: make_poll(world, one.host, channel_id=one.channel_id, guild=one.guild_id)
        for one in (game, foreign)
    }
    tick(polls[game.guild_id], world.bob, world, [0])
    return Cast(people, game, foreign, game.signups.get(), template, delivery, polls, sessions)


def client_of(cast: Cast, who: str) -> Client:
    """Return a client in which one of the people is logged in, or nobody for "anonymous"."""
    client = Client()
    if who != "anonymous":
        client.cookies[settings.SESSION_COOKIE_NAME] = cast.sessions[who]
    return client


def foreign_game(world: World) -> Game:
    """A game of a guild that nobody of the cast is in."""
    bits = world.channel.bot_permissions
    other = UserPayload(1300000000000000900, "zed")
    channel = ChannelPayload(ELSEWHERE + 1, "general", 0, 0, bits)
    upsert_guild(
        GuildPayload(ELSEWHERE, "Elsewhere", "", other.id, (channel,), (RolePayload(ELSEWHERE, "@everyone", 0, bits),)),
        world.now,
    )
    zed = upsert_member(ELSEWHERE, MemberPayload(other), world.now).user
    return scheduling.create_game(
        ELSEWHERE, world.make_plan(channel_id=channel.id), Actor(zed, EntryPoint.PAGE), world.now
    ).game
