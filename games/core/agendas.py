"""Having the agendas of channels looked at: one row for each, which notifyd keeps its message current by."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from games.core.codes import NotificationKind
from games.core.payloads import GuildPayload
from games.models import Agenda, Game
from games.models.agenda import AgendaGames
from games.models.settings import ChannelDefaults
from notifications.queue import Planned, schedule_all

# From a change of a game until the agendas that list it are looked at: a rush of clicks is one look.
CHANGE_DELAY = timedelta(seconds=5)
# In the statement that schedules the update of a game's post anyway: a guild without an agenda gets no row more.
IF_LISTED = """
rows.kind <> 'agenda_change' OR EXISTS (
    SELECT FROM games_agenda WHERE guild_id = (SELECT guild_id FROM games_game WHERE id = %(game)s))
"""


def change_row(at: datetime) -> Planned:
    """Return the row by which notifyd learns that a game changed which agendas may list."""
    return Planned(NotificationKind.AGENDA_CHANGE, at + CHANGE_DELAY)


def schedule_change(game: Game, at: datetime) -> None:
    """Have agendas follow a game whose own post needs no update: its address is another."""
    schedule_all(game.pk, [change_row(at)], game.post_version, keep_earlier=True, condition=IF_LISTED)


def schedule_agendas(agendas: Collection[Agenda], at: datetime) -> None:
    """Have agendas looked at. One statement, in the order of their channels; last in its transaction."""
    rows = sorted(agendas, key=lambda agenda: agenda.channel_id)
    planned = [
        Planned(NotificationKind.AGENDA, at, dedupe_key=one.channel_id, payload=GuildPayload(one.guild_id))
        for one in rows
    ]
    schedule_all(None, planned, keep_earlier=True)


def switch_agenda(defaults: ChannelDefaults, now: datetime) -> None:
    """Have a channel's agenda follow its settings, which changed: posted, edited, pinned or taken down."""
    channel = defaults.channel
    if defaults.agenda_days is not None:
        Agenda.objects.get_or_create(channel=channel, defaults={"guild_id": channel.guild_id})
    schedule_agendas(Agenda.objects.filter(channel=channel), now)


def schedule_agendas_of(game: Game, now: datetime) -> None:
    """Have the agendas looked at that list a game, or may from now on."""
    of_server = Q(channel__defaults__agenda_games=AgendaGames.SERVER)
    of_channel = Q(channel__in=[game.channel_id, game.channel.parent_id or game.channel_id])
    agendas = Agenda.objects.filter(of_server | of_channel | Q(game_ids__contains=[game.pk]), guild=game.guild_id)
    schedule_agendas(agendas, now)
