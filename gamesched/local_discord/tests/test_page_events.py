"""Events, voice channels and layouts on the chat page, in a browser."""

import base64
from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_layout import button, container, layout, post_files, row, section, text
from gamesched.local_discord.tests.test_scheduled_events import HERE, external, voice

pytestmark = pytest.mark.browser

ONE_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_people_are_interested_and_organisers_change_events(local: LocalDiscord, page: Any) -> None:
    rest = RestClient(local)
    first, second = (rest.request_json("POST", HERE, body)["id"] for body in (external(), voice(name="Talk")))
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.GENERAL_ID}?as=charlie")
    page.get_by_role("button", name="Events (2)").click()
    strahd = page.locator(f"[data-event='{first}']")
    strahd.get_by_text("Bob's kitchen").wait_for()
    strahd.get_by_role("button", name="Interested").click()
    strahd.get_by_text("1 interested").wait_for()
    assert strahd.get_by_role("button", name="Interested").get_attribute("aria-pressed") == "true"
    assert strahd.get_by_role("button", name="Edit").count() == 0  # a player
    assert [each["user_id"] for each in rest.request_json("GET", f"{HERE}/{first}/users")] == [str(fixtures.CHARLIE_ID)]
    page.get_by_role("button", name="Close events").click()
    page.get_by_label("You are").select_option("bob")
    page.get_by_role("button", name="Events (2)").click()
    strahd.get_by_role("button", name="Edit").click()
    page.get_by_label("Name").fill("Strahd, part two")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Strahd, part two").wait_for()
    page.locator(f"[data-event='{second}']").get_by_role("button", name="Cancel event").click()
    page.locator(f"[data-event='{second}']").wait_for(state="detached")
    assert [each["name"] for each in rest.request_json("GET", HERE)] == ["Strahd, part two"]


def test_layouts_are_shown_and_clicked_and_voice_is_entered(local: LocalDiscord, page: Any) -> None:
    map_url = {"media": {"url": "attachment://map.png"}}
    box = container(
        section(text("## Curse of Strahd"), text("Friday, 8 pm"), accessory=button()),
        {"type": 14},
        {"type": 12, "items": [map_url | {"description": "The map"}]},
        {"type": 13, "file": {"url": "attachment://rules.pdf"}, "spoiler": True},
        row(button("leave", label="Leave", style=2)),
        accent_color=0x5865F2,
    )
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.GENERAL_ID}?as=charlie")
    page.get_by_text("Nothing here yet.").wait_for()
    files = {"map.png": base64.b64decode(ONE_PIXEL), "rules.pdf": b"the rules"}
    assert post_files(local, layout(box), files).ok
    page.get_by_role("heading", name="Curse of Strahd").wait_for()
    assert page.locator(".gallery img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    assert page.locator("a.file").count() == 1  # where the layout has it, not also below
    page.get_by_role("button", name="Spoiler").click()
    assert page.get_by_role("link", name="rules.pdf").is_visible()
    page.get_by_role("button", name="Join").click()
    while not local.client.interactions():
        page.wait_for_timeout(20)
    assert local.client.interactions()[0]["custom_id"] == "join"
    page.get_by_role("button", name="Connect to Table").click()
    page.locator(".voice", has_text="Charlie").wait_for()
    page.get_by_role("button", name="Disconnect from Table").click()
    page.locator(".voice", has_text="Charlie").wait_for(state="detached")
