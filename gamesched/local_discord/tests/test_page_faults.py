"""The drawer of faults on the chat page, in a browser."""

from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.rest_client import RestClient

pytestmark = pytest.mark.browser


def test_the_newest_post_is_deleted_by_two_clicks(local: LocalDiscord, page: Any) -> None:
    for i in range(2):
        RestClient(local).post_message(fixtures.RAIDS_ID, content=f"post {i}")
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.RAIDS_ID}?as=bob")
    page.get_by_text("post 1").wait_for()
    page.get_by_role("button", name="Faults").click()
    page.get_by_role("button", name="Delete message", exact=True).click()
    page.get_by_text("“post 1” is deleted from #raids.").wait_for()
    assert page.locator(".message", has_text="post 1").count() == 0
    page.get_by_text("The bot is not connected").wait_for()


def test_what_is_pressed_before_the_server_is_known_waits_for_it(local: LocalDiscord, page: Any) -> None:
    held: list[Any] = []
    page.route("**/sandbox/view?*", lambda route: held.append(route))  # Playwright marks what it calls
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.RAIDS_ID}?as=bob")
    page.get_by_role("button", name="Faults").click()
    page.evaluate("history.pushState({}, '', location.href); history.back()")
    page.wait_for_timeout(100)
    assert page.locator("#faults").is_hidden()
    held[0].continue_()
    page.locator("summary", has_text="People").click()
    page.get_by_role("form", name="Change roles").get_by_label("person").select_option("Charlie")


def test_faults_are_chosen_by_name_and_cleared(local: LocalDiscord, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.RAIDS_ID}?as=bob")
    page.get_by_role("button", name="Faults").press("Enter")
    page.locator("summary", has_text="People").click()
    roles = page.get_by_role("form", name="Change roles")
    roles.get_by_label("person").select_option("Charlie")
    roles.get_by_label("Organiser").check()
    roles.get_by_role("button").click()
    page.get_by_text("Roles of Charlie: Organiser.").wait_for()
    assert local.state.guilds[fixtures.GUILD_ID].members[fixtures.CHARLIE_ID].roles == [fixtures.ORGANISER_ID]
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
    assert (
        RestClient(local).request("POST", f"/channels/{fixtures.RAIDS_ID}/messages", {"content": "x"}).status_code
        == 500
    )
    page.locator("#fault-waiting").wait_for(state="hidden")
    page.get_by_role("button", name="Rate limit").click()
    page.get_by_role("button", name="Clear").click()
    page.locator("#fault-waiting").wait_for(state="hidden")
    assert local.client.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "faults-open"
