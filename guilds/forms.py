"""Forms of a person's own settings."""

import zoneinfo
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from typing import Any, ClassVar

from django import forms
from django.forms.fields import BaseTemporalField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, gettext_noop, pgettext
from django.utils.translation import gettext as _

from gamesched.lib.zones import find_zone, zone_info
from guilds.languages import language_choices

# The zones that most people of Discord's largest countries need, before the long list.
FREQUENT = [
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Helsinki",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "UTC",
]


UNKNOWN_ZONE = gettext_noop("We don't know that time zone. Choose one from the list.")


@cache
def _zones() -> list[str]:
    """Return the names of all zones that people choose among, in order."""
    names = zoneinfo.available_timezones()
    return sorted(z for z in names if "/" in z and not z.startswith(("Etc/", "posix", "right")))


def zone_choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """Return every zone as choices for a select, the frequent ones first."""
    return [("", _("Choose …")), *_zone_groups(get_language() or "")]


@cache
def _zone_groups(language: str) -> list[tuple[str, str | list[tuple[str, str]]]]:
    return [
        (_("Often used"), [(z, z.replace("_", " ")) for z in FREQUENT]),
        (pgettext("time zones", "All"), [(z, z.replace("_", " ")) for z in _zones()]),
    ]


def _option(zone: str, label: str) -> SafeString:
    return format_html('<option value="{}">{}</option>', zone, label)


@cache
def _options_of_zones(language: str) -> SafeString:
    """Return the options behind the first, written once: as templates, five hundred took most of a form's time."""
    groups = [
        (label, SafeString("".join(_option(*one) for one in options)))
        for label, options in _zone_groups(language)
        if not isinstance(options, str)
    ]
    return format_html_join("", '<optgroup label="{}">{}</optgroup>', groups)


class LocalTimeField(forms.DateTimeField):
    """A time as the browser's own field sends it: naive, on the clock of whoever typed it.

    Django's reads `2027-02-01T10:00Z` too, and whoever gives it a zone afterwards drops the one that was typed.
    """

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": gettext_lazy("Write the time as 2026-12-31 19:30.")}

    def to_python(self, value: Any) -> datetime | None:
        return BaseTemporalField.to_python(self, value) if value not in self.empty_values else None

    def strptime(self, value: str, format: str) -> datetime:  # noqa: A002  (Django's name)
        return datetime.strptime(value, format)


class ZoneSelect(forms.Select):
    """A select that also shows a zone outside its list: one chosen elsewhere, or sent by a browser.

    Of its choices only the first, without a zone, is its own.
    """

    template_name = "guilds/forms/zone_select.html"

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        return []  # `get_context` writes them

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        options: str = _option(*next(iter(self.choices))) + _options_of_zones(get_language() or "")
        for zone in context["widget"]["value"]:
            tag = format_html('<option value="{}"', zone)
            if tag not in options and find_zone(zone):
                options += _option(zone, zone.replace("_", " "))
            options = options.replace(tag, f"{tag} selected", 1)
        context["widget"]["options"] = SafeString(options)
        return context


def offset_text(zone: str, at: datetime) -> str:
    """Return what the clocks of a zone show before or after UTC at a time, as `UTC+05:30`."""
    offset = f"{at.astimezone(zone_info(zone)):%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


@lru_cache(maxsize=2)
def _suggested_zones(day: date) -> SafeString:
    """Return every zone with its offset on a day, as options of a `datalist`, the frequent ones first."""
    noon = datetime.combine(day, time(12), UTC)
    zones = dict.fromkeys([*FREQUENT, *_zones()])
    return format_html_join("", '<option value="{}">{}</option>', ((zone, offset_text(zone, noon)) for zone in zones))


class ZoneInput(forms.TextInput):
    """A box to search a zone in: it suggests those we know with their offsets, and takes any name in any case."""

    template_name = "guilds/forms/zone_input.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        listed = {"list": f"{name}_list", "autocomplete": "off", "spellcheck": "false"}
        context: dict[str, Any] = super().get_context(name, value, (attrs or {}) | listed)
        context["widget"]["options"] = _suggested_zones(datetime.now(UTC).date())
        return context


class ZoneField(forms.TypedChoiceField):
    """A zone from the list, or any other that the zone database knows, such as `Etc/GMT+5` or `Asia/Calcutta`."""

    widget = ZoneSelect
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid_choice": gettext_lazy(UNKNOWN_ZONE)}

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value)
        return find_zone(text) or text

    def valid_value(self, value: Any) -> bool:
        return bool(find_zone(value) == value)


def own_language_choices() -> list[tuple[str, Any]]:
    """Return the languages that a person may choose, behind the one that they have without a choice."""
    return [("", gettext_lazy("As in Discord or my browser")), *language_choices()]


class OwnSettingsForm(forms.Form):
    """The zone in which a person reads times, and their language."""

    zone = ZoneField(
        label=gettext_lazy("Your time zone"),
        choices=zone_choices,
        help_text=gettext_lazy("We show times in it, and games you schedule start in it."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Your language"),
        required=False,
        choices=own_language_choices,
        help_text=gettext_lazy("Pages and the bot's messages to you are in it."),
    )
