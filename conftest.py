"""The people, places and clocks that tests share."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import TransactionTestCase
from psycopg.conninfo import make_conninfo

from games.core.base import Actor, EntryPoint
from games.models import Game, WatchedGroup
from games.models.settings import GuildDefaults
from games.pictures import actions as pictures
from games.pictures.encoding import encode_picture
from games.scheduling.rules import Plan, change_plan
from gamesched import urls
from gamesched.local_discord import fixtures
from gamesched.testing import database
from gamesched.testing.recorded_rows import RecordedRows
from gamesched.testing.sessions import session_of
from guilds.directory import lookup, upsert
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import ChannelPayload, EventPayload, MemberPayload, RolePayload, UserPayload
from guilds.models import SEND_MESSAGES_IN_THREADS, Channel, Guild, Member, User

# The local Discord's own, so that all tests use the same people.
GUILD = EVERYONE = fixtures.GUILD_ID  # the role @everyone has its guild's id
PERMISSIONS = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16
MANAGE_GUILD = 1 << 5
REST_DIRECTORY = settings.DISCORD_DIRECTORY


@dataclass
class World:
    """A guild with three people, each known as the bot would know them."""

    guild: Guild
    channel: Channel
    other_channel: Channel
    alice: User  # owns the guild
    bob: User
    charlie: User
    now: datetime

    def add_member(self, number: int, nick: str = "") -> User:
        """Add one more member."""
        payload = UserPayload(fixtures.USER_ID_BASE + number, f"person{number}")
        return upsert.upsert_member(self.guild.pk, MemberPayload(payload, nick), self.now).user

    def add_members(self, numbers: Iterable[int], nick: str = "") -> list[User]:
        """Add many members by two statements; in `nick`, {} is each one's number."""
        known = {fixtures.USER_ID_BASE + number: number for number in numbers}
        people = User.objects.bulk_create(
            User(pk=pk, username=str(pk), handle=f"person{number}", password=f"{UNUSABLE_PASSWORD_PREFIX}{number}")
            for pk, number in known.items()
        )
        read_at = {"member_read_at": self.now, "roles_read_at": self.now}
        Member.objects.bulk_create(
            Member(guild=self.guild, user=user, nick=nick.format(known[user.pk]), **read_at) for user in people
        )
        return people

    def make_plan(self, **changes: Any) -> Plan:
        fields: dict[str, Any] = {
            "title": "Curse of Strahd",
            "description": "Bring dice.",
            "starts_at": self.now + timedelta(days=3),
            "zone": "Europe/Berlin",
            "channel_id": self.channel.pk,
        }
        settings = {"seats": 5, "duration": 120, "reminders": (1440, 60)}
        return change_plan(Plan(**fields), **settings | changes)

    def create_game(self, **changes: Any) -> Game:
        """Create a game of Bob's."""
        from games.scheduling import actions as scheduling

        return scheduling.create_game(
            self.guild.pk, self.make_plan(**changes), Actor(self.bob, EntryPoint.PAGE), self.now
        ).game


class NoLookups:
    """An executor that does no background look-ups."""

    def submit(self, work: object, *pair: int) -> None:
        lookup._queued.discard((pair[0], pair[1]))


@pytest.fixture(scope="session", autouse=True)
def no_background_lookups() -> None:
    """Disable background look-ups: one that outlives its test deadlocks with the emptying of the tables."""
    lookup._executor = NoLookups()  # type: ignore[assignment]


@pytest.fixture(scope="session", autouse=True)
def each_picture_read_once() -> None:
    """Keep what was read of a picture that is sent again: a program of its own reads it, whose tests are its own."""
    pictures.encode_picture = cache(encode_picture)  # type: ignore[attr-defined]


class StoredDirectory:
    """Answers look-ups at Discord with what is stored, as if nothing had changed there."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        member = Member.objects.select_related("user").filter(guild_id=guild_id, user_id=user_id, left_at=None).first()
        if member is None:
            return None
        user = UserPayload(user_id, member.user.handle, member.user.global_name, member.user.avatar)
        roles = tuple(member.role_ids)
        return MemberPayload(user, member.nick, member.avatar, roles, member.pending, member.timed_out_until)

    def search(self, guild_id: int, query: str, limit: int) -> list[MemberPayload]:
        raise DirectoryUnavailable("nothing is searched in this test")

    def has_message(self, channel_id: int, message_id: int) -> bool:
        return True

    def is_pinned(self, channel_id: int, message_id: int) -> bool | None:
        return None

    def scheduled_events(self, guild_id: int) -> list[EventPayload] | None:
        return []

    def delete_scheduled_event(self, guild_id: int, event_id: int) -> None:
        raise DirectoryUnavailable("nothing is deleted in this test")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Ask no Discord, except in tests with programs, where the local one runs."""
    runs_local_discord = item.get_closest_marker("processes") is not None
    settings.DISCORD_DIRECTORY = REST_DIRECTORY if runs_local_discord else "conftest.StoredDirectory"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Make a test that commits cheap to clear away."""
    with django_db_blocker.unblock():
        database.delete_instead_of_truncating()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def world(db: None, now: datetime) -> World:
    return first_world.make(now)


@pytest.fixture
def committed_world(transactional_db: None, now: datetime) -> World:
    """The same for tests with threads and processes, which see only committed rows."""
    return first_world.make(now)


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep the rows that a module's own fixtures create until its last test, as a large cast takes long to create.

    Such a module overrides the fixture `db` by one that depends on these rows and on `savepoint`.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def committed_module_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep what a module's tests commit until its last one, for programs that all of them share.

    Such a module overrides the fixture `db` by one that depends on this.
    """
    with django_db_blocker.unblock():
        yield
        cast(Any, TransactionTestCase())._fixture_teardown()


