"""Responses on a phone, with and without JavaScript; typed text stays while others join."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from conftest import make_world
from games.core.base import Actor, EntryPoint
from games.signups import actions as signups
from gamesched.testing.browsers import calm, run_in_browser
from gamesched.testing.page_faults import DOES_NOT_FIT, picture
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack

PHONE = {"width": 390, "height": 844}

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.mark.browser
def test_a_player_responds(now: Any) -> None:
    world = make_world(now)
    game = world.create_game(seats=2, answers=True, plus_one=True)
    people = [(javascript, who, session_of(who)) for javascript, who in ((True, world.charlie), (False, world.alice))]

    def newcomer(number: int) -> None:
        person = world.add_member(number, f"Newcomer {number}")
        stack.admit(person)
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), now)
        connection.close()

    with Stack("web") as stack:

        def walk(browser: Any) -> None:
            for javascript, who, session in people:
                page = page_with(browser, stack.url, session, viewport=PHONE, java_script_enabled=javascript)
                settle = partial(calm, page) if javascript else bool
                if javascript:
                    page.clock.install()
                page.goto(f"{stack.url}{game.get_absolute_url()}")
                page.get_by_role("button", name="Can't make it").click()
                page.get_by_text("You said that you can't make it.").first.wait_for()
                picture(page, f"answers-absent-{javascript}")
                settle()
                page.get_by_role("button", name="Join", exact=False).click()
                page.get_by_role("button", name="Leave").wait_for()
                note = page.get_by_label("Note", exact=True)
                page.get_by_text("Add a note").click()
                for number, typed in ((100, "late " * 50), (101, "late by 15 min")):
                    note.fill(typed)
                    settle()
                    if number == 100:  # refused, it is in the field again, and what is wrong beside it
                        page.get_by_role("button", name="Save the note").click()
                        page.locator("#note-error").wait_for()
                    if javascript:
                        with ThreadPoolExecutor(1) as elsewhere:
                            elsewhere.submit(newcomer, number).result()
                        page.get_by_text(f"Newcomer {number}").wait_for()
                    assert note.input_value() == typed
                    assert page.locator("#note-error").is_visible(), "until it is sent again"
                page.get_by_role("button", name="Save the note").click()
                page.get_by_text("The note is saved.").wait_for()
                settle()
                page.get_by_text("Bring someone").click()
                page.get_by_label("Their name").fill("Pia")
                page.get_by_role("button", name="Bring them").click()
                page.get_by_text(f"Pia (with {who.handle})").first.wait_for()
                assert page.evaluate(DOES_NOT_FIT) == []
                picture(page, f"answers-{javascript}")

        run_in_browser(walk)
