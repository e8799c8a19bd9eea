"""The next dates follow what is chosen, as it is chosen, when a game is made to repeat and when it is edited."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.models import Series
from gamesched.testing.browsers import run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.mark.browser
def test_the_next_dates_follow_what_is_chosen(now: datetime) -> None:
    world = make_world(now)
    session, game = session_of(world.bob), world.create_game()
    with Stack("web") as stack:

        def walk(browser: Any) -> None:
            page = page_with(browser, stack.url, session)
            page.goto(f"{stack.url}{game.get_absolute_url()}")
            page.get_by_label("More about this game").click()
            page.get_by_role("link", name="Repeat").click()
            page.get_by_label("Monthly, on the").first.check()
            dates = page.locator("#dates")
            dates.get_by_text("Repeats monthly").wait_for()
            assert dates.locator("time").count() == 6
            page.locator("#fold-end > summary").click()
            page.get_by_label("Games in all").fill("3")
            dates.get_by_text("3 times in all").wait_for()
            page.get_by_label("By a rule from a calendar").check()
            page.get_by_role("textbox", name="Rule").fill("FREQ=SOMETIMES")
            dates.get_by_text("FREQ=SOMETIMES").wait_for()
            page.get_by_role("textbox", name="Rule").fill("FREQ=DAILY;INTERVAL=3")
            dates.get_by_text("Repeats every 3 days").wait_for()
            page.get_by_role("button", name="Repeat it").click()
            page.get_by_role("heading", name="Repeats every 3 days").wait_for()
            page.get_by_role("button", name="Skip").first.click()
            page.get_by_role("button", name="back").wait_for()
            # Typed before the scripts are there.
            held: list[Any] = []
            page.route("**/htmx.min.js", lambda route: held.append(route))
            with page.expect_request("**/htmx.min.js"):
                page.get_by_role("link", name="Edit this and later").click()
            page.get_by_label("Time", exact=True).fill("21:30")
            held.pop().continue_()
            dates.get_by_text(", 21:30 ").first.wait_for()

        run_in_browser(walk)
    series = Series.objects.get()
    assert series.rule == "FREQ=DAILY;INTERVAL=3;COUNT=3"
    assert len(series.skipped) == 1
