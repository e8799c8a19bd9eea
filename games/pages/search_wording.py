"""Wording of the search."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

GROUPS: dict[str, str] = {
    "games": gettext_noop("Games"),
    "own_games": gettext_noop("Your next games"),
    "servers": gettext_noop("Servers"),
    "people": gettext_noop("People"),
    "acts": gettext_noop("What you can do"),
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


# By the name of its address, of one server: what its hosts can do there, and the pages of its managers.
HOSTS_ACTS: dict[str, str] = {
    "game-new": gettext_noop("Schedule a game in %(guild)s"),
    "poll-new": gettext_noop("Find a time in %(guild)s"),
}
MANAGERS_PAGES: dict[str, str] = {
    "guild-settings": gettext_noop("Settings of %(guild)s"),
    "guild-people": gettext_noop("People of %(guild)s"),
    "guild-health": gettext_noop("Health of %(guild)s"),
}
LOG_OUT = gettext_noop("Log out")


def of_server(text: str, guild: str) -> str:
    """Return what can be done in a server, or the name of one of its pages."""
    return _(text) % {"guild": guild}


def host_in(guild: str) -> str:
    """Return what is said of a person who hosts games in a server."""
    return _("Hosts games in %(guild)s") % {"guild": guild}
