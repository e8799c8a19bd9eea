"""Requests that look people up wait for Discord in few threads of the pages, so that others are answered meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import escape

from conftest import GUILD, World
from gamesched.handlers import THREADS, PageHandler
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from gamesched.testing.waiting import PATIENCE
from gamesched.tests.test_page_threads import ask
from guilds.directory import lookup
from guilds.directory.lookup import (
    LIVE,
    ROLES_UNKNOWN,
    ROLES_VALID_FOR,
    Purpose,
    TooManyWait,
    ensure_fresh_roles,
    fetch_roles_if_unknown,
    look_up_people,
    refresh_roles,
    search_in_request,
)
from guilds.models import Member
from guilds.sent_forms.middleware import IS_LAST_TRY, SentFormsMiddleware, TriedAgain

release = threading.Event()
asked: list[object] = []


class SlowDiscord:
    """A Discord that answers when the test is done."""

    def member(self, guild_id: int, user_id: int) -> None:
        self._wait_for_discord(user_id)

    def search(self, guild_id: int, query: str, limit: int) -> list[Any]:
        self._wait_for_discord(query)
        return []

    def _wait_for_discord(self, what: object) -> None:
        asked.append(what)
        connection.close()
        assert release.wait(2 * PATIENCE)


def show(request: HttpRequest, user_id: int) -> HttpResponse:
    return look_up(user_id, ROLES_VALID_FOR)


def change(request: HttpRequest, user_id: int) -> HttpResponse:
    return look_up(user_id, LIVE)


def look_up(user_id: int, max_age: timedelta) -> HttpResponse:
    try:
        return HttpResponse(str(ensure_fresh_roles(GUILD, user_id, db_now(), max_age)))
    except Refused as refused:
        return HttpResponse(refused.refusal.code)


def list_games(request: HttpRequest, user_id: int) -> HttpResponse:
    return HttpResponse(str(refresh_roles(user_id, [GUILD], db_now())))


def first_look(request: HttpRequest, user_id: int) -> HttpResponse:
    return HttpResponse(str(fetch_roles_if_unknown(GUILD, user_id)))


def name(request: HttpRequest, user_id: int) -> HttpResponse:
    return HttpResponse(str(look_up_people(GUILD, [f"Zz{user_id}"], 10.0)))


def type_name(request: HttpRequest, user_id: int) -> HttpResponse:
    search_in_request(GUILD, f"Yy{user_id}")
    return HttpResponse()


def write(request: HttpRequest, user_id: int) -> HttpResponse:
    text = request.POST["text"]
    return HttpResponse(f"{text} {look_up(user_id, LIVE).text}")


def by_nobody(get_response: Callable[[Any], HttpResponse]) -> Callable[[Any], HttpResponse]:
    def respond(request: Any) -> HttpResponse:
        request.user, request.session = AnonymousUser(), {}
        return get_response(request)

    return respond


def quick(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"quick")


VIEWS = (show, change, list_games, first_look, name, type_name)
urlpatterns = [
    path("quick/", quick),
    path("write/<int:user_id>/", write),
    *(path(f"{view.__name__}/<int:user_id>/", view) for view in VIEWS),
]


@pytest.fixture
def crowd(committed_world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """As many people as there are threads whose roles were read some minutes ago, and as many whose never were."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.by_nobody", "guilds.sent_forms.middleware.SentFormsMiddleware"]
    settings.DISCORD_DIRECTORY = f"{__name__}.SlowDiscord"
    people = [committed_world.add_member(100 + number).pk for number in range(2 * THREADS)]
    Member.objects.update(roles_read_at=committed_world.now - timedelta(minutes=5))
    Member.objects.filter(user__in=people[THREADS:]).update(roles_read_at=None)
    release.clear()
    asked.clear()
    yield people
    release.set()


@pytest.mark.parametrize(
    "views", [(view,) for view in VIEWS] + [VIEWS], ids=lambda views: "-".join(view.__name__ for view in views)
)
async def test_pages_are_answered_while_others_wait_for_discord(crowd: list[int], views: Any) -> None:
    handler = PageHandler()
    waiting = [
        asyncio.create_task(ask(handler, f"/{view.__name__}/{user_id}/"))
        for view in views
        for user_id in (crowd[THREADS:] if view is first_look else crowd[:THREADS])
    ]
    async with asyncio.timeout(PATIENCE):
        while not asked:
            await asyncio.sleep(0.01)
    assert await ask(handler, "/quick/") == (200, b"quick")
    assert len(asked) <= lookup.WAITING_MAX * len(Purpose) < THREADS
    release.set()
    assert {status for status, _ in await asyncio.gather(*waiting)} == {200}, "who found no place waited for one"


async def test_a_crowd_whose_roles_are_too_old_is_looked_up_in_turn(crowd: list[int]) -> None:
    """They held no thread meanwhile; refusing them would be a page that is not found."""
    handler, people = PageHandler(), crowd[THREADS:]  # whose roles nobody ever read
    waiting = [asyncio.create_task(ask(handler, f"/show/{user_id}/")) for user_id in people]
    async with asyncio.timeout(PATIENCE):
        while not asked:
            await asyncio.sleep(0.01)
    assert await ask(handler, "/quick/") == (200, b"quick")
    release.set()
    assert await asyncio.gather(*waiting) == [(200, b"True")] * len(people)
    assert sorted(asked, key=str) == people


async def test_what_was_typed_is_there_when_a_form_is_tried_again(crowd: list[int]) -> None:
    handler, people = PageHandler(), crowd[: THREADS // 2]
    sent = [asyncio.create_task(ask(handler, f"/write/{user_id}/", b"text=x%d" % user_id)) for user_id in people]
    async with asyncio.timeout(PATIENCE):
        while len(asked) < lookup.WAITING_MAX:
            await asyncio.sleep(0.01)
    release.set()
    assert await asyncio.gather(*sent) == [(200, b"x%d True" % user_id) for user_id in people]


@pytest.mark.parametrize(("scope", "sentence"), [({IS_LAST_TRY: False}, ""), ({IS_LAST_TRY: True}, ROLES_UNKNOWN)])
def test_who_is_tried_again_reads_a_reason_in_the_end(
    world: World, rf: Any, scope: dict[str, Any], sentence: str
) -> None:
    request = rf.get("/")
    request.user, request.scope, request.htmx = world.charlie, scope, False
    middleware = SentFormsMiddleware(lambda request: HttpResponse())
    response: Any = middleware.process_exception(request, TooManyWait("others wait"))
    assert (response.status_code, escape(sentence) in response.text) == (503, True)
    assert isinstance(response, TriedAgain) is not scope[IS_LAST_TRY]
