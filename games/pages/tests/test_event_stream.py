"""The games of a server as server-sent events."""

import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.pages import event_stream
from games.sharing.embeds import switch_embed
from gamesched.lib.orm import run_in_db_thread
from gamesched.testing.waiting import AT_ONCE

pytestmark = pytest.mark.django_db(transaction=True)


def stream_of(guild_id: int, client: str = "192.0.2.1") -> Any:
    from gamesched.asgi import application

    path = f"/embed/{guild_id}/events"
    scope = {
        "type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "client": (client, 1),
    }  # fmt: skip
    return ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]


async def games_in_next_event(stream: Any) -> list[Any]:
    while True:
        text = (await stream.receive_output(timeout=AT_ONCE))["body"].decode()
        if text.startswith("event: games\n"):
            games: list[Any] = json.loads(text.split("data: ", 1)[1])["games"]
            return games


async def test_it_tells_what_the_embed_shows_whenever_that_changes(committed_world: World) -> None:
    world = committed_world
    actor = Actor(world.alice, EntryPoint.PAGE)
    game = await run_in_db_thread(world.create_game)
    refused = stream_of(world.guild.pk)
    await refused.send_input({"type": "http.request"})
    assert (await refused.receive_output(timeout=AT_ONCE))["status"] == 404

    await run_in_db_thread(lambda: switch_embed(world.guild.pk, actor, world.now, on=True))
    stream = stream_of(world.guild.pk)
    await stream.send_input({"type": "http.request"})
    start = await stream.receive_output(timeout=AT_ONCE)
    assert (start["status"], dict(start["headers"])[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
    assert [one["title"] for one in await games_in_next_event(stream)] == [game.title]
    await run_in_db_thread(lambda: Game.objects.filter(pk=game.pk).update(title="Renamed"))
    assert [one["title"] for one in await games_in_next_event(stream)] == ["Renamed"]

    await run_in_db_thread(lambda: switch_embed(world.guild.pk, actor, world.now, on=False))
    await run_in_db_thread(lambda: Game.objects.filter(pk=game.pk).update(title="Again"))
    assert (await stream.receive_output(timeout=AT_ONCE)) == {"type": "http.response.body", "body": b""}
    await stream.wait(AT_ONCE)
    await refused.wait(AT_ONCE)


async def test_one_address_leaves_streams_to_others(committed_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = committed_world
    monkeypatch.setattr(event_stream, "STREAMS_OF_ONE", 2)
    actor = Actor(world.alice, EntryPoint.PAGE)
    await run_in_db_thread(lambda: switch_embed(world.guild.pk, actor, world.now, on=True))

    async def status(client: str) -> int:
        stream = stream_of(world.guild.pk, client)
        streams.append(stream)
        await stream.send_input({"type": "http.request"})
        return int((await stream.receive_output(timeout=AT_ONCE))["status"])

    streams = list[Any]()
    assert [await status("192.0.2.1") for _ in range(3)] == [200, 200, 503]
    assert await status("192.0.2.2") == 200
    assert [await status(f"2001:db8::{number}") for number in range(3)] == [200, 200, 503], "they have all of it"
    assert await status("2001:db8:0:1::1") == 200
    for stream in streams:
        await stream.send_input({"type": "http.disconnect"})
        await stream.wait(AT_ONCE)
    assert await status("192.0.2.1") == 200
    await streams[-1].send_input({"type": "http.disconnect"})
    await streams[-1].wait(AT_ONCE)
