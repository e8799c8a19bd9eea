"""Looking people up with the bot's token, synchronously, for pages and chores."""

import requests
from django.conf import settings

from guilds.directory import DirectoryDown
from guilds.seen import SeenMember

TIMEOUT = 5.0  # seconds


class RestDirectory:
    """https://discord.com/developers/docs/resources/guild#get-guild-member"""

    def member(self, guild_id: int, user_id: int) -> SeenMember | None:
        url = f"{settings.DISCORD_API_URL}/guilds/{guild_id}/members/{user_id}"
        headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}"}
        try:
            answer = requests.get(url, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as reason:
            raise DirectoryDown(str(reason)) from None
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise DirectoryDown(f"Discord answered {answer.status_code}")
        return SeenMember.from_api(answer.json())
