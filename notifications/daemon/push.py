"""Sends messages to people's devices, through the push service of each. https://www.rfc-editor.org/rfc/rfc8030"""

import asyncio
import json
import logging
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings
from django.utils.translation import gettext_noop
from yarl import URL

from gamesched.lib.addresses import is_public_ip, split_address
from notifications import devices
from notifications.messages import (
    Device,
    OutgoingMessage,
    PermanentError,
    Push,
    PushOutcome,
    TemporaryError,
)

log = logging.getLogger(__name__)

GONE = {404, 410}
TEMPORARY = {406, 408, 425, 429}  # and 500 and above; with 406, Windows' service says that it is limited
REASON_MAX = 300  # bytes of an answer that are read
SECONDS_LEAST = 2
NAMES_AT_ONCE = 20  # that are looked up
SECONDS_MAX = 28 * 24 * 60 * 60  # push services keep nothing for longer
SILENT = gettext_noop("A push service doesn't answer")
NONE_TOOK_IT = gettext_noop("None of their devices takes our notifications any more.")
NO_KEY = gettext_noop("This site has no key for notifications on devices.")


class PublicResolver(AbstractResolver):
    """Finds public addresses alone: whoever names an endpoint's host leads us into no network of ours.

    In threads of its own: one waits as long as a name server does, and asyncio's few find Discord.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(NAMES_AT_ONCE, "names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        rows = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        found = [
            ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=flags)
            for kind, _, proto, _, address in rows
        ]
        if not settings.SEND_TO_PRIVATE_ADDRESSES:
            found = [one for one in found if is_public_ip(one["host"])]
        if not found:
            raise OSError(None, "no public address")
        return found

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Refused:
    """One device's push service takes this message never; `gone`: nor any other."""

    gone: bool


_Answer = TemporaryError | _Refused | None  # None: it took the message


class PushSender:
    """Sends to devices. Opens a session with the first message."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: OutgoingMessage, push: Push) -> PushOutcome:
        """Send a message to all devices of its recipient at once; it is delivered if one of them takes it."""
        if devices.site_key() is None:
            return PushOutcome(error=PermanentError(NO_KEY, PermanentError.NO_DEVICE))
        answers = await asyncio.gather(*(self._send_to(device, message, push) for device in push.devices))
        by_device = list(zip((device.id for device in push.devices), answers, strict=True))
        taken_by = tuple(pk for pk, answer in by_device if answer is None)
        gone = tuple(pk for pk, answer in by_device if isinstance(answer, _Refused) and answer.gone)
        return PushOutcome(taken_by, gone, None if taken_by else _error(answers))

    async def close(self) -> None:
        """Close what sending opened."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send_to(self, device: Device, message: OutgoingMessage, push: Push) -> _Answer:
        host = split_address(device.endpoint).hostname or ""
        # Asked again: what was allowed when it was written down may not be by now.
        if not devices.is_endpoint(device.endpoint):
            return _Refused(gone=True)
        try:
            body, authorization = devices.seal(device, _content(message, push), datetime.now(UTC))
        except ValueError as reason:
            log.warning("Nothing can be encrypted for a device: %s", reason)
            return _Refused(gone=False)
        headers = {
            "Authorization": authorization,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(min(max(push.seconds, 1), SECONDS_MAX)),  # Windows' service refuses 0
            "Topic": push.topic,
            # A device that saves power gets at once what is urgent alone; in quiet hours nothing is.
            "Urgency": "normal" if message.silent else "high",
        }
        try:
            async with self._open_session().post(
                URL(device.endpoint, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                text = (await response.content.read(REASON_MAX)).decode(errors="replace")
                return _read_answer(response, host, text)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return TemporaryError(f"{SILENT}: {host} ({type(error).__name__})")

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Below what a whole message may take, so that a device whose service hangs spoils no other's.
            timeout = aiohttp.ClientTimeout(total=settings.NOTIFY_LEASE.total_seconds() / 4)
            connector = aiohttp.TCPConnector(resolver=PublicResolver())
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _content(message: OutgoingMessage, push: Push) -> bytes:
    """Return what the service worker reads."""
    content = {
        "title": push.title,
        "body": push.body,
        "url": push.url,
        "tag": push.topic,
        "id": message.nonce,
        "silent": message.silent,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _read_answer(response: aiohttp.ClientResponse, host: str, reason: str) -> _Answer:
    if 200 <= response.status < 300:
        return None
    if response.status in GONE:
        return _Refused(gone=True)
    text = f"A push service answered {response.status}: {host}"
    if response.status in TEMPORARY or response.status >= 500:
        return TemporaryError(text, _retry_after(response))
    log.warning("A push service refuses us: %s: %s", text, " ".join(reason.split()))
    return _Refused(gone=False)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Return the header in seconds; None without it, where it is a date, and where it is shorter than any wait of ours.

    Whoever has an endpoint of their own would have us ask it ten times a second.
    """
    text = response.headers.get("Retry-After", "")
    return float(text) if re.fullmatch("[0-9]{1,6}", text) and int(text) >= SECONDS_LEAST else None


def _error(answers: Sequence[_Answer]) -> TemporaryError | PermanentError:
    """Return why no device took a message: what may pass comes first."""
    passing = (answer for answer in answers if isinstance(answer, TemporaryError))
    return next(passing, PermanentError(NONE_TOOK_IT, PermanentError.NO_DEVICE))
