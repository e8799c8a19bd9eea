"""From typing /game create in the chat to the post, as somebody new would do it."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.models import Game
from gamesched.local_discord import fixtures
from gamesched.testing.browsers import run_in_browser
from gamesched.testing.programs import run_program
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_command_to_the_post(now: datetime) -> None:
    make_world(now)
    with Stack("bot", "notifyd") as stack:
        assert run_program(["manage.py", "sync_commands"], stack.variables).returncode == 0

        def walk(browser: Any) -> None:
            page = browser.new_page()
            page.goto(f"{stack.discord.origin}/channels/{fixtures.GUILD_ID}/{fixtures.GENERAL_ID}?as=bob")
            box = page.get_by_role("combobox", name="Message")
            box.press_sequentially("/game create")
            page.get_by_role("option", name="/game create").wait_for()
            box.press("Enter")
            page.get_by_label("what (optional)").fill("Curse of Strahd tomorrow 8pm, 4 seats, 3h")
            page.get_by_role("button", name="Use command").click()
            page.get_by_role("button", name="Post it").click()
            page.locator(".message:not(.private)", has_text="Curse of Strahd").wait_for()

        run_in_browser(walk)
    game = Game.objects.get()
    assert (game.title, game.settings.seats, game.minutes) == ("Curse of Strahd", 4, 180)
