"""Everything that people read can be translated: in a pseudo-language nothing is left in English.

What fails here is marked neither by `gettext` nor in a template; or it is new, and `python3 run.py translations` was
not run.
"""

import inspect
import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from discord_bot import render
from games.agenda.post import agenda_post
from games.core.base import Actor, EntryPoint
from games.core.settings import SETTINGS
from games.models import Agenda, Game, GameTemplate, Signup, TimePoll
from games.polls.actions import voters_of
from games.polls.post import poll_post
from games.posts.announcement import announcement_view
from games.signups import actions as signups
from games.tests.cast import Cast, cast, client_of, db, module_cast, module_world, world
from games.tests.test_hostile_values import urls
from games.tests.test_wording import APART as APART_FROM_WORDING
from games.tests.test_wording import NAMED, TYPED, constants, modules, sample_texts, setting_texts
from gamesched.lib.pseudo_language import ACCENTED, install
from gamesched.script_words import script_words_address
from gamesched.testing.untranslated import PSEUDO, is_untranslated, shown_texts
from guilds.models import Channel, Guild, Member, Role, User
from notifications.models import Notification

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures

pytestmark = pytest.mark.slow

SHOWN = 60  # findings
# What people gave, by tables.
DATA: dict[Any, tuple[str, ...]] = {
    User: ("handle", "global_name"),
    Member: ("nick",),
    Guild: ("name",),
    Channel: ("name", "category"),
    Role: ("name",),
    Game: ("title", "description", "cancel_reason", "rewards"),
    GameTemplate: ("name", "description"),
    Signup: ("note", "placeholder"),
    TimePoll: ("title",),
}
# Addresses that are for programs or for developers.
APART = ("/styleguide/", "/manifest", "/admin/", "/accounts/")
EDITED = ("?edit=all", "?edit=zone")


@pytest.fixture(params=PSEUDO)
def language(request: pytest.FixtureRequest) -> str:
    install()  # a test that changed the languages has taken them away
    return str(request.param)


def data_of_people() -> set[str]:
    rows = (row for model, columns in DATA.items() for row in model.objects.values_list(*columns))
    return {value for value in chain.from_iterable(rows) if value}


def report(found: Iterable[str]) -> str:
    lines = sorted(set(found))
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([f"{len(lines)} texts are not translated:", *lines[:SHOWN], *more])


def test_pages(cast: Cast, language: str) -> None:
    # The same texts are looked for in both languages; so each has its own people.
    people = ("owner",) if language == ACCENTED else ("anonymous", "member")
    seen: set[str] = set()
    data, found, looked_at = data_of_people() | {"Alice", "Bob", "Charlie"}, [], 0  # whom the front page shows
    Guild.objects.update(language=language)
    Notification.objects.update(minutes=60)  # a reminder names its time
    for who in people:
        client = client_of(cast, who)
        for url in urls(cast):
            pages = [url, *(f"{url}{more}" for more in EDITED if url.endswith("/settings/"))]
            for page in pages if not url.startswith(APART) else ():
                answer = client.get(page, headers={"Accept-Language": language})
                if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
                    continue
                looked_at += 1
                texts = set(shown_texts(answer.text)) - seen
                seen |= texts
                found += [f"{page}: {text[:120]}" for text in texts if is_untranslated(text, data)]
    assert not found, report(found)
    assert looked_at > 30


# What operators read on the command line and in their admin.
FOR_OPERATORS = {
    *("deliveries.wording.NOT_PAUSED", "deliveries.wording.ago", "deliveries.wording.chart_text"),
    *("deliveries.wording.no_events", "deliveries.wording.resumed", "deliveries.wording.unknown_delivery"),
    *("privacy.wording.forgotten_by_command", "privacy.wording.would_forget", "scheduling.wording.announced_text"),
}
PLACE = re.compile(r"\{\w*\}|%\(\w+\)s|\b[A-Z]+=\S+")  # of a format, and a rule of a calendar
SAID_BY_SCRIPTS = re.compile(r"""\bn?gettext\(\s*(["'])(.+?)\1""")
# What a script writes into a page without looking for its translation.
UNMARKED = re.compile(r"""(?:\.(?:textContent|placeholder|title) = |"aria-label", )["'`]([^"'`]+)""")
NOT_SHOWN = {"former_option"}  # of a setting's declaration


