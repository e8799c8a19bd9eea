"""Naming participants in a browser at a phone's width, with JavaScript and without."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conftest import make_world
from games.models import Game
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import User
from gamesched.local_discord.state.state import State
from gamesched.testing.browsers import calm, run_in_browser
from gamesched.testing.page_faults import picture
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack
from guilds.models import User as Person

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "timezone_id": "UTC"}
ROBIN, OTHER_ROBIN = 1300000000000000050, 1300000000000000051


def two_robins(world: State) -> None:
    guild = world.guilds[fixtures.GUILD_ID]
    robins = [world.add_user(User(ROBIN, "robin.h", "Robin")), world.add_user(User(OTHER_ROBIN, "rob", "Rob"))]
    world.add_members(guild, robins)
    world.change_member(guild, guild.members[OTHER_ROBIN], nick="Robin")


def begin(page: Any, stack: Stack, participants: str) -> Any:
    page.goto(f"{stack.url}/guilds/{fixtures.GUILD_ID}/new/")
    page.get_by_label("Title").fill("Curse of Strahd")
    page.get_by_label("Date").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}")
    page.locator("#id_seats").fill("4")
    page.locator("#fold-people > summary").click()
    field = page.get_by_label("Participants")
    field.fill(participants)
    return field


def saved(page: Any) -> str:
    page.get_by_text("Game scheduled").wait_for()
    return str(page.locator(".roster").first.inner_text())


def move_up(page: Any, expected_text: str) -> None:
    page.get_by_label("More about Charlie").click()
    page.get_by_role("button", name="Move Charlie up").click()
    page.get_by_text(expected_text).wait_for()


def by_keys(page: Any) -> None:
    """Move Charlie down and up again by the keys of the handle, which keeps the focus."""
    for key, place in (("ArrowDown", 3), ("ArrowUp", 2)):
        calm(page)  # a press upon the heels of an answer is not taken
        page.get_by_label("Move Charlie:").press(key)
        page.get_by_text(f"Charlie is now in seat {place}.").wait_for()
    assert "Move Charlie" in page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_choosing_between_two_of_one_name(now: datetime) -> None:
    world = make_world(now)
    Person.objects.filter(pk=world.charlie.pk).update(global_name="Charlie")  # as the local Discord has it
    session = session_of(world.bob)
    with Stack("web") as stack:
        stack.discord.run_in_loop(two_robins)

        def plain(browser: Any) -> str:
            page = page_with(browser, stack.url, session, **PHONE, java_script_enabled=False)
            begin(page, stack, "@robin\nGrandma\n@charlei")
            page.get_by_role("button", name="Schedule it").click()
            picture(page, "named-1-choose-plain")
            page.get_by_role("group", name="Who do you mean by “@robin”?").get_by_text("@robin.h").click()
            page.get_by_role("group", name="Who do you mean by “@charlei”?").get_by_text("@charlie").click()
            page.get_by_role("button", name="Schedule it").click()
            text = saved(page)
            picture(page, "named-2-saved-plain")
            page.get_by_label("More about Grandma").click()
            picture(page, "named-3-remove-plain")
            page.get_by_role("button", name="Remove Grandma").click()
            page.get_by_text("Grandma is no longer in the game.").wait_for()
            move_up(page, "Charlie is now in seat 1.")
            return text

        def scripted(browser: Any) -> str:
            page = page_with(browser, stack.url, session, **PHONE)
            page.clock.install()
            field = begin(page, stack, "@robin")
            page.keyboard.press("Enter")  # nothing is offered yet, so it is a line end
            page.keyboard.type("Grandma, @charl")
            page.get_by_role("option", name="Charlie").wait_for()
            assert field.get_attribute("aria-activedescendant") == f"member-{fixtures.CHARLIE_ID}"
            picture(page, "named-4-offered")
            page.keyboard.press("Enter")
            sent = page.locator("textarea[name=participants]")
            assert sent.input_value() == f"@robin\nGrandma\nCharlie <@{fixtures.CHARLIE_ID}>"
            page.keyboard.type("@rob")
            page.get_by_role("listbox", name="Members of this server").get_by_role("option").nth(1).wait_for()
            picture(page, "named-5-two-offered")
            page.keyboard.press("Escape")
            assert page.locator(".members:visible").count() == 0
            for _ in "@rob":
                page.keyboard.press("Backspace")
            page.get_by_role("button", name="Schedule it").click()
            group = page.get_by_role("group", name="Who do you mean by “@robin”?")
            group.get_by_text("@rob · Rob").click()
            assert sent.input_value().startswith(f"Robin <@{OTHER_ROBIN}>")
            assert page.locator(".chip").count() == 3
            picture(page, "named-6-chosen")
            page.get_by_role("button", name="Schedule it").click()
            page.get_by_label("Schedule it anyway").check()  # the game of the other browser is at the same time
            page.get_by_role("button", name="Schedule it").click()
            text = saved(page)
            page.evaluate("window.kept = true")
            move_up(page, "Charlie is now in seat 2.")
            assert page.evaluate("window.kept"), "without a new page"
            picture(page, "named-7-moved")
            by_keys(page)
            more = page.get_by_label("More about Charlie")
            remove = page.get_by_role("button", name="Remove Charlie")
            page.keyboard.press("Escape")  # it stays open for the next move
            ways: list[Callable[[], object]] = [
                lambda: page.keyboard.press("Escape"),
                lambda: page.get_by_role("heading").first.click(),
            ]
            for close in ways:
                more.click()
                remove.wait_for()
                close()
                remove.wait_for(state="hidden")
            return text

        assert [line for line in run_in_browser(plain).splitlines() if line in {"Robin", "Grandma", "Charlie"}] == [
            "Robin",
            "Grandma",
            "Charlie",
        ]
        assert "Charlie" in run_in_browser(scripted)
    first, second = Game.objects.order_by("pk")
    assert [s.user_id for s in first.signups.current()] == [fixtures.CHARLIE_ID, ROBIN]
    assert [s.user_id for s in second.signups.current()] == [OTHER_ROBIN, fixtures.CHARLIE_ID, None]
