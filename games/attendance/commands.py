"""The subcommands of `manage.py game` for a game that is over."""

from argparse import ArgumentParser
from typing import Any

from games.attendance import rewards
from games.attendance import wording as attendance_wording
from games.attendance.actions import mark_attendance
from games.attendance.summary import CSV_HEADER, attendance_rows, attendees, parse_day_range
from games.core.base import require_manager
from games.core.csv_files import write_csv
from games.management.base import ActionCommand, register
from games.models import Game
from games.posts import archive as post_archive
from games.server_settings.wording import MANAGERS_ONLY, UNKNOWN_GUILD
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Guild
from guilds.names import normalize_name


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of these subcommands."""
    came = words.add_parser("attendance", parents=[changing], help="see who came to a game, or to a server's games")
    came.add_argument("game", nargs="?", default="")
    came.add_argument("--absent", metavar="WHO", help="mark that someone didn't come: a name or an id")
    came.add_argument("--present", metavar="WHO", help="mark that someone came after all")
    came.add_argument("--guild", help="export all of this server's started games as CSV")
    came.add_argument(
        "--from", dest="since", default="", metavar="DAY", help="with --guild: the first day, as 2026-11-25"
    )
    came.add_argument("--to", dest="until", default="", metavar="DAY", help="with --guild: the last day")
    got = words.add_parser("rewards", parents=[changing], help="write down what players got")
    got.add_argument("game")
    got.add_argument("--text", required=True, help="leave it empty to remove it")
    words.add_parser("archive", parents=[changing], help="archive a game that's over").add_argument("game")


class AfterGameCommands(ActionCommand):
    """The handlers of these subcommands."""

    def do_attendance(self) -> None:
        if self.options["guild"]:
            self._write_attendance_csv()
            return
        game: Game = self._game()
        who = self.options["absent"] or self.options["present"]
        if who:
            signup_id = self._signup_id(game, who)
            self._run(lambda: mark_attendance(game.pk, signup_id, bool(self.options["absent"]), self.actor, db_now()))
            return
        require_manager(game, self.actor.viewer_of(game))
        if self.options["json"]:
            from games.attendance.api import attendee_shapes

            self._print_json(attendee_shapes(game))
            return
        for attendee in attendees(game):
            what = "didn't come" if attendee.no_show else "came"
            self.stdout.write(f"{what:<12}  {attendee.name}")

    def _signup_id(self, game: Game, who: str) -> int:
        require_manager(game, self.actor.viewer_of(game))  # before any of its people are named
        matches = [
            one for one in attendees(game) if normalize_name(one.name) == normalize_name(who) or str(one.user_id) == who
        ]
        if len(matches) != 1:
            raise Refused(Refusal("unknown_seat", attendance_wording.nobody_is_seated_as(who)))
        return matches[0].signup_id

    def _write_attendance_csv(self) -> None:
        guild = Guild.objects.present().filter(pk=parse_id(self.options["guild"]) or 0).first()
        viewer = self.actor.viewer(guild.pk) if guild is not None else None
        if guild is None or viewer is None or not viewer.may_see:
            raise Refused(Refusal("unknown_guild", UNKNOWN_GUILD))
        if not viewer.manages:
            raise Refused(Refusal("not_yours", MANAGERS_ONLY))
        try:
            since, until = parse_day_range(self.options["since"], self.options["until"])
        except ValueError:
            raise Refused(Refusal("bad_day", attendance_wording.BAD_DAY)) from None
        rows = attendance_rows(viewer, since, until, db_now())
        if self.options["json"]:
            from games.attendance.api import row_shapes

            self._print_json(row_shapes(rows))
            return
        write_csv(self.stdout, CSV_HEADER, (row.cells for row in rows))

    def do_rewards(self) -> None:
        game_id = self._game().pk
        self._run(lambda: rewards.set_rewards(game_id, self.options["text"], self.actor, db_now()))

    def do_archive(self) -> None:
        game_id = self._game().pk
        self._run(lambda: post_archive.archive_game(game_id, self.actor, db_now()))


register(add_parsers, AfterGameCommands)
