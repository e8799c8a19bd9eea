"""Every option and modal of the bot that people type into, with odd inputs: answered, kept or given back."""

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord import AppCommandOptionType, app_commands
from django.db import connections, transaction

from conftest import World
from discord_bot.interactions.commands import GameCommands
from discord_bot.interactions.creation import LINE_FIELD, CreationHandler
from discord_bot.interactions.game_command_handler import GameCommandHandler
from discord_bot.interactions.game_list import GameListHandler
from discord_bot.interactions.line_state import LineState
from discord_bot.interactions.log import InteractionRecord
from discord_bot.interactions.modals import TEXT_FIELD, ModalHandler
from discord_bot.interactions.series import SeriesHandler
from discord_bot.models import Outcome
from games.core.base import Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.models import Game
from games.series.tests.scene import repeat
from games.signups import actions as signups
from games.signups.limits import PLACEHOLDER_MAX
from games.signups.wording import NOTE_MAX
from gamesched.lib import orm
from gamesched.lib.durations import parse_duration
from gamesched.lib.ids import parse_id
from gamesched.lib.times_in_words import LINE_MAX
from gamesched.local_discord import fixtures
from gamesched.testing.odd_inputs import EVERY_ODD_INPUT
from guilds.models import User
from guilds.names import is_visible, tidy_line, without_unstorable

pytestmark = pytest.mark.slow

LINE = "Dune in 2 days at 20:00"
TITLE = "{} in 2 days at 20:00"
STRINGS = AppCommandOptionType.string


class Log:
    """Keeps how interactions went, and lets errors through."""

    def __init__(self) -> None:
        self.entries: list[InteractionRecord] = []

    @contextmanager
    def recording(self, entry: InteractionRecord) -> Iterator[None]:
        self.entries.append(entry)
        yield


class Typed:
    """What somebody types into one field, as an interaction that keeps its answer."""

    def __init__(self, by: User, data: dict[str, Any] | None = None, message: Any = None) -> None:
        log: Any = Log()
        self.log = log
        self.sent: list[dict[str, Any]] = []
        self.id, self.data, self.message = 1, data or {}, message
        self.guild_id, self.channel_id = fixtures.GUILD_ID, fixtures.GAME_NIGHT_ID
        self.type = discord.InteractionType.modal_submit if data else discord.InteractionType.application_command
        self.created_at = datetime.now(UTC)
        self.locale, self.guild_locale = discord.Locale.british_english, None
        state: Any = SimpleNamespace(store_user=lambda user: discord.User(state=None, data=user))  # type: ignore[arg-type]
        member: Any = {
            "user": {"id": str(by.pk), "username": by.handle, "discriminator": "0", "avatar": None},
            "roles": [],
            "flags": 0,
        }
        guild: Any = discord.Object(fixtures.GUILD_ID)
        self.user = discord.Member(data=member, guild=guild, state=state)
        self.response = SimpleNamespace(
            is_done=lambda: bool(self.sent),
            send_message=self._send,
            edit_message=self._send,
            send_modal=self._open,
            defer=self._defer,
        )
        self.client = SimpleNamespace(
            log=self.log,
            game_list=GameListHandler(log),
            game_commands=GameCommandHandler(log),
            creation=CreationHandler(log),
            modals=ModalHandler(log),
            series=SeriesHandler(log),
        )

    async def _send(self, text: str = "", **content: Any) -> None:
        self.sent.append({"content": text, **content})

    async def _defer(self, **how: Any) -> None:
        raise AssertionError("nothing here is slow")

    async def _open(self, modal: discord.ui.Modal) -> None:
        self.sent.append({"content": "", "modal": modal.to_dict()})

    @property
    def outcome(self) -> Outcome:
        outcome: Outcome = self.log.entries[-1].outcome
        return outcome

    @property
    def shown(self) -> str:
        """Return all text of the answer; fail for one that Discord does not take."""
        [sent] = self.sent
        if sent.get("view") is not None and sent["view"].has_components_v2():
            layout = sent["view"]
            assert 0 < layout.content_length() <= 4000
            texts = [item.content for item in layout.walk_children() if isinstance(item, discord.ui.TextDisplay)]
            assert all(texts)
            text = "\n".join(texts).replace("`\u2063", "`")
            text.encode()
            return text
        embeds = [one.to_dict() for one in (*sent.get("embeds", ()), *filter(None, [sent.get("embed")]))]
        assert len(sent["content"]) <= 2000
        assert sent["content"] or embeds or "modal" in sent
        assert sum(len(discord.Embed.from_dict(one)) for one in embeds) <= 6000
        text = "\n".join(
            [sent["content"], *map(str, embeds), *(one.get("footer", {}).get("text", "") for one in embeds)]
        )
        text.encode()
        return text


def as_read(text: str) -> str:
    """Return a text as every answer shows it."""
    return " ".join(without_unstorable(text).split())


def is_typed(name: str, text: str) -> bool:
    """Return whether an answer has something to give back: an id is what one chose of a list."""
    chosen = name.endswith((" game", " template", " channel", " series")) and parse_id(text)
    return is_visible(text) and not chosen


