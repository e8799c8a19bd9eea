"""Setup, settings, channels and templates in a browser, with and without JavaScript."""

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from games.models import GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.testing.browsers import new_page, run_in_browser
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import PATIENCE, eventually
from gamesched.tests.test_browser_walkthrough import log_in
from guilds.models import Guild

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def picture(page: Any, name: str) -> None:
    """Save a screenshot to the folder in SCREENSHOTS, for people to look at."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.browser
@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_manager_sets_a_server_up(javascript: bool) -> None:
    with Stack("web", "bot", "notifyd") as stack:

        def walk(browser: Any) -> None:
            page = new_page(browser, viewport={"width": 390, "height": 844}, java_script_enabled=javascript)
            kind = "js" if javascript else "plain"

            def check_page(name: str) -> None:
                picture(page, f"{kind}-{name}")
                if javascript:
                    assert fits(page), f"{name} is wider than the screen"

            log_in(page, stack, "Alice")
            page.get_by_role("link", name="Friday Night Dice").click()
            page.get_by_role("link", name="Set it up").click()
            check_page("setup")
            page.get_by_label("#raids", exact=True).uncheck()
            page.get_by_role("button", name="Save the channels").click()
            page.get_by_text("The channel is switched.").wait_for()
            page.get_by_role("button", name="Send a test message to #general").click()
            page.get_by_text("What came of it stands beside the channel.").wait_for()
            eventually_shown(page, "The last test message arrived.")
            page.get_by_role("group", name="Who can schedule").get_by_label("@everyone: every member").check()
            page.get_by_label("Time zone").select_option("Europe/Berlin")
            page.get_by_role("button", name="Save", exact=True).click()
            page.get_by_text("The settings are saved.").wait_for()
            check_page("setup-done")
            page.get_by_role("link", name="Raid").click()
            check_page("template")
            page.get_by_role("button", name="Save").click()
            page.get_by_text("The settings are saved.").wait_for()

            page.get_by_role("button", name="Duplicate").click()
            page.get_by_text("Raid is duplicated as Raid (copy).").wait_for()
            page.get_by_role("button", name="Move Raid (copy) up").click()
            page.get_by_text("The order is saved.").wait_for()
            page.get_by_role("button", name="Make default: Raid (copy)").click()
            page.get_by_text("Raid (copy) is now chosen").wait_for()
            check_page("templates")
            page.get_by_role("link", name="Delete Raid", exact=True).click()
            check_page("delete")
            page.get_by_role("button", name="Delete it").click()
            page.get_by_text("Raid is deleted.").wait_for()

            page.get_by_role("link", name="Friday Night Dice").click()
            check_page("guild")
            page.get_by_role("link", name="Schedule: Raid (copy)").click()
            page.get_by_label("Title").fill("Molten Core")
            page.get_by_role("button", name="Schedule it").click()
            page.get_by_text("Game scheduled").wait_for()

            page.get_by_role("link", name="Friday Night Dice").click()
            page.get_by_role("link", name="Channels").click()
            check_page("channels")
            page.get_by_role("link", name="#general").click()
            page.get_by_role("textbox", name="Location").fill("Table 3")
            check_page("channel")
            page.get_by_role("button", name="Save").click()
            page.get_by_text("1 game to come changes with this").wait_for()
            check_page("preview")
            page.get_by_role("button", name="Save, and change it").click()
            page.get_by_text("One game to come follows.").wait_for()

            page.get_by_role("link", name="#general").click()
            if javascript:
                page.get_by_role("button", name="Location: use what is inherited").click()
                assert page.get_by_role("textbox", name="Location").input_value() == ""
            page.get_by_role("link", name="Settings").click()
            page.get_by_role("textbox", name="Seats").fill("many")
            page.get_by_role("button", name="Save").click()
            page.get_by_text("Nothing is saved yet. What you typed is still here.").wait_for()
            check_page("settings-wrong")

        run_in_browser(walk)
        assert ChannelDefaults.objects.get(channel__name="general").location == "Table 3"
        assert not ChannelDefaults.objects.get(channel__name="raids").for_games
        assert GuildDefaults.objects.get().zone == "Europe/Berlin"
        assert GameTemplate.objects.get(deleted_at=None).name == "Raid (copy)"


def eventually_shown(page: Any, text: str) -> None:
    """Load a page without a script of ours again and again until it shows a text."""
    deadline = time.monotonic() + PATIENCE
    while not page.get_by_text(text).count():
        assert time.monotonic() < deadline, text
        page.wait_for_timeout(500)
        page.reload()


def _has_direct_messages(client: Any, person: str, count: int) -> bool:
    return len(client.dms(person)) == count


def test_an_owner_is_welcomed_once_for_each_stay_of_the_bot() -> None:
    with Stack("bot", "notifyd") as stack:
        client = stack.discord.client
        # This server invited the bot before it ran.
        [message] = eventually(lambda: client.dms("alice"))
        assert f"/guilds/{fixtures.GUILD_ID}/setup/" in message["content"]
        guild = stack.discord.run_in_loop(lambda state: state.add_guild("Elsewhere", fixtures.ERIN_ID))
        for stay in (1, 2):
            stack.discord.run_in_loop(lambda state: state.add_bot(guild))
            eventually(lambda: Guild.objects.filter(pk=guild.id, bot_removed_at=None).exists())
            eventually(partial(_has_direct_messages, client, "erin", stay))
            assert f"/guilds/{guild.id}/setup/" in client.dms("erin")[-1]["content"]
            stack.discord.run_in_loop(lambda state: state.remove_member(guild, APPLICATION_ID))
            eventually(lambda: Guild.objects.filter(pk=guild.id, bot_removed_at__isnull=False).exists())
