"""Sets discord.py's URLs: its own, or those of the local Discord in `DISCORD_API_URL`."""

import discord.gateway
import discord.http
import yarl
from django.conf import settings


def use_configured_addresses() -> None:
    """Point discord.py at the configured Discord. Call it before creating a client; both URLs are read at each use."""
    if not settings.DISCORD_IS_LOCAL:
        return
    api = yarl.URL(settings.DISCORD_API_URL)
    discord.http.Route.BASE = str(api)
    gateway = api.with_scheme("wss" if api.scheme == "https" else "ws").with_path("/gateway")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway
