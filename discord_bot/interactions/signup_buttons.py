"""Handles sign-up buttons: runs the action, responds with the updated post, then with an ephemeral follow-up."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import discord
from django.utils.translation import gettext

from discord_bot import render
from discord_bot.converters import guild_and_member_of
from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.interactions.log import InteractionLog, InteractionRecord, record_no_response
from discord_bot.interactions.replies import defer_if_slow, overlap_text, reply_ephemeral, with_private_text
from discord_bot.interactions.senders import save_member
from discord_bot.models import Outcome
from discord_bot.post_layout import form_of
from games.core import wording
from games.core.base import ActionResult, Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.core.permissions import Viewer
from games.models import Game
from games.offers.schedule_conflicts import ConflictPolicy, ScheduleConflict
from games.posts.actions import record_shown_post_version
from games.posts.announcement import AnnouncementView, announcement_view
from games.scheduling.allowed_actions import AllowedActions
from games.signups import actions as signups
from games.signups import responses
from games.signups import wording as signup_wording
from gamesched.lib.clock import DbNow, db_now
from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload
from guilds.models import User
from notifications.messages import Button

ACTIONS: dict[str, Callable[[int, User, Actor, datetime], ActionResult]] = {
    "join": partial(signups.join, overlap=ConflictPolicy.ASK),
    "leave": signups.leave,
    "maybe": responses.respond_maybe,
    "cant": responses.respond_absent,
}
GUILD_AND_TIME = CompiledQuery(
    lambda game_id: (
        Game.objects.announced()
        .filter(pk=game_id)
        .values_list("guild_id", "announcement__channel_id", "announcement__message_id", DbNow())
    )
)
REPEAT_WINDOW = 3.0  # seconds: a person's next click on the same game within it is a repetition
MAX_REMEMBERED = 500  # clicks recognised if they are delivered twice
REPLY_DELAY = 1.0  # seconds after the last repetition until its one reply is sent


@dataclass(frozen=True)
class Click:
    """A click on a button, as received."""

    game_id: int | None
    action: str
    guild_id: int | None
    member: MemberPayload | None
    message_id: int | None = None  # of the post with the button
    channel_ids: frozenset[int | None] = frozenset()  # where it is; of a thread, its channel too

    def is_under(self, channel_id: int, message_id: int | None) -> bool:
        """Return whether the button is under the game's post, or where that is about to be recorded."""
        if self.message_id is None or message_id is not None:
            return self.message_id in {None, message_id}
        return channel_id in self.channel_ids


@dataclass(frozen=True)
class SignupReply:
    """The text of the ephemeral reply and, if something changed, the updated post.

    None if notifyd edits it, and for one that was replaced: the game may have moved to a channel that fewer people see.
    """

    text: str
    post: AnnouncementView | None = None
    post_version: int = 0
    outcome: Outcome = Outcome.REFUSED
    buttons: tuple[Button, ...] = ()


def run_signup_action(click: Click, is_deferred: Callable[[], bool] = lambda: False) -> SignupReply:
    """Do all database work of a click, in one call. Once it is deferred, notifyd edits the post, and none is built."""
    if click.guild_id is None or click.member is None:
        return SignupReply(wording.NOT_IN_DM)
    game_id = click.game_id or 0
    found = GUILD_AND_TIME.first(game_id)
    if found is None:
        return SignupReply(wording.OLD_BUTTON)
    guild_id, channel_id, message_id, now = found
    if guild_id != click.guild_id:
        return SignupReply(wording.NOT_HERE)
    member = save_member(click.guild_id, click.member, now)
    user = member.user
    try:
        result = ACTIONS[click.action](game_id, user, Actor(user, EntryPoint.BUTTON), now)
    except ScheduleConflict as conflict:
        return SignupReply(overlap_text(conflict), buttons=conflict.buttons)
    except Refused as refused:
        return SignupReply(escape_markdown(refused.refusal.sentence))
    text = with_private_text(escape_markdown(result.text), result.private_text)
    if not result.changed:
        return SignupReply(text, outcome=Outcome.NOTHING)
    return SignupReply(
        text,
        announcement_view(result.game, now, result.signups)
        if click.is_under(channel_id, message_id) and not is_deferred()
        else None,
        result.game.post_version,
        Outcome.DONE,
        _next_buttons(
            AllowedActions(result.game, Viewer(user, member.guild_id, member), now, signed_up=click.action == "join"),
            left=click.action == "leave",
        ),
    )


def _next_buttons(allowed: AllowedActions, left: bool) -> tuple[Button, ...]:
    """Return buttons for what a person may add to their sign-up."""
    if left:
        return ()
    note = (Button(gettext(signup_wording.ADD_NOTE), f"note:{allowed.game.pk}"),) if allowed.note else ()
    bring = (Button(gettext(signup_wording.BRING), f"bring:{allowed.game.pk}"),) if allowed.add_guest else ()
    return (*note, *bring)


class InFlight:
    """Replies in flight for one message; `overlapped` once there were two, whose order is unknown."""

    def __init__(self) -> None:
        self.count = 0
        self.overlapped = False


