"""Sends requests to addresses that people gave us: signed, to public hosts alone, and no further than there."""

import hashlib
import hmac
import time

import aiohttp
from django.conf import settings
from yarl import URL

from notifications.codes import RequestProblem
from notifications.daemon.push import PublicResolver
from notifications.devices import is_endpoint
from notifications.messages import Answer, Request

SECONDS = 5.0  # for all of it
ANSWER_MAX = 64 * 1024  # bytes that are read
KEPT = 1000  # characters of them


def signature(secret: str, body: str, at: int) -> str:
    """Return the header by which the receiver knows who sends this, and when: older than minutes, it is a replay."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class RequestSender:
    """Sends requests. Opens a session with the first."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Answer:
        """Send a request, and return what became of it; whatever the other side does, nothing is raised."""
        began = time.monotonic()
        # Asked again: what was allowed when it was written down may not be by now.
        if not is_endpoint(request.url):
            return Answer(problem=RequestProblem.ADDRESS)
        try:
            status, text = await self._post(request)
        except TimeoutError:
            return Answer(problem=RequestProblem.TIMEOUT, seconds=time.monotonic() - began)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(
                problem=RequestProblem.CONNECTION, text=_readable(str(error)), seconds=time.monotonic() - began
            )
        return Answer(status, text, seconds=time.monotonic() - began)

    async def close(self) -> None:
        """Close what sending opened."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, request: Request) -> tuple[int, str]:
        headers = {
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": f"GameScheduler (+{settings.PUBLIC_URL})",
            "Webhook-Id": request.id,
            "Webhook-Signature": signature(request.secret, request.body, int(time.time())),
        }
        async with self._open_session().post(
            URL(request.url, encoded=True), data=request.body.encode(), headers=headers, allow_redirects=False
        ) as response:
            return response.status, _readable(await _beginning(response))

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Each request finds its host's address once, and connects to that; as it comes, for what is compressed
            # may be endless.
            connector = aiohttp.TCPConnector(resolver=PublicResolver(), use_dns_cache=False, force_close=True)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


async def _beginning(response: aiohttp.ClientResponse) -> str:
    read = b""
    while len(read) < ANSWER_MAX and (part := await response.content.read(ANSWER_MAX - len(read))):
        read += part
    return read.decode(errors="replace")


def _readable(text: str) -> str:
    """Return the beginning of a text, as PostgreSQL stores it."""
    return text[:KEPT].replace("\x00", "\ufffd")
