"""The settings of a layer as a form: empty inherits, and each field's help shows what is inherited."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from games.core import wording
from games.core.frequent_queries import ARCHIVE_CHANNELS
from games.core.permissions import Viewer
from games.core.resolved_settings import BUILT_IN_SOURCE
from games.core.setting_kinds import (
    GROUP_TITLES,
    ChannelId,
    ChoiceSetting,
    Group,
    PictureSetting,
    ResolvedSetting,
    Roles,
    RolesInOrder,
    Setting,
    Text,
    YesNo,
    Zone,
)
from games.core.settings import (
    ALL_SETTINGS,
    GAME_SETTINGS,
    PICTURE_SETTINGS,
    SETTINGS,
    SETTINGS_BY_GROUP,
    group_rows,
    tidy_settings,
)
from games.models.settings import SettingsFields
from games.pictures import wording as picture_wording
from games.pictures.actions import place_to_read
from games.pictures.fields import PictureField, file_field
from games.server_settings import wording as settings_wording
from games.server_settings.fields import RolesInOrderField, setting_field
from gamesched.lib.sentences import join_and
from guilds.forms import zone_choices
from guilds.models import Channel, Guild, Role

KEEP_HIDDEN = "hidden"  # the choice that keeps a channel which the form's reader may not view
TICKED_MAX, LIST_ROWS = 25, 8  # checkboxes of one field; rows of a list in their place


def override_field(name: str) -> str:
    """Return the name of the checkbox that a layer sets its own roles: ticking none of them is a choice too."""
    return f"own_{name.removesuffix('_role_ids')}_roles"


def is_ticked(setting: Setting[Any]) -> bool:
    """Return whether forms show a setting as checkboxes, under one that says that they count."""
    return isinstance(setting, Roles) and not isinstance(setting, RolesInOrder)


def field_names(groups: Iterable[Group], names: Collection[str] = ALL_SETTINGS) -> list[str]:
    """Return the names of all fields of the settings in some groups, in the order of forms."""
    settings = [one for group in groups for one in SETTINGS_BY_GROUP[group] if one.name in names]
    return [name for one in settings for name in ([override_field(one.name)] if is_ticked(one) else []) + [one.name]]


def titled_fieldsets(names: Collection[str] = ALL_SETTINGS) -> list[tuple[Any, dict[str, Any]]]:
    """Return the admin's fieldsets of the groups that have a title."""
    fieldsets = [(gettext_lazy(title), field_names([group], names)) for group, title in GROUP_TITLES.items()]
    return [(title, {"fields": fields}) for title, fields in fieldsets if fields]


def make_compact(field: forms.Field) -> None:
    """Show many choices as one list to choose several from, which a script lets people search; few stay checkboxes."""
    assert isinstance(field, forms.MultipleChoiceField)
    choices: list[Any] = list(field.choices)  # type: ignore[arg-type]
    if len(choices) <= TICKED_MAX:
        return
    field.widget = forms.SelectMultiple(attrs={"size": LIST_ROWS, "data-searched": ""})
    field.choices = choices
    field.help_text = f"{field.help_text} {gettext(settings_wording.CHOOSE_SEVERAL)}".strip()


def setting_fields(names: Collection[str]) -> dict[str, forms.Field]:
    """Make the form fields of settings, by name, in the order of forms."""
    fields: dict[str, forms.Field] = {}
    for setting in (one for group in Group for one in SETTINGS_BY_GROUP[group] if one.name in names):
        if isinstance(setting, Roles) and is_ticked(setting):
            label = gettext_lazy(setting.override_label)
            fields[override_field(setting.name)] = forms.BooleanField(required=False, label=label)
        fields[setting.name] = setting_field(setting)
    return fields


@dataclass(frozen=True)
class FieldRow:
    """Fields side by side, or checkboxes under one that says that they count."""

    fields: list[forms.BoundField]
    override: forms.BoundField | None = None


@dataclass(frozen=True)
class FieldGroup:
    """A group of settings in a form; without a title it is always open."""

    title: str
    rows: list[FieldRow]

    @property
    def has_errors(self) -> bool:
        """Return whether a field of the group is wrong, so that the group has to be open."""
        return any(field.errors for row in self.rows for field in (*row.fields, row.override) if field is not None)


