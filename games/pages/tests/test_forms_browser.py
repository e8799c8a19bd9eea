"""Forms in a browser: two presses of a button, and what was typed after a log-out or a log-in in another tab."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conftest import make_world
from games.models import Game
from gamesched.testing.browsers import boxes, run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack
from gamesched.tests.test_browser_walkthrough import log_in

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def write_a_draft(page: Any, address: str) -> None:
    """Fill in a form by its line, see its post, leave it, and find it again as it was."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(address)
    top, bottom = boxes(page, "h1", "[data-save]").values()
    assert bottom["y"] + bottom["height"] - top["y"] < 700, "until it is unfolded"
    page.get_by_label("What and when").fill("Castaway Isle tomorrow 8pm, 4 seats")
    post = page.locator("#post-preview")
    post.get_by_role("heading", name="Castaway Isle").wait_for()
    post.get_by_text("4 seats free").wait_for()
    page.get_by_label("Title").fill("Castaway Isle II")
    post.get_by_role("heading", name="Castaway Isle II").wait_for()
    page.locator("#fold-people > summary").click()
    page.get_by_label("Participants").press_sequentially("Zoe, @char")
    page.get_by_role("option", name="charlie").click()
    post.get_by_text("2 of 4 seats free").wait_for()
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")  # on the button that takes the last one out
    post.get_by_text("3 of 4 seats free").wait_for()
    assert page.locator(".chip").count() == 1
    page.goto(address)
    page.get_by_role("button", name="Restore it").click()
    assert page.get_by_label("Title").input_value() == "Castaway Isle II"
    assert page.locator("[name=participants]").input_value() == "Zoe"
    page.get_by_label("Title").fill("")
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="Title").wait_for()


@pytest.mark.browser
def test_a_form_sent_twice_and_forms_after_the_session(now: datetime) -> None:
    session = session_of(make_world(now).bob)
    with Stack("web") as stack:

        def walk(browser: Any) -> None:
            page = page_with(browser, stack.url, session)
            other = page.context.new_page()
            page.goto(stack.url)
            page.get_by_role("link", name="Friday Night Dice").click()
            address = page.url
            write_a_draft(page, f"{address}new/")

            def fill(title: str, days: int) -> None:
                page.goto(f"{address}new/")
                page.get_by_label("Title").fill(title)
                page.locator("#fold-details > summary").click()
                page.get_by_label("Description").fill("Bring dice.\nAnd <b>snacks</b>.")
                page.get_by_label("Date").fill(f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}")

            def log_out() -> None:
                other.goto(f"{stack.url}/accounts/logout/")
                other.get_by_role("main").get_by_role("button", name="Log out").click()
                other.get_by_role("button", name="Log in with Discord").wait_for()

            def send_again(title: str) -> None:
                page.get_by_role("heading", name="Not sent yet").wait_for()
                page.get_by_text("And <b>snacks</b>.").wait_for()
                page.get_by_role("button", name="Send it again").click()
                page.get_by_role("heading", name=title).wait_for()

            fill("Two presses", 2)
            page.get_by_role("button", name="Schedule it").dblclick(delay=75, no_wait_after=True)
            page.get_by_role("heading", name="Two presses").wait_for()
            fill("Logged out", 3)
            log_out()
            page.get_by_role("button", name="Schedule it").click()
            page.get_by_role("main").get_by_role("button", name="Log in with Discord").click()
            page.get_by_role("button", name="Bob").click()
            send_again("Logged out")
            fill("Logged in anew", 4)
            log_out()
            log_in(other, stack, "Bob")
            page.get_by_role("button", name="Schedule it").click()
            page.get_by_text("You're logged in as").wait_for()
            send_again("Logged in anew")

        run_in_browser(walk)
        titles = Game.objects.order_by("pk").values_list("title", "description")
        assert [title for title, _ in titles] == ["Two presses", "Logged out", "Logged in anew"]
        assert {text for _, text in titles} == {"Bring dice.\nAnd <b>snacks</b>."}
