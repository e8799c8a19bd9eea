"""The subcommands of `manage.py game` for players, acting by themselves or through `--person`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from games.core.base import Actor, EntryPoint
from games.management.base import ActionCommand, register
from games.signups import actions as signups
from games.signups import host_commands, responses, standby, swaps
from gamesched.lib.clock import db_now
from guilds.models import User

PLAYER_COMMANDS = {
    "join": "join a game",
    "leave": "leave a game",
    "answer": "say that someone may come, or can't",
    "note": "write a note beside a name",
    "bring": "bring someone who isn't in Discord",
    "unbring": "remove the guest someone brings",
    "wait": "go on standby: give up the seat and wait",
}


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of these subcommands."""
    for name, what in PLAYER_COMMANDS.items():
        word = words.add_parser(name, parents=[changing], help=what)
        word.add_argument("game")
        if name == "answer":
            word.add_argument("kind", choices=["maybe", "cant"])
        if name == "note":
            word.add_argument("text", help="leave it empty to remove the note")
        if name == "bring":
            word.add_argument("name", help="the guest's name")
        word.add_argument("--person", dest="who", help="the person, if not the one who acts")
        if name == "join":
            conflict_options = word.add_mutually_exclusive_group()
            conflict_options.add_argument(
                "--anyway", action="store_true", help="even if they play or run another game then"
            )
            conflict_options.add_argument("--swap", action="store_true", help="leave the games they're in at that time")
        if name == "wait":
            word.add_argument("--off", action="store_true", help="ask for a seat again")


class PlayerCommands(ActionCommand):
    """The handlers of these subcommands."""

    def do_join(self) -> None:
        game_id, who = self._game().pk, self._acting_user()
        if self.options["swap"]:
            if not self.actor.operator and self.actor.user != who:
                raise CommandError("You can only swap your own games.\nLeave --swap out.", returncode=2)
            by = Actor(who, EntryPoint.COMMAND)
            self._run(lambda: swaps.swap_games(game_id, by, db_now()))
            return
        self._run(lambda: signups.join(game_id, who, self.actor, db_now(), overlap=self._conflict_policy()))

    def do_wait(self) -> None:
        game_id, who, on = self._game().pk, self._acting_user(), not self.options["off"]
        self._run(lambda: standby.set_standby(game_id, who, on, self.actor, db_now()))

    def do_leave(self) -> None:
        game_id, who = self._game().pk, self._acting_user()
        self._run(lambda: signups.leave(game_id, who, self.actor, db_now()))

    def do_answer(self) -> None:
        game_id, who = self._game().pk, self._acting_user()
        action = {"maybe": responses.respond_maybe, "cant": responses.respond_absent}[self.options["kind"]]
        self._run(lambda: action(game_id, who, self.actor, db_now()))

    def do_note(self) -> None:
        game_id, who = self._game().pk, self._acting_user()
        self._run(lambda: responses.set_note(game_id, who, self.options["text"], self.actor, db_now()))

    def do_bring(self) -> None:
        game_id, who = self._game().pk, self._acting_user()
        self._run(lambda: responses.add_guest(game_id, who, self.options["name"], self.actor, db_now()))

    def do_unbring(self) -> None:
        game_id, who = self._game().pk, self._acting_user()
        self._run(lambda: responses.remove_guest(game_id, who, self.actor, db_now()))

    def _acting_user(self) -> User:
        who = self._person(self.options["who"]) if self.options["who"] else self.actor.user
        if who is None:
            raise CommandError("Say who you mean.\nAdd --as PERSON, or --person PERSON.", returncode=2)
        return who


register(add_parsers, PlayerCommands)
register(host_commands.add_parsers, host_commands.HostCommands)
