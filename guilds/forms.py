"""Forms of a person's own settings."""

import zoneinfo
from typing import Any, ClassVar

from django import forms

from gamesched.lib.zones import find_zone

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


UNKNOWN_ZONE = "That is not a time zone we know. Choose one from the list."


def zone_choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """Return every zone as choices for a select, the frequent ones first."""
    rest = sorted(
        z for z in zoneinfo.available_timezones() if "/" in z and not z.startswith(("Etc/", "posix", "right"))
    )
    return [
        ("", "Choose …"),
        ("Often used", [(z, z.replace("_", " ")) for z in FREQUENT]),
        ("All", [(z, z.replace("_", " ")) for z in rest]),
    ]


class ZoneSelect(forms.Select):
    """A select that also shows a zone outside its list: one chosen elsewhere, or sent by a browser."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        groups = super().optgroups(name, value, attrs)
        listed = {str(option["value"]) for _, options, _ in groups for option in options}
        for number, zone in enumerate((one for one in value if one not in listed and find_zone(one)), len(groups)):
            groups.append((None, [self.create_option(name, zone, zone.replace("_", " "), True, number)], number))
        return groups


class ZoneField(forms.TypedChoiceField):
    """A zone from the list, or any other that the zone database knows, such as `Etc/GMT+5` or `Asia/Calcutta`."""

    widget = ZoneSelect
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid_choice": UNKNOWN_ZONE}

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value)
        return find_zone(text) or text

    def valid_value(self, value: Any) -> bool:
        return bool(find_zone(value) == value)


class ZoneForm(forms.Form):
    """The zone in which a person reads times."""

    zone = ZoneField(
        label="Your time zone",
        choices=zone_choices,
        help_text="Times are shown in it, and games you schedule start in it.",
    )