def sample_data() -> set[str]:
    """Return what `test_wording` fills texts with."""
    values = chain.from_iterable(chain(NAMED.values(), TYPED.values()))
    texts = {one for one in values if isinstance(one, str) and one}
    names = {"Ann", "Ben", "Cat", "Alice", "al", "Raid", "Chess", "raids", "Fri", "Send Messages", "Embed Links"}
    rest = {"Bring dice.", "Reminder", "None", *("For", "Of", "Text", "To", "What")}
    return texts | names | rest


def sentences() -> Iterator[tuple[str, str, set[str]]]:
    """Yield the name of everything in modules of wording, each text of it, and what else is data there."""
    for module in modules():
        here = module.__name__.removeprefix("games.")
        for name, value in vars(module).items():
            if name.startswith("_") or f"{here}.{name}" in APART_FROM_WORDING | FOR_OPERATORS:
                continue
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                given = {f"({one})" for one in inspect.signature(value).parameters}
                yield from ((f"{here}.{name}", text, given) for text in sample_texts(module, value))
            elif name.isupper():
                keys = [f"{key}: " for key in value] if isinstance(value, dict) else []
                texts = (
                    next((text.removeprefix(key) for key in keys if text.startswith(key)), text)
                    for text in constants(value)
                )
                yield from ((f"{here}.{name}", gettext(text), set()) for text in texts)
    for setting in SETTINGS.values():
        for text in setting_texts(setting):
            part, _, words = text.partition(": ")
            if part not in NOT_SHOWN:
                yield f"setting {setting.name}", gettext(words), set()


def test_sentences(language: str) -> None:
    """All that stands in modules of wording: of posts, of the bot's answers and of every kind of notification."""
    data = sample_data()
    with translation.override(language):
        found = [
            f"{name}: {text[:120]}"
            for name, text, given in sentences()
            if is_untranslated(PLACE.sub(" ", text), data | given)
        ]
    assert not found, report(found)


def test_scripts(language: str) -> None:
    """All that scripts say, as pages load it."""
    words = Client().get(script_words_address(language)).text
    catalog = json.loads(words.partition("const newcatalog = ")[2].partition(";\n")[0])
    scripts = "".join(path.read_text() for path in (settings.BASE_DIR / "static").glob("*.js"))
    messages = {message for _, message in SAID_BY_SCRIPTS.findall(scripts)}
    assert len(messages) > 20
    shown = [catalog.get(message, message) for message in messages]
    texts = chain.from_iterable([said] if isinstance(said, str) else said for said in shown)
    found = [text for text in texts if is_untranslated(PLACE.sub(" ", text))]
    found += [text for text in UNMARKED.findall(scripts) if is_untranslated(text)]
    assert not found, report(found)


def test_posts(cast: Cast, world: Any, language: str) -> None:
    """An announcement in each form, a poll and an agenda, as Discord gets them."""
    Guild.objects.update(language=language)
    Game.objects.update(description="", starts_at=world.now + timedelta(days=1))
    signups.leave(cast.game.pk, world.bob, Actor(world.bob, EntryPoint.BUTTON), world.now)
    game = Game.objects.with_guild_and_channel().select_related("announcement__channel").get(pk=cast.game.pk)
    poll = (
        TimePoll.objects.for_action()
        .select_related("host", "post", "game", "winner")
        .get(pk=cast.polls[game.guild_id].pk)
    )
    agenda = Agenda(channel=game.channel, guild_id=game.guild_id, days=7)
    views: list[Any] = [
        announcement_view(game, world.now),
        poll_post(poll, voters_of(poll), world.now),
        agenda_post(agenda, world.now),
    ]
    data, found = data_of_people(), []
    for view in views:
        content = render.post_message(view)
        texts = [*_texts_in(content["view"].to_components())]
        if "embed" in content:
            texts += [*_texts_in(content["embed"].to_dict())]
        found += [text for text in texts if is_untranslated(text, data)]
    assert not found, report(found)


READ = {"content", "label", "placeholder", "description", "title", "name", "value", "text"}


def _texts_in(content: Any, key: str = "") -> Iterator[str]:
    """Yield what people read of a message's components or embed."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _texts_in(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from _texts_in(value, key)
    elif isinstance(content, str) and key in READ:
        yield content
