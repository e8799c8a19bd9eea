"""Types odd inputs into the options of `manage.py game`, and looks how each is refused, or what is stored of it."""

import re
from argparse import SUPPRESS, Action, BooleanOptionalAction
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from io import StringIO
from typing import Any

from django.core.management import CommandError, CommandParser
from django.db import transaction

from games.core.text_rules import tidy_lines
from games.management.commands.game import Command
from games.models import Game, GameTemplate
from games.scheduling.forms import GameForm
from games.tests.odd_forms import means_the_same
from games.tests.stage import Stage
from guilds.names import tidy_line

TIME = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{1,2}(:\d{1,2})?\s*")


@dataclass(frozen=True)
class Option:
    """An option, or a positional argument, of a subcommand that takes text."""

    word: str
    action: Action
    before: tuple[Action, ...]  # the positional arguments of the subcommand

    @property
    def name(self) -> str:
        return f"{self.word} {self.action.option_strings[0] if self.action.option_strings else self.action.dest}"

    def words(self, stage: Stage, text: str) -> list[str]:
        """Return the command line in which this option has a text and all else that is needed is good."""
        given = needed(stage, self.word)
        values = {one.dest: given.get(one.dest, next(iter(one.choices or ["x"]))) for one in self.before}
        positional = [text if one is self.action else str(values[one.dest]) for one in self.before]
        options = {name: value for name, value in given.items() if name not in values and name.startswith("--")}
        if self.action.option_strings:
            options[self.action.option_strings[0]] = text
        return [self.word, *positional, *(f"{name}={value}" for name, value in options.items())]


def needed(stage: Stage, word: str) -> dict[str, Any]:
    """Return good values of arguments, by name, and of options that a subcommand needs."""
    world, day = stage.world, stage.world.now + timedelta(days=9)
    values: dict[str, Any] = {
        "game": stage.game.pk, "to": "charlie", "text": "Dune", "name": "Dune", "date": f"{day:%Y-%m-%d}",
        "people": "charlie", "what": "skip",
    }  # fmt: skip
    start = {"--guild": world.guild.pk, "--title": "Dune", "--date": values["date"], "--time": "20:00"}
    person = {"--person": "charlie"}
    options: dict[str, dict[str, Any]] = {
        "create": {**start, "--as": "bob"}, "edit": {"--as": "bob"}, "clone": {"--as": "bob", **start}, "note": person,
        "bring": person, "join": person, "leave": person, "wait": person, "unbring": person, "answer": person,
        "template": {"--name": "Dune"}, "tell": {"--text": "Dune"}, "rewards": {"--text": "Dune"},
        "repeat": {"--rule": "FREQ=WEEKLY;BYDAY=FR"}, "attendance": {"--guild": world.guild.pk},
    }  # fmt: skip
    options["clone"].pop("--guild")
    return values | options.get(word, {})


@cache
def _parser() -> CommandParser:
    """Return the parser of the command, built once: that takes longer than most commands."""
    return Command().create_parser("manage.py", "game")


def text_options() -> Iterator[Option]:
    """Yield every option and argument of every subcommand that takes what one types."""
    words = next(action for action in _parser()._actions if action.dest == "word").choices
    assert isinstance(words, dict)
    for word, sub in words.items():
        positional = tuple(one for one in sub._actions if not one.option_strings)
        for action in sub._actions:
            takes_text = action.nargs != 0 and action.default is not SUPPRESS and action.choices is None
            if takes_text and not isinstance(action, BooleanOptionalAction):
                yield Option(word, action, positional)


def type_option(stage: Stage, option: Option, text: str) -> list[str]:
    """Type a text into an option; return what is wrong with how it was taken. All is undone."""
    words = option.words(stage, text)
    with transaction.atomic():
        try:
            command = Command(stdout=StringIO(), stderr=StringIO())
            command.handle(**vars(_parser().parse_args(words)))
            problem = misread(stage, option, text)
        except CommandError:
            problem = ""
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        transaction.set_rollback(True)
    return [f"{option.name} {text[:80]!r}: {problem[:300]}"] if problem else []


def misread(stage: Stage, option: Option, text: str) -> str:
    """Return what is stored of a text that was taken, where that is not what was typed; '' where it is."""
    word, name = option.word, option.action.dest
    if word in {"create", "edit", "clone"}:
        if name == "announce":
            return "" if text.strip().lower() in {"now", "draft"} or TIME.fullmatch(text) else "was read as a time"
        game = Game.objects.get(pk=stage.game.pk) if word == "edit" else Game.objects.latest("pk")
        form = GameForm(guild=game.guild, game=game, initial=GameForm.initial_of(game))
        if (
            name not in form.fields
            or name in {"participants", "fold", "channel", "archive_channel_id"}
            or "role" in name
        ):
            return ""
        value = form[name].value()
        shown = "" if value is None else str(value)
        return "" if means_the_same(form.fields[name], text, shown) else f"is {shown!r}"
    stored = STORED.get((word, name))
    if stored is None:
        return ""
    found = stored(stage)
    return "" if found in {text, tidy_line(text), tidy_lines(text), text.strip()} else f"is {found!r}"


def _of_charlie(stage: Stage) -> Any:
    return Game.objects.get(pk=stage.game.pk).signups.get(user=stage.world.charlie)


STORED: dict[tuple[str, str], Callable[[Stage], str]] = {
    ("note", "text"): lambda stage: _of_charlie(stage).note,
    ("bring", "name"): lambda stage: (
        Game.objects.get(pk=stage.game.pk).signups.exclude(placeholder="").get().placeholder
    ),
    ("cancel", "reason"): lambda stage: Game.objects.get(pk=stage.game.pk).cancel_reason,
    ("template", "name"): lambda stage: GameTemplate.objects.latest("pk").name,
}
