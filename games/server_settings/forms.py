"""The forms of a guild's settings, a channel's and a template's."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django import forms

from games.core import wording
from games.core.agendas import agenda_values
from games.core.companions import roles_to_choose
from games.core.permissions import Viewer
from games.core.resolved_settings import resolve_settings
from games.core.setting_kinds import Group, ResolvedSetting
from games.core.settings import GAME_SETTINGS, SETTINGS
from games.models import GameTemplate
from games.models.agenda import AGENDA_DAYS_MAX, AgendaGames
from games.models.layers import inherited_settings, open_channels
from games.models.settings import ChannelDefaults, GuildDefaults, SettingsFields
from games.server_settings import wording as settings_wording
from games.server_settings.base_forms import (
    LayerSettingsForm,
    archive_choices,
    channel_label,
    field_names,
    is_ticked,
    make_compact,
)
from guilds.models import Channel, Guild, Role

EVERYONE = "@everyone: every member"


class SettingsForm(LayerSettingsForm):
    """A layer's own settings, and the edit version that the form was made from."""

    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        guild: Guild,
        layer: SettingsFields | None,
        inherited: Mapping[str, ResolvedSetting],
        viewer: Viewer,
        **kw: Any,
    ) -> None:
        self.guild, self.layer = guild, layer
        # A template's lock binds its games, not the template itself.
        inherited = {name: replace(setting, locked=False) for name, setting in inherited.items()}
        initial = {**self.initial_of(layer), **kw.pop("initial", {})}
        roles = list(roles_to_choose(guild.pk))
        super().__init__(
            *args,
            roles=roles,
            inherited=inherited,
            archives=archive_choices(guild, viewer.may_view),
            kept_archive=layer.archive_channel_id if layer is not None else None,
            viewer=viewer,
            initial=initial,
            **kw,
        )
        for name in self.settings_fields:
            if not is_ticked(SETTINGS[name]):
                # The script that offers to clear a field looks for this attribute.
                self.fields[name].widget.attrs["data-inherits"] = ""

    def role_label(self, role: Role) -> str:
        return EVERYONE if role.pk == role.guild_id else super().role_label(role)

    def _set_choices(self, name: str, choices: Iterable[Any]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    @classmethod
    def initial_of(cls, layer: Any) -> dict[str, Any]:
        """Return the form's initial values for a layer; for None, those of one never saved."""
        edition = layer.edit_version if layer is not None and layer.pk else 0
        return cls.initial_settings(layer) | {"edition": edition}


def role_checkboxes(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, label=label, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


class GuildForm(SettingsForm):
    """The settings of the whole guild."""

    field_order = ("manager_role_ids", *field_names([Group.HOSTS]), "pingable_role_ids")  # as on the page

    manager_role_ids = role_checkboxes(
        "Who manages games",
        "Besides the owner and those with Manage Server: they may change and cancel every game, and these settings.",
    )
    pingable_role_ids = role_checkboxes("Roles that hosts may ping", "None ticked: only managers have roles pinged.")

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        layer = GuildDefaults.objects.filter(pk=guild.pk).first()
        # Above a guild there are only the built-in values.
        super().__init__(*args, guild=guild, layer=layer, inherited=resolve_settings([]), **kwargs)
        for name in ("manager_role_ids", "pingable_role_ids"):
            self._set_choices(name, [(str(r.pk), self.role_label(r)) for r in self.roles if r.pk != guild.pk])
            make_compact(self.fields[name])

    @classmethod
    def initial_of(cls, layer: GuildDefaults | None) -> dict[str, Any]:
        shown = super().initial_of(layer)
        for name in ("manager_role_ids", "pingable_role_ids"):
            shown[name] = [str(role) for role in getattr(layer, name, None) or ()]
        return shown

    def selected_roles(self, name: str) -> tuple[int, ...]:
        """Return the ids of the roles ticked in the field."""
        return tuple(int(role) for role in self.cleaned_data.get(name) or ())


class ChannelForm(SettingsForm):
    """The settings of games announced in one channel."""

    field_order = ("for_games", "agenda_days", "agenda_games", "agenda_pinned")

    for_games = forms.BooleanField(
        required=False, label="Hosts may announce games here", help_text="Otherwise the game form does not offer it."
    )

    agenda_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=AGENDA_DAYS_MAX,
        label="Days that the agenda shows",
        help_text="A message here that lists the next games: 1 to 31 days. Empty: none.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), settings_wording.WRONG_AGENDA_DAYS),
    )
    agenda_games = forms.ChoiceField(
        required=False,
        label="Games in the agenda",
        choices=AgendaGames.choices,
        help_text="A game of a channel that somebody here may not view is never listed.",
    )
    agenda_pinned = forms.BooleanField(
        required=False, label="Pin the agenda", help_text="The bot needs the permission Pin Messages."
    )

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        self.channel = channel
        layer = ChannelDefaults.objects.filter(pk=channel.pk).first()
        guild_settings = inherited_settings(channel.guild, None, None)
        kwargs["initial"] = agenda_values(channel.pk) | kwargs.get("initial", {})
        super().__init__(*args, guild=channel.guild, layer=layer, inherited=guild_settings, **kwargs)

    @classmethod
    def initial_of(cls, layer: ChannelDefaults | None) -> dict[str, Any]:
        return super().initial_of(layer) | {"for_games": layer.for_games if layer is not None else True}

    def agenda(self) -> dict[str, Any]:
        """Return the values of the agenda, as the action takes them."""
        data = self.cleaned_data
        return {
            "agenda_days": data["agenda_days"],
            "agenda_games": AgendaGames(data["agenda_games"] or AgendaGames.CHANNEL),
            "agenda_pinned": data["agenda_pinned"],
        }


class TemplateForm(SettingsForm):
    """The texts, channel, settings and locks of a template."""

    field_order = ("name", "description", "channel")

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
        choices=[(name, SETTINGS[name].label) for name in GAME_SETTINGS],
        help_text="What is ticked, hosts cannot change in games of this template.",
    )

    def __init__(self, *args: Any, guild: Guild, template: GameTemplate | None, **kwargs: Any) -> None:
        channel, viewer = template.channel if template is not None else None, kwargs["viewer"]
        inherited = inherited_settings(guild, channel, None)
        is_hidden = channel is not None and not viewer.may_view(channel)
        if channel is not None and is_hidden:
            inherited = {
                name: replace(setting, source=wording.HIDDEN_CHANNEL, hidden=True)
                if setting.source == str(channel.settings_channel)
                else setting
                for name, setting in inherited.items()
            }
        super().__init__(*args, guild=guild, layer=template, inherited=inherited, **kwargs)
        choices = [(str(c.pk), channel_label(c)) for c in open_channels(guild.pk) if viewer.may_view(c)]
        if channel is not None and not is_hidden and str(channel.pk) not in dict(choices):
            choices.append(
                (str(channel.pk), settings_wording.channel_off(channel.name, channel.deleted_at is not None))
            )
        self._set_choices("channel", [("", "The host chooses"), *choices])
        self.offer_to_keep_hidden("channel", template.channel_id if template is not None else None)

    @classmethod
    def initial_of(cls, layer: GameTemplate | None) -> dict[str, Any]:
        shown = super().initial_of(layer)
        if layer is None:
            return shown
        texts = {"name": layer.name, "description": layer.description, "locked": layer.locked}
        return shown | texts | {"channel": str(layer.channel_id or "")}
