"""A poll's page in a browser: a tick is sent at once and keeps its place, and what others tick comes by itself."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.models import TimePollVote
from games.polls import wording
from games.polls.tests.helpers import DAY, make_poll, options
from gamesched.testing.browsers import boxes, calm, run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS_AGAIN = 10_000  # milliseconds


def test_ticking_in_a_browser(now: datetime) -> None:
    world = make_world(now)
    poll, long = make_poll(world), make_poll(world, starts=tuple(world.now + days * DAY for days in range(3, 13)))
    times, session, hers = options(poll), session_of(world.charlie), session_of(world.alice)
    hosts = session_of(world.bob)
    tenth = options(long)[-1].pk
    with Stack("web") as stack:
        address = f"{stack.url}{poll.get_absolute_url()}"

        def with_script(browser: Any) -> None:
            page = page_with(browser, stack.url, session)
            page.goto(address)
            second = f"#time-{times[1].pk}"
            page.locator(second).focus()
            page.keyboard.press("Space")
            page.locator("#says", has_text="You can come").wait_for()
            page.locator("td", has_text=wording.count_text(1)).wait_for()
            assert page.evaluate("document.activeElement.id") == second[1:], "whoever ticks by keyboard stays there"
            assert page.locator(second).is_checked()

        def others_tick(browser: Any) -> None:
            page, other = page_with(browser, stack.url, session), page_with(browser, stack.url, hers)
            page.clock.install()
            page.goto(address)
            page.locator("td", has_text=wording.count_text(1)).wait_for()
            other.goto(address)
            other.locator(f"#time-{times[1].pk}").check()
            other.locator("#says", has_text="You can come").wait_for()
            page.clock.run_for(LOOKS_AGAIN)
            page.locator("tr", has_text="alice").wait_for()
            page.locator("td", has_text=wording.count_text(2)).wait_for()

        def a_host_chooses_another_time(browser: Any) -> None:
            page, other = page_with(browser, stack.url, hosts), page_with(browser, stack.url, session)
            page.clock.install()
            page.goto(address)
            page.get_by_text("Another time").click()
            choice = f"#make-game-{times[0].pk}"
            page.locator(choice).focus()
            other.goto(address)
            other.locator(f"#time-{times[2].pk}").check()
            other.locator("#says", has_text="You can come at 2").wait_for()
            page.clock.run_for(LOOKS_AGAIN)
            page.locator("tr", has_text="alice").wait_for()
            page.locator("td", has_text=wording.count_text(1)).wait_for()
            assert page.locator(choice).is_visible(), "what others tick folds nothing that the host has open"
            assert page.evaluate("document.activeElement.id") == choice[1:]
            calm(other)
            other.locator(f"#time-{times[2].pk}").uncheck()
            other.locator("#says", has_text="You can come at 1").wait_for()

        def on_a_phone(browser: Any) -> None:
            """Ten times scroll under the names, stay there, and the answer covers no button."""
            page = page_with(browser, stack.url, hosts, viewport={"width": 360, "height": 640})
            page.goto(f"{stack.url}{long.get_absolute_url()}")
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            last = page.locator(f"#time-{tenth}")
            last.check()
            page.locator("#says", has_text="You can come").wait_for()
            assert page.evaluate("document.getElementById('grid').scrollLeft") > 0
            assert last.is_checked()
            [name] = boxes(page, ".own-row th").values()
            assert name["x"] < 40, "names stay in view"
            page.locator(".poll .primary").first.scroll_into_view_if_needed()
            button, answer = boxes(page, ".poll .primary", "#says").values()
            assert button["y"] + button["height"] <= answer["y"]

        def ticked() -> list[int]:
            votes = TimePollVote.objects.filter(user=world.charlie)
            return list(votes.values_list("option", flat=True))

        run_in_browser(with_script)
        assert ticked() == [times[1].pk]
        run_in_browser(others_tick)
        run_in_browser(a_host_chooses_another_time)
        run_in_browser(on_a_phone)
