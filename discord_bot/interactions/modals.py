"""Forms that people fill in: opened by a button under a private line, and answered whichever process opened them."""

from typing import Any

import discord
from discord.utils import escape_markdown

from discord_bot.converters import seen_member
from discord_bot.interactions.buttons import FORMS
from discord_bot.interactions.log import Entry, Log
from discord_bot.interactions.replies import in_time, say
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import Actor
from games.models import Game
from games.signups import responses
from games.signups import wording as signup_wording
from games.signups.limits import PLACEHOLDER_MAX
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.orm import in_db
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import SeenMember
from guilds.directory.upsert import hear_from, see_member

Said = tuple[str, Outcome]


def form(custom_id: str) -> discord.ui.Modal:
    """The form of a button, under the button's id."""
    if custom_id.startswith("note:"):
        title, field, label = signup_wording.ADD_NOTE, signup_wording.NOTE_HELP, signup_wording.NOTE_LABEL
        longest = signup_wording.NOTE_MAX
    else:
        title, field, label = signup_wording.BRING, signup_wording.GUEST_HELP, signup_wording.GUEST_LABEL
        longest = PLACEHOLDER_MAX
    made = discord.ui.Modal(title=title, custom_id=custom_id, timeout=None)
    text: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id="text", max_length=longest, required=not custom_id.startswith("note:")
    )
    made.add_item(discord.ui.Label(text=label, description=field, component=text))
    made.stop()  # so that discord.py does not keep it: the id says everything
    return made


def act(custom_id: str, text: str, guild_id: int | None, member: SeenMember | None) -> Said:
    """Everything a filled form does in the database, in one crossing."""
    what, _, number = custom_id.partition(":")
    if guild_id is None or member is None:
        return wording.NOT_IN_DM, Outcome.REFUSED
    game = Game.objects.filter(pk=parse_id(number) or 0, guild_id=guild_id).first()
    if what not in FORMS or game is None:
        return wording.OLD_BUTTON, Outcome.REFUSED
    now = db_now()
    user = see_member(guild_id, member, now).user
    hear_from(user)
    verb = responses.set_note if what == "note" else responses.add_guest
    try:
        done = verb(game.pk, user, text, Actor(user, "button"), now)
    except Refused as refused:
        return escape_markdown(refused.refusal.sentence), Outcome.REFUSED
    return escape_markdown(done.text), Outcome.DONE if done.changed else Outcome.NOTHING


class Filled:
    """Opens forms, and answers filled ones."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def open(self, interaction: discord.Interaction, custom_id: str) -> None:
        """Show the form. Nothing is asked before, as only a quick answer may open one."""
        entry = Entry(interaction, custom_id)
        with self._log.written(entry):
            await interaction.response.send_modal(form(custom_id))
            entry.answered()

    async def answer(self, interaction: discord.Interaction, custom_id: str) -> None:
        """Answer a filled form well inside Discord's three seconds, whatever happens."""
        entry = Entry(interaction, custom_id)
        member = interaction.user if isinstance(interaction.user, discord.Member) else None
        seen = (interaction.guild_id, seen_member(member) if member else None)
        work = in_db(act, custom_id, _typed(interaction), *seen)

        async def defer() -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)

        with self._log.written(entry):
            said, entry.outcome = await in_time(entry, work, defer, (wording.FAILED, Outcome.FAILED))
            await say(entry, said)


def _typed(interaction: discord.Interaction) -> str:
    """What stands in the form's one field."""
    rows: Any = dict(interaction.data or {}).get("components") or []
    fields = [row.get("component") or {} for row in rows]
    return next((str(field.get("value") or "") for field in fields), "")
