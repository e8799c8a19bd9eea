"""The link with which a server's manager invites the bot."""

from urllib.parse import urlencode

from django.conf import settings

from guilds.models import ANNOUNCE_PERMISSIONS, FORUM_PERMISSIONS


def invite_url() -> str:
    """Return the URL that invites the bot.

    https://discord.com/developers/docs/topics/oauth2#bot-authorization-flow
    """
    permissions = sum({*ANNOUNCE_PERMISSIONS, *FORUM_PERMISSIONS})
    query = {"client_id": settings.DISCORD_CLIENT_ID, "scope": "bot applications.commands", "permissions": permissions}
    return f"{settings.DISCORD_BROWSER_URL}/oauth2/authorize?{urlencode(query)}"
