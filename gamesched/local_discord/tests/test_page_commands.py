"""Slash commands and modals on the chat page, in a browser, with a discord.py bot that answers."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import discord
import discord.gateway
import discord.http
import pytest
import yarl

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.browsers import in_browser_thread
from gamesched.testing.waiting import PATIENCE

pytestmark = pytest.mark.browser

TITLE = {"type": 3, "name": "title", "description": "What is played", "required": True}
WHEN = {"type": 3, "name": "when", "description": "As in: friday", "required": True, "autocomplete": True}
SEATS = {"type": 4, "name": "seats", "description": "How many can play", "min_value": 1}
HOST = {"type": 6, "name": "host", "description": "Who runs it"}
CREATE = {"type": 1, "name": "create", "description": "Announce a game", "options": [TITLE, WHEN, SEATS, HOST]}
LIST = {"type": 1, "name": "list", "description": "The next games"}
COMMANDS = [
    {"name": "game", "description": "Plan and run games", "options": [CREATE, LIST]},
    {"name": "idea", "description": "Say what you would play"},
    {"name": "silence", "description": "Never answers"},
    {"name": "Quote it", "type": 3},
    {"name": "Greet", "type": 2},
]


class Idea(discord.ui.Modal, title="An idea"):
    name = discord.ui.Label[Any](
        text="Game", description="Its name", component=discord.ui.TextInput(custom_id="name", min_length=3)
    )
    day = discord.ui.Label[Any](
        text="Day",
        component=discord.ui.Select(
            custom_id="day", options=[discord.SelectOption(label="Friday"), discord.SelectOption(label="Sunday")]
        ),
    )
    notes = discord.ui.Label[Any](
        text="Notes",
        component=discord.ui.TextInput(custom_id="notes", style=discord.TextStyle.paragraph, required=False),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        text = f"{self.name.component.value} on {self.day.component.values[0]}"  # type: ignore[attr-defined]
        await interaction.response.send_message(text, ephemeral=True)


class Bot(discord.Client):
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        if interaction.type is discord.InteractionType.autocomplete:
            days = [discord.app_commands.Choice(name=day, value=day.lower()) for day in ("Friday", "Saturday")]
            await interaction.response.autocomplete(days)
        elif interaction.type is discord.InteractionType.application_command and data["name"] == "idea":
            await interaction.response.send_modal(Idea())
        elif interaction.type is discord.InteractionType.application_command and "target_id" in data:
            text = f"{data['name']}: {data['target_id']}"
            await interaction.response.send_message(text, ephemeral=True)
        elif interaction.type is discord.InteractionType.application_command and data["name"] == "game":
            used = data["options"][0]
            values = {option["name"]: option["value"] for option in used.get("options", [])}
            await interaction.response.send_message(f"{used['name']}: {values}", ephemeral=True)


@pytest.fixture
def answering(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bot in a separate thread, as the test itself is not async."""
    RestClient(local).request_json("PUT", f"/applications/{APPLICATION_ID}/commands", COMMANDS)
    monkeypatch.setattr(discord.http.Route, "BASE", local.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(local.gateway_url))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    bot = Bot(intents=discord.Intents(guilds=True), guild_ready_timeout=0.1)

    async def begin() -> None:
        await bot.login(local.bot_token)
        bot.running = asyncio.create_task(bot.connect())  # type: ignore[attr-defined]
        await bot.wait_until_ready()

    asyncio.run_coroutine_threadsafe(begin(), loop).result(PATIENCE)
    yield
    asyncio.run_coroutine_threadsafe(bot.close(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)


@pytest.fixture
def chat(local: LocalDiscord, answering: None, page: Any) -> Any:
    def opened(browser: Any) -> Any:
        page.goto(f"{local.origin}/channels/{fixtures.GUILD_ID}/{fixtures.RAIDS_ID}?as=bob")
        page.get_by_text("Nothing here yet.").wait_for()
        return page

    return in_browser_thread(opened)


def test_a_command_is_chosen_by_keys_and_filled_in(chat: Any) -> None:
    box = chat.get_by_role("combobox", name="Message")
    box.press_sequentially("/")
    rows = chat.get_by_role("listbox", name="Commands").get_by_role("option")
    rows.first.wait_for()
    names = [text.split("\n")[0] for text in rows.all_inner_texts()]
    assert names == ["/game create", "/game list", "/idea", "/silence"]
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == rows.nth(1).get_attribute("id")
    assert rows.nth(1).get_attribute("aria-selected") == "true"
    box.press_sequentially("cr")
    box.press("Tab")
    chat.get_by_label("title", exact=True).fill("Strahd")
    chat.get_by_label("when", exact=True).press_sequentially("s")
    chat.get_by_role("option", name="Saturday").click()
    chat.get_by_label("seats (optional)").fill("4")
    chat.get_by_label("host (optional)").select_option("Charlie")
    chat.get_by_label("host (optional)").press("Tab")
    chat.keyboard.press("Enter")
    chat.get_by_text("Only you can see this").wait_for()
    reply = f"create: {{'title': 'Strahd', 'when': 'saturday', 'seats': 4, 'host': '{fixtures.CHARLIE_ID}'}}"
    assert chat.locator(".private .text").inner_text() == reply
    assert chat.locator("#notice").inner_text() == ""
    assert box.is_visible()


def test_a_command_without_options_takes_two_keys(chat: Any) -> None:
    box = chat.get_by_role("combobox", name="Message")
    box.press_sequentially("/list")
    chat.get_by_role("option", name="/game list").wait_for()
    box.press("Enter")
    chat.get_by_role("button", name="Use command").press("Enter")
    chat.locator(".private .text", has_text="list: {}").wait_for()


def test_no_answer_and_no_command(chat: Any) -> None:
    box = chat.get_by_role("combobox", name="Message")
    box.press_sequentially("/silence")
    chat.get_by_role("option", name="/silence").click()
    chat.keyboard.press("Escape")
    box.press_sequentially("/silence")
    chat.get_by_role("option", name="/silence").click()
    chat.keyboard.press("Enter")
    chat.get_by_text("The application did not respond.").wait_for()
    box.fill("/nothing")
    chat.get_by_role("listbox", name="Commands").wait_for(state="hidden")
    box.press("Enter")
    chat.locator(".message", has_text="/nothing").wait_for()


def test_the_menus_of_a_message_and_of_who_wrote_it(chat: Any) -> None:
    box = chat.get_by_role("combobox", name="Message")
    box.fill("Hello")
    box.press("Enter")
    written = chat.locator(".message", has_text="Hello")
    written.get_by_role("button", name="Apps").click()
    written.get_by_role("button", name="Greet").click()
    chat.locator(".private .text", has_text=f"Greet: {fixtures.BOB_ID}").wait_for()
    written.get_by_role("button", name="Quote it").click()
    message_id = written.first.get_attribute("id").removeprefix("message-")
    chat.locator(".private .text", has_text=f"Quote it: {message_id}").wait_for()


def test_a_modal_is_filled_in(chat: Any) -> None:
    chat.get_by_role("combobox", name="Message").press_sequentially("/idea")
    chat.get_by_role("option", name="/idea").click()
    chat.keyboard.press("Enter")
    form = chat.get_by_role("dialog", name="An idea")
    form.get_by_label("Game").fill("Strahd")
    form.get_by_label("Day").select_option("Sunday")
    form.get_by_label("Notes (optional)").fill("Bring dice")
    form.get_by_role("button", name="Submit").click()
    chat.locator(".private .text", has_text="Strahd on Sunday").wait_for()
    form.wait_for(state="detached")  # the response may be shown first
    assert chat.locator("#notice").inner_text() == ""
