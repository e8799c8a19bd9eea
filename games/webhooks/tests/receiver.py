"""A program that takes webhooks, in a thread of its own: it answers as told, and keeps what it was sent."""

import hashlib
import hmac
import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    def is_signed_by(self, secret: str, within: float = 300.0) -> bool:
        """Return whether the sender knows the secret, and sent it just now; as a receiver is to check it."""
        fields = dict(part.split("=", 1) for part in self.headers["Webhook-Signature"].split(","))
        if abs(time.time() - int(fields["t"])) > within:
            return False
        wanted = hmac.new(secret.encode(), f"{fields['t']}.{self.text}".encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, fields["v1"])


class Receiver:
    """Runs at `url` in `with Receiver() as receiver:`. `answers`: a status, headers and a body for each in turn."""

    def __init__(self) -> None:
        self.answers: deque[tuple[int, dict[str, str], bytes]] = deque()
        self.received: list[Received] = []
        self.wait = 0.0  # seconds before it answers
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.received.append(Received(self.path, dict(self.headers), text))
                time.sleep(receiver.wait)
                status, headers, body = receiver.answers.popleft() if receiver.answers else (200, {}, b"thanks")
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # whoever asked is gone

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
