"""Wording of the search."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

GROUPS: dict[str, str] = {
    "games": gettext_noop("Games"),
    "own_games": gettext_noop("Your next games"),
    "servers": gettext_noop("Servers"),
    "people": gettext_noop("People"),
    "pages": gettext_noop("Pages"),
}
# By the name of its address: what people look for.
PAGES: dict[str, str] = {
    "home": gettext_noop("Home"),
    "month": gettext_noop("Calendar"),
    "calendar": gettext_noop("Calendar feed"),
    "notifications": gettext_noop("Notifications"),
    "me": gettext_noop("Time zone"),
    "help": gettext_noop("Help"),
    "privacy": gettext_noop("Privacy"),
    "admin:index": gettext_noop("Admin"),
}


def settings_page(guild: str) -> str:
    """Return the name of a server's settings."""
    return _("Settings of %(guild)s") % {"guild": guild}


def host_in(guild: str) -> str:
    """Return what is said of a person who hosts games in a server."""
    return _("Hosts games in %(guild)s") % {"guild": guild}
