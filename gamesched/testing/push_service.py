"""A push service for tests, with the browsers that it serves: it answers as told, and reads what it is sent.

Written by the RFCs alone, from the other side: it checks who sends (RFC 8292), takes messages (RFC 8030) and has the
browser decrypt them (RFC 8291). It shares no line with what it tests.
"""

import asyncio
import base64
import json
import os
import threading
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Received:
    """One message that the service took."""

    headers: dict[str, str]
    claims: dict[str, Any]
    content: dict[str, Any]


@dataclass
class Browser:
    """A subscription, with the keys that never leave the browser, and what arrived there."""

    endpoint: str
    vapid_key: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    received: list[Received] = field(default_factory=list)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def form(self) -> dict[str, str]:
        """What the page sends."""
        return {"endpoint": self.endpoint, "p256dh": _text(self.public), "auth": _text(self.secret)}

    def decrypt(self, body: bytes) -> bytes:
        """Return the plain text. Raises InvalidTag for what is not meant for this browser."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(body) <= 4096, "services need take no more"
        assert len(record) <= size, "push messages are one record"
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        keys = HKDF(SHA256(), 32, self.secret, b"WebPush: info\x00" + self.public + sender).derive(shared)
        content_key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(keys)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(keys)
        padded = AESGCM(content_key).decrypt(nonce, record, None).rstrip(b"\x00")
        assert padded.endswith(b"\x02"), "the last record ends so"
        return padded[:-1]


class PushService:
    """Runs at `origin` in `with PushService() as service:`, in a separate thread.

    `answers`: a status and headers for each request in turn, 201 once there are no more. A path that nobody subscribed
    to is 404.
    """

    def __init__(self) -> None:
        self.answers: deque[tuple[int, dict[str, str]]] = deque()
        self.browsers: dict[str, Browser] = {}
        self.origin = ""
        self.requests = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="push-service", daemon=True)
        self._runner: web.AppRunner | None = None

    def subscribe(self, vapid_key: str) -> Browser:
        """Return a new browser, which takes messages from the site with this key alone."""
        path = f"/push/{len(self.browsers)}-{_text(os.urandom(8))}"
        browser = self.browsers[path] = Browser(f"{self.origin}{path}", vapid_key)
        return browser

    async def _take(self, request: web.Request) -> web.Response:
        self.requests += 1
        body = await request.read()
        if self.answers:
            status, headers = self.answers.popleft()
            if status != 201:
                return web.Response(status=status, headers=headers, text="as told")
        browser = self.browsers.get(request.path)
        if browser is None:
            return web.Response(status=404)
        scheme, _, parameters = request.headers["Authorization"].partition(" ")
        values = dict(part.strip().split("=", 1) for part in parameters.split(","))
        if scheme != "vapid" or values["k"] != browser.vapid_key:
            return web.Response(status=403, text="VapidPkHashMismatch")
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, _bytes(values["k"]))
        try:
            claims = jwt.decode(
                values["t"], public, algorithms=["ES256"], audience=self.origin, options={"require": ["exp", "aud"]}
            )
        except jwt.InvalidTokenError as reason:
            return web.Response(status=401, text=str(reason))
        if request.headers["Content-Encoding"] != "aes128gcm" or not request.headers["TTL"].isdigit():
            return web.Response(status=400)
        content = json.loads(browser.decrypt(body))
        browser.received.append(Received(dict(request.headers), claims, content))
        return web.Response(status=201)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.origin = f"http://{host}:{port}"

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def __enter__(self) -> "PushService":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
