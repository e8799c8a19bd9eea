"""Games from the command line: the same verbs as everywhere else.

Exit codes: 0 done, 1 refused or unknown, 2 wrong usage.
"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games import messages, offer_messages
from games.actions import answers, cloning, life, lifecycle, questions, signups, swapping, telling, templates, waiting
from games.actions.cloning import Carry
from games.actions.overlaps import Overlap
from games.actions.planning import Actor, Done, rehearsed
from games.again_forms import AgainForm
from games.announcement import view
from games.forms import GameForm
from games.life import When
from games.management.after_words import AfterWords
from games.management.host_words import HostWords, add_host_words
from games.models import Game
from games.roster import roster
from games.rules import To
from games.standing import visible_to
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Guild, User

PLAN = (
    "title",
    "description",
    "date",
    "time",
    "zone",
    "fold",
    "channel",
    "seats",
    "duration",
    "reminders",
    "participants",
)


def announcing(text: str | None) -> dict[str, str]:
    """`now`, `draft`, or a time like 2026-12-31 19:30 in the game's zone, as the form takes it."""
    if text is None:
        return {}
    day, _, time = text.replace("T", " ").partition(" ")
    if day in {When.NOW, When.DRAFT}:
        return {"announce": day}
    return {"announce": When.LATER.value, "announce_date": day, "announce_time": time}


PEOPLE = {
    "join": "join a game",
    "leave": "leave a game",
    "answer": "say that one may come, or cannot",
    "note": "write a note beside one's name",
    "bring": "bring somebody who is not in Discord",
    "unbring": "take back whom one brings",
}


