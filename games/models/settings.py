"""The layers of settings above a game, as tables: a guild's and a channel's. Columns are made from declarations."""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from games.core.setting_kinds import (
    ChannelId,
    ChoiceSetting,
    DurationListSetting,
    DurationSetting,
    MultiLineText,
    PictureSetting,
    Roles,
    Setting,
    Text,
    WholeNumber,
    YesNo,
    Zone,
)
from games.core.settings import SETTINGS
from guilds.models import check_zone

if TYPE_CHECKING:
    # A type checker finds the columns there; Django is given them one by one below.
    from games.core.settings import Declarations as _Columns

    _CharField = models.CharField[Any, Any]
else:
    _Columns, _CharField = object, models.CharField


class SettingsFields(models.Model, _Columns):
    """The columns of the settings, for each layer that can set them; null inherits."""

    class Meta:
        abstract = True


class _ChoiceColumn(_CharField):
    """A column of a choice. Its words are no part of the schema, so rewording one needs no migration."""

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        return name, "django.db.models.CharField", args, kwargs


def settings_column(setting: Setting[Any]) -> "models.Field[Any, Any]":
    """Make the column that keeps a setting in every layer."""
    options: dict[str, Any] = {"null": True, "blank": True}
    match setting:
        case WholeNumber():
            return models.PositiveSmallIntegerField(**options)
        case DurationSetting():
            return models.PositiveIntegerField(**options)
        case DurationListSetting():
            return ArrayField(models.PositiveIntegerField(), **options)
        case Roles():
            return ArrayField(models.BigIntegerField(), **options)
        case MultiLineText():
            return models.TextField(max_length=setting.most, **options)
        case Text():
            return models.CharField(max_length=setting.most, **options)
        case PictureSetting():
            return models.CharField(max_length=80, **options)
        case YesNo():
            return models.BooleanField(**options)
        case ChoiceSetting():
            return _ChoiceColumn(max_length=setting.column_length, choices=setting.choices.choices, **options)
        case ChannelId():
            return models.BigIntegerField(**options)
        case Zone():
            return models.CharField(max_length=64, validators=[check_zone], **options)
    raise TypeError(f"no column for {type(setting).__name__}")


for _setting in SETTINGS.values():
    SettingsFields.add_to_class(_setting.name, settings_column(_setting))


class GuildDefaults(SettingsFields):
    """The settings of a whole guild, and the roles that manage its games besides Discord's own permissions."""

    guild = models.OneToOneField("guilds.Guild", models.PROTECT, primary_key=True, related_name="defaults")
    manager_role_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text=gettext_lazy("Roles whose holders manage every game."),
    )
    pingable_role_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text=gettext_lazy("Roles that hosts may have pinged.")
    )
    edit_version = models.PositiveIntegerField(
        default=1, help_text=gettext_lazy("Counts edits; tells a form that it is stale.")
    )

    class Meta:
        verbose_name = gettext_lazy("server's settings")
        verbose_name_plural = gettext_lazy("servers' settings")

    def __str__(self) -> str:
        return "the server"


class ChannelDefaults(SettingsFields):
    """The settings of games that are announced in one channel."""

    channel = models.OneToOneField("guilds.Channel", models.PROTECT, primary_key=True, related_name="defaults")
    for_games = models.BooleanField(default=True, help_text=gettext_lazy("Whether hosts may announce games here."))
    edit_version = models.PositiveIntegerField(
        default=1, help_text=gettext_lazy("Counts edits; tells a form that it is stale.")
    )

    class Meta:
        verbose_name = gettext_lazy("channel's settings")
        verbose_name_plural = gettext_lazy("channels' settings")

    def __str__(self) -> str:
        return str(self.channel)
