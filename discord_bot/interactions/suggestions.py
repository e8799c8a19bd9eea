"""Choices while one types an option of a command: only what the person may see and use."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

import discord
from discord import app_commands
from django.utils.translation import gettext

from discord_bot.converters import guild_and_member_of
from discord_bot.interactions.senders import greet, save_member
from games.core.permissions import Viewer
from games.core.states import GameAction, is_allowed
from games.models import Game
from games.scheduling.cloning import may_clone
from games.scheduling.planned_line import NO_TEMPLATE, channels_for
from games.series.overview import games_of_running_series
from games.series.summary import repeats_text
from gamesched.lib.clock import db_now
from gamesched.lib.durations import BadDuration, format_duration, minutes_text, parse_duration
from gamesched.lib.orm import run_in_db_thread
from guilds.directory.payloads import MemberPayload
from guilds.models import Guild
from guilds.names import normalize_name
from guilds.templatetags.zoned_times import when

log = logging.getLogger(__name__)

Kind = Literal["template", "channel", "edit", "cancel", "again", "series"]
Choices = list[app_commands.Choice[str]]

MOST, LABEL_MAX = 25, 100  # choices, and characters of one: Discord's limits
REPLY_WITHIN = 2.5  # seconds
USUAL_DURATIONS = (60, 90, 120, 150, 180, 240, 300, 360)  # minutes
LOOKED_AT = 200  # games


async def suggest(interaction: discord.Interaction, kind: Kind, typed: str) -> Choices:
    """Return the choices for an option; none if the database is slow, for Discord waits no longer."""
    greet(interaction)
    try:
        found = run_in_db_thread(find_choices, kind, *guild_and_member_of(interaction), typed)
        return await asyncio.wait_for(found, REPLY_WITHIN)
    except Exception:
        log.warning("Could not find choices of %s", kind, exc_info=True)
        return []


def find_choices(kind: Kind, guild_id: int | None, payload: MemberPayload | None, typed: str) -> Choices:
    """Do all database work of one option's choices, in one call."""
    guild = Guild.objects.present().filter(pk=guild_id or 0).select_related("defaults").first()
    if guild is None or payload is None:
        return []
    now = db_now()
    member = save_member(guild.pk, payload, now)
    viewer = Viewer(member.user, guild.pk, member)
    if kind in {"template", "channel"} and not viewer.may_schedule:
        return []
    if kind == "template":
        none = [(str(NO_TEMPLATE), gettext("None"))] if any(one.is_default for one in viewer.templates) else []
        return _fitting([*((str(one.pk), one.name) for one in viewer.templates), *none], typed)
    if kind == "channel":
        return _fitting(((str(one.pk), str(one)) for one in channels_for(viewer, guild)), typed)
    if kind == "series":
        return _fitting(_series(viewer, now), typed)
    return _fitting(_games(viewer, GAMES_OF[kind], now), typed)


GAMES_OF: dict[str, Callable[[Game, Viewer, datetime], bool]] = {
    "edit": lambda game, viewer, now: is_allowed(GameAction.EDIT, game.state(now)) and viewer.may_manage(game),
    "cancel": lambda game, viewer, now: is_allowed(GameAction.CANCEL, game.state(now)) and viewer.may_manage(game),
    "again": lambda game, viewer, now: viewer.may_schedule and may_clone(game, viewer, now),
}


def _games(viewer: Viewer, fits: Callable[[Game, Viewer, datetime], bool], now: datetime) -> Iterable[tuple[str, str]]:
    """Yield the latest of a guild's games that fit, each as its id and what tells it from others."""
    games = Game.objects.with_guild_and_channel().filter(guild=viewer.guild_id).order_by("-starts_at")
    for game in games.prefetch_related("cohosts")[:LOOKED_AT]:
        if viewer.may_see_game(game) and fits(game, viewer, now):
            yield str(game.pk), f"{game.title[:60]} · {when(game.starts_at, viewer.person.zone)}"


def _series(viewer: Viewer, now: datetime) -> Iterable[tuple[str, str]]:
    """Yield the series that somebody runs, each as the id of its next game and what tells it from others."""
    games = games_of_running_series(viewer.guild_id, now).select_related("series").prefetch_related("cohosts")
    for game in games[:LOOKED_AT]:
        if viewer.may_see_game(game) and viewer.may_manage(game):
            at = when(game.starts_at, viewer.person.zone)
            yield str(game.pk), f"{game.title[:60]} · {at} · {repeats_text(game)}"


def _fitting(found: Iterable[tuple[str, str]], typed: str) -> Choices:
    """Return the choices whose name has what is typed in it; each name once, as Discord takes it."""
    wanted, named = normalize_name(typed), dict[str, str]()
    for value, name in found:
        if wanted in normalize_name(name):
            named.setdefault(name[:LABEL_MAX], value)
    return [app_commands.Choice(name=name, value=value) for name, value in [*named.items()][:MOST]]


def suggest_duration(typed: str) -> Choices:
    """Return lengths of a game: what is typed, if it is one, or the usual ones."""
    try:
        minutes = [parse_duration(typed)] if typed.strip() else [*USUAL_DURATIONS]
    except BadDuration:
        minutes = []
    return [app_commands.Choice(name=minutes_text(one)[:LABEL_MAX], value=format_duration(one)) for one in minutes]
