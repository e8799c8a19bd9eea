"""What the fuzzer sends as Discord would: buttons, selects, modals, commands, menus, and what is typed into options."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, get_args

from conftest import GUILD
from discord_bot.interactions import game_commands
from discord_bot.interactions.choices import run_choice
from discord_bot.interactions.command_use import Work, use_command
from discord_bot.interactions.game_list import PageRequest, load_page
from discord_bot.interactions.line_replies import URL_MAX, LineReply, LineRequest, reply_to_line
from discord_bot.interactions.line_state import LineAction, LineState
from discord_bot.interactions.modals import submit_modal
from discord_bot.interactions.polls import run_poll_action
from discord_bot.interactions.series import show_series
from discord_bot.interactions.series_state import SeriesAction, SeriesChoice
from discord_bot.interactions.signup_buttons import ACTIONS, Click, run_signup_action
from discord_bot.interactions.suggestions import LABEL_MAX, MOST, Choices, Kind, find_choices, suggest_duration
from games.core.choices import PromptChoice, PromptKind
from games.core.rules import SEATS_MAX
from games.core.text_rules import REASON_MAX
from games.scheduling.rules import TITLE_MAX
from games.tests.cast import Cast
from games.tests.fuzzed_places import Place
from gamesched.lib.days_in_words import DAY_MAX
from gamesched.lib.durations import INPUT_MAX
from gamesched.lib.ids import parse_id
from gamesched.lib.times_in_words import LINE_MAX
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Member, User

IDS = (0, 1, 7, -1, 2**31, 2**63 - 1, 2**63, 10**30)
CUSTOM_ID_MAX = 100  # characters, Discord's limit

Sender = tuple[int | None, MemberPayload | None]  # the guild and its member, as the bot hands them on


class Interactions:
    """Chooses interactions by chance; each is a call of the function that does its database work."""

    names = ("button", "choice", "command", "line", "list", "menu", "modal", "poll", "suggestions")

    def __init__(
        self, chance: random.Random, hostile: Callable[[], str], cast: Cast, places: Mapping[str, Place], now: datetime
    ) -> None:
        self.chance, self._hostile, self.cast, self.places, self.now = chance, hostile, cast, places, now

    def choose(self, name: str, user: User) -> partial[Any]:
        """Return an interaction of a kind, as a person sends it."""
        place = self.places[self.chance.choice(("own", "own", "hidden", "foreign"))]
        sender, text = self._sender(user), self._hostile()
        number = self.chance.choice((place.game.pk, place.game.pk, self.chance.choice(IDS)))
        word = self.chance.choice((*ACTIONS, "note", "bring", "x"))
        calls: dict[str, Callable[[], partial[Any]]] = {
            "button": lambda: partial(run_signup_action, Click(number, self.chance.choice([*ACTIONS]), *sender)),
            "modal": lambda: partial(submit_modal, f"{word}:{number}", text, *sender),
            "list": lambda: partial(load_page, PageRequest(self.chance.choice(("list", "mine")), *sender)),
            "choice": lambda: self._choice(number, user, sender),
            "poll": lambda: self._poll(place, sender),
            "line": lambda: self._line(place, number, text, sender),
            "command": lambda: partial(use_command, *sender, self._command(number, text)),
            "menu": lambda: partial(use_command, *sender, self._menu(number, text)),
            "suggestions": lambda: self._suggestions(text, sender),
        }
        return calls[name]()

    def _sender(self, user: User) -> Sender:
        """Return a person as Discord sends them, with the roles that they have; sometimes from a direct message."""
        if self.chance.random() < 0.05:
            return None, None
        known = Member.objects.filter(user=user, guild=GUILD, left_at=None).first()
        nick = self._hostile()[:32].replace("\x00", "")
        roles = tuple(known.role_ids) if known is not None else ()
        return GUILD, MemberPayload(UserPayload(user.pk, user.handle), nick, role_ids=roles)

    def _choice(self, number: int, user: User, sender: Sender) -> partial[Any]:
        prompt = self.chance.choice((*PromptKind, self._hostile()[:20]))
        custom_id = f"ask:{prompt}:{number}:{self.chance.choice(IDS)}:{self.chance.choice(('yes', 'no', 'swap', ''))}"
        try:
            choice = PromptChoice.parse(custom_id)
        except ValueError:  # the bot hands on only what parses
            return partial(str)
        return partial(run_choice, choice, UserPayload(user.pk, user.handle), *sender)

    def _poll(self, place: Place, sender: Sender) -> partial[Any]:
        """Tick times of a poll, some of which are none of its, or make it a game."""
        times = [*place.poll.options.values_list("pk", flat=True)]
        if self.chance.random() < 0.3:
            times += IDS
        ticked = [parse_id(str(one)) or 0 for one in self.chance.sample(times, self.chance.choice((0, 1, 2)))]
        poll_id = self.chance.choice((place.poll.pk, place.poll.pk, self.chance.choice(IDS)))
        return partial(run_poll_action, parse_id(str(poll_id)), self.chance.choice((None, ticked)), *sender)

    def _line(self, place: Place, number: int, text: str, sender: Sender) -> partial[Any]:
        """Send a line by /game create or /game again, or press a button under its preview."""
        pick = self.chance.choice
        line = pick(("", text[:LINE_MAX], f"{text[:60]} friday 8pm", "Strahd tomorrow 20:00, 4 seats, 3h"))
        known = (place.game.channel_id, place.template.pk)
        channel, template = (pick(("", "0", str(one), str(pick(IDS)))) for one in known)
        at = int((self.now + timedelta(days=pick((-1, 1, 4000)))).timestamp())
        parts = [pick([*LineAction]), pick(("-", str(at), "0", "9" * 11)), channel or "-", template or "-"]
        parts += [pick(("-", "0", "5", "9" * 6)), pick(("-", "0", "90", "9" * 8)), *pick(([], [str(number)]))]
        state = pick((
            LineState.of_options(template, channel, pick((None, 1, SEATS_MAX)), pick(("", "3h", text[:INPUT_MAX]))),
            LineState.parse(":".join(("line", *parts))),
            LineState(game_id=parse_id(str(number))),
        ))  # fmt: skip
        if not isinstance(state, LineState):  # the bot hands on only what parses
            return partial(str)
        return partial(_reply_to_line, LineRequest(line, state, *sender, place.game.channel_id, pick((None, 1))))

    def _command(self, number: int, text: str) -> Work:
        pick, game = self.chance.choice, self.chance.choice((str(number), str(number), text))
        title, when = pick(("", text[:TITLE_MAX])), pick(("", "friday 8pm", text[:LINE_MAX]))
        changes = game_commands.Changes(title, when, pick((None, 1, SEATS_MAX)), pick(("", "2h", text[:INPUT_MAX])))
        day = pick((0, 1, 740_000, 10**9 - 1))
        series = SeriesChoice(pick([*SeriesAction]), parse_id(str(number)) or 0, day)
        works: tuple[Work, ...] = (
            partial(game_commands.edit, game_id=game, changes=changes),
            partial(game_commands.cancel, game_id=game, reason=text[:REASON_MAX]),
            game_commands.show_settings,
            partial(show_series, choice=series, words=pick(("in 3 weeks", text[:DAY_MAX]))),
        )
        return pick(works)

    def _menu(self, number: int, text: str) -> Work:
        pick, message_id = self.chance.choice, parse_id(str(number)) or 0
        person = pick([*self.cast.people.values()])
        payload = MemberPayload(UserPayload(person.pk, person.handle, bot=pick((True, False, False))))
        works: tuple[Work, ...] = (
            partial(game_commands.sign_up, message_id=message_id, people={person.pk: payload}),
            partial(game_commands.list_deliveries, message_id=message_id),
            partial(game_commands.games_with, user_id=pick((person.pk, message_id)), name=text),
        )
        return pick(works)

    def _suggestions(self, text: str, sender: Sender) -> partial[Any]:
        kind, typed = self.chance.choice((*get_args(Kind), "duration")), self.chance.choice(("", "q", text))
        if kind == "duration":
            return partial(_find_choices, partial(suggest_duration, typed))
        return partial(_find_choices, partial(find_choices, kind, *sender, typed))


def _reply_to_line(request: LineRequest) -> LineReply:
    """Answer a line; fail if a button under the answer is none that Discord and we take."""
    reply = reply_to_line(request)
    ids = [button.state.custom_id for button in reply.buttons]
    assert all(len(one) <= CUSTOM_ID_MAX and LineState.parse(one) is not None for one in ids), ids
    assert len(reply.web_url) <= URL_MAX, reply.web_url
    return reply


def _find_choices(find: Callable[[], Choices]) -> Choices:
    """Return choices; fail if there are such as Discord does not take."""
    found = find()
    assert len(found) <= MOST, found
    assert all(0 < len(text) <= LABEL_MAX for one in found for text in (one.name, one.value)), found
    return found
