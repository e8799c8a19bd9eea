"""The subcommands of `manage.py game` by which games repeat."""

import re
from argparse import ArgumentParser, BooleanOptionalAction
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from games.management.base import ActionCommand, register
from games.models import Game
from games.series import actions, correction, rules, wording
from games.series.recurrence import Unreadable, read_recurrence
from games.series.regulars import regulars_to_begin_with
from games.series.rules import SeriesPlan
from games.signups import participant_lookup
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal
from guilds.models import User
from guilds.templatetags.zoned_times import when

WORDS = ("skip", "unskip", "pause", "resume", "end", "correct")
NAMES_HELP = "@ and a member's name, in order, with commas or spaces between; '' for nobody"
# What rules call otherwise than the options do.
OPTION_OF_FIELD = {"lead_days": "days-before", "until": "rule", "count": "rule"}
_NEXT_NAME = re.compile(r"(?<![,\s])\s+(?=@)")  # between names without a comma


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of these subcommands."""
    repeat = words.add_parser("repeat", parents=[changing], help="make a game a series, by a rule")
    repeat.add_argument("game")
    repeat.add_argument("--rule", required=True, help="an RRULE, such as FREQ=WEEKLY;BYDAY=FR")
    repeat.add_argument("--days-before", type=int, help="how many days ahead to announce each game; 7, or as before")
    repeat.add_argument("--host-confirms", action=BooleanOptionalAction, help="ask the host each time")
    repeat.add_argument("--regulars", help=f"people to seat each time: {NAMES_HELP}")
    repeat.add_argument("--substitutes", help=f"people to ask when a regular drops out: {NAMES_HELP}")
    series = words.add_parser("series", parents=[changing], help="skip a date, or pause, end or correct a series")
    series.add_argument("game")
    series.add_argument("what", choices=WORDS)
    series.add_argument("date", nargs="?", help="2026-12-31; for a pause, the first day after it")
    series.add_argument("--host", help="to correct: the host of the next games, @ and a member's name or an id")
    series.add_argument("--channel", help="to correct: the id of the channel that announces the next games")


class SeriesCommands(ActionCommand):
    """The handlers of these subcommands."""

    def do_repeat(self) -> None:
        game, now = self._game(), db_now()
        plan = self._plan(game)
        dates = "".join(f"\n  {line}" for line in _date_lines(plan, now))
        self._run(lambda: actions.repeat_game(game.pk, plan, self.actor, now), dates)

    def _plan(self, game: Game) -> SeriesPlan:
        """Return the plan that the options say; what they do not say is as before."""
        day, local = actions.plan_for(game)
        start_time, zone = local.time(), game.zone
        if game.series is not None:
            kept = actions.plan_of(game.series)
            start_time, zone = kept.start_time, kept.zone
        try:
            recurrence = read_recurrence(self.options["rule"], start_time, zone).anchored(day)
        except Unreadable as unreadable:
            self._fail(Refusal("unreadable", wording.unreadable(unreadable.part)))
        if game.series is not None:
            regulars, substitutes = actions.players_of(game.series)
            plan = replace(kept, recurrence=recurrence, first_date=day, regulars=regulars, substitutes=substitutes)
        else:
            regulars = regulars_to_begin_with(game)
            plan = SeriesPlan(recurrence, day, start_time, zone, lead_days=7, regulars=regulars)
        given = {
            "lead_days": self.options["days_before"],
            "host_confirms": self.options["host_confirms"],
            "regulars": self._members(game, "regulars"),
            "substitutes": self._members(game, "substitutes"),
        }
        return replace(plan, **{name: value for name, value in given.items() if value is not None})

    def _members(self, game: Game, option: str) -> tuple[int, ...] | None:
        """Return whom an option names; None if it is not given."""
        text = self.options[option]
        if text is None:
            return None
        parsed = participant_lookup.resolve_typed_names(game.guild_id, _NEXT_NAME.sub(", ", text))
        problems = [f"“{problem.typed}”: {participant_lookup.said_of_member(problem)}" for problem in parsed.problems]
        problems += [wording.not_a_player(name) for name in parsed.participants if isinstance(name, str)]
        if problems:
            self._fail(Refusal("unknown_people", wording.NOT_REPEATED, {option: " ".join(problems)}))
        return tuple(one for one in parsed.participants if isinstance(one, int))

    def do_series(self) -> None:
        game, what = self._game(), self.options["what"]
        game_id = game.pk
        if what == "resume":
            self._run(lambda: actions.resume_series(game_id, self.actor, db_now()))
        elif what == "end":
            self._run(lambda: actions.end_series(game_id, self.actor, db_now()))
        elif what == "correct":
            host, channel_id = self._host(game), self._channel_id()
            self._run(lambda: correction.correct_series(game_id, host, channel_id, self.actor, db_now()))
        else:
            day = self._date()
            act = {"skip": actions.skip_date, "unskip": actions.unskip_date, "pause": actions.pause_series}[what]
            self._run(lambda: act(game_id, day, self.actor, db_now()))

    def _date(self) -> date:
        try:
            return date.fromisoformat(self.options["date"] or "")
        except ValueError:
            raise CommandError("Write the date as 2026-12-31.") from None

    def _host(self, game: Game) -> User | None:
        if not self.options["host"]:
            return None
        try:
            return User.objects.get(pk=participant_lookup.resolve_one_member(game.guild_id, self.options["host"]))
        except ValidationError as problem:
            self._fail(Refusal("unknown_person", " ".join(problem.messages)))

    def _channel_id(self) -> int | None:
        """Return the channel that is typed; None for none. What is no id is one that no server has."""
        return parse_id(self.options["channel"]) or 0 if self.options["channel"] is not None else None

    def _fail(self, refusal: Refusal) -> NoReturn:
        fields = refusal.fields
        if "rule" not in self.options:  # the day of a break is no option
            fields = {name: text for name, text in fields.items() if name != "until"}
        fields = {OPTION_OF_FIELD.get(name, name): text for name, text in fields.items()}
        super()._fail(replace(refusal, fields=fields))


def _date_lines(plan: SeriesPlan, now: datetime) -> list[str]:
    """Return the next dates of a plan, each with what the clocks do, and whether it is left out."""
    left_out = {True: wording.LEFT_OUT, False: ""}
    return [
        " · ".join(filter(None, (when(one.starts_at, plan.zone), left_out[one.left_out], wording.CLOCKS[one.clocks])))
        for one in rules.next_dates(plan, now)
    ]


register(add_parsers, SeriesCommands)
