"""/game create: a private preview of the post, whose buttons post it, change it, or go on at the web.

The preview is the state: the line stands in it as typed, its buttons carry what was chosen. So any process may answer,
and the row of its message lets two presses make one game.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot import render
from discord_bot.converters import guild_and_member_of
from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.interactions.attachments import read_attachment
from discord_bot.interactions.line_buttons import LineButton
from discord_bot.interactions.line_preview import Written, line_layout
from discord_bot.interactions.line_replies import LineReply, LineRequest, check_picture, reply_to_line
from discord_bot.interactions.line_state import LineAction, LineState
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.modals import submitted_texts
from discord_bot.interactions.replies import defer_if_slow, reply_ephemeral
from discord_bot.interactions.typed_texts import with_typed
from discord_bot.models import Outcome
from games.core import wording
from games.pictures.encoding import BadPicture, EncodedPicture
from games.pictures.wording import PROBLEMS
from games.scheduling import line_wording
from gamesched.lib.times_in_words import LINE_MAX
from guilds.names import is_visible, tidy_line, without_unstorable

log = logging.getLogger(__name__)

LINE_FIELD = "line"  # the custom id of the modal's field


class CreationHandler:
    """Handles /game create, its buttons and its modal."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def start(
        self,
        interaction: discord.Interaction,
        text: str,
        state: LineState | str,
        beside: Collection[str],
        picture: discord.Attachment | None = None,
    ) -> None:
        """Answer a line with a preview, or an empty one with the modal in which to write it.

        A `state` of text is what is wrong with the options, a key of LINE_PROBLEMS. `beside`: what was typed into them.
        A modal cannot keep a picture, so beside one the line is asked for in the reply.
        """
        again = isinstance(state, LineState) and state.game_id is not None
        entry = InteractionRecord(interaction, "/game again" if again else "/game create")
        with self._log.recording(entry):
            if isinstance(state, str):
                entry.outcome = Outcome.REFUSED
                await reply_ephemeral(entry, with_typed(line_wording.LINE_PROBLEMS[state], text, *beside))
            elif picture is not None:
                await self._reply_with_picture(entry, text, state, beside, picture)
            elif is_visible(text) or state.game_id is not None:
                await self._reply(entry, text, state, beside)
            else:
                await self._ask(entry, state, "")

    async def press(self, interaction: discord.Interaction, state: LineState) -> None:
        """Handle a button under a preview."""
        entry = InteractionRecord(interaction, state.custom_id)
        written = Written.read(interaction.message)
        with self._log.recording(entry):
            if state.action is LineAction.CHANGE:
                await self._ask(entry, state, written.line)
            else:
                await self._reply(entry, written.line, replace(state, cover=written.cover))

    async def submit(self, interaction: discord.Interaction, state: LineState) -> None:
        """Handle the modal: the line as it was written again, in place of the preview that it was opened from."""
        entry = InteractionRecord(interaction, state.custom_id)
        with self._log.recording(entry):
            cover = Written.read(interaction.message).cover
            await self._reply(entry, submitted_texts(interaction).get(LINE_FIELD, ""), replace(state, cover=cover))

    async def _ask(self, entry: InteractionRecord, state: LineState, text: str) -> None:
        """Open the modal. Nothing is looked up first, because only a quick response can open one."""
        custom_id = replace(state, action=LineAction.CHANGE, starts_at=None).custom_id
        modal = discord.ui.Modal(title=gettext(line_wording.LINE_LABEL), custom_id=custom_id, timeout=None)
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=LINE_FIELD,
            max_length=LINE_MAX,
            default=text or None,
            placeholder=gettext(line_wording.LINE_EXAMPLE),
        )
        modal.add_item(discord.ui.Label(text=gettext(line_wording.LINE_LABEL), component=field))
        modal.stop()  # so that discord.py does not keep it: the id suffices
        await entry.interaction.response.send_modal(modal)
        entry.mark_responded()

    async def _reply_with_picture(
        self,
        entry: InteractionRecord,
        text: str,
        state: LineState,
        beside: Collection[str],
        picture: discord.Attachment,
    ) -> None:
        """Answer a line that came with a picture, which takes longer to read than Discord waits."""
        interaction = entry.interaction
        await interaction.response.defer(ephemeral=True, thinking=True)
        entry.mark_responded()
        request = LineRequest(text, state, *guild_and_member_of(interaction), interaction.channel_id)
        outcome = Outcome.REFUSED
        try:
            problem = await entry.work(check_picture, request)
            encoded = await read_attachment(picture) if not problem else None
        except BadPicture as bad:
            problem, encoded = gettext(PROBLEMS[bad.problem]), None
        except (*REQUEST_FAILED, TimeoutError):
            problem, encoded = gettext(line_wording.PICTURE_LOST), None
        except Exception:
            log.exception("%s failed", entry.name)
            problem, encoded, outcome = wording.FAILED, None, Outcome.FAILED
        if encoded is None:
            change = LineButton(replace(state, action=LineAction.CHANGE), line_wording.CHANGE)
            reply = LineReply(problem, outcome, line=tidy_line(without_unstorable(text))[:LINE_MAX], buttons=(change,))
            await self._send(entry, reply, beside)
        else:
            await self._reply(entry, text, state, beside, encoded)

    async def _reply(
        self,
        entry: InteractionRecord,
        text: str,
        state: LineState,
        beside: Collection[str] = (),
        picture: EncodedPicture | None = None,
    ) -> None:
        interaction, response = entry.interaction, entry.interaction.response
        preview = interaction.message  # None for a command, and for the modal that a command opened
        request = LineRequest(
            text,
            state,
            *guild_and_member_of(interaction),
            interaction.channel_id,
            preview.id if preview is not None else None,
            picture=picture,
        )
        defer = _defer_update(response) if preview is not None else _defer_new(response)
        if response.is_done():
            defer = _defer_nothing
        failed = LineReply(with_typed(wording.FAILED, text, *beside), Outcome.FAILED, keeps_preview=True)
        work = entry.work(reply_to_line, request)
        reply = await defer_if_slow(entry, work, defer, failed)
        await self._send(entry, reply, beside)

    async def _send(self, entry: InteractionRecord, reply: LineReply, beside: Collection[str]) -> None:
        """Show a reply in place of the preview; one that keeps it stands beside it."""
        interaction, response = entry.interaction, entry.interaction.response
        preview = interaction.message
        entry.outcome, entry.detail = reply.outcome, reply.text
        text = with_typed(reply.text, *beside) if reply.outcome is Outcome.REFUSED else gettext(reply.text)
        if preview is not None and reply.keeps_preview:
            await reply_ephemeral(entry, text)
            return
        view = line_layout(text, Written(reply.line, reply.cover), reply.post, reply.buttons, reply.web_url)
        content: dict[str, Any] = {"view": view, "allowed_mentions": render.NO_PINGS}
        if preview is not None and not preview.flags.components_v2:
            content |= {"content": None, "embeds": []}  # from before there were layouts: it becomes one
        if response.is_done():
            await interaction.edit_original_response(**content)
        elif preview is not None:
            await response.edit_message(**content)
        else:
            await response.send_message(**content, ephemeral=True)
        entry.mark_responded()


def _defer_new(response: discord.InteractionResponse[Any]) -> Callable[[], Any]:
    return lambda: response.defer(ephemeral=True, thinking=True)


def _defer_update(response: discord.InteractionResponse[Any]) -> Callable[[], Any]:
    return lambda: response.defer()


async def _defer_nothing() -> None:
    """Defer what is deferred already."""
