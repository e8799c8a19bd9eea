"""The handler of requests for pages."""

import asyncio
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import HttpResponseBadRequest
from django.urls import set_script_prefix

from gamesched.lib.clock import DbNow
from gamesched.lib.orm import DATABASE_AWAY
from gamesched.lib.outage import DATABASE
from guilds.directory.lookup import limit_waiting
from guilds.sent_forms.middleware import IS_LAST_TRY, TriedAgain
from notifications import probe
from notifications.heartbeat import WEB_NAME, record_heartbeat

log = logging.getLogger(__name__)

# They share one interpreter with the event loop, which serves the live sockets.
THREADS = 8
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page", initializer=limit_waiting)
# Logging in asks Discord, which may take seconds; other pages must not wait for that.
LOGIN_PATH, LOGIN_THREADS = "/accounts/", 4
AGAIN_AFTER = 5.0  # seconds from a heartbeat that failed to the next
# So do pages that need somebody's roles. Few of the threads wait for it; a request beyond these holds none meanwhile.
TRY_AFTER, TRY_AFTER_MAX, TRY_FOR = 0.5, 2.0, 20.0  # seconds; a crowd that is tried again must not be all we do
_login_threads = ThreadPoolExecutor(LOGIN_THREADS, thread_name_prefix="login")


def _with_length(scope: Any, length: int) -> Any:
    """Return a request's scope with the length of its body, which one that comes in pieces does not say.

    Without it Django finds no field in a form with files, and nothing limits it.
    """
    if not length:
        return scope
    others = [
        (name, value) for name, value in scope["headers"] if name not in {b"content-length", b"transfer-encoding"}
    ]
    return {**scope, "headers": [*others, (b"content-length", b"%d" % length)]}


class PageHandler(ASGIHandler):
    """Django's handler, but each request runs whole in one of a few threads, and waits for one.

    Django gives each request a thread and a new connection of its own: 200 open pages needed more connections than
    PostgreSQL allows, so a third of them got errors, and every statement was planned anew.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        # All of ours is synchronous; an asynchronous chain would change threads for each middleware.
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Read a request, answer it in a thread, and send the answer."""
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        with body_file:
            scope = _with_length(scope, body_file.seek(0, os.SEEK_END))
            body_file.seek(0)
            set_script_prefix(get_script_prefix(scope))
            threads = _login_threads if scope["path"].startswith(LOGIN_PATH) else _threads
            respond = sync_to_async(self._respond, thread_sensitive=False, executor=threads)
            until, pause, scope = time.monotonic() + TRY_FOR, TRY_AFTER, {**scope, IS_LAST_TRY: False}
            while isinstance(response := await respond(scope, body_file), TriedAgain):
                await asyncio.sleep(pause)
                pause = min(1.5 * pause, TRY_AFTER_MAX)
                body_file.seek(0)
                scope[IS_LAST_TRY] = time.monotonic() >= until
            try:
                await self.send_response(response, send)
            finally:
                if response.streaming:
                    await sync_to_async(response.close, thread_sensitive=False, executor=threads)()

    def _respond(self, scope: Any, body_file: Any) -> Any:
        """Return the answer to a request; unless it is streamed, it is closed, as its thread's connection goes on."""
        signals.request_started.send(sender=type(self), scope=scope)
        # A request closes its body once it has read it, and this one may be tried again.
        body = SimpleNamespace(read=body_file.read, readline=body_file.readline, close=lambda: None)
        request, response = self.create_request(scope, body)
        if request is not None:
            response = self.get_response(request)
        response._handler_class = type(self)
        if response.streaming:
            response.block_size = self.chunk_size
        else:
            response.close()
        return response

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """Make a request of it, or an answer that says why Django cannot read it."""
        # Django catches only UnicodeDecodeError here; `Content-Type: a/b; charset*=x''y` raises another.
        try:
            return super().create_request(scope, body_file)
        except ValueError:
            return None, HttpResponseBadRequest()


async def send_heartbeats() -> None:
    """Record for ever that this process answers: its event loop, and a thread that serves pages."""
    record = sync_to_async(_record_heartbeat, thread_sensitive=False, executor=_threads)
    while True:
        wait = probe.HEARTBEAT_EVERY
        try:
            await record()
        except DATABASE_AWAY as reason:
            DATABASE.begin(reason)
            wait = AGAIN_AFTER
        except Exception:
            log.exception("A heartbeat stumbled")
        await asyncio.sleep(wait)


def _record_heartbeat() -> None:
    close_old_connections()
    record_heartbeat(WEB_NAME, DbNow())
