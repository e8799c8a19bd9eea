"""Answering a click: the verb, then the announcement itself as the answer, then a private line."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import discord
from discord.utils import escape_markdown

from discord_bot import render
from discord_bot.converters import seen_member
from discord_bot.interactions.log import Entry, Log, unanswered
from discord_bot.interactions.replies import in_time, overlap_text, say
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import Actor, ActionResult
from games.models import Game
from games.offers.overlaps import ConflictPolicy, ScheduleConflict
from games.posts.actions import record_shown_revision
from games.posts.announcement import AnnouncementView, announcement_view
from games.signups import actions as signups
from games.signups import responses
from games.signups import wording as signup_wording
from gamesched.lib.clock import db_now
from gamesched.lib.orm import in_db
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import SeenMember
from guilds.directory.upsert import hear_from, see_member
from guilds.models import User
from notifications.messages import Button

VERBS: dict[str, Callable[[int, User, Actor, datetime], ActionResult]] = {
    "join": partial(signups.join, overlap=ConflictPolicy.ASK),
    "leave": signups.leave,
    "maybe": responses.respond_maybe,
    "cant": responses.respond_absent,
}
REPEATED_WITHIN = 3.0  # seconds: a person's next click on the same game within it is a repetition
SEEN = 500  # clicks that are known again when they are delivered twice
QUIET_FOR = 1.0  # seconds after the last repetition until its one line is said


@dataclass(frozen=True)
class Click:
    """A press of a button, as it came."""

    game_id: int | None
    verb: str
    guild_id: int | None
    member: SeenMember | None


@dataclass(frozen=True)
class Answer:
    """What to say in private and, where something changed, the post as it now is."""

    text: str
    post: AnnouncementView | None = None
    revision: int = 0
    outcome: Outcome = Outcome.REFUSED
    buttons: tuple[Button, ...] = ()


def act(click: Click) -> Answer:
    """Everything a click does in the database, in one crossing."""
    if click.guild_id is None or click.member is None:
        return Answer(wording.NOT_IN_DM)
    game = Game.objects.announced().filter(pk=click.game_id).first() if click.game_id else None
    if game is None:
        return Answer(wording.OLD_BUTTON)
    if game.guild_id != click.guild_id:
        return Answer(wording.NOT_HERE)
    now = db_now()
    user = see_member(click.guild_id, click.member, now).user
    hear_from(user)
    try:
        done = VERBS[click.verb](game.pk, user, Actor(user, "button"), now)
    except ScheduleConflict as question:
        return Answer(overlap_text(question), buttons=question.buttons)
    except Refused as refused:
        return Answer(escape_markdown(refused.refusal.sentence))
    text = escape_markdown(done.text)
    if not done.changed:
        return Answer(text, outcome=Outcome.NOTHING)
    return Answer(text, announcement_view(done.game, now), done.game.revision, Outcome.DONE, _next(done.game, click.verb))


def _next(game: Game, verb: str) -> tuple[Button, ...]:
    """What somebody who answered may want to add."""
    if verb == "leave":
        return ()
    brings = verb == "join" and game.settings.plus_one
    more = (Button(signup_wording.BRING, f"bring:{game.pk}"),) if brings else ()
    return (Button(signup_wording.ADD_NOTE, f"note:{game.pk}"), *more)


class Flight:
    """Answers under way to one message; `overlapped` once there were two, whose order nobody knows."""

    def __init__(self) -> None:
        self.count = 0
        self.overlapped = False


class Turn:
    """One person's clicks on one game, worked through in the order they came."""

    def __init__(self) -> None:
        self.last = -REPEATED_WITHIN
        self.running = 0
        self.line: asyncio.Task[None] | None = None
        self._order = asyncio.Lock()

    async def act(self, click: Click) -> Answer:
        async with self._order:
            return await in_db(act, click)

    @property
    def over(self) -> bool:
        """Whether a further click would be a first one."""
        said = self.line is None or self.line.done()
        return said and not self.running and self.last + REPEATED_WITHIN <= asyncio.get_running_loop().time()


