"""Wording of the search."""

GROUPS: dict[str, str] = {
    "games": "Games",
    "own_games": "Your next games",
    "servers": "Servers",
    "people": "People",
    "pages": "Pages",
}
# By the name of its address: what people look for.
PAGES: dict[str, str] = {
    "home": "Home",
    "month": "Calendar",
    "calendar": "Calendar feed",
    "notifications": "Notifications",
    "me": "Time zone",
    "help": "Help",
    "privacy": "Privacy",
    "admin:index": "Admin",
}


def settings_page(guild: str) -> str:
    """Return the name of a server's settings."""
    return f"Settings of {guild}"


def host_in(guild: str) -> str:
    """Return what is said of a person who hosts games in a server."""
    return f"Hosts games in {guild}"
