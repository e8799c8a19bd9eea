"""Wording about the calendars to subscribe to."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

CALENDAR_NAME = gettext_noop("Games")

NEW_ADDRESS = gettext_noop("Here's your address. Subscribe to it in your calendar app.")

REPLACED = gettext_noop("Here's your new address. The old one no longer works.")

STOPPED = gettext_noop("The address is deleted. Calendars with it stop updating.")

NO_ADDRESS = gettext_noop("That address is gone already.")

TOO_OFTEN = gettext_noop("Too many fetches. Try this calendar again in a minute.")

OWN_GAMES = gettext_noop("Your games")

HIDDEN = gettext_noop("Games hidden from you now")


def of_guild(name: str, guild: str) -> str:
    """Return what tells a channel or a template of a guild from the same in another."""
    return f"{name} · {guild}"


def all_games_of(guild: str) -> str:
    return _("All games of %(guild)s") % {"guild": guild}
