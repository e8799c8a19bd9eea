"""By keys alone on a narrow screen: found, joined, left; a press shown at once; offline said, and caught up with."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.pages.tests.test_live_browser import joins_elsewhere
from games.signups.wording import own_place
from gamesched.testing.browsers import calm, run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 640}


def test_by_keys_alone(now: datetime) -> None:
    world = make_world(now)
    world.charlie.zone = "Europe/Berlin"
    world.charlie.save()
    game = world.create_game(seats=9)
    join, session = joins_elsewhere(world, game), session_of(world.charlie)
    with Stack("web") as stack:

        def walk(browser: Any) -> None:
            page = page_with(browser, stack.url, session, viewport=PHONE)
            page.clock.install()
            page.goto(stack.url)
            page.keyboard.press("Control+k")
            field = page.get_by_role("combobox", name="Games, servers, people and pages")
            field.press_sequentially("strahd")
            option = page.get_by_role("option", name="Curse of Strahd")
            option.wait_for()
            assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
            field.press("Enter")
            page.wait_for_url(f"**{game.get_absolute_url()}")
            page.locator("[data-live-state]", has_text="Live").wait_for()

            button = page.locator("#sign-up")
            page.keyboard.press("j")
            page.get_by_text(own_place(1, seats=9, seated=True)).first.wait_for()
            calm(page)
            page.keyboard.press("Shift+l")
            page.keyboard.press("l")
            page.get_by_role("button", name="Join", exact=True).wait_for()

            # Nothing while a dialog is open, and nothing once single keys are off.
            calm(page)
            page.keyboard.press("?")
            page.keyboard.press("j")
            page.get_by_label("Use single keys").uncheck()
            page.keyboard.press("Escape")
            page.keyboard.press("j")
            page.wait_for_timeout(200)
            assert button.inner_text() == "Join"

            # What is pressed says so at once, and takes it back when there is no answer.
            held: list[Any] = []
            page.route("**/join/", lambda route: held.append(route))
            button.click()
            assert (button.inner_text(), button.get_attribute("aria-busy")) == ("Joining…", "true")
            button.click()
            while not held:
                page.wait_for_timeout(20)
            held.pop().abort()
            page.get_by_role("button", name="Join", exact=True).wait_for()
            assert not held
            page.unroute("**/join/")

            page.context.set_offline(True)
            banner = page.get_by_text("You're offline")
            banner.wait_for()
            join("Dana")
            page.context.set_offline(False)
            page.get_by_text("Dana").wait_for()
            banner.wait_for(state="hidden")

        run_in_browser(walk)
    assert game.signups.current().count() == 1
