"""A live socket hears no longer, and no more, than its person may see; and no frame troubles it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.pages import live
from games.pages.live_access import Closed
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, change_plan
from gamesched.lib.orm import run_in_db_thread
from gamesched.testing.waiting import AT_ONCE, PATIENCE
from guilds.models import VIEW_CHANNEL, Channel, Member, Role, User

pytestmark = pytest.mark.django_db(transaction=True)
QUIET = 0.3  # seconds after which nothing comes any more


def log_in(user: User) -> str:
    """Return the session cookie of a new session."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


class Socket:
    """A socket through the whole ASGI application, with a session's cookie."""

    def __init__(self, cookie: str, query: str) -> None:
        from gamesched.asgi import application

        headers = [(b"origin", b"http://testserver"), (b"cookie", f"sessionid={cookie}".encode())]
        self.communicator = WebsocketCommunicator(application, f"/live/?{query}", headers=headers)

    async def next(self) -> Any:
        """Return the next message, or the code with which the socket is closed."""
        output = await self.communicator.receive_output(timeout=AT_ONCE)
        return output["code"] if output["type"] == "websocket.close" else output["text"]

    async def hears(self) -> list[Any]:
        """Return what comes within a short time."""
        heard = []
        while not await self.communicator.receive_nothing(timeout=QUIET, interval=0.05):
            heard.append(await self.next())
        return heard


@asynccontextmanager
async def listening_pages(user: User, queries: Iterable[str], cookie: str = "") -> AsyncIterator[list[Socket]]:
    cookie = cookie or await run_in_db_thread(log_in, user)
    sockets = [Socket(cookie, query) for query in queries]
    for socket in sockets:
        assert (await socket.communicator.connect())[0]
    for socket, query in zip(sockets, queries, strict=True):
        if query.startswith("game="):
            while not str(await socket.next()).startswith('{"now"'):  # later than all is quiet on a slow machine
                pass
    # A slow machine begins to listen, and to know what each may hear, later than all is quiet.
    opened = live.pages_of_this_loop()
    async with asyncio.timeout(PATIENCE):
        while not (opened._notes and all(one.access is not None for one in opened._sockets)):
            await asyncio.sleep(0.02)
    await asyncio.gather(*(socket.hears() for socket in sockets))
    try:
        yield sockets
    finally:
        for socket in sockets:
            await socket.communicator.disconnect()


@asynccontextmanager
async def listening(user: User, query: str, cookie: str = "") -> AsyncIterator[Socket]:
    async with listening_pages(user, [query], cookie) as (socket,):
        yield socket


def rename(game: Game) -> None:
    Game.objects.filter(pk=game.pk).update(title="Renamed")


def end_by_logging_out(user: User, cookie: str) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    client.post("/accounts/logout/")


def end_by_new_password(user: User, cookie: str) -> None:
    user.set_password("another one, and long")
    user.save()


ENDS: dict[str, Callable[[User, str], Any]] = {
    "logging out": end_by_logging_out,
    "its row deleted": lambda user, cookie: Session.objects.filter(pk=cookie).delete(),
    "the person deactivated": lambda user, cookie: User.objects.filter(pk=user.pk).update(is_active=False),
    "another password": end_by_new_password,
    "all sessions deleted": lambda user, cookie: Session.objects.all().delete(),
}


