"""The forms of a guild's settings, a channel's and a template's."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from games.core import wording
from games.models import GameTemplate
from games.models.layers import inherited_settings, open_channels
from games.models.settings import (
    ALL_SETTINGS,
    GAME_SETTINGS,
    ROLE_SET_SETTINGS,
    ChannelDefaults,
    GuildDefaults,
    Setting,
    SettingsFields,
    resolve_settings,
)
from games.server_settings import wording as settings_wording
from games.server_settings.fields import SettingsFieldsForm, archive_choices, channel_label
from guilds.forms import UNKNOWN_ZONE, zone_choices
from guilds.models import Channel, Guild

EVERYONE = "@everyone: every member"


class SettingsForm(SettingsFieldsForm):
    """A level's own settings, the zone among them, and the edition that the form was made from."""

    zone = forms.ChoiceField(required=False, label="Time zone", error_messages={"invalid_choice": UNKNOWN_ZONE})
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, guild: Guild, layer: SettingsFields | None, inherited: Mapping[str, Setting], **kw: Any
    ) -> None:
        self.guild, self.layer = guild, layer
        # A template's lock binds its games, not the template itself.
        inherited = {name: Setting(found.value, found.source) for name, found in inherited.items()}
        initial = {**self.initial_of(layer), **kw.pop("initial", {})}
        roles = list(guild.roles.filter(deleted_at=None))
        super().__init__(
            *args, roles=roles, inherited=inherited, archives=archive_choices(guild), initial=initial, **kw
        )
        everyone = [(str(r.pk), EVERYONE if r.pk == guild.pk else r.name) for r in roles]
        self.pingable_choices = [(value, label) for value, label in everyone if value != str(guild.pk)]
        for name in ("player_role_ids", "host_role_ids"):
            self._set_choices(name, everyone)
        self._set_choices("notify_role_ids", self.pingable_choices)
        self._set_choices("zone", [("", wording.inherits(inherited["zone"].value)), *zone_choices()[1:]])
        inherited_text = wording.inherited(inherited["zone"].value, inherited["zone"].source)
        self.fields["zone"].help_text = f"{settings_wording.ZONE_HELP} {inherited_text}"
        for name in self.layer_fields:
            if name not in ROLE_SET_SETTINGS:
                # The script that offers to clear a field looks for this.
                self.fields[name].widget.attrs["data-inherits"] = ""

    def _set_choices(self, name: str, choices: Iterable[Any]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    @property
    def layer_fields(self) -> list[str]:
        """Names of all settings of the form, the zone included."""
        return [name for name in ALL_SETTINGS if name in self.fields]

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "zone": self.cleaned_data.get("zone") or None}

    @classmethod
    def initial_of(cls, layer: Any) -> dict[str, Any]:
        """What the form shows of a level; of none, that nothing was ever saved."""
        edition = layer.edition if layer is not None and layer.pk else 0
        return cls.initial_settings(layer) | {"edition": edition}


def role_checkboxes(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, label=label, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


class GuildForm(SettingsForm):
    """What holds in the whole guild."""

    manager_role_ids = role_checkboxes(
        "Who manages games",
        "Besides the owner and those with Manage Server: they may change and cancel every game, and these settings.",
    )
    pingable_role_ids = role_checkboxes("Roles that hosts may ping", "None ticked: only managers have roles pinged.")

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        layer = GuildDefaults.objects.filter(pk=guild.pk).first()
        # Above a guild is the product alone.
        super().__init__(*args, guild=guild, layer=layer, inherited=resolve_settings([]), **kwargs)
        for name in ("manager_role_ids", "pingable_role_ids"):
            self._set_choices(name, self.pingable_choices)

    @classmethod
    def initial_of(cls, layer: GuildDefaults | None) -> dict[str, Any]:
        shown = super().initial_of(layer)
        for name in ("manager_role_ids", "pingable_role_ids"):
            shown[name] = [str(role) for role in getattr(layer, name, None) or ()]
        return shown

    def selected_roles(self, name: str) -> tuple[int, ...]:
        """Which of the guild's own roles are ticked."""
        return tuple(int(role) for role in self.cleaned_data.get(name) or ())


class ChannelForm(SettingsForm):
    """What holds for games announced in one channel."""

    for_games = forms.BooleanField(
        required=False, label="Hosts may announce games here", help_text="Otherwise the game form does not offer it."
    )

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        self.channel = channel
        layer = ChannelDefaults.objects.filter(pk=channel.pk).first()
        guild_settings = inherited_settings(channel.guild, None, None)
        super().__init__(*args, guild=channel.guild, layer=layer, inherited=guild_settings, **kwargs)

    @classmethod
    def initial_of(cls, layer: ChannelDefaults | None) -> dict[str, Any]:
        return super().initial_of(layer) | {"for_games": layer.for_games if layer is not None else True}


class TemplateForm(SettingsForm):
    """A kind of game that is played again and again."""

    name = forms.CharField(
        max_length=1000, strip=False, help_text="What hosts choose it by.", error_messages={"required": "Name it."}
    )
    description = forms.CharField(
        required=False,
        max_length=20000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What a new game's description begins with.",
    )
    channel = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Where its games are announced, unless the host chooses another.",
        error_messages={"invalid_choice": wording.UNKNOWN_CHANNEL},
    )
    locked = forms.MultipleChoiceField(
        required=False,
        label="Locked",
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, settings_wording.SETTING_LABELS[name]) for name in GAME_SETTINGS],
        help_text="What is ticked, hosts cannot change in games of this template.",
    )

    def __init__(self, *args: Any, guild: Guild, template: GameTemplate | None, **kwargs: Any) -> None:
        channel = template.channel if template is not None else None
        super().__init__(
            *args, guild=guild, layer=template, inherited=inherited_settings(guild, channel, None), **kwargs
        )
        choices = [(str(c.pk), channel_label(c)) for c in open_channels(guild.pk)]
        if channel is not None and str(channel.pk) not in dict(choices):
            choices.append(
                (str(channel.pk), settings_wording.channel_off(channel.name, channel.deleted_at is not None))
            )
        self._set_choices("channel", [("", "The host chooses"), *choices])

    @classmethod
    def initial_of(cls, layer: GameTemplate | None) -> dict[str, Any]:
        shown = super().initial_of(layer)
        if layer is None:
            return shown
        texts = {"name": layer.name, "description": layer.description, "locked": layer.locked}
        return shown | texts | {"channel": str(layer.channel_id or "")}


# --- comparing two versions --------------------------------------------------------------------------------
