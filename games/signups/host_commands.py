"""The subcommands of `manage.py game` for a game's hosts: the same actions as on its page."""

from argparse import ArgumentParser
from typing import Any

from games.core import wording
from games.management.base import ActionCommand
from games.signups import actions as signups
from games.signups import closing, manual_seating, participant_lookup
from games.signups import wording as signup_wording
from games.signups.participant_lookup import candidates_from
from games.signups.participants import members_called
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Member
from guilds.names import normalize_name

HOST_COMMANDS = {
    "seat": "give someone on the wait list a seat",
    "bench": "move someone to the wait list",
    "reorder": "move someone up or down in their list",
    "remove": "remove someone",
    "add": "add people",
    "close": "close the sign-ups",
    "reopen": "open the sign-ups again",
}
ONE_SIGNUP_COMMANDS = ("seat", "bench", "reorder", "remove")


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of these subcommands."""
    for name, what in HOST_COMMANDS.items():
        word = words.add_parser(name, parents=[changing], help=what)
        word.add_argument("game")
        if name in ONE_SIGNUP_COMMANDS:
            word.add_argument("who", help="someone in the game: a Discord id, a username, or a plain name")
        if name == "reorder":
            word.add_argument("--by", type=int, default=-1, help="places down; a number below 0 moves up (-1)")
        if name == "remove":
            word.add_argument("--reason", default="", help="the reason we tell them")
        if name == "add":
            word.add_argument("participants", help="@ and a member's name, or a plain name, with commas between")


class HostCommands(ActionCommand):
    """The handlers of these subcommands."""

    def do_seat(self) -> None:
        game_id, signup_id = self._game_and_signup_ids()
        self._run(lambda: manual_seating.give_seat(game_id, signup_id, self.actor, db_now()))

    def do_bench(self) -> None:
        game_id, signup_id = self._game_and_signup_ids()
        self._run(lambda: manual_seating.move_to_wait_list(game_id, signup_id, self.actor, db_now()))

    def do_reorder(self) -> None:
        game_id, signup_id = self._game_and_signup_ids()
        self._run(lambda: manual_seating.reorder(game_id, signup_id, self.options["by"], self.actor, db_now()))

    def do_remove(self) -> None:
        game_id, signup_id = self._game_and_signup_ids()
        self._run(lambda: signups.remove_signup(game_id, signup_id, self.actor, db_now(), self.options["reason"]))

    def do_add(self) -> None:
        game = self._game()
        parsed = participant_lookup.resolve_typed_names(game.guild_id, self.options["participants"])
        if parsed.problems:
            text = " ".join(f"“{problem.typed}”: {problem.sentence}" for problem in parsed.problems)
            self._fail(Refusal("unknown_people", signup_wording.NOT_ADDED, {"participants": text}))
        self._run(lambda: manual_seating.add_people(game.pk, parsed.participants, self.actor, db_now()))

    def do_close(self) -> None:
        game_id = self._game().pk
        self._run(lambda: closing.close_signups(game_id, self.actor, db_now()))

    def do_reopen(self) -> None:
        game_id = self._game().pk
        self._run(lambda: closing.reopen_signups(game_id, self.actor, db_now()))

    def _game_and_signup_ids(self) -> tuple[int, int]:
        """Return the ids of the game and of the sign-up that `who` names."""
        game, text = self._game(), self.options["who"]
        signups = {one.user_id or one.placeholder: one.pk for one in game.signups.current()}
        members = Member.objects.filter(
            guild_id=game.guild_id, user_id__in=[who for who in signups if isinstance(who, int)]
        )
        people = candidates_from(members.select_related("user"))
        found: list[int | str] = [one.user_id for one in members_called(text, people)]
        found += [who for who in signups if isinstance(who, str) and normalize_name(who) == normalize_name(text)]
        if len(found) > 1:
            raise Refused(Refusal("several_signups", wording.nobody_of_that_name(len(found))))
        if not found:
            raise Refused(Refusal("unknown_signup", signup_wording.not_in(text)))
        return game.pk, signups[found[0]]