class Fields:
    """The fields of the bot that people type into, by name; each is a call with the text."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.game = world.create_game(plus_one=True, answers=True)
        repeat(world, self.game)
        signups.join(self.game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
        self.group = GameCommands()
        commands = [one for one in self.group.commands if isinstance(one, app_commands.Command)]
        self.options = {
            f"/game {one.name} {option.name}": (one, option)
            for one in commands
            for option in one.parameters
            if option.type is STRINGS
        }
        self.names = [
            *self.options,
            "/game create title",
            "/game again title",
            "note",
            "bring",
            "line",
            *(f"{name} …" for name, (_, option) in self.options.items() if option.autocomplete),
        ]

    def type(self, name: str, text: str) -> list[str]:
        """Type a text into a field, and return what is wrong with the answer; what it changed is undone."""
        with transaction.atomic():
            problems = list(self._problems(name, text))
            transaction.set_rollback(True)
        return [f"{name} {text[:80]!r}: {problem}" for problem in problems]

    def _problems(self, name: str, text: str) -> Iterator[str]:
        if name.endswith(" …"):
            command, option = self.options[name[:-2]]
            found = asyncio.run(command._params[option.name].autocomplete(self.group, Typed(self.world.bob), text))  # type: ignore[misc]
            if len(found) > 25 or not all(0 < len(part) <= 100 for one in found for part in (one.name, one.value)):
                yield f"choices {found}"
            return
        typed, text = self._send(name, text)
        shown = typed.shown
        if typed.outcome is Outcome.FAILED:
            yield "failed"
        elif typed.outcome is Outcome.REFUSED and is_typed(name, text) and not _is_in(text, shown):
            yield f"refused and lost: {shown[:200]}"
        elif typed.outcome is Outcome.DONE and (problem := self._misread(name, text)):
            yield problem

    def _send(self, name: str, text: str) -> tuple[Typed, str]:
        world = self.world
        if name in {"note", "bring"}:
            text = text[: NOTE_MAX if name == "note" else PLACEHOLDER_MAX]
            typed = Typed(world.charlie, _modal(TEXT_FIELD, text))
            asyncio.run(typed.client.modals.handle_submit(typed, f"{name}:{self.game.pk}"))
            return typed, text
        if name == "line":
            typed = Typed(world.bob, _modal(LINE_FIELD, text[:LINE_MAX]))
            asyncio.run(typed.client.creation.submit(typed, LineState()))
            return typed, text[:LINE_MAX]
        given: dict[str, Any] = {}
        option_name = name.rpartition(" ")[2]
        if name.endswith(" title") and name not in self.options:
            name, option_name = f"{name[:-6]} what", "what"
            text = text[: LINE_MAX - len(TITLE)]
            given["what"] = TITLE.format(text)
        command, option = self.options[name]
        if "what" not in given:
            text = text[: int(option.max_value or 6000)]
            if option.min_value and len(text) < int(option.min_value):
                text = text or "x"
            given[option_name] = text
        for other in command.parameters:
            if other.name not in given and (other.required or other.name == "what"):
                given[other.name] = LINE if other.name == "what" else str(self.game.pk)
        typed = Typed(world.bob)
        asyncio.run(command.callback(self.group, typed, **given))  # type: ignore[arg-type]
        return typed, text

    def _misread(self, name: str, text: str) -> str:
        """Return what is stored though it was not typed; '' for nothing."""
        game = Game.objects.get(pk=self.game.pk)
        line = tidy_line(without_unstorable(text))
        stored: dict[str, tuple[Any, Any]] = {
            "/game edit title": (game.title, line),
            "/game cancel reason": (game.cancel_reason, line),
            "note": (game.signups.get(user=self.world.charlie).note, line),
        }
        if name == "/game edit duration":
            stored[name] = (game.minutes, parse_duration(text))
        if name == "bring":
            stored[name] = (game.signups.exclude(placeholder="").get().placeholder, line)
        found, wanted = stored.get(name, ("", ""))
        return "" if found == wanted else f"stored {found!r}"


def _modal(field: str, text: str) -> dict[str, Any]:
    return {"components": [{"type": 18, "component": {"custom_id": field, "value": text}}]}


def _is_in(text: str, shown: str) -> bool:
    """Return whether an answer gives back a text, of which it takes the first 1,500 characters."""
    forms = (as_read(text), escape_markdown(as_read(text)), tidy_line(without_unstorable(text)))
    # What begins a line is escaped otherwise than in the middle of one.
    plain = as_read(text).replace("\\", "")[:1500]
    return any(form[:1500] in shown for form in forms) or plain in shown.replace("\\", "")


@pytest.fixture
def fields(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fields]:
    """Have the bot's database thread work inside the test's transaction."""
    shared = connections["default"]
    shared.inc_thread_sharing()
    with ThreadPoolExecutor(1, initializer=lambda: connections.__setitem__("default", shared)) as thread:
        monkeypatch.setattr(orm, "_threads", thread)
        monkeypatch.setattr(orm, "_with_live_connections", lambda work, *args: work(*args))  # it closes old ones
        yield Fields(world)
    shared.dec_thread_sharing()


def test_each_field_takes_some(fields: Fields) -> None:
    """The long run of the fuzzer types all of them into all fields."""
    inputs = [*EVERY_ODD_INPUT]
    random.Random(5).shuffle(inputs)
    problems = []
    for number, text in enumerate(inputs[:210]):
        problems += fields.type(fields.names[number % len(fields.names)], text)
    assert not problems, "\n".join(problems)
