"""The local Discord as a process: start, state, stop."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gamesched.local_discord import fixtures
from gamesched.local_discord.client import LocalDiscordClient
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import AT_ONCE, PATIENCE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], LocalDiscordClient]]:
    command = [sys.executable, "-m", "gamesched.local_discord", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Local Discord: http://"), line
        yield process, LocalDiscordClient(line.split(": ")[1].strip())
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_at_once_though_someone_listens(number: signal.Signals) -> None:
    with running() as (process, client):
        async with ClientSession() as session:
            gateway = await session.ws_connect(client.origin + "/gateway")
            page = await session.ws_connect(client.origin + "/sandbox/stream?person=alice")
            await gateway.receive_json()
            started = time.monotonic()
            process.send_signal(number)
            await gateway.receive()
            await page.receive()
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - started < AT_ONCE


def test_messages_survive_a_kill(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite3")
    with running("--state", state) as (_, client):
        client.send_message("alice", fixtures.GENERAL_ID, "remember me")
        client.add_people(1, fixtures.GUILD_ID)
        client.add_fault("rename", channel_id=fixtures.RAIDS_ID, name="dungeons")
    with running("--state", state) as (_, client):
        assert [message["content"] for message in client.messages("alice", fixtures.GENERAL_ID)] == ["remember me"]
        assert len(client.people()) == 6
        assert client.as_person("alice", "GET", f"/channels/{fixtures.RAIDS_ID}")["name"] == "dungeons"


def test_nonces_and_direct_messages_survive(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    body = {"content": "once", "nonce": "abc", "enforce_nonce": True}
    ids = []
    for _ in range(2):
        with LocalDiscord(state_file=state) as local:
            dm = RestClient(local).request_json("POST", "/users/@me/channels", {"recipient_id": fixtures.BOB_ID})
            ids.append(RestClient(local).post_message(dm["id"], **body)["id"])
            assert len(local.client.dms("bob")) == 1
    assert ids[0] == ids[1]


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "gamesched.local_discord", "--port", port]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} on 127.0.0.1 is taken. Choose another with --port.\n"


def test_a_file_that_is_no_state_file(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text("not a database at all, but longer than the header of one would be" * 10)
    command = [sys.executable, "-m", "gamesched.local_discord", "--port", "0", "--state", str(file)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert "Cannot use" in ended.stderr
    assert "Traceback" not in ended.stderr
