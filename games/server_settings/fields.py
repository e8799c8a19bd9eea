"""The settings of a layer as form fields: empty inherits, a word is "none", the help shows what is inherited."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms

from games.core import rules, wording
from games.models.settings import (
    ALL_SETTINGS,
    CHOICE_SETTINGS,
    ROLE_SET_SETTINGS,
    YES_NO_SETTINGS,
    Setting,
    SettingsFields,
)
from games.server_settings.wording import SETTING_LABELS
from guilds.display_names import normalize_name
from guilds.models import Channel, Guild, Role

UNITS = {"": 1, "m": 1, "min": 1, "h": 60, "d": 1440, "w": 10080}
_LENGTH = re.compile(r"(\d{1,6})\s*(|m|min|h|d|w)", re.IGNORECASE)
NONE_WORDS = {"none", "unlimited", "no", "-"}


def parse_minutes(text: str) -> list[int]:
    """Return `60, 2h, 1d` as minutes. Raises ValueError with the first part that is not a length of time."""
    lengths = []
    for part in filter(None, re.split(r"[,;\s]+", text.strip())):
        match = _LENGTH.fullmatch(part)
        if match is None:
            raise ValueError(part)
        lengths.append(int(match[1]) * UNITS[match[2].lower()])
    return lengths


def format_minutes(minutes: int) -> str:
    """Return `90`, `2h`, `1d`: a length of time as forms take it."""
    for word, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{word}"
    return str(minutes)


class SeatsField(forms.CharField):
    """A number, a word for none (0), or nothing (None)."""

    def __init__(self, *args: Any, none: str = "unlimited", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.none = none

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip().lower()
        if not text:
            return None
        if text in NONE_WORDS:
            return 0
        if not text.isascii() or not text.isdigit() or len(text) > 6:
            raise forms.ValidationError(f"Write the number in digits, or {self.none}.")
        return int(text)

    def prepare_value(self, value: Any) -> Any:
        return self.none if value == 0 else value


class RemindersField(forms.CharField):
    """Lengths of time before the start (`1d, 2h, 15`), `none` (empty), or nothing (None)."""

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip()
        if not text or text.lower() in NONE_WORDS:
            return () if text else None
        try:
            return tuple(parse_minutes(text))
        except ValueError as part:
            raise forms.ValidationError(
                f"“{part}” is not a length of time. Write minutes, hours or days: 15, 2h, 1d."
            ) from None

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return ", ".join(format_minutes(m) for m in value) or "none"

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != (None if initial is None else tuple(initial)))
        except forms.ValidationError:
            return True


class DurationField(forms.CharField):
    """A length of time (`90`, `2h`), or nothing (None)."""

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip()
        try:
            return sum(parse_minutes(text)) if text else None
        except ValueError:
            raise forms.ValidationError("Write how long it lasts as 90, 2h or 1d.") from None

    def prepare_value(self, value: Any) -> Any:
        return format_minutes(value) if isinstance(value, int) else value


class OptionalDurationField(DurationField):
    """A length of time, `none` (0), or nothing (None)."""

    def clean(self, value: Any) -> Any:
        if str(value or "").strip().lower() in NONE_WORDS:
            return 0
        return super().clean(value)

    def prepare_value(self, value: Any) -> Any:
        return "none" if value == 0 else super().prepare_value(value)


class RolesInOrderField(forms.CharField):
    """Names of roles in order, by commas; `none` (empty), or nothing (None). `roles` are the guild's."""

    roles: Sequence[Role] = ()

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip()
        if not text or text.lower() in NONE_WORDS:
            return () if text else None
        role_ids: list[int] = []
        for name in filter(None, (part.strip().removeprefix("@") for part in text.split(","))):
            matches = [
                role.pk
                for role in self.roles
                if normalize_name(role.name) == normalize_name(name) or str(role.pk) == name
            ]
            if len(matches) != 1:
                raise forms.ValidationError(wording.no_such_role(name, [role.name for role in self.roles]))
            role_ids += [role for role in matches if role not in role_ids]
        if len(role_ids) > rules.PRIORITY_ROLES_MAX:
            raise forms.ValidationError(wording.too_many_roles(rules.PRIORITY_ROLES_MAX))
        return tuple(role_ids)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        names = {role.pk: role.name for role in self.roles}
        return ", ".join(names.get(role, str(role)) for role in value) or "none"

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != (None if initial is None else tuple(initial)))
        except forms.ValidationError:
            return True


