"""The User-Agent of our requests to Discord."""

from django.conf import settings

from gamesched.lib.version import VERSION

# https://discord.com/developers/docs/reference#user-agent
USER_AGENT = f"DiscordBot ({settings.PUBLIC_URL}, {VERSION})"
