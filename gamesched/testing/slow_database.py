"""A way to the tests' database on which every request takes longer, as over a slow network or on a busy server."""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class SlowDatabase:
    """Passes connections on to a server's Unix socket, each message after `delay` seconds."""

    def __init__(self, conninfo: str, delay: float) -> None:
        self._target = conninfo_to_dict(conninfo)
        self._delay = delay
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.conninfo = make_conninfo(conninfo, host="127.0.0.1", port=self._listener.getsockname()[1])

    def __enter__(self) -> "SlowDatabase":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for each in (self._listener, *self._ends):
            with suppress(OSError):  # it has ended
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._target['host']}/.s.PGSQL.{self._target.get('port') or 5432}")
                self._ends += [client, server]
                for source, target, delay in ((client, server, self._delay), (server, client, 0.0)):
                    threading.Thread(target=_pass_on, args=(source, target, delay), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, delay: float) -> None:
    with suppress(OSError):  # either side has ended
        while data := source.recv(65536):
            time.sleep(delay)
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