class TextField(forms.CharField):
    """A text, `none` (empty), or nothing (None)."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value) or ""
        if not text.strip():
            return None
        return "" if text.strip().lower() in NONE_WORDS else text

    def bound_data(self, data: Any, initial: Any) -> Any:
        # A field sent empty is shown empty again, and still inherits.
        return super().bound_data(data, initial) or None

    def prepare_value(self, value: Any) -> Any:
        return "none" if value == "" else value


class SettingsFieldsForm(forms.Form):
    """The settings of a layer. `inherited` are the settings that its empty fields inherit."""

    seats = SeatsField(required=False, max_length=20, help_text="1 to 100, or unlimited.")
    duration = DurationField(required=False, max_length=50, help_text="How long a game lasts: 90, 2h, 1d.")
    reminders = RemindersField(
        required=False, max_length=200, help_text="How long before the start people are reminded: 1d, 1h, 15. Or none."
    )
    reminder_place = forms.ChoiceField(required=False, label=SETTING_LABELS["reminder_place"], choices=[])
    location = TextField(required=False, max_length=1000, help_text="Where it is played: a place, an address. Or none.")
    instructions = TextField(
        required=False,
        max_length=20000,
        strip=False,
        label=SETTING_LABELS["instructions"],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What they are to know or do; shown to players only. Or none.",
    )
    confirm_by_dm = forms.ChoiceField(required=False, label=SETTING_LABELS["confirm_by_dm"], choices=[])
    method = forms.ChoiceField(required=False, label=SETTING_LABELS["method"], choices=[])
    priority_role_ids = RolesInOrderField(
        required=False,
        max_length=1000,
        label=SETTING_LABELS["priority_role_ids"],
        help_text="Where seats are given by role: names, the first first, with commas between. Or none.",
    )
    answers = forms.ChoiceField(required=False, label=SETTING_LABELS["answers"], choices=[])
    plus_one = forms.ChoiceField(required=False, label=SETTING_LABELS["plus_one"], choices=[])
    signups_close = OptionalDurationField(
        required=False,
        max_length=50,
        label=SETTING_LABELS["signups_close"],
        help_text="How long before the start: 30, 2h, 1d. None: at the start.",
    )
    offer_within = OptionalDurationField(
        required=False,
        max_length=50,
        label=SETTING_LABELS["offer_within"],
        help_text="How long before the start: 2h, 1d. From then on who waits is asked first. None: always given.",
    )
    offer_for = DurationField(
        required=False, max_length=50, label=SETTING_LABELS["offer_for"], help_text="After it the next one is asked."
    )
    minimum = SeatsField(
        required=False,
        max_length=20,
        label=SETTING_LABELS["minimum"],
        help_text="With fewer, the host is asked what to do. Or none.",
        none="none",
    )
    minimum_by = OptionalDurationField(
        required=False,
        max_length=50,
        label=SETTING_LABELS["minimum_by"],
        help_text="How long before the start you are asked: 1d, 6h.",
    )
    ask_if_moved = OptionalDurationField(
        required=False,
        max_length=50,
        label=SETTING_LABELS["ask_if_moved"],
        help_text="When the start moves by more than this: 30, 2h. Or none.",
    )
    silence_frees = forms.ChoiceField(required=False, label=SETTING_LABELS["silence_frees"], choices=[])
    if_deleted = forms.ChoiceField(required=False, label=SETTING_LABELS["if_deleted"], choices=[])
    ask_rewards = forms.ChoiceField(required=False, label=SETTING_LABELS["ask_rewards"], choices=[])
    archive_channel_id = forms.ChoiceField(required=False, label=SETTING_LABELS["archive_channel_id"], choices=[])
    archive_after = OptionalDurationField(
        required=False,
        max_length=50,
        label=SETTING_LABELS["archive_after"],
        help_text="After the end: none, 12h, 1d.",
    )
    own_player_roles = forms.BooleanField(required=False, label="Choose who may sign up")
    player_role_ids = forms.MultipleChoiceField(
        required=False,
        label=SETTING_LABELS["player_role_ids"],
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: every member.",
    )
    own_host_roles = forms.BooleanField(required=False, label="Choose who may schedule")
    host_role_ids = forms.MultipleChoiceField(
        required=False,
        label=SETTING_LABELS["host_role_ids"],
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: only those who manage the server.",
    )
    own_notify_roles = forms.BooleanField(required=False, label="Choose who is pinged")
    notify_role_ids = forms.MultipleChoiceField(
        required=False,
        label=SETTING_LABELS["notify_role_ids"],
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: nobody.",
    )

    def __init__(
        self,
        *args: Any,
        roles: Iterable[Role],
        inherited: Mapping[str, Setting],
        archives: Iterable[tuple[str, str]] = (),
        without: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        """`archives`: the channels to which a post may move when its game is over."""
        super().__init__(*args, **kwargs)
        self.archives = list(archives)
        self.roles = list(roles)
        self.inherited = inherited
        if isinstance(order := self.fields["priority_role_ids"], RolesInOrderField):
            order.roles = [role for role in self.roles if role.pk != role.guild_id]
        names = {role.pk: role.name for role in self.roles}
        channels = {int(pk): label for pk, label in self.archives}
        for name in without:
            del self.fields[name]
            self.fields.pop(override_field(name), None)
        for name in ROLE_SET_SETTINGS:
            if name in self.fields:
                # @everyone is never pinged.
                offered = [r for r in self.roles if name != "notify_role_ids" or r.pk != r.guild_id]
                choices = [(str(role.pk), role.name) for role in offered]
                self.fields[name].choices = choices  # type: ignore[attr-defined]
        for name in self.settings_fields:
            text = wording.setting_text(name, inherited[name].value, names, channels)
            inherited_text = wording.inherited(text, inherited[name].source)
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField) and name not in ROLE_SET_SETTINGS:
                # A select shows one short line, so the source of the value is in the help text below.
                field.choices = [("", wording.inherits(text)), *self._own_choices(name)]
                field.help_text = inherited_text
            elif name in ROLE_SET_SETTINGS:
                self.fields[override_field(name)].help_text = inherited_text
            else:
                field.help_text = f"{field.help_text} {inherited_text}"
            if inherited[name].locked:
                field.disabled = True
                field.help_text = wording.locked(inherited[name].source)
                if name in ROLE_SET_SETTINGS:
                    flag = self.fields[override_field(name)]
                    flag.disabled, flag.help_text = True, f"{inherited_text} {field.help_text}"

    def _own_choices(self, name: str) -> list[tuple[str, str]]:
        if name in YES_NO_SETTINGS:
            return [("yes", "Yes"), ("no", "No")]
        if name == "archive_channel_id":
            return [("0", "Nowhere"), *self.archives]
        return [
            (str(value), f"{str(label)[0].upper()}{str(label)[1:]}") for value, label in CHOICE_SETTINGS[name].choices
        ]

    @property
    def settings_fields(self) -> list[str]:
        """Return the names of the settings that this form has."""
        return [name for name in ALL_SETTINGS if name in self.fields and name != "zone"]

    def settings(self) -> dict[str, Any]:
        """Return the settings of a valid form, by name; None inherits."""
        data = self.cleaned_data
        values: dict[str, Any] = {}
        for name in self.settings_fields:
            value: Any = data.get(name)
            if name in ROLE_SET_SETTINGS:
                value = tuple(int(role) for role in value or ()) if data.get(override_field(name)) else None
            elif name in YES_NO_SETTINGS:
                value = {"yes": True, "no": False}.get(str(value))
            elif name in CHOICE_SETTINGS:
                value = value or None
            elif name == "archive_channel_id":
                value = int(value) if value else None
            values[name] = None if self.inherited[name].locked else value
        return values | rules.tidy_settings(values.get("reminders"), values.get("location"), values.get("instructions"))

    @staticmethod
    def initial_settings(layer: SettingsFields | None) -> dict[str, Any]:
        """Return the form's initial values for a layer's own settings."""
        if layer is None:
            return {}
        shown: dict[str, Any] = {name: getattr(layer, name) for name in ALL_SETTINGS}
        for name in ROLE_SET_SETTINGS:
            shown[override_field(name)] = shown[name] is not None
            shown[name] = [str(role) for role in shown[name] or ()]
        for name in YES_NO_SETTINGS:
            shown[name] = {True: "yes", False: "no", None: ""}[shown[name]]
        archive = shown["archive_channel_id"]
        shown["archive_channel_id"] = "" if archive is None else str(archive)
        return shown


def override_field(name: str) -> str:
    """Return the name of the checkbox that a layer sets its own roles: ticking none of them is a choice too."""
    return f"own_{name.removesuffix('_role_ids')}_roles"


def conflicting_fields(saved: forms.Form, typed: forms.Form) -> list[tuple[str, str, str]]:
    """Return each field in which two versions differ: its label, the saved value, the typed value."""
    rows = []
    for name in typed.fields:
        if name in NOT_COMPARED or name not in saved.fields:
            continue
        if (saved_value := _field_text(saved, name)) != (typed_value := _field_text(typed, name)):
            rows.append((str(typed[name].label), saved_value, typed_value))
    return rows


# Fields that are not part of what the form describes.
NOT_COMPARED = {"edition", "fold", "participants"}


def _field_text(form: forms.Form, name: str) -> str:
    value, field = form[name].value(), form.fields[name]
    if isinstance(field, forms.BooleanField):
        return "yes" if value else "no"
    if isinstance(field.widget, forms.widgets.DateTimeBaseInput):
        return field.widget.format_value(value) or ""
    labels = {str(k): str(v) for k, v in getattr(field, "choices", []) if not isinstance(v, (list, tuple))}
    values = value if isinstance(value, (list, tuple)) else ["" if value is None else value]
    texts = [labels.get(str(item), str(item)) for item in values]
    return ", ".join(sorted(texts)).replace("\r\n", "\n").strip()


def archive_choices(guild: Guild) -> list[tuple[str, str]]:
    """Return the choices of channels to which posts may move when their games are over."""
    channels = Channel.objects.for_announcements().filter(guild=guild).with_settings()
    return [(str(channel.pk), channel_label(channel)) for channel in channels if not channel.is_forum]


def channel_label(channel: Channel) -> str:
    """Return a channel's or thread's label in a list of choices, with what the bot lacks there."""
    name = f"#{channel.name}" if channel.parent is None else f"#{channel.parent.name} › {channel.name}"
    return name + (
        f" (the bot lacks {' and '.join(channel.missing_requirements)})" if channel.missing_requirements else ""
    )
