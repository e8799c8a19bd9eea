"""Of demos that start at once, each has a port of its own, and answers at it with its own programs alone."""

import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from gamesched.demo import supervisor
from gamesched.demo.postgres import REPOSITORY, ServerProblem


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return port_of(probe)


def test_each_of_many_that_look_at_once_finds_another() -> None:
    first = free_port()
    with ThreadPoolExecutor(8) as threads:
        listeners = list(threads.map(lambda _: supervisor._listen(first, "the site"), range(8)))
    assert len({port_of(listener) for listener in listeners}) == 8
    for listener in listeners:
        socket.create_connection(listener.getsockname(), 1).close()  # taken from the first moment on
        listener.close()


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "::1")]
)
def test_a_port_that_somebody_has_is_left_alone(family: socket.AddressFamily, host: str) -> None:
    try:
        taken = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip("this machine has no such address")
    with taken, supervisor._listen(port_of(taken), "the site") as found:
        assert port_of(found) != port_of(taken)


def test_without_a_free_port_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*args: object, **kwargs: object) -> None:
        raise OSError

    monkeypatch.setattr(socket, "create_server", taken)
    with pytest.raises(ServerProblem, match="No port from 8000 to 8049 is free"):
        supervisor._listen(8000, "the site")


@pytest.mark.slow
def test_the_local_discord_serves_the_socket_that_it_is_handed() -> None:
    with supervisor._listen(free_port(), "the local Discord") as listener:
        command = [sys.executable, "-m", "gamesched.local_discord", "--fd", str(listener.fileno())]
        program = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, pass_fds=[listener.fileno()]
        )
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert line == f"Local Discord: http://localhost:{port_of_line(line)}\n"
        assert supervisor.responds(f"http://127.0.0.1:{port_of_line(line)}/sandbox/status")
        with urllib.request.urlopen(f"http://127.0.0.1:{port_of_line(line)}/", timeout=5) as page:
            assert "LOCAL DISCORD" in page.read().decode().upper()
    finally:
        program.kill()
        program.wait()


def port_of_line(line: str) -> int:
    return int(line.rsplit(":", 1)[1])
