"""The chat page in a browser."""

import json
from typing import Any

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import ANNOUNCEMENT, FORUM, PUBLIC_THREAD
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import PATIENCE

pytestmark = pytest.mark.browser


def test_replies_files_and_reactions_are_shown(local: LocalDiscord, page: Any) -> None:
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.GAME_NIGHT_ID}?as=charlie")
    asked = local.client.send_message("bob", fixtures.GAME_NIGHT_ID, "<b>when?</b>")
    url = f"{local.api_url}/channels/{fixtures.GAME_NIGHT_ID}/messages"
    body = {"content": "then", "message_reference": {"message_id": asked["id"]}}
    files: Any = {
        "payload_json": (None, json.dumps(body)),
        "files[0]": ("map.png", b"x", "image/png"),
        "files[1]": ("notes.html", b"<script>alert(1)</script>", "text/html"),
    }
    message = requests.post(url, files=files, headers=RestClient(local).headers, timeout=PATIENCE).json()
    page.locator(".replied", has_text="Bob the GM: <b>when?</b>").wait_for()
    assert page.locator("img.file").get_attribute("alt") == "map.png"
    link = page.locator("a.file", has_text="notes.html")
    notes = requests.get(link.get_attribute("href"), timeout=PATIENCE)
    assert notes.headers["Content-Disposition"] == "attachment"
    reaction = f"/channels/{fixtures.GAME_NIGHT_ID}/messages/{message['id']}/reactions/👍/@me"
    local.client.as_person("bob", "PUT", reaction)
    page.locator(".reactions", has_text="👍 1").wait_for()


def test_people_see_talk_and_click(local: LocalDiscord, page: Any) -> None:
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.GAME_NIGHT_ID}?as=charlie")
    page.get_by_text("Nothing here yet.").wait_for()
    page.get_by_label("Message").fill("<img src=x onerror=alert(1)> **loud**")
    page.get_by_label("Message").press("Enter")
    page.locator(".message strong", has_text="loud").wait_for()
    assert page.locator(".text img").count() == 0
    rest = RestClient(local)
    button = {"type": 2, "style": 3, "label": "Join", "custom_id": "join"}
    fields = [{"name": "When", "value": "<t:1900000000:F>"}, {"name": "Host", "value": f"<@{fixtures.BOB_ID}>"}]
    rest.post_message(
        fixtures.GAME_NIGHT_ID,
        embeds=[{"title": "Curse of Strahd", "fields": fields}],
        components=[{"type": 1, "components": [button]}],
    )
    page.locator(".embed .mention", has_text="@Bob the GM").wait_for()
    assert "2030" in page.locator(".embed time").inner_text()
    page.get_by_role("button", name="Join").click()
    while not local.client.interactions():
        page.wait_for_timeout(20)
    (interaction,) = local.server.services.interactions._by_id.values()
    callback_body = {"type": 4, "data": {"content": "You are in.", "flags": 64}}
    rest.request_json("POST", f"/interactions/{interaction.id}/{interaction.token}/callback", callback_body)
    page.get_by_text("Only you can see this").wait_for()
    page.get_by_role("button", name="Dismiss message").click()
    assert page.get_by_text("You are in.").count() == 0
    page.get_by_label("You are").select_option("alice")
    page.locator("nav a.unread", has_text="Game Scheduler").wait_for(state="detached")
    dm = rest.request_json("POST", "/users/@me/channels", {"recipient_id": fixtures.ALICE_ID})
    rest.post_message(dm["id"], content="It starts soon.")
    page.locator("nav a.unread", has_text="Game Scheduler").click()
    page.get_by_text("It starts soon.").wait_for()


def test_a_link_to_a_message_shows_it(local: LocalDiscord, page: Any) -> None:
    first = RestClient(local).post_message(fixtures.GENERAL_ID, content="the one")
    for i in range(40):
        RestClient(local).post_message(fixtures.GENERAL_ID, content=f"and {i}")
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.GENERAL_ID}/{first['id']}")
    page.locator(".jumped", has_text="the one").wait_for()
    page.set_viewport_size({"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_several_are_chosen_and_things_by_name(local: LocalDiscord, page: Any) -> None:
    days = [{"label": day, "value": day.lower()} for day in ("Friday", "Saturday", "Sunday")]
    several = {"type": 3, "custom_id": "days", "placeholder": "Days", "options": days, "min_values": 2, "max_values": 3}
    person = {"type": 5, "custom_id": "who", "placeholder": "A person"}
    rows = [{"type": 1, "components": [select]} for select in (several, person)]
    RestClient(local).post_message(fixtures.RAIDS_ID, content="Who can when?", components=rows)
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.RAIDS_ID}?as=charlie")
    page.get_by_label("Friday").check()
    assert page.get_by_role("button", name="Choose").is_disabled()
    local.client.send_message("alice", fixtures.RAIDS_ID, "something else")
    page.get_by_text("something else").wait_for()
    page.get_by_label("Sunday").check()
    page.get_by_role("button", name="Choose").click()
    page.get_by_label("A person").select_option("Bob the GM")
    for _ in range(200):
        if len(local.client.interactions()) == 2:
            break
        page.wait_for_timeout(20)
    chosen = [interaction.data["values"] for interaction in local.server.services.interactions._by_id.values()]
    assert chosen == [["friday", "sunday"], [str(fixtures.BOB_ID)]]


def test_many_deleted_at_once_disappear(local: LocalDiscord, page: Any) -> None:
    for i in range(5):
        RestClient(local).post_message(fixtures.RAIDS_ID, content=f"post {i}")
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.RAIDS_ID}?as=bob")
    page.get_by_text("post 4").wait_for()
    local.client.add_fault("delete_messages", channel_id=fixtures.RAIDS_ID, count=3)
    page.get_by_text("post 4").wait_for(state="detached")
    assert [text.split("\n")[-1] for text in page.locator(".text").all_inner_texts()] == ["post 0", "post 1"]


def test_threads_stand_below_their_channel(local: LocalDiscord, page: Any) -> None:
    page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.RAIDS_ID}?as=bob")
    page.locator("nav a", has_text="raids").wait_for()
    guild = local.state.guilds[fixtures.GUILD_ID]
    news = local.run_in_loop(lambda state: state.add_channel(guild, "news", ANNOUNCEMENT))
    local.run_in_loop(lambda state: state.add_channel(guild, "tales", FORUM))
    raids = local.state.channels[fixtures.RAIDS_ID]
    local.run_in_loop(lambda state: threads.start(state, raids, fixtures.BOB_ID, "loot", PUBLIC_THREAD))
    page.locator("nav a.thread", has_text="loot").click()
    page.get_by_label("Message", exact=True).fill("Mine!")
    page.get_by_label("Message", exact=True).press("Enter")
    page.locator(".text", has_text="Mine!").wait_for()
    assert page.get_by_role("heading", name="# loot").is_visible()
    places = [text.split("\n")[-1] for text in page.locator("nav a, nav p").all_inner_texts()]
    assert places[:7] == ["general", "game-night", "raids", "loot", "Table (voice)", "news", "tales (forum)"]
    local.client.add_fault("delete_channel", channel_id=news.id)
    page.locator("nav a", has_text="news").wait_for(state="detached")