class Clicks:
    """Answers clicks, and remembers which answers are under way and who clicked a moment ago."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._flights: dict[int, Flight] = {}
        self._turns: dict[tuple[int, int], Turn] = {}
        self._seen: deque[int] = deque(maxlen=SEEN)

    @property
    def busy(self) -> bool:
        """Whether somebody still waits for an answer or a line."""
        return bool(self._flights) or any(turn.line and not turn.line.done() for turn in self._turns.values())

    async def answer(self, interaction: discord.Interaction, game_id: int | None, verb: str) -> None:
        """Answer one click well inside Discord's three seconds, whatever happens."""
        if interaction.id in self._seen:  # a session that is resumed may be told again
            return
        self._seen.append(interaction.id)
        loop = asyncio.get_running_loop()
        turn = self._turns.setdefault((interaction.user.id, game_id or 0), Turn())
        repeated = turn.last + REPEATED_WITHIN > loop.time()
        turn.last = loop.time()
        turn.running += 1
        entry = Entry(interaction, f"game:{game_id or 0}:{verb}")
        member = interaction.user if isinstance(interaction.user, discord.Member) else None
        click = Click(game_id, verb, interaction.guild_id, seen_member(member) if member else None)
        # Begun before anything is awaited, so that the order of clicks is that of the verbs.
        work = asyncio.ensure_future(turn.act(click))
        try:
            await (self._repetition(entry, turn, work) if repeated else self._first(entry, work))
        except discord.HTTPException as reason:
            # The sign-up is made, and notifyd edits the post; only the answer is lost.
            unanswered(entry, reason)
        finally:
            turn.running -= 1
            self._log.add(entry)
            loop.call_later(REPEATED_WITHIN + 0.1, self._forget)

    def _forget(self) -> None:
        for key in [key for key, turn in self._turns.items() if turn.over]:
            del self._turns[key]

    async def _first(self, entry: Entry, work: "asyncio.Future[Answer]") -> None:
        message = entry.interaction.message
        flight = self._flights.setdefault(message.id if message else 0, Flight())
        flight.count += 1
        flight.overlapped = flight.overlapped or flight.count > 1
        try:
            await self._show(entry, work, flight)
        finally:
            flight.count -= 1
            if flight.count == 0:
                del self._flights[message.id if message else 0]

    async def _show(self, entry: Entry, work: "asyncio.Future[Answer]", flight: Flight) -> None:
        interaction = entry.interaction
        failed = Answer(wording.FAILED, outcome=Outcome.FAILED)
        answer = await in_time(entry, work, interaction.response.defer, failed)
        entry.outcome = answer.outcome
        # Late, somebody else's edit may show a newer state already: notifyd shows what is current then.
        if answer.post is not None and not interaction.response.is_done():
            none = discord.AllowedMentions.none()
            await interaction.response.edit_message(**render.message(answer.post), allowed_mentions=none)
            entry.answered()
            if not flight.overlapped and interaction.message is not None:
                await in_db(_settle, answer.post.game_id, interaction.message.id, answer.revision)
        await say(entry, answer.text, buttons=answer.buttons)

    async def _repetition(self, entry: Entry, turn: Turn, work: "asyncio.Future[Answer]") -> None:
        """Do it, and leave the edit to notifyd; however often it was repeated, one line says where that led."""
        await entry.interaction.response.defer()
        entry.answered()
        failed = Answer(wording.FAILED, outcome=Outcome.FAILED)
        answer = await in_time(entry, work, _already_deferred, failed)
        entry.outcome, entry.detail = answer.outcome, answer.text
        if turn.line is not None:
            turn.line.cancel()
        turn.line = asyncio.create_task(self._say_soon(entry, answer))

    async def _say_soon(self, entry: Entry, answer: Answer) -> None:
        await asyncio.sleep(QUIET_FOR)
        with contextlib.suppress(discord.HTTPException):
            await say(entry, answer.text, buttons=answer.buttons)


async def _already_deferred() -> None:
    pass


def _settle(game_id: int, message_id: int, revision: int) -> None:
    record_shown_revision(game_id, message_id, revision, db_now())
