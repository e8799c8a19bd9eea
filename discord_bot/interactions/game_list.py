"""Replies with a game list: an ephemeral page, and another for each click on its buttons."""

from dataclasses import dataclass, field
from functools import partial

import discord

from discord_bot import render
from discord_bot.converters import guild_and_member_of, sender_of
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from discord_bot.interactions.replies import defer_if_slow, reply_ephemeral
from discord_bot.interactions.senders import save_member, save_user
from discord_bot.interactions.typed_texts import with_typed
from discord_bot.models import Outcome
from games.core import wording
from games.pages.game_list import GameList, ListKind, ListOptions, list_games
from games.scheduling import command_wording
from gamesched.lib.clock import db_now
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Guild


@dataclass(frozen=True)
class PageRequest:
    """The requested page of a list, and the member who wants it."""

    which: ListKind
    guild_id: int | None
    member: MemberPayload | None
    page: int = 1
    options: ListOptions = field(default_factory=ListOptions)
    user: UserPayload | None = None  # who wants it, in a direct message


def load_page(request: PageRequest) -> GameList | str:
    """Do all database work of a list, in one call. Return the page, or a sentence if it is empty."""
    now = db_now()
    guild: Guild | None = None
    if request.guild_id is None and request.which == "mine" and request.user is not None:
        viewer = save_user(request.user)
    elif request.guild_id is None:
        return command_wording.ONLY_IN_SERVER
    else:
        guild = Guild.objects.present().filter(pk=request.guild_id).first()
        if guild is None or request.member is None:
            return wording.NOT_A_MEMBER
        viewer = save_member(guild.pk, request.member, now).user
    page = list_games(request.which, guild, viewer, now, request.page, request.options)
    return page if page.rows else with_typed(page.empty_text, request.options.text)


class GameListHandler:
    """Handles commands and buttons that request a page of a list."""

    def __init__(self, log: InteractionLog) -> None:
        self._log = log

    async def handle(
        self, interaction: discord.Interaction, name: str, which: ListKind, options: ListOptions, page: int = 1
    ) -> None:
        """Show the page as an ephemeral reply, or in place of the page whose button was clicked."""
        entry = InteractionRecord(interaction, name)
        sender = sender_of(interaction)
        request = PageRequest(which, *guild_and_member_of(interaction), page, options, sender)
        with self._log.recording(entry):
            await self._reply(entry, request)

    async def _reply(self, entry: InteractionRecord, request: PageRequest) -> None:
        interaction = entry.interaction
        command = interaction.type is discord.InteractionType.application_command
        response = interaction.response
        defer = partial(response.defer, ephemeral=True, thinking=True) if command else response.defer
        page = await defer_if_slow(entry, entry.work(load_page, request), defer, None)
        if page is None or isinstance(page, str):
            entry.outcome = Outcome.FAILED if page is None else Outcome.NOTHING
            await reply_ephemeral(entry, page or wording.FAILED)
            return
        embed, buttons = render.game_list_page(page)
        buttons.stop()  # so that discord.py does not keep it: the ids suffice
        if response.is_done():
            await interaction.edit_original_response(embed=embed, view=buttons, allowed_mentions=render.NO_PINGS)
        elif command:
            await response.send_message(embed=embed, view=buttons, ephemeral=True, allowed_mentions=render.NO_PINGS)
        else:
            await response.edit_message(embed=embed, view=buttons, allowed_mentions=render.NO_PINGS)
        entry.mark_responded()
