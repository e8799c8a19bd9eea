"""Games from the command line, by the same actions as everywhere else.

Exit codes: 0 done, 1 refused or unknown, 2 wrong usage.
"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError

import games
from games.core import wording
from games.core.roster import load_roster
from games.core.state_wording import ANNOUNCED
from games.core.states import State
from games.management.base import ActionCommand, day_and_time, registered
from games.management.delivery_rows import delivery_line, delivery_row
from games.management.lookups import find_guild
from games.models import Game
from games.pages.game_filter import Section
from games.pages.game_page import history
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning, ending, publishing
from games.scheduling.clone_form import CloneForm
from games.scheduling.cloning import CarryPlayers
from games.scheduling.forms import GameForm, form_data
from games.scheduling.rules import AnnounceWhen
from games.server_settings import templates
from games.server_settings.commands import add_setting_options, channel_id, setting_form_data
from gamesched.lib.autodiscovery import import_from_folders
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Guild
from notifications import report

PLAN_OPTIONS = (
    "title",
    "description",
    "date",
    "time",
    "zone",
    "fold",
    "channel",
    "participants",
)


NOT_A_GAME = "That isn't a complete game yet."


def announce_fields(text: str | None) -> dict[str, str]:
    """Return form data for `now`, `draft`, or a time like 2026-12-31 19:30 in the game's zone."""
    if text is None:
        return {}
    if (word := text.strip().lower()) in {AnnounceWhen.NOW, AnnounceWhen.DRAFT}:
        return {"announce": word}
    day, time = day_and_time(text)
    return {"announce": AnnounceWhen.LATER.value, "announce_date": day, "announce_time": time}


import_from_folders(games, "commands")


