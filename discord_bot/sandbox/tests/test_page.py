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


def test_the_newest_post_is_deleted_by_two_clicks(local: LocalDiscord, page: Any) -> None:
    for i in range(2):
        Bare(local).post(cast.RAIDS_ID, content=f"post {i}")
    page.goto(f"{local.origin}/channels/{cast.GUILD_ID}/{cast.RAIDS_ID}?as=bob")
    page.get_by_text("post 1").wait_for()
    page.get_by_role("button", name="Faults").click()
    page.get_by_role("button", name="Delete message", exact=True).click()
    page.get_by_text("“post 1” is deleted from #raids.").wait_for()
    assert page.locator(".message", has_text="post 1").count() == 0
    page.get_by_text("The bot is not connected").wait_for()


def test_faults_are_chosen_by_name_and_cleared(local: LocalDiscord, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{local.origin}/channels/{cast.GUILD_ID}/{cast.RAIDS_ID}?as=bob")
    page.get_by_role("button", name="Faults").press("Enter")
    page.locator("summary", has_text="People").click()
    roles = page.get_by_role("form", name="Change roles")
    roles.get_by_label("person").select_option("Charlie")
    roles.get_by_label("Organiser").check()
    roles.get_by_role("button").click()
    page.get_by_text("Roles of Charlie: Organiser.").wait_for()
    assert local.world.guilds[cast.GUILD_ID].members[cast.CHARLIE_ID].roles == [cast.ORGANISER_ID]
    page.locator("summary", has_text="Channels and roles").click()
    rename = page.get_by_role("form", name="Rename")
    rename.get_by_label("what").select_option("Player")
    rename.get_by_label("new name").fill("Adventurer")
    rename.get_by_label("new name").press("Enter")
    page.get_by_text("The name is Adventurer now.").wait_for()
    page.locator("summary", has_text="The bot").click()
    page.get_by_role("button", name="Invite bot").click()
    page.locator("#fault-said.wrong", has_text="The bot is in Friday Night Dice already.").wait_for()
    page.locator("summary", has_text="Requests").click()
    page.get_by_role("form", name="Status").get_by_label("which requests").select_option("posting messages")
    page.get_by_role("button", name="Status").click()
    page.get_by_text("Status · posting messages · 1 to come").wait_for()
    assert Bare(local).call("POST", f"/channels/{cast.RAIDS_ID}/messages", {"content": "x"}).status_code == 500
    page.locator("#fault-waiting").wait_for(state="hidden")
    page.get_by_role("button", name="Rate limit").click()
    page.get_by_role("button", name="Clear").click()
    page.locator("#fault-waiting").wait_for(state="hidden")
    assert local.client.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "faults-open"
