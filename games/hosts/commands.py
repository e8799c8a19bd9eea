"""The subcommands of `manage.py game` that choose the hosts, and write to the players."""

from argparse import ArgumentParser
from typing import Any

from games.hosts import actions as host_actions
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.management.base import ActionCommand, register
from gamesched.lib.clock import db_now


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of these subcommands."""
    host = words.add_parser("host", parents=[changing], help="hand the game over")
    host.add_argument("game")
    host.add_argument("to", help="a Discord id or username")
    hosting = words.add_parser("hosting", parents=[changing], help="answer an offer to run a game")
    hosting.add_argument("game")
    hosting.add_argument("choice", choices=[host_actions.ACCEPT, host_actions.DECLINE])
    cohosts = words.add_parser("cohosts", parents=[changing], help="choose the co-hosts")
    cohosts.add_argument("game")
    cohosts.add_argument("people", nargs="*", help="Discord ids or usernames; give none to remove all")
    tell = words.add_parser("tell", parents=[changing], help="write to the people in a game")
    tell.add_argument("game")
    tell.add_argument("--text", required=True)
    tell.add_argument("--to", choices=[to.value for to in Audience], default=Audience.ALL.value)


class HostingCommands(ActionCommand):
    """The handlers of these subcommands."""

    def do_tell(self) -> None:
        game_id = self._game().pk
        text, to = self.options["text"], Audience(self.options["to"])
        self._run(lambda: host_messages.message_players(game_id, text, to, self.actor, db_now()))

    def do_host(self) -> None:
        game_id, to = self._game().pk, self._person(self.options["to"])
        self._run(lambda: host_actions.hand_over(game_id, to, self.actor, db_now()))

    def do_hosting(self) -> None:
        game_id, choice = self._game().pk, self.options["choice"]
        self._run(lambda: host_actions.answer_open_hand_over(game_id, choice, self.actor, db_now()))

    def do_cohosts(self) -> None:
        game_id, chosen = self._game().pk, [self._person(one) for one in self.options["people"]]
        self._run(lambda: host_actions.set_cohosts(game_id, chosen, self.actor, db_now()))


register(add_parsers, HostingCommands)
