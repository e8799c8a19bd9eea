"""Live sockets: who may listen, and that every change of a game notifies."""

import asyncio

import pytest
from channels.testing import WebsocketCommunicator

from conftest import World
from games.models import Game
from games.pages.tests.test_live_access import log_in
from gamesched.lib.orm import run_in_db_thread
from gamesched.testing.waiting import AT_ONCE
from guilds.models import User

pytestmark = pytest.mark.django_db(transaction=True)


async def open_socket(cookie: str, query: str) -> WebsocketCommunicator:
    from gamesched.asgi import application

    headers = [(b"origin", b"http://testserver"), *([(b"cookie", cookie.encode())] if cookie else [])]
    socket = WebsocketCommunicator(application, f"/live/?{query}", headers=headers)
    connected, _ = await socket.connect()
    assert connected
    return socket


async def session_of(user: User) -> str:
    return f"sessionid={await run_in_db_thread(log_in, user)}"


async def closed_with(cookie: str, query: str) -> int | None:
    socket = await open_socket(cookie, query)
    output = await socket.receive_output(timeout=AT_ONCE)
    await socket.disconnect()
    return output.get("code") if output["type"] == "websocket.close" else None


async def test_close_codes_for_users_who_may_not_listen(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    outsider = await run_in_db_thread(lambda: User.objects.create(id=999, username="999", handle="outsider"))
    for nobody in ("", "sessionid=", "sessionid=abc", "sessionid=%00", "sessionid=" + "x" * 5000):
        assert await closed_with(nobody, f"game={game.pk}") == 4403
    assert await closed_with(await session_of(outsider), f"game={game.pk}") == 4404
    charlie = await session_of(world.charlie)
    for nothing in ("game=abc", f"game={2**70}", "game=", "guild=0", "guild=-1", "", "game=999999"):
        assert await closed_with(charlie, nothing) == 4404, nothing


async def test_every_change_notifies_open_pages(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    charlie = await session_of(world.charlie)
    socket = await open_socket(charlie, f"game={game.pk}")
    page = await open_socket(charlie, f"guild={world.guild.pk}")
    assert await socket.receive_json_from(timeout=AT_ONCE) == {"now": 1}
    await asyncio.sleep(0.5)  # for the listener's own connection
    # Not by an action: by SQL.
    await run_in_db_thread(lambda: Game.objects.filter(pk=game.pk).update(title="Renamed", post_version=7))
    for listening_socket, expected in (
        (socket, {"game": str(game.pk), "revision": 7}),
        (page, {"guild": str(world.guild.pk)}),
    ):
        message = await listening_socket.receive_json_from(timeout=AT_ONCE)
        while message == {"look": True}:  # the listener began after this socket, or logging in changed what it sees
            message = await listening_socket.receive_json_from(timeout=AT_ONCE)
        assert message == expected, "the server's members hear of no game that they may not see"
    await socket.disconnect()
    await page.disconnect()
