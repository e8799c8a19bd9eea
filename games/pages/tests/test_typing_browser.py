"""What is typed on a game's page while answers are on their way: presses beside it take nothing of it away."""

from datetime import datetime
from typing import Any

import pytest

from conftest import make_world
from games.core.base import Actor, EntryPoint
from games.pages.tests.test_live_browser import HeldResponses, joins_elsewhere
from games.signups import actions as signups
from gamesched.testing.browsers import calm, run_in_browser
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack
from notifications.models import Notification

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_presses_beside_what_is_typed(now: datetime) -> None:
    world = make_world(now)
    game = world.create_game(seats=9, plus_one=True, answers=True, method="picks_waiting")
    for person in (world.charlie, world.alice):
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), now)
    join, sessions = joins_elsewhere(world, game), [session_of(world.charlie), session_of(world.bob)]
    with Stack("web") as stack:

        def open_page(browser: Any, session: str) -> tuple[Any, HeldResponses]:
            page = page_with(browser, stack.url, session)
            page.clock.install()
            page.goto(f"{stack.url}{game.get_absolute_url()}")
            page.locator("[data-live-state]", has_text="Live").wait_for()
            return page, HeldResponses(page, game)

        def walk(browser: Any) -> None:
            page, held = open_page(browser, sessions[0])
            page.get_by_text("Add a note").click()
            page.get_by_text("Bring someone").click()
            note, guest = page.get_by_label("Note"), page.get_by_label("Their name")

            # Another form's answer comes while a name is typed, and the sent one is typed on.
            guest.fill("Zoe")
            note.fill("late")
            held.method = "POST"
            page.get_by_role("button", name="Save the note").click()
            held.wait("POST")
            note.fill("late by 15 min")
            guest.fill("Zoe from work")
            held.let_go()
            page.get_by_text("Your note: late").wait_for()
            assert guest.input_value() == "Zoe from work"
            assert note.input_value() == "late by 15 min"

            # What was sent as it stands is the page's own again: a look has nothing to keep.
            calm(page)
            page.get_by_role("button", name="Save the note").click()
            page.get_by_text("Your note: late by 15 min").wait_for()
            assert page.evaluate("document.getElementById('note').defaultValue") == "late by 15 min"

            # A refusal beside a field stays there while another form is sent.
            calm(page)
            guest.fill("x" * 300)
            page.get_by_role("button", name="Bring them").click()
            page.locator("#guest-error").wait_for()
            calm(page)
            note.fill("")
            page.get_by_role("button", name="Save the note").click()
            page.get_by_text("Add a note").wait_for()
            assert page.locator("#guest-error").is_visible()
            assert guest.input_value() == "x" * 300

            # Two presses under way, of which the second reaches us first: the page ends with what is so.
            calm(page)
            held.method = "POST"
            page.get_by_role("button", name="Maybe").click()
            held.wait("POST")
            page.get_by_role("button", name="Leave").click()
            while len(held.held) < 2:
                page.wait_for_timeout(20)
            held.method = ""
            held.held[1].continue_()
            page.locator("#sign-up", has_text="Join").wait_for()
            held.held[0].continue_()
            page.get_by_text("You said maybe.").first.wait_for()
            join("Heidi")
            page.get_by_text("Heidi").wait_for()

            host, held = open_page(browser, sessions[1])
            menu = host.locator(".roster details.more", has=host.locator("input[name=reason]")).first
            menu.locator("summary").click()
            menu.get_by_label("Why?").fill("Too late, sorry")
            held.method = "POST"
            menu.locator("form button").first.click()
            held.wait("POST")
            join("Frank")
            held.let_go()
            host.get_by_text("Frank").first.wait_for()
            values = host.locator("input[name=reason]").evaluate_all("fields => fields.map(field => field.value)")
            assert "Too late, sorry" in values

        run_in_browser(walk)
    assert not Notification.objects.filter(kind="removed").exists()
