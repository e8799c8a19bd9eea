"""The routes of the HTTP API, version 10, that a scheduler and its people need.

https://discord.com/developers/docs/reference
"""

import re
from functools import cache

from gamesched.local_discord.api.routes import (
    channels,
    commands,
    guilds,
    interactions,
    members,
    messages,
    overwrites,
    pins,
    reactions,
    roles,
    scheduled_events,
    threads,
    users,
    voice,
)

# A literal path comes before one with a parameter in its place.
ROUTES = [
    *users.ROUTES,
    *guilds.ROUTES,
    *members.ROUTES,
    *roles.ROUTES,
    *channels.ROUTES,
    *threads.ROUTES,
    *scheduled_events.ROUTES,
    *overwrites.ROUTES,
    *pins.ROUTES,
    *reactions.ROUTES,
    *voice.ROUTES,
    *messages.ROUTES,
    *commands.ROUTES,
    *interactions.ROUTES,
]


@cache
def pattern(path: str) -> re.Pattern[str]:
    """Return the pattern of a route's path, with a group for each `{name}` in it."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def has_path(path: str) -> bool:
    """Return whether there is a route with this path, whatever its method."""
    return any(pattern(route.path).fullmatch(path) for route in ROUTES)
