"""The form field of each kind of setting: empty inherits, and a word says "none"."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.utils.translation import gettext as _

from games.core import wording
from games.core.setting_kinds import (
    ChannelId,
    ChoiceSetting,
    DurationListSetting,
    DurationSetting,
    MultiLineText,
    PictureSetting,
    Roles,
    RolesInOrder,
    Setting,
    Text,
    WholeNumber,
    YesNo,
    Zone,
)
from games.pictures.fields import PictureField
from games.server_settings import wording as settings_wording
from gamesched.lib.durations import INPUT_MAX, BadDuration, format_duration, parse_duration, parse_durations
from guilds.forms import ZoneField
from guilds.models import Role
from guilds.names import normalize_name

NONE, UNLIMITED = gettext_noop("none"), gettext_noop("unlimited")
NONE_WORDS = {NONE, UNLIMITED, "no", "-"}
COMMAS_MAX = 9  # in the name of a role, at most


def means_none(text: str) -> bool:
    """Return whether a text is a word for none, in English or in the reader's language."""
    word = text.strip().lower()
    return word in NONE_WORDS or word in {gettext(NONE).lower(), gettext(UNLIMITED).lower()}


class SeatsField(forms.CharField):
    """A number, a word for none (0), or nothing (None)."""

    def __init__(self, *args: Any, none: str = UNLIMITED, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.none = none

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip().lower()
        if not text:
            return None
        if means_none(text):
            return 0
        if not text.isascii() or not text.isdigit() or len(text) > 6:
            raise forms.ValidationError(_("Write the number in digits, or %(none)s.") % {"none": gettext(self.none)})
        return int(text)

    def prepare_value(self, value: Any) -> Any:
        return gettext(self.none) if value == 0 else value


class RemindersField(forms.CharField):
    """Lengths of time before the start (`1 day, 2h30m, 15`), `none` (empty), or nothing (None)."""

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip()
        if not text or means_none(text):
            return () if text else None
        try:
            return tuple(parse_durations(text))
        except BadDuration as bad:
            raise forms.ValidationError(settings_wording.bad_duration(bad.code, bad.part, listed=True)) from None

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return ", ".join(map(format_duration, value)) or gettext(NONE)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != (None if initial is None else tuple(initial)))
        except forms.ValidationError:
            return True


class DurationField(forms.CharField):
    """A length of time (`90`, `1h30m`, `2 hours`), or nothing (None)."""

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip()
        try:
            return parse_duration(text) if text else None
        except BadDuration as bad:
            raise forms.ValidationError(settings_wording.bad_duration(bad.code, bad.part, listed=False)) from None

    def prepare_value(self, value: Any) -> Any:
        return format_duration(value) if isinstance(value, int) else value


class OptionalDurationField(DurationField):
    """A length of time, `none` (0), or nothing (None)."""

    def clean(self, value: Any) -> Any:
        if means_none(str(value or "")):
            return 0
        return super().clean(value)

    def prepare_value(self, value: Any) -> Any:
        return gettext(NONE) if value == 0 else super().prepare_value(value)


def parse_roles(text: str, roles: Iterable[Role]) -> tuple[int, ...]:
    """Return the ids of roles named by commas, each once. Raises ValidationError for the first that is no role.

    A role's name may hold commas, so the longest one that fits is taken.
    """
    offered = list(roles)
    called: dict[str, list[int]] = defaultdict(list)
    for role in offered:
        called[normalize_name(role.name.removeprefix("@"))].append(role.pk)
        called[str(role.pk)].append(role.pk)
    parts, role_ids = text.split(","), dict[int, None]()
    while parts:
        sizes = range(min(len(parts), COMMAS_MAX), 0, -1)
        names = {size: ",".join(parts[:size]).strip().removeprefix("@") for size in sizes}
        size = next((size for size in sizes if normalize_name(names[size]) in called), 1)
        if name := names[size]:
            matches = called.get(normalize_name(name), [])
            if len(matches) > 1:
                raise forms.ValidationError(wording.several_roles(name, len(matches)))
            if not matches:
                raise forms.ValidationError(wording.no_such_role(name, [role.name for role in offered]))
            role_ids[matches[0]] = None
        parts = parts[size:]
    return tuple(role_ids)


def role_in_list(role: Role, roles: Iterable[Role]) -> str:
    """Return how a role is written in a list with commas: by its id where its name would mean another or none."""
    name = normalize_name(role.name.removeprefix("@"))
    same = [one for one in roles if normalize_name(one.name.removeprefix("@")) == name]
    return role.name if len(same) < 2 and not means_none(name) and not name.isdigit() else str(role.pk)


class RolesInOrderField(forms.CharField):
    """Names of roles in order, by commas; `none` (empty), or nothing (None). `roles` are the guild's."""

    roles: Sequence[Role] = ()

    def __init__(self, *args: Any, setting: RolesInOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.setting = setting

    def clean(self, value: Any) -> Any:
        text = (super().clean(value) or "").strip()
        if not text or means_none(text):
            return () if text else None
        role_ids = parse_roles(text, self.roles)
        if problem := self.setting.check(role_ids):
            raise forms.ValidationError(gettext(problem))
        return role_ids

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        names = {role.pk: role_in_list(role, self.roles) for role in self.roles if role.pk in value}
        return ", ".join(names.get(role, str(role)) for role in value) or gettext(NONE)

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
        return "" if means_none(text) else text

    def bound_data(self, data: Any, initial: Any) -> Any:
        # A field sent empty is shown empty again, and still inherits.
        return super().bound_data(data, initial) or None

    def prepare_value(self, value: Any) -> Any:
        return gettext(NONE) if value == "" else value


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or nothing (None)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=lambda text: text == "yes", empty_value=None, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no"}.get(value, value)


def setting_field(setting: Setting[Any]) -> forms.Field:
    """Make the form field of a setting."""
    options: dict[str, Any] = {
        "required": False,
        "label": gettext_lazy(setting.label),
        "help_text": gettext_lazy(setting.help),
    }
    match setting:
        case WholeNumber():
            return SeatsField(max_length=20, none=setting.none, **options)
        case DurationSetting():
            return (DurationField if setting.least else OptionalDurationField)(max_length=INPUT_MAX, **options)
        case DurationListSetting():
            return RemindersField(max_length=INPUT_MAX, **options)
        case MultiLineText():
            return TextField(max_length=20000, strip=False, widget=forms.Textarea(attrs={"rows": 3}), **options)
        case Text():
            return TextField(max_length=1000, **options)
        case RolesInOrder():
            return RolesInOrderField(max_length=1000, setting=setting, **options)
        case Roles():
            return forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, **options)
        case YesNo():
            return YesNoField(**options)
        case ChannelId():
            return forms.TypedChoiceField(coerce=int, empty_value=None, **options)
        case PictureSetting():
            return PictureField(**options)
        case ChoiceSetting():
            return forms.TypedChoiceField(empty_value=None, **options)
        case Zone():
            return ZoneField(empty_value=None, **options)
    raise TypeError(f"no field for {type(setting).__name__}")
