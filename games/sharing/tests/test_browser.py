"""A link copied, a game's page for strangers in their own zone, a page that cannot be fetched, and logging out."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.models.settings import GuildDefaults
from games.sharing.addresses import share_path
from gamesched.testing.browsers import new_page, run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

# No push service serves a browser in a test: a subscription that notes its own end, across pages.
SUBSCRIBED = """
  Object.defineProperty(Notification, "permission", { get: () => "granted" });
  const unsubscribe = async () => localStorage.setItem("ended", "yes");
  Object.defineProperty(ServiceWorkerRegistration.prototype, "pushManager", {
    get: () => ({ getSubscription: async () => ({ unsubscribe }) }),
  });
"""

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_sharing(now: datetime) -> None:
    world = make_world(now)
    GuildDefaults.objects.update_or_create(guild=world.guild, defaults={"public_page": True})
    game = world.create_game()
    session = session_of(world.bob)
    with Stack("web") as stack:

        def walk(browser: Any) -> tuple[str, str, str]:
            allowed = ["clipboard-read", "clipboard-write"]
            page = page_with(browser, stack.url, session, permissions=allowed)
            page.goto(f"{stack.url}{game.get_absolute_url()}")
            page.locator("summary", has_text="Share").click()
            page.get_by_role("button", name="Copy").click()
            page.get_by_role("button", name="Copied").wait_for()
            page.evaluate("look()")  # what it says outlives the button
            page.locator("#live:not(.htmx-request)").wait_for()
            copied = page.evaluate("navigator.clipboard.readText()")

            stranger = new_page(browser, service_workers="allow", timezone_id="Asia/Tokyo")
            stranger.goto(copied)
            time = stranger.locator("time[data-own-zone]").inner_text()
            stranger.wait_for_function("navigator.serviceWorker.ready.then((found) => found.active.state)")
            stranger.context.set_offline(True)
            stranger.reload()
            stranger.get_by_role("heading", name="You're offline").wait_for()
            stranger.context.set_offline(False)
            stranger.get_by_role("heading", name=game.title).wait_for()

            leaving = page_with(browser, stack.url, session, service_workers="allow")
            leaving.add_init_script(SUBSCRIBED)
            leaving.goto(f"{stack.url}/accounts/logout/")
            leaving.wait_for_function("navigator.serviceWorker.ready")
            leaving.locator("main").get_by_role("button", name="Log out").click()
            leaving.wait_for_function("!document.querySelector('[data-logs-out]')")
            return copied, time, leaving.evaluate("localStorage.getItem('ended')")

        copied, time, ended = run_in_browser(walk)
    assert copied.endswith(share_path(game))
    assert time.endswith("your time")
    assert ended == "yes", "who logs out is notified there no longer"
