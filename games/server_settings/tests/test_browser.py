"""Setup, settings, channels and templates in a browser, with and without JavaScript."""

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from games.core.wording import created
from games.models import GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings.wording import (
    REORDERED,
    TEST_SENT,
    duplicated,
    games_change,
    games_follow,
    made_default,
    settings_saved,
    switched,
    template_deleted,
)
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.testing.browsers import CALM, new_page, run_in_browser
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
            size = {"width": 360, "height": 640} if javascript else {"width": 1280, "height": 800}
            page = new_page(browser, viewport=size, java_script_enabled=javascript)
            kind = "js" if javascript else "plain"

            def check_page(name: str) -> None:
                picture(page, f"{kind}-{name}")
                if javascript:
                    assert fits(page), f"{name} is wider than the screen"

            def press(name: str, says: str) -> None:
                page.get_by_role("button", name=name, exact=True).click()
                page.get_by_text(says).wait_for()
                page.wait_for_timeout(CALM if javascript else 0)

            def open_part(tab: str, part: str) -> None:
                page.get_by_role("link", name=tab, exact=True).click()
                page.get_by_role("link", name=part, exact=True).click()

            def more(template: str) -> None:
                page.locator(f'summary[aria-label="More for {template}"]').click()

            log_in(page, stack, "Alice")
            page.get_by_role("link", name="Friday Night Dice").click()
            page.get_by_role("link", name="Set it up").click()
            check_page("setup")
            page.get_by_text("Choose channels and check permissions").click()
            page.get_by_label("#raids", exact=True).uncheck()
            press("Save the channels", switched(1))
            page.get_by_text("Choose channels and check permissions").click()
            press("Send a test message to #general", TEST_SENT)
            eventually_shown(page, "The last test message arrived.")
            page.get_by_text("Managers and time zone").click()
            page.get_by_role("combobox", name="Time zone").select_option("Europe/Berlin")
            press("Start", settings_saved(True, 0))
            page.get_by_label("Title").fill("Molten Core")
            press("Schedule it", created(()))

            page.get_by_role("link", name="Friday Night Dice").click()
            open_part("Settings", "Templates")
            page.get_by_role("link", name="Raid").click()
            check_page("template")
            press("Save changes", settings_saved(True, 0))
            more("Raid")
            press("Duplicate Raid", duplicated("Raid", "Raid (copy)"))
            more("Raid (copy)")
            press("Move Raid (copy) up", REORDERED)
            more("Raid (copy)")
            press("Make default: Raid (copy)", made_default("Raid (copy)"))
            check_page("templates")
            more("Raid")
            page.get_by_role("link", name="Delete Raid", exact=True).click()
            check_page("delete")
            press("Delete it", template_deleted("Raid", 0))

            open_part("Settings", "Channels")
            check_page("channels")
            page.get_by_role("link", name="#general").click()
            check_page("channel")
            page.get_by_role("link", name="Edit Location").click()
            page.get_by_role("textbox", name="Location").fill("Table 3")
            press("Save changes", games_change(1))
            check_page("preview")
            press("Save and change it", games_follow(1))
            assert page.locator("#row-location .value").inner_text() == "Table 3"
            assert page.locator("#row-location form").count() == 0

            page.get_by_role("link", name="Settings", exact=True).click()
            check_page("settings")
            page.get_by_role("link", name="Edit Seats").click()
            page.get_by_role("textbox", name="Seats").fill("many")
            press("Save changes", "What you typed is still here.")
            assert page.get_by_role("textbox", name="Seats").input_value() == "many"
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
