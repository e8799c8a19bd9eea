"""The keys of a month's table, and Join on a card, in a browser."""

from datetime import datetime
from typing import Any

import pytest

from conftest import GUILD, make_world
from games.models import Signup
from gamesched.testing.browsers import run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_keys_move_between_days_and_a_card_is_joined(now: datetime) -> None:
    world = make_world(now)
    game = world.create_game()
    session = session_of(world.charlie)
    with Stack("web") as stack:

        def walk(browser: Any) -> None:
            page = page_with(browser, stack.url, session)
            page.goto(f"{stack.url}/guilds/{GUILD}/month/?month=2027-02")
            days = page.locator(".month a.date")
            assert days.evaluate_all("days => days.filter(day => day.tabIndex === 0).map(day => day.id)") == [
                "day-2027-02-01"
            ]
            page.locator("#day-2027-02-01").focus()
            for key, day in (
                ("ArrowRight", "02-02"), ("ArrowDown", "02-09"), ("Home", "02-08"), ("End", "02-14"),
                ("ArrowUp", "02-07"), ("ArrowLeft", "02-06"),
            ):  # fmt: skip
                page.keyboard.press(key)
                assert page.evaluate("document.activeElement.id") == f"day-2027-{day}"
            page.evaluate("document.documentElement.dir = 'rtl'")
            for key, day in (("ArrowRight", "02-05"), ("ArrowLeft", "02-06"), ("Home", "02-01"), ("End", "02-07")):
                page.keyboard.press(key)
                assert page.evaluate("document.activeElement.id") == f"day-2027-{day}"
            page.keyboard.press("ArrowRight")
            assert page.evaluate("document.activeElement.tabIndex") == 0
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Sat 6 Feb 2027").wait_for()

            page.goto(stack.url)
            page.get_by_role("button", name="Join").click()
            page.locator(f"#game-{game.pk} .tag.you").wait_for()
            assert page.url == f"{stack.url}/"

        run_in_browser(walk)
    assert Signup.objects.get().user == world.charlie
