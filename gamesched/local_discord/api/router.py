"""The HTTP API, version 10, as far as a scheduler and its people need it.

https://discord.com/developers/docs/reference
"""

from gamesched.local_discord.api.routes import (
    channels,
    commands,
    guilds,
    interactions,
    members,
    messages,
    roles,
    scheduled_events,
    threads,
    users,
)

# A literal path stands before the one with a name in its place.
ROUTES = [
    *users.ROUTES,
    *guilds.ROUTES,
    *members.ROUTES,
    *roles.ROUTES,
    *channels.ROUTES,
    *threads.ROUTES,
    *scheduled_events.ROUTES,
    *messages.ROUTES,
    *commands.ROUTES,
    *interactions.ROUTES,
]
