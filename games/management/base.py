"""What all subcommands of `manage.py game` share: the actor, the game, running an action, and the output."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from games.core import wording
from games.core.base import Actor, EntryPoint, dry_run
from games.core.frequent_queries import GAME_OF_PAGE
from games.core.permissions import visible_to
from games.core.roster import load_roster
from games.core.settings import SETTINGS
from games.management.lookups import find_person
from games.models import Game
from games.offers import wording as offer_wording
from games.offers.schedule_conflicts import ConflictPolicy
from games.posts.announcement import announcement_view
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.text import is_storable
from guilds.models import User

if TYPE_CHECKING:
    from ninja import Schema

    from games.api.shapes import GameShape


def day_and_time(text: str) -> tuple[str, str]:
    """Return the day and the time of `2026-12-31 19:30`, as a form's two fields take them."""
    day, _, time = text.strip().replace("T", " ").partition(" ")
    return day, time


class ActionCommand(BaseCommand):
    """A command with a method `do_<word>` for each subcommand; `options` are its arguments."""

    actor: Actor
    options: dict[str, Any]

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        self.options = options
        for name, value in options.items():
            if not all(map(is_storable, value if isinstance(value, list) else [str(value)])):
                raise CommandError(f"--{name} isn't valid UTF-8 text. Type it again.")
        user = self._person(options["person"]) if options.get("person") else None
        self.actor = Actor(user, EntryPoint.COMMAND, operator=user is None)
        try:
            getattr(self, f"do_{word}")()
        except Refused as refused:
            self._fail(refused.refusal)

    def _run(self, action: Any, more_text: str = "") -> None:
        """Run an action, or rehearse it, and print its result and `more_text`."""
        result, text = self._result_of(action)
        self._print_result(result.game, text + more_text, result.changed, is_done=not self.options["dry_run"])

    def _result_of(self, action: Callable[[], Any]) -> tuple[Any, str]:
        """Run an action, or rehearse it; return its result, and what to say of it."""
        if not self.options["dry_run"]:
            result = action()
            return result, result.text
        result = dry_run(action)
        return result, f"Nothing changed. It would answer: {result.text}"

    def _print_result(self, game: Game, text: str, changed: bool = True, is_done: bool = True) -> None:
        """Print what an action did, or with `is_done` False would do, in the API's shape or in words."""
        if self.options["json"]:
            from games.api.shapes import ActionShape

            shown = self._game_shape(game.pk) if is_done else None
            self._print_json(ActionShape(text=text, changed=changed and is_done, game=shown))
            return
        self.stdout.write(text)
        self.stdout.write(game.url if is_done else "")

    def _print_game(self, game: Game) -> None:
        self.stdout.write(announcement_view(game, db_now()).text)
        people = load_roster(game)
        for title, seats in (("In", people.seated), ("Waiting", people.waiting)):
            for seat in seats:
                why = f" ({offer_wording.ON_STANDBY})" if seat.on_standby else ""
                note = f" · {seat.note}" if seat.note else ""
                self.stdout.write(f"  {title} {seat.number}: {seat.name}{why}{note}")

    def _game_shape(self, game_id: int) -> "GameShape | None":
        """Return a game as the API shows it to the actor now; None for one that they don't see any more."""
        from games.api.shapes import game_shape  # with pydantic, of which only JSON has need

        game = GAME_OF_PAGE.first(game_id)
        viewer = self.actor.viewer_of(game) if game is not None else None
        if game is None or viewer is None or not viewer.may_see_game(game):
            return None
        return game_shape(game, viewer, db_now())

    def _print_json(self, shown: "Schema | Sequence[Schema]") -> None:
        """Print what the API would answer."""
        if isinstance(shown, Sequence):
            self.stdout.write(json.dumps([one.model_dump(mode="json") for one in shown]))
        else:
            self.stdout.write(json.dumps(shown.model_dump(mode="json")))

    def _visible_games(self) -> Any:
        return Game.objects.all() if self.actor.user is None else visible_to(self.actor.user)

    def _game(self) -> Game:
        game: Game | None = self._visible_games().filter(pk=parse_id(self.options["game"]) or 0).first()
        if game is None:
            raise Refused(Refusal("unknown", wording.UNKNOWN_GAME))
        return game

    def _person(self, text: str) -> User:
        return find_person(text)

    def _conflict_policy(self) -> ConflictPolicy:
        return ConflictPolicy.ANYWAY if self.options["anyway"] else ConflictPolicy.ASK

    def _fail(self, refusal: Refusal) -> NoReturn:
        if self.options["json"]:
            from games.api.problems import refused

            self.stdout.write(refused(refusal).content.decode())
        fields = [f"  --{_option(name)}: {text}" for name, text in refusal.fields.items()]
        raise CommandError("\n".join([refusal.sentence, *fields]))


@dataclass(frozen=True)
class Subcommands:
    """The subcommands of one feature: what adds their parsers, and the command that handles them."""

    add_parsers: Callable[[Any, ArgumentParser], None]
    handlers: type[ActionCommand]


_registered: list[Subcommands] = []


def register(add_parsers: Callable[[Any, ArgumentParser], None], handlers: type[ActionCommand]) -> None:
    """Add a feature's subcommands to `manage.py game`. Called by its `commands.py`, which is found by autodiscovery."""
    _registered.append(Subcommands(add_parsers, handlers))


def registered() -> tuple[Subcommands, ...]:
    """Return the subcommands of all features."""
    return tuple(_registered)


def _option(name: str) -> str:
    """Return the option of a form field, without the dashes."""
    return SETTINGS[name].option if name in SETTINGS else name
