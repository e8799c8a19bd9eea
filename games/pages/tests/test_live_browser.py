"""A live page, with answers held back: in every order of look and press it ends up showing what is so."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from conftest import World, make_world
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.signups import actions as signups
from games.signups.wording import own_place
from gamesched.local_discord import fixtures
from gamesched.testing.browsers import calm, run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import upsert_member

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class HeldResponses:
    """Holds back the answers to requests of a method, until they are let go."""

    def __init__(self, page: Any, game: Game) -> None:
        self.page = page
        self.method = ""
        self.held: list[Any] = []
        page.route(f"**/games/{game.pk}/**", self._decide)

    def _decide(self, route: Any) -> None:
        if route.request.method == self.method and route.request.headers.get("hx-request"):
            self.held.append(route)
        else:
            route.continue_()

    def wait(self, method: str) -> None:
        """Wait until a request of the method is held, after `hold`."""
        while not any(route.request.method == method for route in self.held):
            self.page.wait_for_timeout(20)

    def let_go(self) -> None:
        self.method = ""
        for route in self.held:
            with contextlib.suppress(Exception):  # the page itself may have ended the request meanwhile
                route.continue_()
        self.held = []


# Members of the local Discord: the page looks people up whose names are old, and finds out who is none.
GUESTS = {
    "Dana": fixtures.DANA_ID,
    "Heidi": fixtures.HEIDI_ID,
    "Frank": fixtures.FRANK_ID,
    "Gina": fixtures.GINA_ID,
    "Ivan": fixtures.IVAN_ID,
}


def joins_elsewhere(world: World, game: Game) -> Callable[[str], None]:
    def join(name: str) -> None:
        def run() -> None:
            payload = MemberPayload(UserPayload(GUESTS[name], name.lower(), name))
            person = upsert_member(world.guild.pk, payload, datetime.now(UTC)).user
            signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), datetime.now(UTC))
            connection.close()

        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(run).result()

    return join


def test_every_order_of_look_and_press(now: datetime) -> None:
    world = make_world(now)
    game = world.create_game(seats=9)
    join, session = joins_elsewhere(world, game), session_of(world.charlie)
    with Stack("web") as stack:

        def walk(browser: Any) -> None:
            page = page_with(browser, stack.url, session)
            page.clock.install()
            page.goto(f"{stack.url}{game.get_absolute_url()}")
            page.locator("[data-live-state]", has_text="Live").wait_for()
            held = HeldResponses(page, game)

            # A look is under way when the person presses; the look would answer first.
            held.method = "GET"
            join("Dana")
            held.wait("GET")
            page.get_by_role("button", name="Join", exact=True).click()
            page.get_by_text(own_place(2, seats=9, seated=True)).first.wait_for()
            held.let_go()
            page.get_by_text("Dana").wait_for()
            assert page.get_by_role("button", name="Leave").is_visible()

            # And once more: the page is not frozen.
            join("Heidi")
            page.get_by_text("Heidi").wait_for()

            # Somebody else's change comes while the press is not answered yet.
            calm(page)
            held.method = "POST"
            page.get_by_role("button", name="Leave").click()
            held.wait("POST")
            join("Frank")
            page.wait_for_timeout(1000)
            held.let_go()
            page.get_by_role("button", name="Join", exact=True).wait_for()
            page.get_by_text("Frank").wait_for()

            # A press on a page that had just changed is not taken, and it says so.
            calm(page)
            press = "document.getElementById('sign-up').click()"
            page.evaluate(f"addEventListener('htmx:afterSettle', () => {press}, {{once: true}})")
            page.get_by_role("button", name="Join", exact=True).click()
            page.get_by_text("The page had just changed").wait_for()
            assert page.get_by_role("button", name="Leave").is_visible()
            calm(page)
            page.get_by_role("button", name="Leave").click()
            page.get_by_role("button", name="Join", exact=True).wait_for()
            join("Gina")
            page.get_by_text("Gina").wait_for()

            # Asked again without a change, the server says so, and the page stays as it is.
            statuses: list[int] = []
            page.on("response", lambda response: statuses.append(response.status))
            while 304 not in statuses:
                page.evaluate("htmx.trigger(document.querySelector('[data-live]'), 'look')")
                page.wait_for_timeout(200)
            assert set(statuses) <= {200, 304}
            assert page.get_by_text("Gina").is_visible()
            join("Ivan")
            page.get_by_text("Ivan").wait_for()

        run_in_browser(walk)
    assert game.signups.current().count() == 5