class Command(ActionCommand):
    help = "List, schedule, announce, edit, cancel, undo, tell, join games. Without --as you act as the operator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        common = ArgumentParser(add_help=False)
        common.add_argument("--as", dest="person", metavar="PERSON", help="act as this person: Discord id or username")
        common.add_argument("--json", action="store_true", help="answer in JSON")
        changing = ArgumentParser(add_help=False, parents=[common])
        changing.add_argument("--dry-run", action="store_true", help="say what would happen, without changing anything")
        words = parser.add_subparsers(
            dest="word", required=True, metavar="list|show|create|announce|edit|cancel|undo|end|tell|join|leave|…"
        )
        listing = words.add_parser("list", parents=[common], help="list upcoming games")
        listing.add_argument("--past", action="store_true", help="list past games instead, the latest first")
        listing.add_argument("--guild", help="only this server's games: its id or name")
        words.add_parser(
            "show", parents=[common], help="show a game; for the operator, also who was notified"
        ).add_argument("game")
        create = words.add_parser("create", parents=[changing], help="schedule a game")
        create.add_argument("--guild", required=True, help="the server's id or name")
        edit = words.add_parser("edit", parents=[changing], help="change the parts of a game that you give")
        edit.add_argument("game")
        clone = words.add_parser(
            "clone", parents=[changing], help="schedule a game again, a week later or when you say"
        )
        clone.add_argument("game")
        clone.add_argument("--carry", choices=[one.value for one in CarryPlayers], default=CarryPlayers.NO.value)
        for name in PLAN_OPTIONS:
            for word in (create, edit, clone):
                word.add_argument(f"--{name}", help=str(GameForm.base_fields[name].help_text) or None)
        for word in (create, edit, clone):
            add_setting_options(word)
            word.add_argument("--announce", metavar="now|draft|TIME", help="when players see it: 2026-12-31 19:30")
        announce = words.add_parser("announce", parents=[changing], help="announce a game that isn't announced yet")
        announce.add_argument("game")
        undo = words.add_parser("undo", parents=[changing], help="undo a cancellation of the last ten minutes")
        undo.add_argument("game")
        end = words.add_parser("end", parents=[changing], help="end a running game now")
        end.add_argument("game")
        edit.add_argument(
            "--silence", choices=["yes", "no"], help="free the seats of players who don't answer when asked again"
        )
        cancel = words.add_parser("cancel", parents=[changing], help="cancel a game")
        cancel.add_argument("game")
        cancel.add_argument("--reason", default="")
        template = words.add_parser("template", parents=[common], help="save a game as a template")
        template.add_argument("game")
        template.add_argument("--name", required=True)
        for word in (create, clone):
            word.add_argument("--host", help="the host: @ and a member's name, or a Discord id; otherwise you")
            word.add_argument("--anyway", action="store_true", help="even if the host plays or runs another game then")
        for feature in registered():
            feature.add_parsers(words, changing)

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        """Hand a feature's subcommand to its own command."""
        handlers = next((one.handlers for one in registered() if hasattr(one.handlers, f"do_{word}")), None)
        if handlers is None:
            return super().handle(word=word, **options)
        command = handlers()
        command.stdout, command.stderr = self.stdout, self.stderr
        return command.handle(word=word, **options)

    # --- subcommands -----------------------------------------------------------------------------------

    def do_list(self) -> None:
        section = Section.PAST if self.options["past"] else Section.TO_COME
        games = section.of(self._visible_games(), db_now()).select_related("guild")
        if self.options["guild"]:
            games = games.filter(guild=find_guild(self.options["guild"], Guild.objects.all()))
        if self.options["json"]:
            from games.pages.api import game_lines

            self._print_json(game_lines([*games.values_list("pk", flat=True)], db_now(), self.actor.user))
            return
        for game in games:
            state = game.state(db_now())
            self.stdout.write(
                f"{game.pk:>6}  {game.starts_at.isoformat()}  {game.guild.name}: {game.title}"
                f" ({load_roster(game).seats_text}){', cancelled' if state == State.CANCELLED else ''}"
            )
        if not games:
            self.stdout.write("No past games." if self.options["past"] else "No upcoming games.")

    def do_show(self) -> None:
        game = self._game()
        if self.options["json"]:
            self._show_in_json(game)
            return
        self._print_game(game)
        if self.actor.user is None:
            for row in history(game):
                self.stdout.write(f"  {row.at.isoformat()}  {row.text}")
            for delivery in report.deliveries().filter(notification__game=game):
                self.stdout.write(f"  {delivery_line(delivery_row(delivery))}")

    def _show_in_json(self, game: Game) -> None:
        """Print a game as the API shows it; for the operator, with its history and who was notified."""
        from games.deliveries.api import delivery_shapes
        from games.pages.api import history_lines

        shown = self._game_shape(game.pk)
        if shown is None:
            raise Refused(Refusal("unknown", wording.UNKNOWN_GAME))
        data = shown.model_dump(mode="json")
        if self.actor.user is None:
            told = delivery_shapes(report.deliveries().filter(notification__game=game), game.guild_id)
            data["history"] = [one.model_dump(mode="json") for one in history_lines(game, None)]
            data["deliveries"] = [one.model_dump(mode="json") for one in told]
        self.stdout.write(json.dumps(data))

    def do_create(self) -> None:
        guild = find_guild(self.options["guild"], Guild.objects.present())
        zone = self.actor.user.tzinfo.key if self.actor.user else "UTC"
        viewer = self.actor.viewer(guild.pk)
        given = {"zone": zone} | self._given(GameForm(guild=guild, viewer=viewer))
        form = self._require_valid(GameForm(given, guild=guild, viewer=viewer))
        plan, named, announce, overlap = (
            form.plan(),
            form.parsed_names.participants,
            form.announce_schedule(),
            self._conflict_policy(),
        )
        self._run(
            lambda: scheduling.create_game(
                guild.pk, plan, self.actor, db_now(), form.chosen_host, named, announce, overlap
            ),
            form.completed_text,
        )

    def do_edit(self) -> None:
        game = self._game()
        viewer = self.actor.viewer_of(game)
        blank = GameForm(guild=game.guild, game=game, viewer=viewer, initial=GameForm.initial_of(game))
        if game.announced_at is not None and announce_fields(self.options["announce"]).get("announce", "now") != "now":
            raise Refused(Refusal("announced", ANNOUNCED, {"announce": ANNOUNCED}))
        data = self._form_data(blank) | {"silence": self.options["silence"] or ""}
        form = self._require_valid(GameForm(data, guild=game.guild, game=game, viewer=viewer))
        named, announce, drop_unconfirmed = (
            form.parsed_names.participants,
            form.changed_announce_schedule(),
            form.drop_unconfirmed,
        )
        self._run(
            lambda: scheduling.edit_game(
                game.pk,
                form.plan(),
                self.actor,
                db_now(),
                participants=named,
                announce=announce,
                drop_unconfirmed=drop_unconfirmed,
            ),
            form.completed_text,
        )

    def do_announce(self) -> None:
        game_id = self._game().pk
        self._run(lambda: publishing.announce_game(game_id, self.actor, db_now()))

    def do_undo(self) -> None:
        game_id = self._game().pk
        self._run(lambda: cancellation.undo_cancellation(game_id, self.actor, db_now()))

    def do_end(self) -> None:
        game_id = self._game().pk
        self._run(lambda: ending.end_game(game_id, self.actor, db_now()))

    def do_cancel(self) -> None:
        game_id = self._game().pk
        self._run(lambda: cancellation.cancel_game(game_id, self.options["reason"], self.actor, db_now()))

    def do_clone(self) -> None:
        game = self._game()
        viewer = self.actor.viewer_of(game)
        blank = CloneForm(
            guild=game.guild,
            viewer=viewer,
            template=CloneForm.template_for(game, viewer),
            initial=CloneForm.initial_of_clone(game, viewer, db_now()),
        )
        carry = CarryPlayers(self.options["carry"])
        form = self._require_valid(
            CloneForm(self._form_data(blank) | {"carry": carry.value}, guild=game.guild, viewer=viewer)
        )
        named, announce, overlap = form.parsed_names.participants, form.announce_schedule(), self._conflict_policy()
        self._run(
            lambda: cloning.clone_game(
                game.pk, form.plan(), carry, self.actor, db_now(), named, announce, overlap, form.chosen_host
            ),
            form.completed_text,
        )

    def do_template(self) -> None:
        game = self._game()
        saved = templates.save_game_as_template(game.pk, self.options["name"], self.actor, db_now())
        self._print_result(game, saved.text)

    # --- helpers -----------------------------------------------------------------------------------------

    def _given(self, blank: GameForm) -> dict[str, Any]:
        """Return the form data of the options that are given. Raises CommandError for an unknown role."""
        names = (*PLAN_OPTIONS, "host")
        given = {name: self.options[name] for name in names if self.options.get(name) is not None}
        if "channel" in given:
            channels: Any = blank.fields["channel"]
            given["channel"] = channel_id(given["channel"], channels.choices)
        try:
            return given | setting_form_data(blank, self.options) | announce_fields(self.options["announce"])
        except ValidationError as problem:
            fields = {name: " ".join(texts) for name, texts in problem.message_dict.items()}
            self._fail(Refusal("bad_plan", NOT_A_GAME, fields))

    def _form_data(self, blank: GameForm) -> dict[str, Any]:
        """Return what a browser would send of the form, with the options given here instead."""
        return form_data(blank) | self._given(blank)

    def _require_valid(self, form: GameForm) -> GameForm:
        if not form.is_valid():
            fields = {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}
            self._fail(Refusal("bad_plan", NOT_A_GAME, fields))
        return form
