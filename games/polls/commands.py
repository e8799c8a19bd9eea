"""The subcommand of `manage.py game` with which people find a time."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.db.models import Count, QuerySet

from games.core import wording as core_wording
from games.core.permissions import visible_polls
from games.management.base import ActionCommand, day_and_time, register
from games.models import PollState, TimePoll, TimePollOption
from games.polls import actions, wording
from games.polls.actions import PollResult
from games.polls.forms import PollForm
from games.polls.rules import TIMES_MAX, best_option
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.zones import find_zone
from guilds.display_names import display_names
from guilds.forms import UNKNOWN_ZONE
from guilds.models import Guild
from guilds.names import without_isolates
from guilds.templatetags.zoned_times import when

if TYPE_CHECKING:
    from games.polls.api import PollShape

# What forms and rules call otherwise than the options do.
OPTION_OF_FIELD = {
    "times": "at",
    "closes_date": "closes",
    "closes_time": "closes",
    "number": "quorum",
    "wins": "minimum",
}


def add_parsers(words: Any, changing: ArgumentParser) -> None:
    """Add the parsers of the words of polls."""
    poll = words.add_parser("poll", help="find a time: ask who can come when")
    whats = poll.add_subparsers(dest="what", required=True, metavar="new|list|show|tick|make|cancel")
    new = whats.add_parser("new", parents=[changing], help="open a poll in a channel")
    new.add_argument("--guild", required=True, help="the server's id")
    new.add_argument("--channel", required=True, help="the id of the channel for the poll and the announcement")
    new.add_argument("--title", required=True)
    new.add_argument("--template", help="the id of the template for the game's settings")
    new.add_argument("--at", action="append", required=True, help="2026-12-31 19:30; repeat it for each time")
    new.add_argument("--closes", required=True, help="when the poll closes automatically: 2026-12-30 20:00")
    wins = new.add_mutually_exclusive_group()
    wins.add_argument("--quorum", help="schedule the first time this many people can come, automatically")
    wins.add_argument("--minimum", action="store_true", help="the same, with the game's minimum of players")
    listing = whats.add_parser("list", parents=[changing], help="list open polls")
    listing.add_argument("--guild", help="only this server's polls")
    show = whats.add_parser("show", parents=[changing], help="show a poll, with who can come when")
    tick = whats.add_parser("tick", parents=[changing], help="answer a poll, replacing the previous answer")
    make = whats.add_parser("make", parents=[changing], help="make a poll a game, at the best time or another")
    cancel = whats.add_parser("cancel", parents=[changing], help="close a poll without a game")
    for word in (show, tick, make, cancel):
        word.add_argument("poll")
    tick.add_argument("times", nargs="*", help="the numbers of the times, as shown; give none to clear the answer")
    make.add_argument("time", nargs="?", help="the number of the time, as shown")
    for word in (new, listing, show, tick, make, cancel):
        word.add_argument("--zone", help="for the times you type and see, such as Europe/Berlin; otherwise your own")


class PollCommands(ActionCommand):
    """The handlers of these words."""

    def do_poll(self) -> None:
        getattr(self, f"_{self.options['what']}")()

    def _new(self) -> None:
        self._require_person()
        guild = Guild.objects.present().filter(pk=parse_id(self.options["guild"]) or 0).first()
        viewer = self.actor.viewer(guild.pk) if guild is not None else None
        if guild is None or viewer is None or not viewer.may_see:
            raise Refused(Refusal("unknown", core_wording.NOT_A_MEMBER))
        form = PollForm(self._form_data(), guild=guild, viewer=viewer)
        if len(self.options["at"]) > TIMES_MAX:
            self._fail(Refusal("bad_poll", wording.NOT_A_POLL, {"at": wording.TOO_MANY_TIMES}))
        if self.options["template"] and "template" not in form.fields:  # where there is none to choose
            self._fail(Refusal("bad_poll", wording.NOT_A_POLL, {"template": core_wording.UNKNOWN_TEMPLATE}))
        if not form.is_valid() or not form.check_times(db_now()):
            errors = {name: " ".join(map(str, found)) for name, found in form.errors.items()}
            self._fail(Refusal("bad_poll", wording.NOT_A_POLL, self._by_option(errors)))
        try:
            self._act(lambda: actions.open_poll(guild.pk, form.plan(), self.actor, db_now()))
        except Refused as refused:
            self._fail(replace(refused.refusal, fields=self._by_option(refused.refusal.fields)))

    def _list(self) -> None:
        polls: QuerySet[TimePoll] = TimePoll.objects.all()
        if self.actor.user is not None:
            polls = visible_polls(self.actor.user)
        polls = polls.filter(pk__in=TimePoll.objects.open(db_now()).order_by().values("pk"))
        if self.options["guild"]:
            polls = polls.filter(guild_id=parse_id(self.options["guild"]) or 0)
        people = Count("options__votes__user", distinct=True)
        polls = polls.select_related("guild", "channel", "game").annotate(people=people).order_by("closes_at", "pk")
        if self.options["json"]:
            self._print_json(self._shapes(list(polls)))
            return
        zone = self._zone()
        for poll in polls:
            closes = when(poll.closes_at, zone)
            self.stdout.write(
                f"{poll.pk:>6}  {poll.guild.name}: {poll.title} ({poll.people} answered, closes {closes})"
            )
        if not polls:
            self.stdout.write("No open polls.")

    def _show(self) -> None:
        self._print_poll(self._poll(), "")

    def _tick(self) -> None:
        self._require_person()
        poll = self._poll()
        times = [self._option(poll, text).pk for text in self.options["times"]]
        self._act(lambda: actions.vote(poll.pk, times, self.actor, db_now()))

    def _make(self) -> None:
        poll = self._poll()
        option = self._option(poll, self.options["time"]) if self.options["time"] else None
        self._act(lambda: actions.make_game(poll.pk, self.actor, db_now(), option.pk if option is not None else None))

    def _cancel(self) -> None:
        poll = self._poll()
        self._act(lambda: actions.cancel_poll(poll.pk, self.actor, db_now()))

    # --- helpers -----------------------------------------------------------------------------------------

    def _require_person(self) -> None:
        if self.actor.user is None:
            raise CommandError("Say who you mean.\nAdd --as PERSON.", returncode=2)

    def _poll(self) -> TimePoll:
        return actions.visible_poll(parse_id(self.options["poll"]) or 0, self.actor)[0]

    def _option(self, poll: TimePoll, text: str) -> TimePollOption:
        """Return the time of a poll with this number. Raises Refused."""
        number, options = parse_id(text) or 0, list(poll.options.all())
        if not 1 <= number <= len(options):
            raise Refused(Refusal("unknown_time", wording.UNKNOWN_TIME))
        return options[number - 1]

    def _zone(self) -> str:
        zone = self.options["zone"]
        if zone and find_zone(zone) is None:
            raise Refused(Refusal("unknown_zone", UNKNOWN_ZONE, {"zone": UNKNOWN_ZONE}))
        return zone or (self.actor.user.tzinfo.key if self.actor.user is not None else "UTC")

    def _form_data(self) -> dict[str, Any]:
        """Return what a browser would send."""
        given = self.options
        data = {name: given[name] for name in ("title", "channel", "template") if given[name]}
        data |= {"zone": self._zone(), "number": given["quorum"] or ""}
        data["wins"] = "minimum" if given["minimum"] else "number" if given["quorum"] else "host"
        data["closes_date"], data["closes_time"] = day_and_time(given["closes"])
        for number, text in enumerate(given["at"], start=1):
            data[f"date_{number}"], data[f"time_{number}"] = day_and_time(text)
        return data

    def _by_option(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return what is wrong by the option that it is about, a time's with that time."""
        problems: dict[str, list[str]] = {}
        for name, text in fields.items():
            _stem, _, number = name.partition("_")
            if number.isdecimal():
                typed = [*self.options["at"], *[""] * TIMES_MAX][int(number) - 1]
                problems.setdefault("at", []).append(f"{typed}: {text}" if typed else text)
            else:
                problems.setdefault(OPTION_OF_FIELD.get(name, name), []).append(text)
        return {name: " ".join(texts) for name, texts in problems.items()}

    def _act(self, action: Callable[[], PollResult]) -> None:
        """Run an action, or rehearse it, and print its result."""
        result, text = self._result_of(action)
        if self.options["json"]:
            from games.polls.api import PollAction

            shown = None if self.options["dry_run"] else self._shapes([result.poll])[0]
            self._print_json(PollAction(text=text, changed=result.changed, poll=shown))
        elif self.options["dry_run"]:
            self.stdout.write(text)
        else:
            self._print_poll(result.poll, text)

    def _shapes(self, found: list[TimePoll]) -> "list[PollShape]":
        from games.polls.api import poll_shapes

        return poll_shapes(found, self.actor.user, db_now())

    def _print_poll(self, poll: TimePoll, text: str) -> None:
        if self.options["json"]:
            self._print_json(self._shapes([poll])[0])
            return
        now = db_now()
        state, game = poll.state(now), poll.game
        zone = self._zone()
        if text:
            self.stdout.write(text)
        closes = f", closes {when(poll.closes_at, zone)}" if state is PollState.OPEN else ""
        self.stdout.write(f"{poll.title} ({state.label}{closes})")
        for one in self._times(poll, now):
            names = f": {', '.join(one['people'])}" if one["people"] else ""
            best = " *" if one["best"] else ""
            at, count = when(datetime.fromisoformat(one["starts_at"]), zone), wording.count_text(len(one["people"]))
            self.stdout.write(f"{one['number']:>4}  {at}  {count}{names}{best}")
        self.stdout.write(game.url if game is not None else poll.url)

    def _times(self, poll: TimePoll, now: datetime) -> Iterator[dict[str, Any]]:
        options, voters = list(poll.options.all()), actions.voters_of(poll)
        best = poll.winner or best_option(options, actions.counted(voters), now)
        names = display_names(poll.guild_id, {pk for people in voters.values() for pk in people})
        for number, one in enumerate(options, start=1):
            yield {
                "number": number,
                "starts_at": one.starts_at.isoformat(),
                "people": [without_isolates(names[pk].text) for pk in voters.get(one.pk, ())],
                "best": best is not None and one.pk == best.pk,
            }


register(add_parsers, PollCommands)
