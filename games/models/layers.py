"""The layers of settings above a game, and the channels it may be announced in."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce

from games.core.resolved_settings import THE_SERVER, THIS_GAME, SettingsLayer, resolve_settings
from games.core.setting_kinds import ResolvedSetting
from games.core.settings import ALL_SETTINGS, BUILT_IN_VALUES, SETTINGS
from games.models.settings import SettingsFields, settings_column
from games.models.template import GameTemplate
from guilds.models import GAME_CHANNEL_TYPES, Channel, Guild


def explicit_values(layer: SettingsFields | None) -> dict[str, Any]:
    """Return a row's own settings by name; None inherits."""
    if layer is not None and (unread := layer.get_deferred_fields() & {*ALL_SETTINGS}):
        layer.refresh_from_db(fields=unread)  # a game is read without its guild's settings
    return {name: getattr(layer, name) for name in ALL_SETTINGS} if layer is not None else {}


def parent_layers(guild: Guild, channel: Channel | None, template: GameTemplate | None) -> list[SettingsLayer]:
    """Return the layers above a game: template, channel and guild, the nearest first."""
    layers = []
    if template is not None:
        layers.append(SettingsLayer(template.name, explicit_values(template)))
    if channel is not None and channel.deleted_at is None:
        settings_channel = channel.settings_channel
        layers.append(
            SettingsLayer(str(settings_channel), explicit_values(getattr(settings_channel, "defaults", None)))
        )
    return [*layers, SettingsLayer(THE_SERVER, explicit_values(getattr(guild, "defaults", None)))]


def inherited_settings(
    guild: Guild, channel: Channel | None, template: GameTemplate | None
) -> dict[str, ResolvedSetting]:
    """Return the settings of a game without values of its own, and which of them the template locks."""
    nothing = SettingsLayer(THIS_GAME, {})
    return resolve_settings(
        [nothing, *parent_layers(guild, channel, template)], template.locked if template is not None else ()
    )


def setting_expression(name: str) -> Coalesce:
    """Return a setting of the games of a query, for use in the query."""
    column = settings_column(SETTINGS[name])
    value: Any = KeyTextTransform(0, KeyTransform(name, "resolved_settings"))
    built_in = BUILT_IN_VALUES[name]
    if isinstance(built_in, tuple):
        # A list in JSON, to an array.
        value = Func(value, template="translate(%(expressions)s, '[]', '{}')", output_field=models.TextField())
        built_in = list(built_in)
    return Coalesce(Cast(value, column), Value(built_in, output_field=column))


def open_channels(guild_id: int) -> models.QuerySet[Channel]:
    """Return the channels in which hosts may announce games."""
    return Channel.objects.for_announcements().filter(guild_id=guild_id).exclude(defaults__for_games=False)


def is_open(channel: Channel) -> bool:
    """Return whether hosts may announce games in a channel that was read with its settings; as `open_channels`."""
    defaults = getattr(channel, "defaults", None)
    of_type = channel.deleted_at is None and channel.type in GAME_CHANNEL_TYPES
    return of_type and (defaults is None or defaults.for_games)


def announcement_channels(guild_id: int) -> models.QuerySet[Channel]:
    """Return the channels in which hosts may announce games, and the open threads in them."""
    channels = open_channels(guild_id).order_by().values("pk")
    threads = Channel.objects.open_threads().filter(parent__in=channels).order_by().values("pk")
    return Channel.objects.with_settings().filter(Q(pk__in=channels) | Q(pk__in=threads))


def is_set_up(guild: Guild) -> bool:
    """Return whether the guild has chosen who may schedule, or has a template."""
    return not guilds_to_set_up([guild])


def guilds_to_set_up(guilds: Iterable[Guild]) -> list[Guild]:
    """Return those of these guilds that are not set up."""
    undecided = [one for one in guilds if getattr(getattr(one, "defaults", None), "host_role_ids", None) is None]
    templates = GameTemplate.objects.filter(guild__in=undecided, deleted_at=None).order_by()
    with_template = set(templates.values_list("guild_id", flat=True)) if undecided else set()
    return [one for one in undecided if one.pk not in with_template]
