"""A channel's agenda, switched on as its settings page does, and notifyd's steps without Discord."""

from datetime import datetime
from typing import Any

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.models.agenda import AgendaGames
from games.models.settings import ChannelDefaults
from games.server_settings.actions import change_channel_defaults
from notifications.daemon import steps
from notifications.daemon.steps import Job
from notifications.models import Notification

MESSAGE = 1_400_000_000_000_000_777


def switch_on(world: World, days: int | None = 7, channel_id: int | None = None, **values: Any) -> None:
    """Switch the agenda of a channel on, or with no days off; Alice, who owns the server, does it."""
    agenda = {"agenda_days": days, "agenda_games": AgendaGames.CHANNEL, "agenda_pinned": False, **values}
    channel_id = channel_id or world.channel.pk
    layer = ChannelDefaults.objects.filter(pk=channel_id).first()
    for_games = layer.for_games if layer is not None else True
    change_channel_defaults(channel_id, {}, for_games, Actor(world.alice, EntryPoint.PAGE), world.now, agenda=agenda)


def due_agendas(now: datetime) -> list[Job]:
    """Do what is due, and return the requests about agendas alone."""
    steps.create_due_deliveries(now)
    ours = set(Notification.objects.filter(kind=NotificationKind.AGENDA).values_list("pk", flat=True))
    return [job for job in steps.lease_jobs(now, 100) if job.post is not None and job.pk in ours]
