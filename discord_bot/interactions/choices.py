"""Answering what people chose by a button under a letter: the verb, then the letter itself with what came of it."""

import re
from dataclasses import dataclass

import discord
from discord.utils import escape_markdown

from discord_bot.converters import seen_member, seen_user
from discord_bot.interactions.log import Entry, Log
from discord_bot.interactions.replies import CONTENT_MAX, in_time, overlap_text, say
from discord_bot.models import Outcome
from games.core import choices, wording
from games.core.choices import ChoiceButton
from games.models import Game
from games.offers.overlaps import ScheduleConflict
from gamesched.lib.clock import db_now
from gamesched.lib.orm import in_db
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import confirm
from guilds.directory.payloads import SeenMember, SeenUser
from guilds.directory.upsert import hear_from, see_member, see_user
from notifications.messages import Button


@dataclass(frozen=True)
class Chosen:
    """What came of a choice, and whether the question is closed with it."""

    text: str
    closed: bool = False
    outcome: Outcome = Outcome.REFUSED
    buttons: tuple[Button, ...] = ()


def called(letter: str) -> int | None:
    """Whom a letter in a channel calls, where everybody can press its buttons; None for others."""
    found = re.match(r"<@([0-9]{1,19})> ", letter)
    return int(found[1]) if found else None


def act(ask: ChoiceButton, user: SeenUser, guild_id: int | None, member: SeenMember | None, letter: str = "") -> Chosen:
    """Everything a choice under a letter does in the database, in one crossing."""
    if called(letter) not in {None, user.id}:
        return Chosen(choices.NOT_FOR_YOU)
    now = db_now()
    person = see_member(guild_id, member, now).user if guild_id and member else see_user(user)
    hear_from(person)
    game = Game.objects.filter(pk=ask.game_id).first()
    try:
        if game is not None:
            # A direct message carries no roles, so what is known of them may be old.
            confirm(game.guild_id, person.pk, now)
        done = choices.handle_choice(ask, person, now)
    except ScheduleConflict as question:
        return Chosen(overlap_text(question), buttons=question.buttons)
    except Refused as refused:
        return Chosen(escape_markdown(refused.refusal.sentence), closed=refused.refusal.code == "outdated")
    return Chosen(escape_markdown(done.text), True, Outcome.DONE if done.changed else Outcome.NOTHING)


class Asked:
    """Answers choices. A question that is closed loses its buttons, and keeps what it said."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def answer(self, interaction: discord.Interaction, ask: ChoiceButton) -> None:
        """Answer one choice well inside Discord's three seconds, whatever happens."""
        entry = Entry(interaction, ask.custom_id)
        member = interaction.user if isinstance(interaction.user, discord.Member) else None
        letter = interaction.message.content if interaction.message else ""
        seen = (seen_user(interaction.user), interaction.guild_id, seen_member(member) if member else None, letter)
        failed = Chosen(wording.FAILED, outcome=Outcome.FAILED)
        with self._log.written(entry):
            chosen = await in_time(entry, in_db(act, ask, *seen), interaction.response.defer, failed)
            entry.outcome, entry.detail = chosen.outcome, chosen.text
            await (
                self._close(entry, chosen.text) if chosen.closed else say(entry, chosen.text, buttons=chosen.buttons)
            )

    async def _close(self, entry: Entry, text: str) -> None:
        interaction = entry.interaction
        asked = interaction.message.content if interaction.message else ""
        content = f"{asked[: CONTENT_MAX - len(text) - 2]}\n\n{text}".strip()
        none = discord.AllowedMentions.none()
        if interaction.response.is_done():
            await interaction.edit_original_response(content=content, view=None, allowed_mentions=none)
        else:
            await interaction.response.edit_message(content=content, view=None, allowed_mentions=none)
        entry.answered()
