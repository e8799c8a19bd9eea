"""Having the agendas of channels looked at: one row for each, which notifyd keeps its message current by."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from games.core.codes import NotificationKind
from games.core.payloads import GuildPayload
from games.models import Agenda, Game
from games.models.agenda import AgendaGames
from guilds.models import Channel
from notifications.queue import Planned, schedule_all

PREFIX = "agenda_"
AGENDA_FIELDS = ("agenda_days", "agenda_games", "agenda_pinned")
# From a change of a game until the agendas that list it are looked at: a rush of clicks is one look.
CHANGE_DELAY = timedelta(seconds=5)
# In the statement that schedules the update of a game's post anyway: a guild without an agenda gets no row more.
IF_LISTED = """
rows.kind <> 'agenda_change' OR EXISTS (
    SELECT FROM games_agenda
    WHERE days IS NOT NULL AND guild_id = (SELECT guild_id FROM games_game WHERE id = %(game)s))
"""


def change_row(at: datetime) -> Planned:
    """Return the row by which notifyd learns that a game changed which agendas may list."""
    return Planned(NotificationKind.AGENDA_CHANGE, at + CHANGE_DELAY)


def schedule_change(game: Game, at: datetime) -> None:
    """Have agendas follow a game whose own post needs no update: its address is another."""
    schedule_all(game.pk, [change_row(at)], game.post_version, keep_earlier=True, condition=IF_LISTED)


def schedule_agendas(agendas: Collection[Agenda], at: datetime) -> None:
    """Have agendas looked at. One statement, in the order of their channels.

    notifyd locks these rows before the agendas', so it comes before any change of those.
    """
    rows = sorted(agendas, key=lambda agenda: agenda.channel_id)
    planned = [
        Planned(NotificationKind.AGENDA, at, dedupe_key=one.channel_id, payload=GuildPayload(one.guild_id))
        for one in rows
    ]
    schedule_all(None, planned, keep_earlier=True)


def agenda_values(channel_id: int) -> dict[str, Any]:
    """Return what a channel's agenda should be, by the names that forms and the audit have for it."""
    agenda = Agenda.objects.filter(pk=channel_id).first() or Agenda()
    return {name: getattr(agenda, name.removeprefix(PREFIX)) for name in AGENDA_FIELDS}


def switch_agenda(channel: Channel, values: Mapping[str, Any], now: datetime) -> None:
    """Switch a channel's agenda on or off, or change it; notifyd posts, edits, pins it or takes it down."""
    columns = {name.removeprefix(PREFIX): values[name] for name in AGENDA_FIELDS}
    schedule_agendas([Agenda(channel=channel, guild_id=channel.guild_id)], now)
    Agenda.objects.update_or_create(columns, channel=channel, guild_id=channel.guild_id)


def schedule_agendas_of(game: Game, now: datetime) -> None:
    """Have the agendas looked at that list a game, or may from now on."""
    of_server = Q(games=AgendaGames.SERVER)
    of_channel = Q(channel__in=[game.channel_id, game.channel.parent_id or game.channel_id])
    agendas = Agenda.objects.filter(guild=game.guild_id, days__isnull=False)
    schedule_agendas(agendas.filter(of_server | of_channel | Q(game_ids__contains=[game.pk])), now)
