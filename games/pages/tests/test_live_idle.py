"""What open pages ask the database while nothing happens: four statements a minute at most, however many they are."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from conftest import World
from discord_bot.tests.test_idle import AN_HOUR, AT_MOST, statements
from games.models import Game
from games.pages import live, shown_people
from games.pages.live_access import OpenPage
from games.pages.shown_people import PeopleSchedule
from games.pages.watched_groups import STORED_ANEW
from gamesched.lib.orm import run_in_db_thread
from guilds.directory import lookup
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import mark_member_read
from guilds.models import Member, User

__all__ = ["statements"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)
SOCKETS = 500


class Page:
    """A browser's end of a socket."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    async def send(self, event: Any) -> None:
        self.events.append(event)

    @property
    def closed_with(self) -> list[int]:
        return [event["code"] for event in self.events if event["type"] == "websocket.close"]


def quiet_pages() -> live.LivePages:
    """Return open pages that do nothing by themselves."""
    pages = live.LivePages()
    for task in pages._tasks:
        task.cancel()
    return pages


async def open_pages(pages: live.LivePages, opened: Sequence[OpenPage]) -> list[Page]:
    """Let pages in, at once for all, as after a reconnect."""
    browsers = [Page() for _ in opened]
    sockets = [live.Socket(page, browser.send) for page, browser in zip(opened, browsers, strict=True)]
    for socket in sockets:
        pages._sockets.add(socket)
    await pages._check(sockets)
    return browsers


def sessions_of(people: Sequence[User]) -> list[str]:
    for person in people:
        Client().force_login(person)
    return list(Session.objects.values_list("session_key", flat=True))


def kept_looks_an_hour(after: float) -> int:
    """Return how often a game's people are looked up in an hour, so many seconds after its page was opened."""
    schedule = PeopleSchedule()
    schedule.expect(1, 0)
    times = [at for at in range(0, int(after) + AN_HOUR, int(live.PEOPLE_CHECK_SECONDS)) if schedule.take_due({1}, at)]
    return len([at for at in times if at >= after])


async def test_idle_pages_ask_by_one_statement_whether_their_sessions_stand(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    world = committed_world
    games = await run_in_db_thread(lambda: [world.create_game() for _ in range(5)])
    people = [world.alice, world.bob, world.charlie]
    keys = await run_in_db_thread(sessions_of, people)
    looked_up: list[Any] = []
    monkeypatch.setattr(lookup, "refresh_in_background", lambda pairs: looked_up.extend(pairs))
    pages = quiet_pages()
    browsers = await open_pages(
        pages, [OpenPage(keys[number % 3], "game", games[number % 5].pk) for number in range(SOCKETS)]
    )
    assert statements
    assert not any(browser.closed_with for browser in browsers)
    # Each thing that is done by the clock, once; between them nothing is asked.
    statements.clear()
    await pages._close_ended()
    each_session_check = len(statements)
    await run_in_db_thread(
        lambda: Member.objects.update(roles_read_at=world.now - timedelta(minutes=5), nick="Someone")
    )
    statements.clear()
    await pages._refresh_people()
    assert statements == [], "nobody is looked up before it is time"
    for game in games:
        pages._people.expect(game.pk, pages.loop.time() - shown_people.FIRST_WAIT)
    await pages._refresh_people()
    each_look = len(statements)
    assert {*looked_up} == {(world.guild.pk, person.pk) for person in people}
    assert len(looked_up) == 3
    statements.clear()
    await pages._watched.store_anew()
    each_store = len(statements)
    assert (each_session_check, each_look, each_store) == (1, 3, 1)
    for after in (0, AN_HOUR):
        looks = kept_looks_an_hour(after)
        an_hour = each_session_check * AN_HOUR / live.ACCESS_CHECK_SECONDS + each_look * looks
        an_hour += each_store * AN_HOUR / STORED_ANEW
        assert an_hour <= AT_MOST * 0.9, "the rest is for the look-ups themselves"
    assert kept_looks_an_hour(0) >= 4


def test_people_are_looked_up_within_a_minute_and_then_ever_more_rarely() -> None:
    schedule, open_ids = PeopleSchedule(), {1}
    schedule.expect(1, 0)
    times = [at for at in range(0, AN_HOUR, 30) if schedule.take_due(open_ids, at)]
    assert times[0] + live.PEOPLE_CHECK_SECONDS <= 60
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == sorted(waits)
    assert waits[-1] == shown_people.LONGEST_WAIT
    schedule.expect(1, AN_HOUR)  # it changed
    schedule.expect(1, AN_HOUR + 20)  # and again, which puts nothing off
    assert schedule.take_due(open_ids, AN_HOUR + 30) == [1]
    assert schedule.take_due(set(), AN_HOUR * 2) == [], "nobody has it open"


def test_a_member_of_whom_nothing_new_is_said_costs_one_statement(world: World, statements: list[str]) -> None:
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=5))
    statements.clear()
    lookup.refresh_member(world.guild.pk, world.bob.pk)
    assert len(statements) == 2, "one is the directory's own, which reads what is stored"
    member = Member.objects.select_related("user").get(user=world.bob)
    assert member.roles_read_at is not None
    assert member.roles_read_at >= world.now
    assert member.nick == "Bob the GM"
    Member.objects.filter(user=world.bob).update(left_at=world.now)
    said = MemberPayload(UserPayload(member.user_id, member.user.handle), member.nick)
    assert not mark_member_read(world.guild.pk, said), "who left and is back"


async def test_a_crowd_of_pages_is_checked_in_few_statements(committed_world: World, statements: list[str]) -> None:
    world = committed_world
    game: Game = await run_in_db_thread(world.create_game)
    keys = await run_in_db_thread(sessions_of, [world.alice, world.bob])
    pages = quiet_pages()
    opened = [OpenPage(keys[number % 2], "game", game.pk) for number in range(live.CHECKED_AT_ONCE)]
    statements.clear()
    await open_pages(pages, opened)
    store = 2
    assert len(statements) <= 2 + 2 * 2 + store
    statements.clear()
    await open_pages(pages, opened)
    assert len(statements) <= 2 + 2 * 2, "rights are asked once for a person and page"
