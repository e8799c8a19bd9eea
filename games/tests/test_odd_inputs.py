"""Odd inputs in every form of the pages and every option of the command line: taken as what they are, or given back."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from games.core.text_rules import tidy_lines
from games.models import ApiToken, Game, GameImport, GameTemplate, TimePoll
from games.tests.odd_forms import Findings, ShownForm, Then, changes_of, means_the_same, shown_forms
from games.tests.odd_options import text_options, type_option
from games.tests.stage import Stage, db, module_stage, stage
from games.tests.test_access_matrix import ROUTES
from games.tests.test_sent_twice import start_series
from gamesched.testing.odd_inputs import EVERY_ODD_INPUT
from gamesched.testing.page_forms import page_forms
from gamesched.testing.sessions import session_of
from guilds.models import Block
from guilds.names import tidy_line

__all__ = ["db", "module_stage", "stage"]  # the fixtures
pytestmark = pytest.mark.slow

PEOPLE = ("bob", "alice", "charlie")
NOTHING = {"wrong token", "no picture", "no drawing", "share link", "card"}  # addresses without a page


def test_there_are_enough() -> None:
    assert len(EVERY_ODD_INPUT) >= 200


# --- forms ---------------------------------------------------------------------------------------------------


LAYERS = ("guild-settings", "guild-channel", "template")  # whose pages show rows, and a form of all of them


def forms_of(stage: Stage) -> Iterator[ShownForm]:
    """Yield every form of the pages that somebody types into; first of a game alone, then of one that repeats."""
    clients = []
    for who in PEOPLE:
        clients.append(Client())
        clients[-1].cookies[settings.SESSION_COOKIE_NAME] = session_of(getattr(stage.world, who))
    pages = [stage.url(route) for route, (method, of, _) in ROUTES.items() if method == "get" and of not in NOTHING]
    pages += [stage.url(route) + "?edit=all" for route in LAYERS]
    yield from filter(is_typed, shown_forms(clients, pages, for_each=stage.url("game")))
    with transaction.atomic():
        start_series(stage)
        later = shown_forms(clients[:1], [stage.url(route) for route in ("game", "game-repeat", "game-edit-later")])
        yield from (one for one in later if route_of(one) in {"game-pause", "game-edit-later"})
        transaction.set_rollback(True)


def is_typed(shown: ShownForm) -> bool:
    return bool(shown.typed)


def route_of(shown: ShownForm) -> str:
    return str(resolve(urlsplit(shown.address).path).url_name)


def good_values(stage: Stage) -> dict[str, str]:
    """Return what makes a form good whose fields are empty."""
    day = f"{stage.world.now + timedelta(days=9):%Y-%m-%d}"
    return {
        "title": "Dune", "date": day, "time": "20:00", "who": "charlie", "text": "Dune", "name": "Dune",
        "date_1": day, "time_1": "20:00", "date_2": day, "time_2": "21:00", "pause_until": day,
    }  # fmt: skip


# On which page a new row's texts are shown again; else it is the form's own.
SHOWN_AT: dict[str, Callable[[Stage], str]] = {
    **dict.fromkeys(
        ("game-new", "game-again"), lambda stage: reverse("game-edit", args=[Game.objects.latest("pk").pk])
    ),
    **dict.fromkeys(
        ("template-new", "game-template"),
        lambda stage: (
            reverse("template", args=[stage.world.guild.pk, GameTemplate.objects.latest("pk").pk]) + "?edit=all"
        ),
    ),
}
# What is stored of a text that no form shows again.
STORED: dict[tuple[str, str], Callable[[Stage], str]] = {
    ("game-note", "note"): lambda stage: stage.game.signups.get(user=stage.world.charlie).note,
    ("game-bring", "name"): lambda stage: stage.game.signups.exclude(placeholder="").get().placeholder,
    ("game-cancel", "reason"): lambda stage: Game.objects.get(pk=stage.game.pk).cancel_reason,
    ("guild-blocks", "reason"): lambda stage: Block.objects.latest("pk").reason,
    ("tokens", "name"): lambda stage: ApiToken.objects.latest("pk").name,
    ("guild-imports", "text"): lambda stage: tidy_lines(bytes(GameImport.objects.latest("pk").file or b"").decode()),
    ("poll-new", "title"): lambda stage: TimePoll.objects.latest("pk").title,
}
# Not shown as typed: they are people, words about a button, or moments beside a choice that is not made.
ONE_WAY = {
    "participants",
    "named",
    "host",
    "who",
    "announce_date",
    "announce_time",
    "until",
    "count",
    "rule",
    "interval",
}


def look_again(stage: Stage) -> Then:
    """Return what looks whether a text that was taken is stored as it was typed."""

    def look(shown: ShownForm, typed: dict[str, str]) -> Iterator[str]:
        route = route_of(shown)
        kept = {name: STORED[route, name](stage) for name in typed if (route, name) in STORED}
        for name, found in kept.items():
            if found not in {" ".join(typed[name].split()), tidy_line(typed[name]), tidy_lines(typed[name])}:
                yield f"{name}={typed[name][:80]!r} is stored as {found[:80]!r}"
        again = typed.keys() - ONE_WAY
        if (
            kept
            or not again
            or route in {"game-remove", "game-tell", "game-rewards", "poll-new", "game-pause", "guild-import"}
        ):
            return
        answer = shown.client.get(SHOWN_AT[route](stage) if route in SHOWN_AT else shown.page)
        form = answer.context["form"]
        values = {name: found for one in page_forms(answer.text) for name, found in one.fields.items()}
        for name in again:
            found = values.get(name, [""])[0]
            if not means_the_same(form.fields[name], typed[name], found):
                yield f"{name}={typed[name][:80]!r} is shown as {found[:80]!r}"

    return look


def test_each_form_takes_some(stage: Stage) -> None:
    """All fields of a form at once, and one after another; the long run of the fuzzer types all into all."""
    found, look, good = Findings(), look_again(stage), good_values(stage)
    routes = set()
    for number, shown in enumerate(forms_of(stage)):
        routes.add(route_of(shown))
        for typed, beside in changes_of(shown, 37 * number, good, fields=3):
            found.type_into(shown, typed, beside, look)
    assert not found, "\n".join(found)
    assert found.taken > 20
    typed_into = {"game-new", "game-edit", "game-edit-later", "game-note", "game-bring", "game-pause", "poll-new"}
    assert routes > typed_into | {"guild-settings", "guild-channel", "template", "template-new", "guild-blocks"}


# --- the command line ------------------------------------------------------------------------------------------


def test_each_option_takes_some(stage: Stage) -> None:
    options, inputs = [*text_options()], [*EVERY_ODD_INPUT]
    random.Random(7).shuffle(inputs)
    problems = []
    for number, text in enumerate(inputs[:200]):
        problems += type_option(stage, options[number % len(options)], text)
    assert not problems, "\n".join(problems)
