"""Answers the commands about a game, the menus of messages and people, and the modal in which people are chosen."""

from collections.abc import Collection
from functools import partial
from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot import render
from discord_bot.converters import guild_and_member_of
from discord_bot.interactions import game_commands
from discord_bot.interactions.command_use import CommandReply, Work, use_command
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.replies import defer_if_slow, reply_ephemeral
from discord_bot.interactions.typed_texts import with_typed
from discord_bot.models import Outcome
from games.core import wording
from games.scheduling import command_wording
from gamesched.lib.ids import parse_id
from guilds.directory.payloads import MemberPayload

SIGN_UP = "signup:"  # begins the modal's custom id; the post's message follows
PEOPLE_FIELD, PEOPLE_MAX = "people", 10


class GameCommandHandler:
    """Handles what is answered with one ephemeral text, or list of games."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def handle(
        self, interaction: discord.Interaction, name: str, work: Work, typed: Collection[str] = ()
    ) -> None:
        """Reply to a command well inside Discord's three seconds, whatever happens; `typed` into its options."""
        entry = InteractionRecord(interaction, name)
        defer = partial(interaction.response.defer, ephemeral=True, thinking=True)
        failed = CommandReply(with_typed(wording.FAILED, *typed), Outcome.FAILED)
        with self._log.recording(entry):
            used = entry.work(use_command, *guild_and_member_of(interaction), work, typed)
            reply = await defer_if_slow(entry, used, defer, failed)
            entry.outcome = reply.outcome
            if reply.games is None:
                await reply_ephemeral(entry, reply.text, buttons=reply.buttons)
            else:
                embed, view = render.game_list_page(reply.games)
                view.stop()  # so that discord.py does not keep it
                send = (
                    interaction.followup.send if interaction.response.is_done() else interaction.response.send_message
                )
                await send(embed=embed, ephemeral=True, allowed_mentions=render.NO_PINGS)
                entry.mark_responded()

    async def choose_people(self, interaction: discord.Interaction, message_id: int) -> None:
        """Open the modal in which people are chosen for the game of a post. Nothing is looked up first."""
        entry = InteractionRecord(interaction, command_wording.SIGN_UP_TITLE)
        people: discord.ui.UserSelect[Any] = discord.ui.UserSelect(custom_id=PEOPLE_FIELD, max_values=PEOPLE_MAX)
        custom_id = f"{SIGN_UP}{message_id}"
        modal = discord.ui.Modal(title=gettext(command_wording.SIGN_UP_TITLE), custom_id=custom_id, timeout=None)
        modal.add_item(discord.ui.Label(text=gettext(command_wording.WHO_LABEL), component=people))
        modal.stop()  # so that discord.py does not keep it: the id suffices
        with self._log.recording(entry):
            await interaction.response.send_modal(modal)
            entry.mark_responded()

    async def submit(self, interaction: discord.Interaction, custom_id: str) -> None:
        """Handle the modal in which people were chosen."""
        message_id = parse_id(custom_id.removeprefix(SIGN_UP)) or 0
        people = _chosen_members(dict(interaction.data or {}))
        work = partial(game_commands.sign_up, message_id=message_id, people=people)
        await self.handle(interaction, command_wording.SIGN_UP_TITLE, work)


def _chosen_members(data: dict[str, Any]) -> dict[int, MemberPayload]:
    """Return who was chosen, as Discord sends them beside the modal; one who has left is no member and is not there."""
    resolved = data.get("resolved") or {}
    users, members = resolved.get("users") or {}, resolved.get("members") or {}
    return {
        int(pk): MemberPayload.from_api({**member, "user": users[pk]}) for pk, member in members.items() if pk in users
    }
