"""Forms of a person's own settings."""

import zoneinfo

from django import forms

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


class ZoneForm(forms.Form):
    """The zone in which a person reads times."""

    zone = forms.ChoiceField(
        label="Your time zone",
        choices=zone_choices,
        help_text="Times are shown in it, and games you schedule start in it.",
        error_messages={"invalid_choice": UNKNOWN_ZONE},
    )
