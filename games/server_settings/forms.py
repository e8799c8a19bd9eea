"""The forms of a guild's settings, a channel's and a template's."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from games.core import wording
from games.core.agendas import agenda_values
from games.core.frequent_queries import ROLES_TO_CHOOSE
from games.core.permissions import Viewer
from games.core.resolved_settings import resolve_settings
from games.core.setting_kinds import Group, ResolvedSetting
from games.core.settings import GAME_SETTINGS, SETTINGS
from games.models import GameTemplate
from games.models.agenda import AGENDA_DAYS_MAX, AgendaGames
from games.models.layers import inherited_settings, open_channels
from games.models.settings import ChannelDefaults, GuildDefaults, SettingsFields
from games.server_settings import language_wording
from games.server_settings import wording as settings_wording
from games.server_settings.actions import values_of
from games.server_settings.base_forms import (
    FieldRow,
    LayerSettingsForm,
    archive_choices,
    channel_label,
    field_names,
    is_ticked,
    make_compact,
    override_field,
)
from guilds.languages import language_choices
from guilds.models import Channel, Guild, Role

EVERYONE = gettext_noop("@everyone: every member")
GUILD_ROLE_ROWS = ("manager_role_ids", "pingable_role_ids")


class SettingsForm(LayerSettingsForm):
    """A layer's own settings, and the edit version that the form was made from: all of them, or one row."""

    kind: ClassVar[str]  # of the layer
    own_rows: tuple[str, ...] = ()  # what only this kind of layer has, in the order of pages
    own_group: ClassVar[Group | None] = None  # with which group pages show these; None for a group before all others

    row = ""  # what this form edits alone, by the name of its field; '' for everything

    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        guild: Guild,
        layer: SettingsFields | None,
        inherited: Mapping[str, ResolvedSetting],
        viewer: Viewer,
        row: str | None = None,
        **kw: Any,
    ) -> None:
        """`row`: the one that may be kept alone, so that the form has no other's fields; '' for that of no row."""
        self.guild, self.layer = guild, layer
        if row is not None:
            kw["only"] = {*self._row_fields(row), "edition"}
        # A template's lock binds its games, not the template itself.
        inherited = {name: replace(setting, locked=False) for name, setting in inherited.items()}
        initial = {**self.initial_of(layer), **kw.pop("initial", {})}
        roles = ROLES_TO_CHOOSE.all(guild.pk)
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
        for name in self.inherited_texts:
            if not is_ticked(SETTINGS[name]):
                # The script that offers to clear a field looks for this attribute.
                self.fields[name].widget.attrs["data-inherits"] = ""

    def role_label(self, role: Role) -> str:
        return gettext(EVERYONE) if role.pk == role.guild_id else super().role_label(role)

    def _set_choices(self, name: str, choices: Iterable[Any]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    # --- one row alone ---

    @staticmethod
    def _row_fields(name: str) -> list[str]:
        """Return the names of the fields of a row."""
        return [*([override_field(name)] if name in SETTINGS and is_ticked(SETTINGS[name]) else []), name]

    def keep_row(self, name: str, *, inherit: bool = False) -> None:
        """Edit alone the row that the form was made for. What other fields would say stays as the layer has it.

        `inherit`: as if the row had been sent empty.
        """
        self.row, row_fields = name, self._row_fields(name)
        self.fields["was"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.initial["was"] = self.fingerprint
        self._name_apart("edition", "was")
        if inherit and name in SETTINGS:
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            for field in row_fields:
                data.pop(field, None)
            self.data, self.files = data, MultiValueDict()
        first = self.fields[row_fields[0]]
        if not isinstance(first.widget, forms.CheckboxSelectMultiple):
            first.widget.attrs["autofocus"] = True

    def _name_apart(self, *names: str) -> None:
        """Give fields that every row has ids of their own: several rows may be open on one page."""
        for name in names:
            self.fields[name].widget.attrs["id"] = f"{name}-{self.row}"

    @property
    def editor(self) -> FieldRow:
        """Return the fields of the row that is edited alone."""
        ticked = self.row in SETTINGS and is_ticked(SETTINGS[self.row])
        return FieldRow([self[self.row]], self[override_field(self.row)] if ticked else None)

    @property
    def fingerprint(self) -> str:
        """Return a hash of what the layer says in the row, which tells whether another person changed it."""
        return hashlib.sha256(repr(self._said()).encode()).hexdigest()[:16]

    def _said(self) -> Any:
        return self.own_value(self.row) if self.row in SETTINGS else self.saved[self.row]

    @property
    def edit_version(self) -> int:
        """Return the version that a valid form was made from.

        Of a row that is as it was shown, that is the present one: somebody changed another row.
        """
        if self.row and self.cleaned_data["was"] == self.fingerprint:
            return int(self.initial["edition"])
        return self.cleaned_data["edition"] or 0

    def settings(self) -> dict[str, Any]:
        """Return the settings of a valid form, by name; what it has no field for stays as the layer has it."""
        return values_of(self.layer) | super().settings()

    def own_value(self, name: str) -> Any:
        """Return what the layer itself says of a setting; None if it inherits."""
        return getattr(self.layer, name) if self.layer is not None else None

    @property
    def saved(self) -> dict[str, Any]:
        """Return what the layer has of what only its kind has, by the names of fields."""
        return {}

    def value(self, name: str) -> Any:
        """Return what a valid form says of what only this kind of layer has."""
        return self.cleaned_data[name] if name in self.fields else self.saved[name]

    def saved_text(self, name: str) -> str:
        """Return what the layer has of that, as text."""
        raise NotImplementedError

    @classmethod
    def group_of(cls, name: str) -> Group | None:
        """Return with which group pages show what only this kind of layer has."""
        return cls.own_group

    def is_locked(self, name: str) -> bool:
        """Return whether the layer locks a setting."""
        return False

    @classmethod
    def initial_of(cls, layer: Any) -> dict[str, Any]:
        """Return the form's initial values for a layer; for None, those of one never saved."""
        edition = layer.edit_version if layer is not None and layer.pk else 0
        return cls.initial_settings(layer) | {"edition": edition}


def role_checkboxes(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy(label),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(help_text),
    )


class GuildForm(SettingsForm):
    """The settings of the whole guild."""

    kind, own_group = "guild", Group.HOSTS
    own_rows = ("manager_role_ids", "pingable_role_ids", "language")
    # As on the page.
    field_order = (
        *("manager_role_ids", *field_names([Group.HOSTS]), "pingable_role_ids"),
        *(*field_names([Group.BASICS]), "language"),
    )

    manager_role_ids = role_checkboxes(
        gettext_noop("Who manages games"),
        gettext_noop("They change and cancel every game, and these settings. The owner and Manage Server always can."),
    )
    pingable_role_ids = role_checkboxes(
        gettext_noop("Roles that hosts may ping"), gettext_noop("Tick none and only managers ping roles.")
    )
    language = forms.ChoiceField(
        required=False,
        label=gettext_lazy(language_wording.LABEL),
        choices=lambda: [("", gettext_lazy(language_wording.AS_IN_DISCORD)), *language_choices()],
        help_text=gettext_lazy(language_wording.HELP),
    )

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        layer = GuildDefaults.objects.filter(pk=guild.pk).first()
        kwargs["initial"] = {"language": guild.language} | kwargs.get("initial", {})
        # Above a guild there are only the built-in values.
        super().__init__(*args, guild=guild, layer=layer, inherited=resolve_settings([]), **kwargs)
        for name in filter(self.fields.__contains__, GUILD_ROLE_ROWS):
            self._set_choices(name, [(str(r.pk), self.role_label(r)) for r in self.roles if r.pk != guild.pk])
            make_compact(self.fields[name])

    @classmethod
    def initial_of(cls, layer: GuildDefaults | None) -> dict[str, Any]:
        shown = super().initial_of(layer)
        for name in GUILD_ROLE_ROWS:
            shown[name] = [str(role) for role in getattr(layer, name, None) or ()]
        return shown

    def selected_roles(self, name: str) -> tuple[int, ...]:
        """Return the ids of the roles ticked in the field."""
        return tuple(int(role) for role in self.value(name) or ())

    @property
    def saved(self) -> dict[str, Any]:
        roles = {name: tuple(getattr(self.layer, name, None) or ()) for name in GUILD_ROLE_ROWS}
        return {**roles, "language": self.guild.language}

    @classmethod
    def group_of(cls, name: str) -> Group | None:
        return Group.BASICS if name == "language" else super().group_of(name)

    def saved_text(self, name: str) -> str:
        if name == "language":
            return dict(language_choices()).get(self.saved[name], gettext(language_wording.AS_IN_DISCORD))
        roles = [self.role_names.get(role, gettext(settings_wording.DELETED_ROLE)) for role in self.saved[name]]
        return ", ".join(roles) or gettext(settings_wording.NO_ROLES[name])


class ChannelForm(SettingsForm):
    """The settings of games announced in one channel."""

    kind = "channel"
    own_rows: tuple[str, ...] = ("for_games", "agenda_days", "agenda_games", "agenda_pinned")
    field_order = own_rows

    for_games = forms.BooleanField(
        required=False,
        label=gettext_lazy("Hosts may announce games here"),
        help_text=gettext_lazy("Clear it and hosts can't choose this channel."),
    )

    agenda_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=AGENDA_DAYS_MAX,
        label=gettext_lazy("Days in the agenda"),
        help_text=gettext_lazy("A message here lists the next games: 1 to 31 days. Empty: no agenda."),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), gettext_lazy(settings_wording.WRONG_AGENDA_DAYS)
        ),
    )
    agenda_games = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Games in the agenda"),
        choices=AgendaGames.choices,
        help_text=gettext_lazy("It never lists games that someone here can't see."),
    )
    agenda_pinned = forms.BooleanField(
        required=False, label=gettext_lazy("Pin the agenda"), help_text=gettext_lazy("The bot needs Pin Messages.")
    )

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        self.channel = channel
        layer = ChannelDefaults.objects.filter(pk=channel.pk).first()
        guild_settings = inherited_settings(channel.guild, None, None)
        self._agenda_values = agenda_values(channel.pk)
        kwargs["initial"] = self._agenda_values | kwargs.get("initial", {})
        super().__init__(*args, guild=channel.guild, layer=layer, inherited=guild_settings, **kwargs)
        if channel.is_forum:
            self.own_rows = ("for_games",)  # a forum has no place for an agenda

    @classmethod
    def initial_of(cls, layer: ChannelDefaults | None) -> dict[str, Any]:
        return super().initial_of(layer) | {"for_games": layer.for_games if layer is not None else True}

    def agenda(self) -> dict[str, Any]:
        """Return the values of the agenda, as the action takes them."""
        return {
            "agenda_days": self.value("agenda_days"),
            "agenda_games": AgendaGames(self.value("agenda_games") or AgendaGames.CHANNEL),
            "agenda_pinned": self.value("agenda_pinned"),
        }

    @property
    def saved(self) -> dict[str, Any]:
        for_games = self.layer.for_games if isinstance(self.layer, ChannelDefaults) else True
        return {"for_games": for_games, **self._agenda_values}

    def saved_text(self, name: str) -> str:
        value = self.saved[name]
        if name == "agenda_days":
            return settings_wording.agenda_days(value)
        if name == "agenda_games":
            return gettext(str(AgendaGames(value).label))
        return gettext(settings_wording.YES) if value else gettext(settings_wording.NO)


