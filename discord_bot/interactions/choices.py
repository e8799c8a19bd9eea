"""Handles choice buttons: runs the action, then shows its result in the prompt's own message."""

import re
from dataclasses import dataclass

import discord

from discord_bot.converters import guild_and_member_of, sender_of
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.replies import (
    defer_if_slow,
    overlap_text,
    reply_ephemeral,
    with_private_text,
)
from discord_bot.interactions.senders import save_member, save_user
from discord_bot.interactions.typed_texts import MAX_CONTENT
from discord_bot.models import Outcome
from discord_bot.render import NO_PINGS
from games.core import choices, wording
from games.core.choices import PromptChoice
from games.core.escaping import cut_message, escape_markdown
from games.models import Game
from games.offers.schedule_conflicts import ScheduleConflict
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.directory.payloads import MemberPayload, UserPayload
from notifications.messages import Button


@dataclass(frozen=True)
class ChoiceResult:
    """The result of a choice, and whether it closes the prompt."""

    text: str
    closes_prompt: bool = False
    outcome: Outcome = Outcome.REFUSED
    buttons: tuple[Button, ...] = ()
    private_text: str = ""  # for their eyes alone


def mentioned_user_id(content: str) -> int | None:
    """Return the user that a channel message is for, though everyone can press its buttons; None otherwise."""
    match = re.match(r"<@([0-9]{1,19})> ", content)
    return int(match[1]) if match else None


def run_choice(
    choice: PromptChoice, user: UserPayload, guild_id: int | None, member: MemberPayload | None, content: str = ""
) -> ChoiceResult:
    """Do all database work of a choice, in one call."""
    if mentioned_user_id(content) not in {None, user.id}:
        return ChoiceResult(choices.NOT_FOR_YOU)
    now = db_now()
    person = save_member(guild_id, member, now).user if guild_id and member else save_user(user)
    game = Game.objects.filter(pk=choice.game_id).first()
    try:
        if game is not None:
            # A direct message carries no roles, so the stored ones may be old.
            ensure_fresh_roles(game.guild_id, person.pk, now)
        result = choices.handle_choice(choice, person, now)
    except ScheduleConflict as question:
        return ChoiceResult(overlap_text(question), buttons=question.buttons)
    except Refused as refused:
        return ChoiceResult(escape_markdown(refused.refusal.sentence), closes_prompt=refused.refusal.code == "outdated")
    return ChoiceResult(
        escape_markdown(result.text),
        True,
        Outcome.DONE if result.changed else Outcome.NOTHING,
        private_text=result.private_text,
    )


class ChoiceHandler:
    """Handles choices. A closed prompt loses its buttons and keeps its text."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def handle(self, interaction: discord.Interaction, choice: PromptChoice) -> None:
        """Reply to one choice well inside Discord's three seconds, whatever happens."""
        entry = InteractionRecord(interaction, choice.custom_id)
        content = interaction.message.content if interaction.message else ""
        sender = (sender_of(interaction), *guild_and_member_of(interaction), content)
        failed = ChoiceResult(wording.FAILED, outcome=Outcome.FAILED)
        with self._log.recording(entry):
            result = await defer_if_slow(
                entry, entry.work(run_choice, choice, *sender), interaction.response.defer, failed
            )
            entry.outcome, entry.detail = result.outcome, result.text
            await (
                self._close_prompt(entry, result)
                if result.closes_prompt
                else reply_ephemeral(entry, result.text, buttons=result.buttons)
            )

    async def _close_prompt(self, entry: InteractionRecord, result: ChoiceResult) -> None:
        interaction, text = entry.interaction, result.text
        # A prompt that mentions somebody stands in a channel, where everybody reads what it becomes.
        message = interaction.message
        private = interaction.guild_id is None or (message is not None and message.flags.ephemeral)
        if private:
            text = with_private_text(text, result.private_text)
        prompt = interaction.message.content if interaction.message else ""
        content = cut_message(f"{cut_message(prompt, MAX_CONTENT - len(text) - 2)}\n\n{text}".strip(), MAX_CONTENT)
        if interaction.response.is_done():
            await interaction.edit_original_response(content=content, view=None, allowed_mentions=NO_PINGS)
        else:
            await interaction.response.edit_message(content=content, view=None, allowed_mentions=NO_PINGS)
        entry.mark_responded()
        if result.private_text and not private:
            await reply_ephemeral(entry, result.private_text)
