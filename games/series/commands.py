"""The subcommands of `manage.py game` by which games repeat."""

from argparse import ArgumentParser, BooleanOptionalAction
from dataclasses import replace
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from games.management.base import ActionCommand, register
from games.series import actions, wording
from games.series.recurrence import Unreadable, read_recurrence
from games.series.rules import SeriesPlan
from gamesched.lib.clock import db_now

WORDS = ("skip", "unskip", "pause", "resume", "end")


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of these subcommands."""
    repeat = words.add_parser("repeat", parents=[changing], help="have a game repeat by a rule")
    repeat.add_argument("game")
    repeat.add_argument("--rule", required=True, help="an RRULE, such as FREQ=WEEKLY;BYDAY=FR")
    repeat.add_argument("--days-before", type=int, help="when each game is announced; 7, or as before")
    repeat.add_argument("--host-confirms", action=BooleanOptionalAction, help="whether the host is asked each time")
    series = words.add_parser("series", parents=[changing], help="skip a date, pause or end a series")
    series.add_argument("game")
    series.add_argument("what", choices=WORDS)
    series.add_argument("date", nargs="?", help="2026-12-31; for a pause, the first day after it")


class SeriesCommands(ActionCommand):
    """The handlers of these subcommands."""

    def do_repeat(self) -> None:
        game = self._game()
        day, local = actions.plan_for(game)
        start_time, zone = local.time(), game.zone
        if game.series is not None:
            kept = actions.plan_of(game.series)
            start_time, zone = kept.start_time, kept.zone
        try:
            recurrence = read_recurrence(self.options["rule"], start_time, zone).anchored(day)
        except Unreadable as unreadable:
            self._fail(wording.unreadable(unreadable.part), {})
        plan = SeriesPlan(recurrence, day, start_time, zone, lead_days=7)
        if game.series is not None:
            regulars, substitutes = actions.players_of(game.series)
            plan = replace(kept, recurrence=recurrence, first_date=day, regulars=regulars, substitutes=substitutes)
        given = {"lead_days": self.options["days_before"], "host_confirms": self.options["host_confirms"]}
        plan = replace(plan, **{name: value for name, value in given.items() if value is not None})
        self._run(lambda: actions.repeat_game(game.pk, plan, self.actor, db_now()))

    def do_series(self) -> None:
        game_id, what = self._game().pk, self.options["what"]
        if what == "resume":
            self._run(lambda: actions.resume_series(game_id, self.actor, db_now()))
        elif what == "end":
            self._run(lambda: actions.end_series(game_id, self.actor, db_now()))
        else:
            day = self._date()
            act = {"skip": actions.skip_date, "unskip": actions.unskip_date, "pause": actions.pause_series}[what]
            self._run(lambda: act(game_id, day, self.actor, db_now()))

    def _date(self) -> date:
        try:
            return date.fromisoformat(self.options["date"] or "")
        except ValueError:
            raise CommandError("Write the date as 2026-12-31.") from None


register(add_parsers, SeriesCommands)
