"""The chat page in a browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from discord_bot.sandbox import cast
from discord_bot.sandbox.testing import LocalDiscord
from discord_bot.sandbox.tests.bare import Bare

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium")]


@pytest.fixture
def page(local: LocalDiscord) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM))
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        browser.close()
        assert problems == []


def test_people_see_talk_and_click(local: LocalDiscord, page: Any) -> None:
    page.goto(f"{local.origin}/channels/{cast.GUILD_ID}/{cast.GAME_NIGHT_ID}?as=charlie")
    page.get_by_text("Nothing here yet.").wait_for()
    page.get_by_label("Message").fill("<img src=x onerror=alert(1)> **loud**")
    page.get_by_label("Message").press("Enter")
    page.locator(".message strong", has_text="loud").wait_for()
    assert page.locator(".text img").count() == 0
    bare = Bare(local)
    button = {"type": 2, "style": 3, "label": "Join", "custom_id": "join"}
    fields = [{"name": "When", "value": "<t:1900000000:F>"}, {"name": "Host", "value": f"<@{cast.BOB_ID}>"}]
    bare.post(
        cast.GAME_NIGHT_ID,
        embeds=[{"title": "Curse of Strahd", "fields": fields}],
        components=[{"type": 1, "components": [button]}],
    )
    page.locator(".embed .mention", has_text="@Bob the GM").wait_for()
    assert "2030" in page.locator(".embed time").inner_text()
    page.get_by_role("button", name="Join").click()
    while not local.client.interactions():
        page.wait_for_timeout(20)
    (made,) = local.server.services.interactions._by_id.values()
    answer = {"type": 4, "data": {"content": "You are in.", "flags": 64}}
    bare.ok("POST", f"/interactions/{made.id}/{made.token}/callback", answer)
    page.get_by_text("Only you can see this").wait_for()
    page.get_by_role("button", name="Dismiss message").click()
    assert page.get_by_text("You are in.").count() == 0
    page.get_by_label("You are").select_option("alice")
    page.locator("nav a.unread", has_text="Game Scheduler").wait_for(state="detached")
    dm = bare.ok("POST", "/users/@me/channels", {"recipient_id": cast.ALICE_ID})
    bare.post(dm["id"], content="It starts soon.")
    page.locator("nav a.unread", has_text="Game Scheduler").click()
    page.get_by_text("It starts soon.").wait_for()


def test_a_link_to_a_message_shows_it(local: LocalDiscord, page: Any) -> None:
    first = Bare(local).post(cast.GENERAL_ID, content="the one")
    for i in range(40):
        Bare(local).post(cast.GENERAL_ID, content=f"and {i}")
    page.goto(f"{local.origin}/channels/{cast.GUILD_ID}/{cast.GENERAL_ID}/{first['id']}")
    page.locator(".jumped", has_text="the one").wait_for()
    page.set_viewport_size({"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
