"""The one line of a guild's page in a browser: read while one types, and filled into the form."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.models import Game
from gamesched.testing.browsers import run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.mark.browser
def test_from_the_line_to_the_game(now: datetime) -> None:
    session = session_of(make_world(now).bob)
    with Stack("web") as stack:

        def walk(browser: Any) -> None:
            page = page_with(browser, stack.url, session)
            page.goto(stack.url)
            page.get_by_role("link", name="Friday Night Dice").click()
            line = page.get_by_label("What and when")
            line.press_sequentially("Dune")
            page.locator("#reading .warning").wait_for()
            line.press_sequentially(" tomorrow 20:00, 4 seats")
            page.locator("#reading .success strong", has_text="Dune").wait_for()
            page.get_by_role("button", name="Continue").click()
            page.get_by_role("button", name="Schedule it").click()
            page.get_by_role("heading", name="Dune").wait_for()

        run_in_browser(walk)
    assert Game.objects.get().settings.seats == 4