class TemplateForm(SettingsForm):
    """The texts, channel, settings and locks of a template."""

    kind = "template"
    own_rows = ("name", "description", "channel")
    field_order = own_rows

    name = forms.CharField(
        max_length=1000,
        strip=False,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Hosts choose it by this name."),
        error_messages={"required": gettext_lazy("Name it.")},
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=20000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("New games start with this description."),
    )
    channel = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label=gettext_lazy("Channel"),
        help_text=gettext_lazy("Its games go here unless the host chooses another."),
        error_messages={"invalid_choice": gettext_lazy(wording.UNKNOWN_CHANNEL)},
    )
    locked = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Locked"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, gettext_lazy(SETTINGS[name].label)) for name in GAME_SETTINGS],
        help_text=gettext_lazy("Hosts can't change what you tick in games of this template."),
    )

    def __init__(self, *args: Any, guild: Guild, template: GameTemplate | None, **kwargs: Any) -> None:
        channel, viewer = template.channel if template is not None else None, kwargs["viewer"]
        inherited = inherited_settings(guild, channel, None)
        is_hidden = channel is not None and not viewer.may_view(channel)
        if channel is not None and is_hidden:
            inherited = {
                name: replace(setting, source=gettext(wording.HIDDEN_CHANNEL), hidden=True)
                if setting.source == str(channel.settings_channel)
                else setting
                for name, setting in inherited.items()
            }
        super().__init__(*args, guild=guild, layer=template, inherited=inherited, **kwargs)
        if "channel" not in self.fields:
            return
        choices = [(str(c.pk), channel_label(c)) for c in open_channels(guild.pk) if viewer.may_view(c)]
        if channel is not None and not is_hidden and str(channel.pk) not in dict(choices):
            choices.append(
                (str(channel.pk), settings_wording.channel_off(channel.name, channel.deleted_at is not None))
            )
        self._set_choices("channel", [("", gettext(settings_wording.HOST_CHOOSES)), *choices])
        self.offer_to_keep_hidden("channel", template.channel_id if template is not None else None)

    @classmethod
    def initial_of(cls, layer: GameTemplate | None) -> dict[str, Any]:
        shown = super().initial_of(layer)
        if layer is None:
            return shown
        texts = {"name": layer.name, "description": layer.description, "locked": layer.locked}
        return shown | texts | {"channel": str(layer.channel_id or "")}

    def keep_row(self, name: str, *, inherit: bool = False) -> None:
        super().keep_row(name, inherit=inherit)
        if name in GAME_SETTINGS:
            self.fields["lock"] = forms.BooleanField(
                required=False, label=gettext(settings_wording.LOCK), help_text=gettext(settings_wording.LOCK_HELP)
            )
            self.initial["lock"] = self.is_locked(name)
            self._name_apart("lock")

    def _said(self) -> Any:
        return super()._said(), self.is_locked(self.row)

    def is_locked(self, name: str) -> bool:
        return name in self.saved["locked"]

    @property
    def locked_names(self) -> list[str]:
        """Return the names of the settings that a valid form locks."""
        if "lock" not in self.fields:
            return list(self.value("locked"))
        others = [name for name in self.saved["locked"] if name != self.row]
        return [*others, self.row] if self.cleaned_data["lock"] else others

    @property
    def saved(self) -> dict[str, Any]:
        layer = self.layer
        if not isinstance(layer, GameTemplate):
            return {"name": "", "description": "", "channel": None, "locked": []}
        return {
            "name": layer.name,
            "description": layer.description,
            "channel": layer.channel_id,
            "locked": layer.locked,
        }

    def saved_text(self, name: str) -> str:
        value = self.saved[name]
        if name != "channel":
            return value or gettext(settings_wording.NO_TEXT)
        if value is None:
            return gettext(settings_wording.HOST_CHOOSES)
        hidden = self.viewer is not None and value in self.viewer.hidden_channel_ids
        return (
            gettext(wording.HIDDEN_CHANNEL)
            if hidden
            else self.channel_names.get(value) or gettext(wording.DELETED_CHANNEL)
        )
