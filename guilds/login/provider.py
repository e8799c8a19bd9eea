"""allauth's Discord provider, at the URLs from the settings."""

from allauth.socialaccount.providers.discord.provider import DiscordProvider as StockProvider

from guilds.login.views import DiscordAdapter


class DiscordProvider(StockProvider):  # type: ignore[misc]
    oauth2_adapter_class = DiscordAdapter


provider_classes = [DiscordProvider]