class Command(HostWords, AfterWords, BaseCommand):
    help = "Games: list, schedule, announce, edit, cancel, undo, tell, join. Without --as you act as the operator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        common = ArgumentParser(add_help=False)
        common.add_argument("--as", dest="person", metavar="PERSON", help="act as this person: Discord id or username")
        common.add_argument("--json", action="store_true", help="answer in JSON")
        changing = ArgumentParser(add_help=False, parents=[common])
        changing.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        words = parser.add_subparsers(
            dest="word", required=True, metavar="list|show|create|announce|edit|cancel|undo|tell|join|leave|…"
        )
        listing = words.add_parser("list", parents=[common], help="upcoming games")
        listing.add_argument("--guild", help="only this server's")
        words.add_parser("show", parents=[common], help="one game with its roster").add_argument("game")
        create = words.add_parser("create", parents=[changing], help="schedule a game")
        create.add_argument("--guild", required=True, help="the server's id")
        edit = words.add_parser("edit", parents=[changing], help="change what is given of a game")
        edit.add_argument("game")
        clone = words.add_parser("clone", parents=[changing], help="schedule a game again, a week later or as given")
        clone.add_argument("game")
        clone.add_argument("--carry", choices=[one.value for one in Carry], default=Carry.NO.value)
        for name in PLAN:
            for word in (create, edit, clone):
                word.add_argument(f"--{name}", help=str(GameForm.base_fields[name].help_text) or None)
        for word in (create, edit, clone):
            word.add_argument("--announce", metavar="now|draft|TIME", help="when players see it: 2026-12-31 19:30")
        announce = words.add_parser("announce", parents=[changing], help="announce a game that is not announced yet")
        announce.add_argument("game")
        undo = words.add_parser("undo", parents=[changing], help="undo a cancellation of the last ten minutes")
        undo.add_argument("game")
        edit.add_argument("--silence", choices=["yes", "no"], help="asked again, who does not answer loses the seat")
        cancel = words.add_parser("cancel", parents=[changing], help="call a game off")
        cancel.add_argument("game")
        cancel.add_argument("--reason", default="")
        tell = words.add_parser("tell", parents=[changing], help="write to the people in a game")
        tell.add_argument("game")
        tell.add_argument("--text", required=True)
        tell.add_argument("--to", choices=[to.value for to in To], default=To.ALL.value)
        template = words.add_parser("template", parents=[common], help="save a game as a template")
        template.add_argument("game")
        template.add_argument("--name", required=True)
        answering = words.add_parser("confirm", parents=[changing], help="answer whether one still comes")
        answering.add_argument("game")
        answering.add_argument("--no", action="store_true", help="they do not, and leave")
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
        wait = words.add_parser("wait", parents=[changing], help="wait on purpose, giving up the seat")
        wait.add_argument("game")
        wait.add_argument("--person", dest="who", help="who is meant, if not the one who acts")
        wait.add_argument("--off", action="store_true", help="want a seat again")
        for word in (create, clone):
            word.add_argument("--anyway", action="store_true", help="though the host plays or runs another game then")

        add_host_words(words, changing)

        self.add_after_words(words, changing)

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        self.options = options
        user = self._person(options["person"]) if options.get("person") else None
        self.actor = Actor(user, "command", operator=user is None)
        try:
            getattr(self, f"do_{word}")()
        except Refused as refused:
            self._fail(refused.refusal.sentence, refused.refusal.fields)

    # --- words -------------------------------------------------------------------------------------------

    def do_list(self) -> None:
        games = self._visible().upcoming(db_now()).select_related("guild")
        if self.options["guild"]:
            games = games.filter(guild_id=parse_id(self.options["guild"]))
        found = [self._line(game) for game in games]
        if self.options["json"]:
            self.stdout.write(json.dumps(found))
        for line in [] if self.options["json"] else found:
            self.stdout.write(
                f"{line['id']:>6}  {line['starts_at']}  {line['guild']}: {line['title']} ({line['seats_text']})"
            )
        if not found and not self.options["json"]:
            self.stdout.write("No games are to come.")

    def do_show(self) -> None:
        self._show(self._game(), None)

    def do_create(self) -> None:
        guild = Guild.objects.present().filter(pk=parse_id(self.options["guild"]) or 0).first()
        if guild is None:
            raise Refused(Refusal("unknown", messages.NOT_A_MEMBER))
        given = {"zone": self.actor.user.zone if self.actor.user else "UTC"} | self._given()
        form = self._valid(GameForm(given, guild=guild))
        plan, named, announce, overlap = form.plan(), form.judged.named, form.announcing(), self._overlap()
        self._do(
            lambda: lifecycle.create(
                guild.pk, plan, self.actor, db_now(), named=named, announce=announce, overlap=overlap
            )
        )

    def do_edit(self) -> None:
        game = self._game()
        blank = GameForm(guild=game.guild, game=game, initial=GameForm.initial_of(game))
        data = {name: blank[name].value() for name in blank.fields}
        data = {k: v.strftime("%H:%M") if v and k in {"time", "announce_time"} else v for k, v in data.items()}
        data["silence"] = self.options["silence"] or ""
        form = self._valid(GameForm(data | self._given(), guild=game.guild, game=game))
        named, announce, silence = form.judged.named, form.announcing_anew(), form.on_silence
        self._do(
            lambda: lifecycle.edit(
                game.pk, form.plan(), self.actor, db_now(), named=named, announce=announce, silence_frees=silence
            )
        )

    def do_announce(self) -> None:
        game_id = self._game().pk
        self._do(lambda: life.announce(game_id, self.actor, db_now()))

    def do_undo(self) -> None:
        game_id = self._game().pk
        self._do(lambda: life.uncancel(game_id, self.actor, db_now()))

    def do_cancel(self) -> None:
        game_id = self._game().pk
        self._do(lambda: lifecycle.cancel(game_id, self.options["reason"], self.actor, db_now()))

    def do_tell(self) -> None:
        game_id = self._game().pk
        text, to = self.options["text"], To(self.options["to"])
        self._do(lambda: telling.tell(game_id, text, to, self.actor, db_now()))

    def do_join(self) -> None:
        game_id, who = self._game().pk, self._who()
        if self.options["swap"]:
            if not self.actor.operator and self.actor.user != who:
                raise CommandError("Only people themselves swap games.\nLeave --swap out.", returncode=2)
            by = Actor(who, "command")
            self._do(lambda: swapping.swap(game_id, by, db_now()))
            return
        self._do(lambda: signups.join(game_id, who, self.actor, db_now(), overlap=self._overlap()))

    def do_wait(self) -> None:
        game_id, who, on = self._game().pk, self._who(), not self.options["off"]
        self._do(lambda: waiting.wait(game_id, who, on, self.actor, db_now()))

    def do_leave(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: signups.leave(game_id, who, self.actor, db_now()))

    def do_answer(self) -> None:
        game_id, who = self._game().pk, self._who()
        verb = {"maybe": answers.maybe, "cant": answers.cant}[self.options["kind"]]
        self._do(lambda: verb(game_id, who, self.actor, db_now()))

    def do_note(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: answers.note(game_id, who, self.options["text"], self.actor, db_now()))

    def do_bring(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: answers.bring(game_id, who, self.options["name"], self.actor, db_now()))

    def do_unbring(self) -> None:
        game_id, who = self._game().pk, self._who()
        self._do(lambda: answers.unbring(game_id, who, self.actor, db_now()))

    def do_clone(self) -> None:
        game = self._game()
        blank = AgainForm(
            guild=game.guild,
            template=game.living_template,
            initial=AgainForm.initial_again(game, self.actor, db_now()),
        )
        data = {name: blank[name].value() for name in blank.fields}
        data = {k: v.strftime("%H:%M") if v and k in {"time", "announce_time"} else v for k, v in data.items()}
        data |= announcing(self.options["announce"])
        carry = Carry(self.options["carry"])
        form = self._valid(AgainForm(data | self._given() | {"carry": carry.value}, guild=game.guild))
        named, announce, overlap = form.judged.named, form.announcing(), self._overlap()
        self._do(lambda: cloning.clone(game.pk, form.plan(), carry, self.actor, db_now(), named, announce, overlap))

    def do_template(self) -> None:
        game = self._game()
        saved = templates.save_game_as_template(game.pk, self.options["name"], self.actor, db_now())
        self._show(game, saved.text)

    def do_confirm(self) -> None:
        game_id, choice = self._game().pk, "no" if self.options["no"] else "yes"
        self._do(lambda: questions.answer_current(game_id, choice, self.actor, db_now()))

    # --- helpers -----------------------------------------------------------------------------------------

    def _do(self, verb: Any) -> None:
        dry = self.options["dry_run"]
        done: Done = rehearsed(verb) if dry else verb()
        text = f"Nothing was changed. It would answer: {done.text}" if dry else done.text
        self._show(done.game, text, details=not dry)

    def _show(self, game: Game, text: str | None, details: bool = True) -> None:
        if self.options["json"]:
            found: dict[str, Any] = self._line(game) if details else {"id": game.pk}
            self.stdout.write(json.dumps(found | ({"text": text} if text else {})))
            return
        if text:
            self.stdout.write(text)
            self.stdout.write(game.url if details else "")
            return
        self.stdout.write(view(game, db_now()).text)
        people = roster(game)
        for title, seats in (("In", people.seated), ("Waiting", people.waiting)):
            for seat in seats:
                why = f" ({offer_messages.WAITS})" if seat.waits else ""
                note = f" · {seat.note}" if seat.note else ""
                self.stdout.write(f"  {title} {seat.number}: {seat.name}{why}{note}")

    def _line(self, game: Game) -> dict[str, Any]:
        people = roster(game)
        return {
            "id": game.pk,
            "guild": game.guild.name,
            "title": game.title,
            "starts_at": game.starts_at.isoformat(),
            "state": str(game.state(db_now())),
            "seats_text": people.seats_text,
            "seated": [seat.name for seat in people.seated],
            "waiting": [seat.name for seat in people.waiting],
            "url": game.url,
        }

    def _visible(self) -> Any:
        return Game.objects.all() if self.actor.user is None else visible_to(self.actor.user)

    def _game(self) -> Game:
        game: Game | None = self._visible().filter(pk=parse_id(self.options["game"]) or 0).first()
        if game is None:
            raise Refused(Refusal("unknown", messages.UNKNOWN_GAME))
        return game

    def _person(self, text: str) -> User:
        people = User.objects.filter(pk=parse_id(text) or 0) if text.isdigit() else User.objects.filter(handle=text)
        if len(people) != 1:
            raise CommandError(
                f"No person is known as {text!r}.\nGive their Discord id."
                if not people
                else f"{len(people)} people are called {text!r}.\nGive the Discord id instead."
            )
        return people[0]

    def _who(self) -> User:
        who = self._person(self.options["who"]) if self.options["who"] else self.actor.user
        if who is None:
            raise CommandError("Say who is meant.\nAdd --as PERSON, or --person PERSON.", returncode=2)
        return who

    def _overlap(self) -> Overlap:
        return Overlap.ANYWAY if self.options["anyway"] else Overlap.ASK

    def _given(self) -> dict[str, str]:
        given = {name: self.options[name] for name in PLAN if self.options.get(name) is not None}
        return given | announcing(self.options["announce"])

    def _valid(self, form: GameForm) -> GameForm:
        if not form.is_valid():
            self._fail("That is not a game yet.", {name: " ".join(map(str, e)) for name, e in form.errors.items()})
        return form

    def _fail(self, sentence: str, fields: dict[str, str]) -> None:
        if self.options["json"]:
            self.stdout.write(json.dumps({"error": sentence, "fields": fields}))
        raise CommandError("\n".join([sentence, *(f"  --{name}: {text}" for name, text in fields.items())]))
