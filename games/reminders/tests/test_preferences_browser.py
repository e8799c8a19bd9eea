"""A player's notification preferences in a browser, with and without JavaScript, and the test reminder."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.server_settings.tests.test_browser import eventually_shown, fits, picture
from gamesched.testing.browsers import run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.mark.browser
def test_a_player_chooses_and_tests(now: datetime) -> None:
    world = make_world(now)
    people = [(javascript, session_of(who)) for javascript, who in ((True, world.charlie), (False, world.bob))]
    with Stack("web", "notifyd") as stack:

        def walk(browser: Any) -> None:
            for javascript, session in people:
                phone = {"width": 390, "height": 844}
                page = page_with(browser, stack.url, session, viewport=phone, java_script_enabled=javascript)
                page.goto(stack.url)
                page.get_by_role("link", name="Friday Night Dice").click()
                page.get_by_label("More about Friday Night Dice").click()
                page.get_by_role("link", name="Notifications here").click()
                page.get_by_label("By a mention in the game's channel").check()
                page.get_by_label("An extra reminder").select_option(label="45 minutes before")
                page.get_by_label("From").fill("23:00")
                page.get_by_role("button", name="Save").click()
                page.get_by_role("alert").get_by_text("need a beginning and an end").wait_for()
                picture(page, f"choices-wrong-{javascript}")
                page.get_by_label("To", exact=False).last.fill("07:00")
                page.get_by_label("All games").select_option(label="In a daily digest, at 18:00")
                page.get_by_role("button", name="Save").click()
                page.get_by_text("Saved. It applies to every message from now on.").wait_for()
                page.get_by_role("button", name="Send me a test reminder").click()
                if javascript:
                    # The page looks again by itself.
                    page.get_by_text("It arrived as a mention in #").wait_for()
                    assert fits(page)
                else:
                    eventually_shown(page, "It arrived as a mention in #")
                picture(page, f"choices-{javascript}")

        run_in_browser(walk)
