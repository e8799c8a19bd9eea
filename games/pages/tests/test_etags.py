"""A page that asks again is told by 304 that nothing changed: only if so, only who may see it, by one statement."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conftest import GUILD, World
from games.confirmations.edits import record_edit
from games.core.base import Actor, EntryPoint
from games.models import Announcement, Game, Signup
from games.models.settings import GuildDefaults
from games.pages.tests.test_query_counts import read_roles_now
from games.signups import actions as signups
from games.signups import responses
from guilds.models import MANAGE_GUILD, VIEW_CHANNEL, Block, Channel, Guild, Member, Role, User

pytestmark = pytest.mark.slow
OFFICER = GUILD + 40
# What differs from one answer to the next although the page is the same.
TOKENS = re.compile(r'value="[^"]{20,}"')


@pytest.fixture
def game(world: World) -> Game:
    read_roles_now()
    Role.objects.create(pk=OFFICER, guild=world.guild, name="Officer")
    game = world.create_game(answers=True, seats=3)
    for person in (world.alice, world.charlie):
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    return Game.objects.get(pk=game.pk)


@pytest.fixture
def client(world: World) -> Client:
    return client_of(world.charlie)


def client_of(person: User) -> Client:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ask(client: Client, game: Game, etag: str = "") -> Any:
    return client.get(game.get_absolute_url(), headers={"If-None-Match": etag} if etag else {})


def minutes() -> Iterator[int]:
    """Yield twice, or once more whenever the minute changed in between: what a tag stands for ends with it."""
    before = None
    while before is None or before != datetime.now(UTC).minute:
        before = datetime.now(UTC).minute
        yield before


def etag_and_text(client: Client, game: Game) -> tuple[str, str]:
    response = ask(client, game)
    assert response.status_code == 200
    return response.headers.get("ETag", ""), TOKENS.sub("", response.text)


def test_an_unchanged_page_takes_one_statement(client: Client, game: Game) -> None:
    for _ in minutes():
        etag, _ = etag_and_text(client, game)
        with CaptureQueriesContext(connection) as captured:
            response = ask(client, game, etag)
    assert (response.status_code, response.content) == (304, b"")
    assert len(captured) == 1
    assert response.headers["ETag"] == etag
    for header in ("Content-Security-Policy", "Permissions-Policy", "X-Frame-Options", "Cache-Control"):
        assert response.headers[header] == client.get(game.get_absolute_url()).headers[header]


def test_a_changed_page_reads_its_tag_once(client: Client, game: Game) -> None:
    etag, _ = etag_and_text(client, game)
    Game.objects.filter(pk=game.pk).update(title="Another")
    for _ in minutes():
        with CaptureQueriesContext(connection) as captured:
            response = ask(client, game, etag)
    assert (response.status_code, "Another" in response.text) == (200, True)
    assert sum("date_trunc" in query["sql"] for query in captured) == 1
    assert len(captured) == 7
    assert response.headers["ETag"] == etag_and_text(client, game)[0] != etag


def update(model: Any, **values: Any) -> Callable[[World, Game], Any]:
    return lambda world, game: model.objects.all().update(**values)


def add_player(world: World, game: Game) -> None:
    person = world.add_member(30)
    signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)


def hand_over(world: World, game: Game) -> None:
    Game.objects.filter(pk=game.pk).update(next_host=world.charlie, handover_number=1)


def edit(world: World, game: Game) -> None:
    record_edit(game, Actor(world.bob, EntryPoint.PAGE), {"title": ["Earlier", game.title]}, world.now)


def respond(world: World, game: Game) -> None:
    maybe = world.add_member(31)
    responses.respond_maybe(game.pk, maybe, Actor(maybe, EntryPoint.PAGE), world.now)


CHANGES: dict[str, Callable[[World, Game], Any]] = {
    "title": update(Game, title="Renamed"),
    "cancelled": update(Game, cancelled_at=datetime.now(UTC), cancel_reason="Rain"),
    "closed": update(Game, closed_at=datetime.now(UTC)),
    "over": lambda world, game: Game.objects.update(
        starts_at=world.now - timedelta(hours=3), ends_at=world.now - timedelta(hours=1)
    ),
    "setting of the game": update(Game, location="Berlin"),
    "setting of the server": update(GuildDefaults, minimum=3),
    "somebody joined": add_player,
    "somebody left": lambda world, game: Signup.objects.of(world.alice).update(left_at=world.now),
    "waits": lambda world, game: Signup.objects.of(world.charlie).update(seated_at=None),
    "note": lambda world, game: Signup.objects.of(world.alice).update(note="late"),
    "guest": lambda world, game: game.signups.create(placeholder="Grandma", order_key=9, joined_at=world.now),
    "response": respond,
    "edit": edit,
    "asked to host": hand_over,
    "nickname": lambda world, game: Member.objects.filter(user=world.alice).update(nick="Al"),
    "member left": lambda world, game: Member.objects.filter(user=world.bob).update(left_at=world.now),
    "name": lambda world, game: User.objects.filter(pk=world.alice.pk).update(global_name="Alison"),
    "picture": lambda world, game: User.objects.filter(pk=world.bob.pk).update(avatar="a" * 32),
    "channel": update(Channel, name="elsewhere"),
    "post": update(Announcement, message_id=77),
    "post's problem": lambda world, game: Announcement.objects.update(problem_code="missing_permissions"),
    "zone": lambda world, game: User.objects.filter(pk=world.charlie.pk).update(zone="Asia/Tokyo"),
    "blocked": lambda world, game: Block.objects.create(guild=world.guild, user=world.charlie, created_at=world.now),
    "may manage": lambda world, game: (
        Role.objects.filter(pk=OFFICER).update(permissions=MANAGE_GUILD),
        Member.objects.filter(user=world.charlie).update(role_ids=[OFFICER]),
    ),
    "co-host": lambda world, game: game.cohosts.add(world.charlie),
}
INVISIBLE = {"post's problem"}  # where the page of this game may show the same


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_shown(world: World, client: Client, game: Game, change: str) -> None:
    if change in {"blocked", "guest"}:
        Signup.objects.of(world.charlie).update(left_at=world.now)
    etag, before = etag_and_text(client, game)
    assert etag
    CHANGES[change](world, game)
    response = ask(client, game, etag)
    assert response.status_code == 200
    assert change in INVISIBLE or TOKENS.sub("", response.text) != before, "the case shows nothing"


def end_session(world: World, game: Game) -> None:
    Session.objects.all().delete()


def expire_session(world: World, game: Game) -> None:
    Session.objects.all().update(expire_date=world.now - timedelta(seconds=1))


def new_password(world: World, game: Game) -> None:
    world.charlie.set_password("another one, and long")
    world.charlie.save()


LOSSES: dict[str, Callable[[World, Game], Any]] = {
    "session ended": end_session,
    "session expired": expire_session,
    "another password": new_password,
    "deactivated": lambda world, game: User.objects.filter(pk=world.charlie.pk).update(is_active=False),
    "left": lambda world, game: Member.objects.filter(user=world.charlie).update(left_at=world.now),
    "bot removed": update(Guild, bot_removed_at=datetime.now(UTC)),
    "channel hidden": update(Channel, overwrites=[[GUILD, 0, VIEW_CHANNEL]]),
    "hidden from the person": lambda world, game: Channel.objects.update(
        overwrites=[[world.charlie.pk, 0, VIEW_CHANNEL]]
    ),
    "everybody loses view": lambda world, game: Role.objects.filter(pk=GUILD).update(permissions=0),
    "unannounced": update(Game, announced_at=None),
    "moved out of sight": lambda world, game: (
        Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[GUILD, 0, VIEW_CHANNEL]]),
        Game.objects.update(channel=world.other_channel),
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_who_lost_the_right_is_not_told_that_nothing_changed(
    world: World, client: Client, game: Game, loss: str
) -> None:
    etag, _ = etag_and_text(client, game)
    assert etag
    with transaction.atomic():
        LOSSES[loss](world, game)
        response = ask(client, game, etag)
        assert response.status_code == 404 or "HX-Redirect" in response.headers
        assert game.title not in response.text


def test_a_tag_is_nothing_without_its_persons_session(world: World, client: Client, game: Game) -> None:
    etag, _ = etag_and_text(client, game)
    assert "HX-Redirect" in ask(Client(headers={"HX-Request": "true"}), game, etag).headers
    assert ask(client_of(world.add_member(30)), game, etag).status_code == 200
    outsider = User.objects.create(id=999, username="999", handle="outsider")
    assert ask(client_of(outsider), game, etag).status_code == 404
    assert ask(client, world.create_game(title="Another"), etag).status_code == 200


def test_where_one_statement_does_not_read_it_all_there_is_no_tag(world: World, client: Client, game: Game) -> None:
    assert etag_and_text(client, game)[0]
    for manages in (world.alice, world.bob):
        assert not etag_and_text(client_of(manages), game)[0]
    whole = Client()
    whole.force_login(world.charlie, backend="django.contrib.auth.backends.ModelBackend")
    assert "ETag" not in whole.get(game.get_absolute_url()).headers
    assert "ETag" not in client.get(game.get_absolute_url(), {"d": "1"}).headers
    for column in ("description", "location", "instructions", "rewards"):
        with transaction.atomic():
            Game.objects.filter(pk=game.pk).update(**{column: "Ask @alice"})
            assert not etag_and_text(client, game)[0], "a name in a text may change"
            transaction.set_rollback(True)
    Role.objects.filter(pk=OFFICER).update(permissions=VIEW_CHANNEL)
    Member.objects.filter(user=world.charlie).update(role_ids=[OFFICER])
    Channel.objects.filter(pk=world.channel.pk).update(
        overwrites=[[GUILD, 0, VIEW_CHANNEL], [OFFICER, VIEW_CHANNEL, 0]]
    )
    assert not etag_and_text(client, game)[0], "Discord is asked for the role first"


@pytest.mark.parametrize("etag", ["*", '""', '"1"', '"0.' + "0" * 32 + '"', f'"{2**63}.' + "a" * 32 + '"', "x" * 5000])
def test_tags_of_any_kind(client: Client, game: Game, etag: str) -> None:
    assert ask(client, game, etag).status_code == 200
    charlie = f'"{Member.objects.get(nick="", user__handle="charlie").user_id}.{"0" * 32}"'
    assert ask(client, game, charlie).status_code == 200
    assert client.get("/games/999999999/", headers={"If-None-Match": charlie}).status_code == 404
