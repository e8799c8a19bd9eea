"""The words of `manage.py game` with which people speak for themselves, or are spoken for."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from games.core.base import Actor
from games.management.base import Words
from games.signups import actions as signups
from games.signups import responses, standby, swaps
from gamesched.lib.clock import db_now
from guilds.models import User

PEOPLE = {
    "join": "join a game",
    "leave": "leave a game",
    "answer": "say that one may come, or cannot",
    "note": "write a note beside one's name",
    "bring": "bring somebody who is not in Discord",
    "unbring": "take back whom one brings",
    "wait": "wait on purpose, giving up the seat",
}


def add(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of these words."""
    for name, what in PEOPLE.items():
        word = words.add_parser(name, parents=[changing], help=what)
        word.add_argument("game")
        if name == "answer":
            word.add_argument("kind", choices=["maybe", "cant"])
        if name == "note":
            word.add_argument("text", help="empty takes the note away")
        if name == "bring":
            word.add_argument("name", help="what they are called")
        word.add_argument("--person", dest="who", help="who is meant, if not the one who acts")
        if name == "join":
            meant = word.add_mutually_exclusive_group()
            meant.add_argument("--anyway", action="store_true", help="though they play or run another game then")
            meant.add_argument("--swap", action="store_true", help="leave the games they are in at that time")
        if name == "wait":
            word.add_argument("--off", action="store_true", help="want a seat again")


class PeopleWords(Words):
    """What the command does at these words."""

    def do_join(self) -> None:
        game_id, who = self._game().pk, self._who()
        if self.options["swap"]:
            if not self.actor.operator and self.actor.user != who:
                raise CommandError("Only people themselves swap games.\nLeave --swap out.", returncode=2)
            by = Actor(who, "command")
            self._do(lambda: swaps.swap(game_id, by, db_now()))
            return
        self._do(lambda: signups.join(game_id, who, self.actor, db_now(), overlap=self._overlap()))

    def do_wait(self) -> None:
        game_id, who, on = self._game().pk, self._who(), not self.options["off"]
        self._do(lambda: standby.wait(game_id, who, on, self.actor, db_now()))

    def do_leave(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: signups.leave(game_id, who, self.actor, db_now()))

    def do_answer(self) -> None:
        game_id, who = self._game().pk, self._who()
        verb = {"maybe": responses.maybe, "cant": responses.cant}[self.options["kind"]]
        self._do(lambda: verb(game_id, who, self.actor, db_now()))

    def do_note(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: responses.note(game_id, who, self.options["text"], self.actor, db_now()))

    def do_bring(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: responses.bring(game_id, who, self.options["name"], self.actor, db_now()))

    def do_unbring(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: responses.unbring(game_id, who, self.actor, db_now()))

    def _who(self) -> User:
        who = self._person(self.options["who"]) if self.options["who"] else self.actor.user
        if who is None:
            raise CommandError("Say who is meant.\nAdd --as PERSON, or --person PERSON.", returncode=2)
        return who
