"""Where discord.py finds Discord: as it ships, or the local one that `DISCORD_API_URL` names."""

import discord.gateway
import discord.http
import yarl
from django.conf import settings


def use_configured_addresses() -> None:
    """Point discord.py at the configured Discord. Call before making a client; both are read at each call."""
    if not settings.DISCORD_IS_LOCAL:
        return
    api = yarl.URL(settings.DISCORD_API_URL)
    discord.http.Route.BASE = str(api)
    gateway = api.with_scheme("wss" if api.scheme == "https" else "ws").with_path("/gateway")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway
