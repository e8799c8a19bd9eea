"""Requests run in a few threads with a connection each: more of them wait, and none fails."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path

from gamesched import handlers
from gamesched.handlers import LOGIN_THREADS, THREADS, PageHandler
from gamesched.testing.waiting import PATIENCE

release = threading.Event()
running: Counter[str] = Counter()


def wait(request: HttpRequest, **_: Any) -> HttpResponse:
    running[threading.current_thread().name] += 1
    assert release.wait(PATIENCE)
    return HttpResponse("waited")


def backend(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return HttpResponse(f"{threading.current_thread().name} {cursor.fetchone()[0]}")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"a", b"b"]))


def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST["text"])


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours")


urlpatterns = [
    path("wait/", wait),
    path("accounts/wait/", wait),
    path("backend/", backend),
    path("stream/", stream),
    path("fail/", fail),
    path("read/", read),
    path("", include("gamesched.urls")),  # a page of an error links to the site's
]
handler500 = "gamesched.tests.test_page_threads.say_sorry"


def say_sorry(request: HttpRequest) -> HttpResponse:
    return HttpResponse("sorry", status=500)


@pytest.fixture(autouse=True)
def few_middleware(settings: Any, transactional_db: None) -> Iterator[None]:
    """Serve the views of this file; end with no thread that holds a connection."""
    settings.ROOT_URLCONF = "gamesched.tests.test_page_threads"
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    connections.settings["default"]["CONN_MAX_AGE"] = 300
    release.clear()
    running.clear()
    yield
    connections.settings["default"]["CONN_MAX_AGE"] = 0
    barrier = threading.Barrier(THREADS + 1)

    def leave() -> None:
        connections.close_all()
        barrier.wait(PATIENCE)

    for _ in range(THREADS):
        handlers._threads.submit(leave)
    barrier.wait(PATIENCE)


async def ask(handler: PageHandler, address: str, form: bytes | None = None) -> tuple[int, bytes]:
    """Return the status and the body of the answer to a GET, or to a POST of a form."""
    headers = [(b"host", b"testserver"), (b"content-type", b"application/x-www-form-urlencoded")]
    method = "GET" if form is None else "POST"
    scope = {"type": "http", "method": method, "path": address, "headers": headers}
    communicator: Any = ApplicationCommunicator(handler, scope)  # type: ignore[no-untyped-call]
    await communicator.send_input({"type": "http.request", "body": form or b""})
    started = await communicator.receive_output(PATIENCE)
    body, more = b"", True
    while more:
        part = await communicator.receive_output(PATIENCE)
        body, more = body + part.get("body", b""), part.get("more_body", False)
    await communicator.wait(PATIENCE)
    return started["status"], body


async def _until_running(number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while running.total() < number:
            await asyncio.sleep(0.01)


async def test_more_requests_than_threads_wait() -> None:
    handler = PageHandler()
    asked = [asyncio.create_task(ask(handler, "/wait/")) for _ in range(5 * THREADS)]
    await _until_running(THREADS)
    await asyncio.sleep(0.1)
    assert running.total() == THREADS
    release.set()
    assert await asyncio.gather(*asked) == [(200, b"waited")] * (5 * THREADS)
    assert len(running) == THREADS


async def test_people_who_log_in_keep_no_page_waiting() -> None:
    handler = PageHandler()
    asked = [asyncio.create_task(ask(handler, "/accounts/wait/")) for _ in range(2 * LOGIN_THREADS)]
    await _until_running(LOGIN_THREADS)
    status, _ = await ask(handler, "/backend/")
    assert status == 200
    release.set()
    assert await asyncio.gather(*asked) == [(200, b"waited")] * (2 * LOGIN_THREADS)


async def test_a_body_that_does_not_say_its_length_is_limited_like_any(settings: Any) -> None:
    settings.MIDDLEWARE = ["games.pictures.middleware.limit_body"]
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    handler = PageHandler()
    assert await ask(handler, "/read/", b"text=" + b"a" * 95) == (200, b"a" * 95)
    status, _ = await ask(handler, "/read/", b"text=" + b"a" * 96)
    assert status == 413


async def test_a_thread_keeps_its_connection() -> None:
    handler = PageHandler()
    answers = [await ask(handler, "/backend/") for _ in range(2 * THREADS)]
    assert {status for status, _ in answers} == {200}
    seen = [body.decode().split() for _, body in answers]
    # However many threads took a turn, each has one connection.
    assert len({pid for _, pid in seen}) == len({name for name, _ in seen}) <= THREADS


async def test_streams_and_faults_are_answered() -> None:
    handler = PageHandler()
    assert await ask(handler, "/stream/") == (200, b"ab")
    assert await ask(handler, "/fail/") == (500, b"sorry")
