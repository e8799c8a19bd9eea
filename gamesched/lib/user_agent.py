"""The User-Agent of every request to Discord, whichever library sends it."""

from django.conf import settings

from gamesched.lib.version import VERSION

# https://discord.com/developers/docs/reference#user-agent
# Discord asks for this form, and its Cloudflare may refuse the name that an HTTP library gives itself.
USER_AGENT = f"DiscordBot ({settings.PUBLIC_URL}, {VERSION})"
