"""Odd inputs for the real programs, for a fifth of FUZZ_MINUTES: none logs a traceback, and all still answer."""

import os
import random
import time
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from django.conf import settings
from django.urls import reverse

from conftest import World, make_world
from gamesched.local_discord import fixtures
from gamesched.testing.odd_inputs import EVERY_ODD_INPUT
from gamesched.testing.page_forms import page_forms
from gamesched.testing.programs import run_program
from gamesched.testing.sessions import session_of
from gamesched.testing.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

SEED = int(os.environ.get("FUZZ_SEED", "") or time.time())
SECONDS = 60 * float(os.environ.get("FUZZ_MINUTES", "20")) / 5
OPTIONS = {"create": "what", "cancel": "reason", "edit": "title", "list": "text", "again": "what"}


class Browser:
    """Somebody who types odd inputs into forms of the site."""

    def __init__(self, stack: Stack, world: World, game_id: int, chance: random.Random) -> None:
        self.chance, self.url = chance, stack.url
        self.client = requests.Session()
        self.client.cookies.set(settings.SESSION_COOKIE_NAME, session_of(world.bob))
        of_guild = ("guild", "game-new", "poll-new", "guild-notifications")
        self.pages = [reverse(name, args=[world.guild.pk]) for name in of_guild]
        self.pages += [reverse(name, args=[game_id]) for name in ("game", "game-edit", "game-hosts", "game-again")]

    def type(self) -> None:
        """Send one form of a page with one odd input."""
        page = self.url + self.chance.choice(self.pages)
        shown = self.client.get(page, timeout=60)
        found = [form for form in page_forms(shown.text) if form.typed]
        assert found, shown.text[:500]
        form = self.chance.choice(found)
        text = self.chance.choice(EVERY_ODD_INPUT).encode(errors="surrogatepass")
        if form.method == "get":  # what a browser types there is as short as its fields
            text = text[:2000]
        values: Any = form.fields | {self.chance.choice([*form.typed]): [text]}
        where = {"data" if form.method == "post" else "params": values}
        answer = self.client.request(form.method, urljoin(page, form.actions[0]), timeout=60, **where)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text[:500]


def use_command(stack: Stack, game_id: int, chance: random.Random) -> None:
    """Use a command with one odd input, which Discord itself may refuse."""
    name = chance.choice([*OPTIONS])
    options = [{"name": OPTIONS[name], "type": 3, "value": chance.choice(EVERY_ODD_INPUT)}]
    if name in {"cancel", "edit", "again"}:
        options.append({"name": "game", "type": 3, "value": str(game_id)})
    try:
        entry = stack.discord.client.use_command(
            "bob", fixtures.GAME_NIGHT_ID, "game", [{"type": 1, "name": name, "options": options}], wait=30
        )
    except requests.HTTPError:
        return
    assert entry["state"] == "answered", entry


def test_the_programs_log_no_traceback(now: Any) -> None:
    world, chance, count = make_world(now), random.Random(SEED), 0
    with Stack("web", "bot", "notifyd") as stack:
        run_program(["manage.py", "sync_commands"], stack.variables)
        game_id = make_world(now).create_game(plus_one=True, answers=True).pk
        browser, until = Browser(stack, world, game_id, chance), time.monotonic() + SECONDS
        while time.monotonic() < until:
            count += 1
            browser.type() if chance.random() < 0.5 else use_command(stack, game_id, chance)
        log = stack.log_text
    print(f"\nFUZZ_SEED={SEED}: {count} requests of the programs")
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:3000]
