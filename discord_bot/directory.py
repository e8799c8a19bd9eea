"""Looking people and messages up with the bot's token, synchronously, for pages and chores."""

import threading
import time
from typing import Any

import requests
from django.conf import settings

from guilds.directory import DirectoryDown
from guilds.seen import SeenMember

TIMEOUT = 5.0  # seconds
PER_SECOND = 5  # look-ups of one process; of Discord's 50 requests a second the rest is for speaking

_pace = threading.Lock()
_next = [0.0]  # when the next look-up may begin, on the monotonic clock
UNKNOWN_CHANNEL, UNKNOWN_MEMBER, UNKNOWN_MESSAGE, UNKNOWN_USER = 10003, 10007, 10008, 10013


class RestDirectory:
    """https://docs.discord.com/developers/resources/guild#get-guild-member, .../message#get-channel-message"""

    def member(self, guild_id: int, user_id: int) -> SeenMember | None:
        answer = self._get(f"/guilds/{guild_id}/members/{user_id}")
        if answer.status_code == 404 and _code(answer) in (UNKNOWN_MEMBER, UNKNOWN_USER):
            return None
        if answer.status_code != 200:
            raise DirectoryDown(f"Discord answered {answer.status_code}")
        return SeenMember.from_api(answer.json())

    def search(self, guild_id: int, query: str, limit: int) -> list[SeenMember]:
        # https://docs.discord.com/developers/resources/guild#search-guild-members; needs no privileged intent.
        answer = self._get(f"/guilds/{guild_id}/members/search", {"query": query, "limit": str(limit)})
        if answer.status_code != 200:
            raise DirectoryDown(f"Discord answered {answer.status_code}")
        return [SeenMember.from_api(member) for member in answer.json() if not member["user"].get("bot")]

    def has_message(self, channel_id: int, message_id: int) -> bool:
        answer = self._get(f"/channels/{channel_id}/messages/{message_id}")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise DirectoryDown(f"Discord answered {answer.status_code}")
        # Of a forum post the thread is deleted, and so is the message's channel.
        return not (answer.status_code == 404 and _code(answer) in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE))

    def _get(self, path: str, query: dict[str, str] | None = None) -> requests.Response:
        with _pace:
            begins = max(_next[0], time.monotonic())
            if begins > time.monotonic() + TIMEOUT:
                raise DirectoryDown("too many are looking people up")
            _next[0] = begins + 1 / PER_SECOND
        time.sleep(max(0.0, begins - time.monotonic()))
        headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}"}
        try:
            return requests.get(settings.DISCORD_API_URL + path, query, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as reason:
            raise DirectoryDown(str(reason)) from None


def _code(answer: requests.Response) -> int:
    """Discord's own code of an error; 0 for none."""
    try:
        body: Any = answer.json()
    except ValueError:
        return 0
    return int(body.get("code", 0)) if isinstance(body, dict) else 0