class SettingsFieldsForm(forms.Form):
    """The settings of a layer. `inherited` are the settings that its empty fields inherit."""

    settings_fields: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *args: Any,
        roles: Iterable[Role],
        inherited: Mapping[str, ResolvedSetting],
        archives: Iterable[tuple[str, str]] = (),
        kept_archive: int | None = None,
        viewer: Viewer | None = None,
        only: Collection[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """`archives`: the channels to which a post may move when its game is over. `kept_archive`: the one saved.

        `viewer`: who reads the form, and so names no channel that Discord hides from them. `only`: the names of the
        fields that the form has, if not all.
        """
        if only is not None:
            # Django copies each of these for the form; few are asked for in most requests, and a copy is dear.
            self.base_fields = {  # type: ignore[misc]
                name: field for name, field in self.base_fields.items() if name in only
            }
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.archives = list(archives)
        self.roles = list(roles)
        self.inherited = inherited
        self.role_names = {role.pk: role.name for role in self.roles}
        self.channel_names = {int(pk): label for pk, label in self.archives}
        if viewer is not None:
            self.channel_names = viewer.channel_names | self.channel_names
        shown = [name for name in self.settings_fields if name in self.fields]
        self.inherited_texts = {name: self.inherited_text(name) for name in shown}
        for name, text in self.inherited_texts.items():
            self._show_inherited(SETTINGS[name], text)
        self.offer_to_keep_hidden("archive_channel_id", kept_archive)

        for name in self._picture_fields():
            field = self.fields[name]
            assert isinstance(field, PictureField)
            field.uploader_id = viewer.user.pk if viewer is not None and viewer.user is not None else None

    def inherited_text(self, name: str) -> str:
        """Return the value that a setting inherits, as text for the form's reader."""
        inherited = self.inherited[name]
        return gettext(wording.HIDDEN_VALUE) if inherited.hidden else self.setting_text(name, inherited.value)

    def setting_text(self, name: str, value: Any) -> str:
        """Return a value of a setting as text, with the names of roles and channels."""
        return SETTINGS[name].text(value, self.role_names, self.channel_names)

    def _picture_fields(self) -> list[str]:
        return [name for name in PICTURE_SETTINGS if name in self.fields]

    def _clean_fields(self) -> None:
        """Clean the fields; then show each picture that was accepted, so that its file need not be sent again."""
        names = [name for name in self._picture_fields() if file_field(name) in self.files]
        with place_to_read() if names else nullcontext():
            super()._clean_fields()  # type: ignore[misc]
        if not names:
            return
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        for name in names:
            if name in self.cleaned_data:
                data[self.add_prefix(name)] = self.cleaned_data[name]
        self.data, self.files = data, MultiValueDict()

    def offer_to_keep_hidden(self, name: str, kept: int | None) -> None:
        """Offer to keep the channel saved in a field, without its name and id, if it is hidden from the reader."""
        if name not in self.fields or self.viewer is None or kept not in self.viewer.hidden_channel_ids:
            return
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [*field.choices, (KEEP_HIDDEN, gettext(wording.HIDDEN_CHANNEL))]  # type: ignore[misc]
        field.coerce = lambda text: kept if text == KEEP_HIDDEN else int(text)
        if str(self.initial.get(name)) == str(kept):
            self.initial[name] = KEEP_HIDDEN

    def _show_inherited(self, setting: Setting[Any], text: str) -> None:
        """Fill in a setting's choices, and show what an empty field inherits."""
        field, resolved = self.fields[setting.name], self.inherited[setting.name]
        override = self.fields.get(override_field(setting.name)) if is_ticked(setting) else None
        # None by our default; the help of these says that there may be none.
        is_unset = resolved.source == BUILT_IN_SOURCE and not resolved.value
        says_none = is_unset and isinstance(setting, (Text, RolesInOrder))
        if isinstance(field, RolesInOrderField):
            field.roles = [role for role in self.roles if role.pk != role.guild_id]
        if isinstance(field, forms.ChoiceField):
            field.choices = self._choices(setting, wording.inherits(text, resolved.source))
        if isinstance(field, forms.MultipleChoiceField):
            make_compact(field)
        # What a list inherits is its first choice, so that nothing stands below one that says what it asks.
        if override is not None:
            override.help_text = wording.if_unticked(text, resolved.source)
        elif isinstance(setting, (YesNo, ChoiceSetting, ChannelId)):
            field.help_text = ""
        elif isinstance(setting, (Zone, PictureSetting)) or says_none:
            field.help_text = gettext(setting.help)
        else:
            field.help_text = f"{gettext(setting.help)} {wording.if_empty(text, resolved.source)}"
        if resolved.locked:
            field.disabled, field.help_text = True, wording.locked(resolved.source)
            if override is not None:
                override.disabled, override.help_text = True, f"{override.help_text} {field.help_text}"

    def _choices(self, setting: Setting[Any], inherits: str) -> list[Any]:
        nothing = ("", inherits)
        match setting:
            case Roles():
                # @everyone is never pinged.
                return [
                    (str(role.pk), self.role_label(role))
                    for role in self.roles
                    if setting.everyone or role.pk != role.guild_id
                ]
            case Zone():
                return [nothing, *zone_choices()[1:]]
            case ChannelId():
                return [nothing, ("0", _("Nowhere")), *self.archives]
            case PictureSetting():
                return [nothing, ("none", gettext(picture_wording.NO_PICTURE))]
            case ChoiceSetting():
                labels = [(value, gettext(str(label))) for value, label in setting.choices.choices]
                return [nothing, *((value, f"{label[0].upper()}{label[1:]}") for value, label in labels)]
        return [nothing, ("yes", _("Yes")), ("no", _("No"))]

    def role_label(self, role: Role) -> str:
        """Return the label of a role in a list of choices, with the end of its id where another is called so."""
        same = [one for one in self.roles if one.name == role.name]
        return role.name if len(same) < 2 else f"{role.name} (…{str(role.pk)[-4:]})"

    @property
    def groups(self) -> dict[str, FieldGroup]:
        """Return the form's groups of settings, by name, in order."""
        return {str(group): FieldGroup(gettext(GROUP_TITLES.get(group, "")), self._rows(group)) for group in Group}

    def _rows(self, group: Group) -> list[FieldRow]:
        rows = []
        for settings in group_rows(group):
            names = [one.name for one in settings if one.name in self.settings_fields and one.name in self.fields]
            if names:
                override = self[override_field(names[0])] if is_ticked(SETTINGS[names[0]]) else None
                rows.append(FieldRow([self[name] for name in names], override))
        return rows

    @property
    def further_groups(self) -> list[FieldGroup]:
        """Return the groups that templates show together: those without a place of their own."""
        elsewhere = {Group.HOSTS, Group.BASICS, Group.PICTURES}
        return [group for name, group in self.groups.items() if name not in elsewhere and group.rows]

    @property
    def has_further_errors(self) -> bool:
        return any(group.has_errors for group in self.further_groups)

    def settings(self) -> dict[str, Any]:
        """Return the settings that a valid form has fields for, by name; None inherits."""
        data = self.cleaned_data
        values: dict[str, Any] = {}
        for name in filter(self.fields.__contains__, self.settings_fields):
            value = data.get(name)
            if is_ticked(SETTINGS[name]):
                value = tuple(int(role) for role in value or ()) if data.get(override_field(name)) else None
            values[name] = None if self.inherited[name].locked else value
        return tidy_settings(values)

    @classmethod
    def initial_settings(cls, layer: SettingsFields | None) -> dict[str, Any]:
        """Return the form's initial values for a layer's own settings."""
        if layer is None:
            return {}
        shown: dict[str, Any] = {name: getattr(layer, name) for name in cls.settings_fields}
        for name in filter(lambda name: is_ticked(SETTINGS[name]), cls.settings_fields):
            shown[override_field(name)] = shown[name] is not None
            shown[name] = [str(role) for role in shown[name] or ()]
        return shown


class GameSettingsForm(SettingsFieldsForm):
    """The settings that a game can set."""

    settings_fields = GAME_SETTINGS


class LayerSettingsForm(SettingsFieldsForm):
    """The settings that a layer above games can set: all."""

    settings_fields = ALL_SETTINGS


for _form in (GameSettingsForm, LayerSettingsForm):
    _form.declared_fields.update(setting_fields(_form.settings_fields))


# --- comparing two versions ------------------------------------------------------------------------------


def conflicting_fields(saved: forms.Form, typed: forms.Form) -> list[tuple[str, str, str]]:
    """Return each field in which two versions differ: its label, the saved value, the typed value."""
    rows = []
    for name in typed.fields:
        if name in NOT_COMPARED or name not in saved.fields:
            continue
        if (saved_value := field_text(saved, name)) != (typed_value := field_text(typed, name)):
            rows.append((str(typed[name].label), saved_value, typed_value))
    return rows


# Fields that are not part of what the form describes.
NOT_COMPARED = {"edition", "was", "fold", "participants"}


def field_text(form: forms.Form, name: str) -> str:
    value, field = form[name].value(), form.fields[name]
    if isinstance(field, PictureField):
        return SETTINGS[name].text("" if value == "none" else value, {}, {}) if value else ""
    if isinstance(field, forms.BooleanField):
        return _("yes") if value else _("no")
    if isinstance(field.widget, forms.widgets.DateTimeBaseInput):
        return field.widget.format_value(value) or ""
    labels = {str(k): str(v) for k, v in getattr(field, "choices", []) if not isinstance(v, (list, tuple))}
    values = value if isinstance(value, (list, tuple)) else ["" if value is None else value]
    texts = [labels.get(str(item), str(item)) for item in values]
    return ", ".join(sorted(texts)).replace("\r\n", "\n").strip()


def archive_choices(guild: Guild, may_choose: Callable[[Channel], bool] = lambda _: True) -> list[tuple[str, str]]:
    """Return the choices of channels to which posts may move when their games are over."""
    channels = ARCHIVE_CHANNELS.all(guild.pk)
    return [(str(each.pk), channel_label(each)) for each in channels if not each.is_forum and may_choose(each)]


def channel_label(channel: Channel) -> str:
    """Return a channel's or thread's label in a list of choices, with what the bot lacks there."""
    name = str(channel) if channel.parent is None else f"{channel.parent} › {str(channel).removeprefix('#')}"
    if not channel.missing_requirements:
        return name
    permissions = join_and(channel.missing_requirements)
    return _("%(channel)s (the bot lacks %(permissions)s)") % {"channel": name, "permissions": permissions}