@pytest.fixture
def savepoint(module_db: None) -> Iterator[None]:
    """Undo a test's changes, and keep the module's rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_world(now: datetime) -> World:
    channels = [
        ChannelPayload(channel_id, name, 0, position, PERMISSIONS)
        for position, (channel_id, name) in enumerate(
            ((fixtures.GENERAL_ID, "general"), (fixtures.GAME_NIGHT_ID, "game-night"), (fixtures.RAIDS_ID, "raids")), 10
        )
    ]
    roles = (
        RolePayload(EVERYONE, "@everyone", 0, PERMISSIONS | SEND_MESSAGES_IN_THREADS),
        RolePayload(fixtures.ORGANISER_ID, "Organiser", 1, MANAGE_GUILD),
    )
    alice, bob, charlie = people = [
        User(id=user_id, username=str(user_id), handle=name, password=UNUSABLE_PASSWORD_PREFIX + name, date_joined=now)
        for user_id, name in (
            (fixtures.ALICE_ID, "alice"),
            (fixtures.BOB_ID, "bob"),
            (fixtures.CHARLIE_ID, "charlie"),
        )
    ]
    guild = Guild(pk=GUILD, name="Friday Night Dice", owner_id=alice.pk, synced_at=now, welcomed_at=now)
    # As the upserts would leave it, but in few statements: most tests begin with it.
    Guild.objects.bulk_create(
        [guild],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "owner_id", "synced_at", "welcomed_at"],
    )
    upsert.upsert_channels(GUILD, channels)
    upsert.upsert_roles(GUILD, roles)
    User.objects.bulk_create(
        people, update_conflicts=True, unique_fields=["id"], update_fields=["handle", "global_name", "avatar"]
    )
    Member.objects.bulk_create(
        [
            Member(guild=guild, user=user, nick=nick, member_read_at=now, roles_read_at=now)
            for user, nick in ((alice, ""), (bob, "Bob the GM"), (charlie, ""))
        ],
        update_conflicts=True,
        unique_fields=["guild", "user"],
        update_fields=["nick", "member_read_at", "roles_read_at"],
    )
    # Every member may schedule here, as in the demo; other permissions are set by their own tests.
    GuildDefaults.objects.bulk_create([GuildDefaults(guild=guild, host_role_ids=[EVERYONE])], ignore_conflicts=True)
    places = Channel.objects.in_bulk([fixtures.GAME_NIGHT_ID, fixtures.RAIDS_ID])
    return World(guild, places[fixtures.GAME_NIGHT_ID], places[fixtures.RAIDS_ID], alice, bob, charlie, now)


# Two thousand tests begin with it, in an empty database.
first_world = RecordedRows(make_world)


@pytest.fixture
def bare_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a 403 and a 404 a status alone, for tests of many: drawing the page takes longer than deciding on it."""

    def refuse(status: int) -> Callable[..., HttpResponse]:
        return lambda *_, **__: HttpResponse(status=status)

    for status in (403, 404):
        monkeypatch.setattr(urls, f"handler{status}", refuse(status), raising=False)


@pytest.fixture
def as_person(client: Any) -> Callable[[User], Any]:
    """Log a person in and return the test client."""

    def login(user: User) -> Any:
        client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
        return client

    return login


class NotifyListener:
    """The notifications on both channels since the last call, as with a page of the guild open."""

    def __init__(self) -> None:
        name = str(connection.settings_dict["NAME"])
        self.conn = psycopg.connect(make_conninfo(settings.DATABASE_URL, dbname=name), autocommit=True)
        self.conn.execute("LISTEN game_changed")
        self.conn.execute("LISTEN notification_due")
        WatchedGroup.objects.create(name=f"guild.{fixtures.GUILD_ID}", until=datetime.max.replace(tzinfo=UTC))

    def received(self) -> set[str]:
        return {note.channel for note in self.conn.notifies(timeout=0.2)}


@pytest.fixture
def pg_notifications(transactional_db: None) -> Any:
    listener = NotifyListener()
    yield listener
    listener.conn.close()
