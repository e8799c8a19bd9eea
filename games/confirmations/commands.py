"""The subcommand of `manage.py game` with which a player confirms."""

from argparse import ArgumentParser
from typing import Any

from games.confirmations import actions as confirmations
from games.management.base import ActionCommand, register
from gamesched.lib.clock import db_now


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parser of this subcommand."""
    confirm = words.add_parser("confirm", parents=[changing], help="say whether someone can still come")
    confirm.add_argument("game")
    confirm.add_argument("--no", action="store_true", help="they can't, and leave")


class ConfirmationCommands(ActionCommand):
    """The handler of this subcommand."""

    def do_confirm(self) -> None:
        game_id, choice = self._game().pk, "no" if self.options["no"] else "yes"
        self._run(lambda: confirmations.answer_open_confirmation(game_id, choice, self.actor, db_now()))


register(add_parsers, ConfirmationCommands)
