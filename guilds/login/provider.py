"""allauth's Discord provider, at the URLs from the settings."""

from typing import Any

from allauth.socialaccount.providers.discord.provider import DiscordProvider as StockProvider

from guilds.login.views import DiscordAdapter

KEPT_OF_PROFILE = ("id", "username", "global_name", "avatar")


class DiscordProvider(StockProvider):  # type: ignore[misc]
    oauth2_adapter_class = DiscordAdapter

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Keep what the log-in needs of Discord's profile, which also has the locale, flags and more."""
        return {name: data[name] for name in KEPT_OF_PROFILE if name in data}


provider_classes = [DiscordProvider]
