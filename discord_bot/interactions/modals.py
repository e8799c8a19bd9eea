"""Modals: opened by a button under an ephemeral reply, and handled whichever process opened them."""

from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot.converters import guild_and_member_of
from discord_bot.interactions.buttons import MODAL_KINDS
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.replies import defer_if_slow, reply_ephemeral
from discord_bot.interactions.senders import save_member
from discord_bot.interactions.typed_texts import with_typed
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.models import Game
from games.signups import responses
from games.signups import wording as signup_wording
from games.signups.limits import PLACEHOLDER_MAX
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload

ModalResult = tuple[str, Outcome]
TEXT_FIELD = "text"  # the custom id of a modal's one field


def build_modal(custom_id: str) -> discord.ui.Modal:
    """Return the modal of a button, with the button's custom id."""
    if custom_id.startswith("note:"):
        title, description, label = signup_wording.ADD_NOTE, signup_wording.NOTE_HELP, signup_wording.NOTE_LABEL
        max_length = signup_wording.NOTE_MAX
    else:
        title, description, label = signup_wording.BRING, signup_wording.GUEST_HELP, signup_wording.GUEST_LABEL
        max_length = PLACEHOLDER_MAX
    title, description, label = gettext(title), gettext(description), gettext(label)
    modal = discord.ui.Modal(title=title, custom_id=custom_id, timeout=None)
    text: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=TEXT_FIELD, max_length=max_length, required=not custom_id.startswith("note:")
    )
    modal.add_item(discord.ui.Label(text=label, description=description, component=text))
    modal.stop()  # so that discord.py does not keep it: the id suffices
    return modal


def submit_modal(custom_id: str, text: str, guild_id: int | None, member: MemberPayload | None) -> ModalResult:
    """Do all database work of a submitted modal, in one call."""
    kind, _, number = custom_id.partition(":")
    if guild_id is None or member is None:
        return with_typed(wording.NOT_IN_DM, text), Outcome.REFUSED
    game = Game.objects.filter(pk=parse_id(number) or 0, guild_id=guild_id).first()
    if kind not in MODAL_KINDS or game is None:
        return with_typed(wording.OLD_BUTTON, text), Outcome.REFUSED
    now = db_now()
    user = save_member(guild_id, member, now).user
    action = responses.set_note if kind == "note" else responses.add_guest
    try:
        result = action(game.pk, user, text, Actor(user, EntryPoint.BUTTON), now)
    except Refused as refused:
        return with_typed(escape_markdown(refused.refusal.sentence), text), Outcome.REFUSED
    return escape_markdown(result.text), Outcome.DONE if result.changed else Outcome.NOTHING


class ModalHandler:
    """Opens modals, and handles submitted ones."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def open(self, interaction: discord.Interaction, custom_id: str) -> None:
        """Open the modal. Nothing is looked up first, because only a quick response can open one."""
        entry = InteractionRecord(interaction, custom_id)
        with self._log.recording(entry):
            await interaction.response.send_modal(build_modal(custom_id))
            entry.mark_responded()

    async def handle_submit(self, interaction: discord.Interaction, custom_id: str) -> None:
        """Reply to a submitted modal well inside Discord's three seconds, whatever happens."""
        entry = InteractionRecord(interaction, custom_id)
        text = submitted_texts(interaction).get(TEXT_FIELD, "")
        work = entry.work(submit_modal, custom_id, text, *guild_and_member_of(interaction))

        async def defer() -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)

        with self._log.recording(entry):
            reply, entry.outcome = await defer_if_slow(
                entry, work, defer, (with_typed(wording.FAILED, text), Outcome.FAILED)
            )
            await reply_ephemeral(entry, reply)


def submitted_texts(interaction: discord.Interaction) -> dict[str, str]:
    """Return the texts of a modal's fields by their custom ids, whatever components Discord sends around them."""
    rows: Any = dict(interaction.data or {}).get("components") or []
    fields = [field for row in rows for field in (row.get("component"), *(row.get("components") or []))]
    return {str(field.get("custom_id")): str(field.get("value") or "") for field in fields if field}
