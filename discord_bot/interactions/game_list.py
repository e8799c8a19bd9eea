"""Answering a list of games: a private page of it, and another one for each click on its buttons."""

from dataclasses import dataclass
from functools import partial

import discord

from discord_bot import render
from discord_bot.converters import seen_member
from discord_bot.interactions.log import Entry, Log
from discord_bot.interactions.replies import in_time, say
from discord_bot.models import Outcome
from games.core import wording
from games.pages.game_list import GameList, ListKind, list_games
from gamesched.lib.clock import db_now
from gamesched.lib.orm import in_db
from guilds.directory.payloads import SeenMember
from guilds.directory.upsert import hear_from, see_member
from guilds.models import Guild


@dataclass(frozen=True)
class Ask:
    """Which page of which list, and who asks."""

    which: ListKind
    guild_id: int | None
    member: SeenMember | None
    page: int = 1
    channel_id: int | None = None


def look(ask: Ask) -> GameList | str:
    """Everything a listing does in the database, in one crossing; a sentence where there is nothing to list."""
    guild = Guild.objects.present().filter(pk=ask.guild_id or 0).first()
    if guild is None or ask.member is None:
        return wording.NOT_A_MEMBER
    now = db_now()
    viewer = see_member(guild.pk, ask.member, now).user
    hear_from(viewer)
    found = list_games(ask.which, guild, viewer, now, ask.page, ask.channel_id)
    return found if found.rows else found.empty_text


class Listings:
    """Answers commands and clicks that ask for a page of a list."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def answer(
        self, interaction: discord.Interaction, name: str, which: ListKind, page: int = 1, channel_id: int | None = None
    ) -> None:
        """Show the page to this person alone, in place of the one they turn."""
        entry = Entry(interaction, name)
        member = interaction.user if isinstance(interaction.user, discord.Member) else None
        ask = Ask(which, interaction.guild_id, seen_member(member) if member else None, page, channel_id)
        with self._log.written(entry):
            await self._show(entry, ask)

    async def _show(self, entry: Entry, ask: Ask) -> None:
        interaction = entry.interaction
        command = interaction.type is discord.InteractionType.application_command
        response = interaction.response
        defer = partial(response.defer, ephemeral=True, thinking=True) if command else response.defer
        found = await in_time(entry, in_db(look, ask), defer, None)
        if found is None or isinstance(found, str):
            entry.outcome = Outcome.FAILED if found is None else Outcome.NOTHING
            await say(entry, found or wording.FAILED)
            return
        embed, buttons = render.listing(found)
        buttons.stop()  # so that discord.py does not keep it: the ids say everything
        none = discord.AllowedMentions.none()
        if response.is_done():
            await interaction.edit_original_response(embed=embed, view=buttons, allowed_mentions=none)
        elif command:
            await response.send_message(embed=embed, view=buttons, ephemeral=True, allowed_mentions=none)
        else:
            await response.edit_message(embed=embed, view=buttons, allowed_mentions=none)
        entry.answered()
