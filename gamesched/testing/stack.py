"""Runs the real programs as processes, against the local Discord and the test database."""

import os
import socket
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from games.models import Game
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.state import State
from gamesched.testing.programs import Program
from gamesched.testing.waiting import PATIENCE, eventually
from guilds.models import Guild, User
from notifications.models import Heartbeat

PROGRAMS = {
    "web": ["-m", "daphne", "--ping-interval", "45", "-b", "127.0.0.1", "-p", "{port}", "gamesched.asgi:application"],
    "bot": ["manage.py", "runbot"],
    "notifyd": ["manage.py", "notifyd"],
    "worker": ["manage.py", "worker"],
}
# notifyd with a shorter longest pause: with a third of all requests failing, chance makes some wait for minutes.
LAYOUT = 1 << 15  # the flag of a message that is made of components alone
IMPATIENT_NOTIFYD = """
import runpy, sys
from notifications import policy
policy.MAX_BACKOFF = {longest_backoff}
sys.argv = ["manage.py", "notifyd"]
runpy.run_path("manage.py", run_name="__main__")
"""

# The site's and the local Discord's, for the next stack: with the same variables its programs start warm.
_unused_addresses: list[tuple[socket.socket, socket.socket]] = []


def _reserve_address() -> socket.socket:
    """Reserve a port as long as the socket is kept. A program that sets SO_REUSEADDR can still listen there."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


class Stack:
    """Runs programs: `with Stack("bot", "notifyd") as stack:`. Each can be killed and started again.

    `longest_backoff`: seconds that notifyd waits at most between tries, if not as in production.
    """

    def __init__(self, *names: str, limited: bool = True, longest_backoff: float | None = None) -> None:
        self._addresses = _unused_addresses.pop() if _unused_addresses else (_reserve_address(), _reserve_address())
        self.port, discord_port = (address.getsockname()[1] for address in self._addresses)
        self.names = names
        self.url = f"http://localhost:{self.port}"
        self.discord = LocalDiscord(public_url=self.url, port=discord_port, rate_limits=limited)
        self.running: dict[str, Program] = {}
        self.started_at: dict[str, datetime] = {}
        self.limited = limited
        self.longest_backoff = longest_backoff
        self._log_file = tempfile.NamedTemporaryFile()  # noqa: SIM115 (closed at exit)

    def __enter__(self) -> "Stack":
        self.discord.start()
        try:
            for name in self.names:
                self.start(name, wait=False)
            for name in self.names:
                self.wait(name)
        except BaseException as reason:
            self.__exit__(type(reason), reason, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(20)
            except TimeoutError:
                process.kill()
                process.wait()
        self.running.clear()  # a failed test is kept until the end, and with it its stack
        self.discord.stop()
        _unused_addresses.append(self._addresses)
        sys.stderr.write(self.log_text)  # for pytest to show where a test failed
        self._log_file.close()

    @property
    def log_fd(self) -> int:
        """Return the file descriptor that the programs log to."""
        return self._log_file.fileno()

    @property
    def log_text(self) -> str:
        """Return the programs' logs so far."""
        size = self._log_file.seek(0, os.SEEK_END)
        return os.pread(self._log_file.fileno(), size, 0).decode(errors="replace")

    @property
    def variables(self) -> dict[str, str]:
        name = connection.settings_dict["NAME"]
        return {
            **os.environ,
            "DATABASE_URL": make_conninfo(settings.DATABASE_URL, dbname=str(name)),
            "PUBLIC_URL": self.url,
            "DISCORD_API_URL": self.discord.api_url.replace("127.0.0.1", "localhost"),
            "DISCORD_BOT_TOKEN": self.discord.bot_token,
            "DB_CONN_MAX_AGE": "300",  # for the web, gamesched.asgi would set it after a warm process read the settings
            **({} if self.limited else {"DISCORD_REQUESTS_PER_SECOND": "5000"}),
        }

    def start(self, name: str, wait: bool = True) -> None:
        """Start or restart a program."""
        command = [part.format(port=self.port) for part in PROGRAMS[name]]
        if name == "notifyd" and self.longest_backoff is not None:
            command = ["-c", IMPATIENT_NOTIFYD.format(longest_backoff=self.longest_backoff)]
        variables = self.variables
        if name == "worker":
            variables.pop("DB_CONN_MAX_AGE")
        self.started_at[name] = datetime.now(UTC)
        self.running[name] = Program(command, variables, self._log_file.name)
        if wait:
            self.wait(name)

    def wait(self, name: str) -> None:
        """Wait until a program is ready."""
        if name == "web":
            eventually(self._web_responds)
        elif name == "bot":
            eventually(self.discord.client.bot_connected)
            eventually(Guild.objects.exists)
        elif name == "worker":
            # Its sentinel, and the sentinel's worker, monitor and pusher.
            eventually(lambda: len(_descendants(self.running[name].pid)) >= 4)
        elif name == "notifyd":
            eventually(Heartbeat.objects.filter(name=name, at__gte=self.started_at[name]).exists)

    def _web_responds(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def admit(self, *people: User) -> None:
        """Let people of the database be members in the local Discord too.

        Else a program that asks Discord finds them gone, and hides the server from them.
        """

        def add(state: State) -> None:
            users = [state.add_user(fixtures.person(one.pk, one.username)) for one in people]
            state.add_members(state.guilds[fixtures.GUILD_ID], users)

        self.discord.run_in_loop(add)

    def posts(self, person: str = "alice", channel_id: int = fixtures.GENERAL_ID) -> list[dict[str, Any]]:
        """Return the announcements that a person sees in a channel, the newest first."""
        seen = self.discord.client.messages(person, channel_id)
        return [message for message in seen if message["embeds"] or message.get("flags", 0) & LAYOUT]

    def posts_of(self, game: Game, channel_id: int = fixtures.GENERAL_ID) -> list[dict[str, Any]]:
        """Return the announcements of one game."""
        return [post for post in self.posts(channel_id=channel_id) if f"/games/{game.pk}/" in shown_in(post)]

    def dms_about(self, game: Game, person: str) -> list[dict[str, Any]]:
        """Return what we told a person about a game, which needs a title of its own."""
        return [message for message in self.discord.client.dms(person) if game.title in message["content"]]

    def kill(self, name: str) -> None:
        """Send kill -9 to a program and its children, as a crash of its container would."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> float:
        """Send SIGTERM and return the seconds until the program ended."""
        process = self.running.pop(name)
        started = time.monotonic()
        process.terminate()
        process.wait(PATIENCE)
        return time.monotonic() - started


def shown_in(message: dict[str, Any]) -> str:
    """Return what a message shows, whether it is an embed or made of components."""
    return str((message["embeds"], message["components"]))


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [descendant for child in map(int, children) for descendant in (child, *_descendants(child))]