async def test_a_socket_closes_with_its_session(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    pages = (f"game={game.pk}", f"guild={world.guild.pk}", "mine=1")
    async with listening(world.bob, pages[0]) as other:
        for number, (name, end) in enumerate(ENDS.items(), 20):
            person = await run_in_db_thread(world.add_member, number)
            cookie = await run_in_db_thread(log_in, person)
            async with listening_pages(person, pages, cookie) as sockets:
                await run_in_db_thread(end, person, cookie)
                assert [await socket.next() for socket in sockets] == [Closed.LOGGED_OUT] * 3, name
                await run_in_db_thread(rename, game)
                assert await sockets[0].hears() == [], "nothing is said to a socket that is being closed"
        heard = await other.hears()
        assert len(heard) == len(ENDS)
        assert heard[-1] == Closed.LOGGED_OUT, "all sessions were deleted"


async def test_another_session_of_the_same_person_goes_on(committed_world: World) -> None:
    world = committed_world
    ended = await run_in_db_thread(log_in, world.charlie)
    async with listening(world.charlie, "mine=1") as socket:
        await run_in_db_thread(end_by_logging_out, world.charlie, ended)
        assert await socket.hears() == []


async def test_a_session_that_expires_is_noticed_though_nothing_says_so(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = committed_world
    monkeypatch.setattr(live, "ACCESS_CHECK_SECONDS", 0.3)
    cookie = await run_in_db_thread(log_in, world.charlie)
    async with listening(world.charlie, "mine=1", cookie) as socket:
        past = timezone.now() - timedelta(seconds=1)
        await run_in_db_thread(lambda: Session.objects.filter(pk=cookie).update(expire_date=past))
        assert await socket.next() == Closed.LOGGED_OUT


async def test_leaving_a_server_takes_its_changes_away_and_coming_back_brings_them(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    membership = Member.objects.filter(user=world.charlie)
    async with listening(world.charlie, "mine=1") as socket:
        await run_in_db_thread(lambda: membership.update(left_at=world.now))
        assert await socket.hears() == ['{"look": true}'], "the page itself looks, and shows less"
        await run_in_db_thread(rename, game)
        assert await socket.hears() == []
        await run_in_db_thread(lambda: membership.update(left_at=None))
        assert await socket.hears() == ['{"look": true}']
        await run_in_db_thread(rename, game)
        assert await socket.hears() == [f'{{"guild": "{world.guild.pk}"}}']
    async with listening(world.charlie, f"guild={world.guild.pk}") as socket:
        await run_in_db_thread(lambda: membership.update(left_at=world.now))
        assert await socket.next() == Closed.NOT_FOUND


def hide_channel(world: World) -> None:
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[world.guild.pk, 0, VIEW_CHANNEL]])


def take_view_from_everyone(world: World) -> None:
    Role.objects.filter(pk=world.guild.pk).update(permissions=0)


@pytest.mark.parametrize("hide", [hide_channel, take_view_from_everyone])
async def test_nothing_tells_that_a_game_in_a_hidden_channel_changed(
    committed_world: World, hide: Callable[[World], None]
) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    address = f"guild={world.guild.pk}"
    async with (
        listening(world.charlie, address) as his,
        listening(world.charlie, "mine=1") as home,
        listening(world.alice, address) as owners,
    ):
        await run_in_db_thread(hide, world)
        await asyncio.gather(his.hears(), home.hears(), owners.hears())
        await run_in_db_thread(rename, game)
        heard = await asyncio.gather(his.hears(), home.hears(), owners.hears())
        assert list(heard) == [[], [], [f'{{"guild": "{world.guild.pk}"}}']], "the owner sees every channel"
    async with listening(world.charlie, address) as his:
        await run_in_db_thread(rename, game)
        assert await his.hears() == [], "nor to a page that is opened afterwards"
    game_socket = Socket(await run_in_db_thread(log_in, world.charlie), f"game={game.pk}")
    assert (await game_socket.communicator.connect())[0]
    assert await game_socket.next() == Closed.NOT_FOUND


async def test_a_game_that_moves_out_of_sight_is_told_once(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    other = world.other_channel.pk

    def move() -> None:
        plan = change_plan(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), channel_id=other)
        scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)

    hidden = [[world.guild.pk, 0, VIEW_CHANNEL], [world.bob.pk, VIEW_CHANNEL | 1 << 11, 0]]
    await run_in_db_thread(lambda: Channel.objects.filter(pk=other).update(overwrites=hidden))
    async with listening(world.charlie, f"guild={world.guild.pk}") as socket:
        await run_in_db_thread(move)
        assert await socket.hears() != [], "his page shows it no more"
        await run_in_db_thread(rename, game)
        assert await socket.hears() == []


async def test_a_draft_rings_for_those_who_run_it(committed_world: World) -> None:
    world = committed_world
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)

    def make() -> Game:
        return scheduling.create_game(
            world.guild.pk, world.make_plan(), Actor(world.bob, EntryPoint.PAGE), world.now, announce=draft
        ).game

    game = await run_in_db_thread(make)
    address = f"guild={world.guild.pk}"
    async with (
        listening(world.charlie, address) as player,
        listening(world.bob, address) as host,
        listening(world.alice, address) as manager,
    ):
        await run_in_db_thread(rename, game)
        heard = await asyncio.gather(player.hears(), host.hears(), manager.hears())
        assert [bool(messages) for messages in heard] == [False, True, True]
        await run_in_db_thread(lambda: game.cohosts.add(world.charlie))
        await run_in_db_thread(rename, game)
        assert await player.hears(), "now he runs it too"


FRAMES: list[dict[str, Any]] = [
    {"bytes": b"\0\xff"},
    {"bytes": b""},
    {"text": "{"},
    {"text": ""},
    {"text": "[]"},
    {"text": '{"type": "check_access"}'},
    {},
]


async def test_frames_of_any_kind_are_ignored(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    async with listening(world.charlie, f"game={game.pk}") as socket:
        for frame in FRAMES:
            await socket.communicator.send_input({"type": "websocket.receive", **frame})
        await run_in_db_thread(rename, game)
        assert await socket.hears()


async def test_a_draft_says_nothing_to_who_runs_it_no_more(committed_world: World) -> None:
    world = committed_world
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)

    def make() -> Game:
        game = scheduling.create_game(
            world.guild.pk, world.make_plan(), Actor(world.bob, EntryPoint.PAGE), world.now, announce=draft
        ).game
        game.cohosts.add(world.charlie)
        return game

    game = await run_in_db_thread(make)
    async with listening(world.charlie, f"game={game.pk}") as socket:
        await run_in_db_thread(lambda: game.cohosts.remove(world.charlie))
        await run_in_db_thread(rename, game)
        assert await socket.hears() == [Closed.NOT_FOUND], "and not its version"


async def test_a_page_of_a_game_closes_when_the_game_moves_out_of_sight(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    other = world.other_channel.pk
    hidden = [[world.guild.pk, 0, VIEW_CHANNEL]]
    await run_in_db_thread(lambda: Channel.objects.filter(pk=other).update(overwrites=hidden))
    async with listening(world.charlie, f"game={game.pk}") as his, listening(world.alice, f"game={game.pk}") as owners:
        await run_in_db_thread(lambda: Game.objects.filter(pk=game.pk).update(channel_id=other))
        assert await his.hears() == [Closed.NOT_FOUND]
        assert await owners.hears(), "the owner sees every channel"
