"""The layers of settings above a game, and the channels it may be announced in."""

from typing import Any

from django.db import models

from games.models.settings import NAMES, THE_SERVER, THIS_GAME, GuildDefaults, Level, Says, Setting, resolve
from games.models.template import GameTemplate
from guilds.models import Channel, Guild


def own(level: Level | None) -> dict[str, Any]:
    """What a row of any level says by itself."""
    return {name: getattr(level, name) for name in NAMES} if level is not None else {}


def above(guild: Guild, channel: Channel | None, template: GameTemplate | None) -> list[Says]:
    """What the levels above a game of this kind say, the nearest first."""
    levels = []
    if template is not None:
        levels.append(Says(template.name, own(template)))
    if channel is not None and channel.gone_at is None:
        home = channel.settings_channel
        levels.append(Says(str(home), own(getattr(home, "defaults", None))))
    return [*levels, Says(THE_SERVER, own(getattr(guild, "defaults", None)))]


def inherited(guild: Guild, channel: Channel | None, template: GameTemplate | None) -> dict[str, Setting]:
    """What holds for a game that says nothing itself, and what of it the template has locked."""
    nothing = Says(THIS_GAME, {})
    return resolve([nothing, *above(guild, channel, template)], template.locked if template is not None else ())


def open_channels(guild_id: int) -> models.QuerySet[Channel]:
    """The channels in which hosts may announce games."""
    return Channel.objects.for_announcements().filter(guild_id=guild_id).exclude(defaults__for_games=False)


def places(guild_id: int) -> models.QuerySet[Channel]:
    """Where hosts may announce games: the open channels, each with the threads in it."""
    channels = open_channels(guild_id).order_by().values("pk")
    threads = Channel.objects.open_threads().filter(parent__in=channels).order_by().values("pk")
    return Channel.objects.with_homes().filter(models.Q(pk__in=channels) | models.Q(pk__in=threads))


def is_set_up(guild: Guild) -> bool:
    """Whether somebody decided who may schedule in a guild, or made a template."""
    defaults = GuildDefaults.objects.filter(pk=guild.pk).first()
    decided = defaults is not None and defaults.host_role_ids is not None
    return decided or GameTemplate.objects.filter(guild=guild, gone_at=None).exists()
