"""Handles the components under a poll: runs the action and replies. notifyd edits the post."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import discord
from django.utils.translation import gettext

from discord_bot import render
from discord_bot.converters import guild_and_member_of
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.replies import defer_if_slow, reply_ephemeral
from discord_bot.interactions.senders import save_member
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.models import PollState, TimePoll
from games.polls import actions as polls
from games.polls import wording as poll_wording
from games.polls.post import PollChoice, poll_choices
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload
from guilds.models import User
from notifications.messages import Button


@dataclass(frozen=True)
class PollReply:
    """The ephemeral reply in Discord's markup; under it a button, or the times with those that the person ticked."""

    text: str
    outcome: Outcome = Outcome.REFUSED
    buttons: tuple[Button, ...] = ()
    choices: tuple[PollChoice, ...] = ()


def run_poll_action(
    poll_id: int | None, values: Sequence[int] | None, guild_id: int | None, member: MemberPayload | None
) -> PollReply:
    """Do all database work of a component, in one call; `values`: the times ticked, None to make a game."""
    if guild_id is None or member is None:
        return PollReply(poll_wording.NOT_IN_DM)
    # Forged custom ids must not reveal which polls exist.
    if not TimePoll.objects.filter(pk=poll_id or 0, guild_id=guild_id).exists():
        return PollReply(poll_wording.OLD_POLL)
    now = db_now()
    user = save_member(guild_id, member, now).user
    actor = Actor(user, EntryPoint.BUTTON)
    try:
        result = polls.make_game(poll_id or 0, actor, now) if values is None else None
        result = result or polls.vote(poll_id or 0, values or (), actor, now)
    except Refused as refused:
        refusal = refused.refusal
        if refusal.code == "unknown_poll":
            return PollReply(poll_wording.OLD_POLL)
        # The post still offers a time that is past: this offers what is left.
        left = _choices_of(polls.find_poll(poll_id or 0), user, now) if refusal.code == "past" and values else ()
        return PollReply(escape_markdown(refusal.sentence), choices=left)
    choices = _choices_of(result.poll, user, now) if values is not None else ()
    buttons = (Button(gettext(poll_wording.OPEN_GAME), url=result.game.url),) if result.game is not None else ()
    outcome = Outcome.DONE if result.changed else Outcome.NOTHING
    return PollReply(result.markup or escape_markdown(result.text), outcome, buttons, choices)


def _choices_of(poll: TimePoll | None, user: User, now: datetime) -> tuple[PollChoice, ...]:
    """Return the times to tick, with those that a person ticked; none once the poll is over."""
    if poll is None or poll.state(now) is not PollState.OPEN:
        return ()
    return poll_choices(poll, list(poll.options.all()), polls.voters_of(poll), now, ticked_by=user.pk)


class PollHandler:
    """Handles ticked times and the button that makes a game."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def handle(
        self, interaction: discord.Interaction, name: str, poll_id: int | None, values: Sequence[int] | None
    ) -> None:
        """Reply well inside Discord's three seconds, whatever happens."""
        entry = InteractionRecord(interaction, name)
        work = entry.work(run_poll_action, poll_id, values, *guild_and_member_of(interaction))
        failed = PollReply(wording.FAILED, Outcome.FAILED)
        with self._log.recording(entry):
            reply = await defer_if_slow(entry, work, interaction.response.defer, failed)
            entry.outcome = reply.outcome
            components = render.poll_select(poll_id or 0, reply.choices)
            await reply_ephemeral(entry, reply.text, buttons=reply.buttons, components=components)