class UserQueue:
    """One person's clicks on one game, handled in the order they came."""

    def __init__(self) -> None:
        self.last_click_at = -REPEAT_WINDOW
        self.running = 0
        self.pending_reply: asyncio.Task[None] | None = None
        self._order = asyncio.Lock()

    async def run(self, entry: InteractionRecord, click: Click, is_deferred: Callable[[], bool]) -> SignupReply:
        async with self._order:
            return await entry.work(run_signup_action, click, is_deferred)

    @property
    def is_idle(self) -> bool:
        """Return whether a further click would count as a first one."""
        replied = self.pending_reply is None or self.pending_reply.done()
        return replied and not self.running and self.last_click_at + REPEAT_WINDOW <= asyncio.get_running_loop().time()


class SignupHandler:
    """Handles clicks, and remembers replies in flight and recent clicks of each person."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log
        self._in_flight: dict[int, InFlight] = {}
        self._queues: dict[tuple[int, int], UserQueue] = {}
        self._handled_ids: deque[int] = deque(maxlen=MAX_REMEMBERED)

    @property
    def is_busy(self) -> bool:
        """Return whether someone still waits for a response or a follow-up."""
        return bool(self._in_flight) or any(
            turn.pending_reply and not turn.pending_reply.done() for turn in self._queues.values()
        )

    async def handle(self, interaction: discord.Interaction, game_id: int | None, action: str) -> None:
        """Reply to one click well inside Discord's three seconds, whatever happens."""
        if interaction.id in self._handled_ids:  # a resumed session may receive it again
            return
        self._handled_ids.append(interaction.id)
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault((interaction.user.id, game_id or 0), UserQueue())
        repeated = queue.last_click_at + REPEAT_WINDOW > loop.time()
        queue.last_click_at = loop.time()
        queue.running += 1
        entry = InteractionRecord(interaction, f"game:{game_id or 0}:{action}")
        message_id = interaction.message.id if interaction.message is not None else None
        places = frozenset({interaction.channel_id, getattr(interaction.channel, "parent_id", None)})
        click = Click(game_id, action, *guild_and_member_of(interaction), message_id, places)
        # Started before anything is awaited, so that actions run in the order of clicks.
        work = asyncio.ensure_future(queue.run(entry, click, interaction.response.is_done))
        try:
            await (self._handle_repeat(entry, queue, work) if repeated else self._handle_first(entry, work))
        except REQUEST_FAILED as reason:
            # The sign-up is saved, and notifyd edits the post; only the reply is lost.
            record_no_response(entry, reason)
        finally:
            queue.running -= 1
            self._log.add(entry)
            loop.call_later(REPEAT_WINDOW + 0.1, self._drop_idle_queues)

    def _drop_idle_queues(self) -> None:
        for key in [key for key, turn in self._queues.items() if turn.is_idle]:
            del self._queues[key]

    async def _handle_first(self, entry: InteractionRecord, work: "asyncio.Future[SignupReply]") -> None:
        message = entry.interaction.message
        in_flight = self._in_flight.setdefault(message.id if message else 0, InFlight())
        in_flight.count += 1
        in_flight.overlapped = in_flight.overlapped or in_flight.count > 1
        try:
            await self._reply(entry, work, in_flight)
        finally:
            in_flight.count -= 1
            if in_flight.count == 0:
                del self._in_flight[message.id if message else 0]

    async def _reply(self, entry: InteractionRecord, work: "asyncio.Future[SignupReply]", in_flight: InFlight) -> None:
        interaction = entry.interaction
        failed = SignupReply(wording.FAILED, outcome=Outcome.FAILED)
        reply = await defer_if_slow(entry, work, interaction.response.defer, failed)
        entry.outcome = reply.outcome
        # After a deferral someone else's edit may show a newer state already, so the edit is left to notifyd.
        if reply.post is not None and not interaction.response.is_done():
            await interaction.response.edit_message(
                **render.announcement_message(replace(reply.post, form=form_of(interaction.message))),
                allowed_mentions=render.NO_PINGS,
            )
            entry.mark_responded()
            if not in_flight.overlapped and interaction.message is not None:
                await run_in_db_thread(
                    _complete_if_current, reply.post.game_id, interaction.message.id, reply.post_version
                )
        await reply_ephemeral(entry, reply.text, buttons=reply.buttons)

    async def _handle_repeat(
        self, entry: InteractionRecord, queue: UserQueue, work: "asyncio.Future[SignupReply]"
    ) -> None:
        """Run the action, leave the edit to notifyd, and send one ephemeral reply for all repetitions."""
        await entry.interaction.response.defer()
        entry.mark_responded()
        failed = SignupReply(wording.FAILED, outcome=Outcome.FAILED)
        reply = await defer_if_slow(entry, work, _already_deferred, failed)
        entry.outcome, entry.detail = reply.outcome, reply.text
        if queue.pending_reply is not None:
            queue.pending_reply.cancel()
        queue.pending_reply = asyncio.create_task(self._reply_soon(entry, reply))

    async def _reply_soon(self, entry: InteractionRecord, reply: SignupReply) -> None:
        await asyncio.sleep(REPLY_DELAY)
        with contextlib.suppress(*REQUEST_FAILED):
            await reply_ephemeral(entry, reply.text, buttons=reply.buttons)


async def _already_deferred() -> None:
    pass


def _complete_if_current(game_id: int, message_id: int, post_version: int) -> None:
    record_shown_post_version(game_id, message_id, post_version, db_now())
