"""The link with which a server's manager invites the bot."""

from urllib.parse import urlencode

from django.conf import settings

from guilds.models import ANNOUNCE_PERMISSIONS, FORUM_PERMISSIONS


def invite_url(guild_id: int | None = None, permissions: int = 0) -> str:
    """Return the URL that invites the bot; for one guild, it asks for these permissions as well.

    https://discord.com/developers/docs/topics/oauth2#bot-authorization-flow
    """
    permissions |= sum({*ANNOUNCE_PERMISSIONS, *FORUM_PERMISSIONS})
    query = {"client_id": settings.DISCORD_CLIENT_ID, "scope": "bot applications.commands", "permissions": permissions}
    if guild_id is not None:
        query |= {"guild_id": guild_id, "disable_guild_select": "true"}
    return f"{settings.DISCORD_BROWSER_URL}/oauth2/authorize?{urlencode(query)}"
