"""A newcomer's way through the whole product: in a browser, against the real programs."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from games.core.base import Actor, EntryPoint
from games.core.wording import joined
from games.models import Game
from games.scheduling import actions as scheduling
from gamesched.testing.browsers import new_page, run_in_browser
from gamesched.testing.page_faults import picture
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import AT_ONCE, eventually
from notifications.models import Delivery

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def log_in(page: Any, stack: Stack, person: str) -> None:
    page.goto(stack.url)
    page.get_by_role("button", name="Log in with Discord").click()
    page.get_by_role("button", name=person).click()
    page.wait_for_url(f"{stack.url}/**")


@pytest.mark.browser
def test_from_logging_in_to_the_reminder() -> None:
    with Stack("web", "bot", "notifyd") as stack:
        client = stack.discord.client
        start = datetime.now(UTC) + timedelta(seconds=75)

        def ours(message: Any) -> bool:
            return bool(message.type == "error" and message.location["url"].startswith(stack.url))

        def walk(browser: Any) -> str:
            page = new_page(browser, viewport={"width": 390, "height": 844}, timezone_id="Europe/Berlin")
            errors: list[str] = []
            page.on("console", lambda message: errors.append(message.text) if ours(message) else None)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(stack.url)
            picture(page, "1-welcome")
            log_in(page, stack, "Bob")
            page.get_by_text("your browser's time zone, Europe/Berlin").wait_for()
            picture(page, "2-home")
            page.get_by_role("link", name="Friday Night Dice", exact=True).click()
            picture(page, "3-guild")
            page.get_by_role("link", name="Schedule a game").click()
            page.get_by_label("Title").fill("Curse of Strahd")
            page.locator("#fold-details > summary").click()
            page.get_by_label("Description").fill("Bring dice.\nhttps://example.org/rules")
            page.get_by_label("Date").fill(f"{start:%Y-%m-%d}")
            page.get_by_label("Time", exact=True).fill("00:00")
            picture(page, "4-form")
            page.get_by_label("Time zone").fill("utc")
            # A browser's form has no seconds, and this test cannot wait for minutes: the start moves below.
            page.get_by_label("Date").fill(f"{start + timedelta(days=2):%Y-%m-%d}")
            page.locator("#id_seats").fill("1")
            page.locator("#fold-more > summary").click()
            page.get_by_role("textbox", name="Reminders").fill("1")
            page.get_by_role("button", name="Schedule it").click()
            page.get_by_text("Game scheduled").wait_for()
            picture(page, "5-game")

            post = eventually(stack.posts)[0]
            assert "### [Curse of Strahd](" in shown_in(post)
            page.locator("[data-live-state]", has_text="Live").wait_for()
            entry = client.click("charlie", post, f"game:{game_id(page)}:join")
            assert entry["state"] == "answered"
            page.get_by_text("1 of 1 seats taken").first.wait_for(timeout=AT_ONCE * 1000)
            page.locator(".roster").get_by_text("Charlie").first.wait_for()
            picture(page, "6-joined")
            page.get_by_role("button", name="Join the wait list").click()
            page.get_by_text(joined(1, seats=1, seated=False, already=False)).wait_for()
            picture(page, "7-waiting")
            assert os.environ.get("SCREENSHOTS") or not errors, "\n".join(errors)
            return str(page.url)

        url = run_in_browser(walk)
        game = Game.objects.get(pk=int(re.findall(r"/games/(\d+)/", url)[0]))
        eventually(lambda: "1 waiting" in shown_in(stack.posts()[0]))
        assert len(stack.posts()) == 1

        # Move the start, so that the reminder is due in two seconds.
        now = datetime.now(UTC)
        plan = replace(scheduling.plan_from_game(game), starts_at=now + timedelta(seconds=62))
        scheduling.edit_game(game.pk, plan, Actor(game.host, EntryPoint.PAGE), now)
        reminder = eventually(lambda: client.dms("charlie"))[0]
        assert "starts" in reminder["content"]
        reminders = Delivery.objects.filter(notification__kind="reminder")
        eventually(lambda: reminders.filter(status="sent").count() == 2)
        assert len(client.dms("bob")) == 1, "the host is reminded too, though he only waits"
        lateness = reminders.values_list("lateness_ms", flat=True)
        assert all(ms is not None and -50 <= ms < AT_ONCE * 1000 for ms in lateness), list(lateness)


def game_id(page: Any) -> str:
    return str(re.findall(r"/games/(\d+)/", page.url)[0])
