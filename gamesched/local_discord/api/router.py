"""The routes of the HTTP API, version 10, that a scheduler and its people need.

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

# A literal path comes before one with a parameter in its place.
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
