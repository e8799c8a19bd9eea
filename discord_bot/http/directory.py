"""Looking people and messages up with the bot's token, synchronously, for pages and chores."""

import time
from typing import Any

import requests
from django.conf import settings

from discord_bot.http.limits import KEPT
from discord_bot.http.lookup_limit import answered, take_turn
from discord_bot.http.user_agent import USER_AGENT
from guilds.directory.lookup import DirectoryDown
from guilds.directory.payloads import SeenMember

TIMEOUT = 5.0  # seconds

_room_at: dict[str, float] = {}  # when Discord takes more of a kind, on the monotonic clock, where it takes none now
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
        if answer.status_code in (401, 429) or answer.status_code >= 500:
            raise DirectoryDown(f"Discord answered {answer.status_code}")
        # Of a forum post the thread is deleted, and so is the message's channel.
        return not (answer.status_code == 404 and _code(answer) in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE))

    def _get(self, path: str, query: dict[str, str] | None = None) -> requests.Response:
        """Ask, when it is our turn. `path` without its last id names what Discord counts together."""
        counted = path.rsplit("/", 1)[0] if query is None else path
        wait = max(take_turn(), _room_at.get(counted, 0.0) - time.monotonic())
        if wait > TIMEOUT:
            raise DirectoryDown("Discord limits this look-up")
        time.sleep(wait)
        headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}", "User-Agent": USER_AGENT}
        try:
            answer = requests.get(settings.DISCORD_API_URL + path, query, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as reason:
            raise DirectoryDown(str(reason)) from None
        answered(answer.status_code, answer.headers)
        if answer.status_code == 429 or answer.headers.get("X-RateLimit-Remaining") == "0":
            if len(_room_at) > KEPT:
                _room_at.clear()
            after = answer.headers.get("X-RateLimit-Reset-After") or answer.headers.get("Retry-After") or "1"
            _room_at[counted] = time.monotonic() + float(after)
        return answer


def _code(answer: requests.Response) -> int:
    """Discord's own code of an error; 0 for none."""
    try:
        body: Any = answer.json()
    except ValueError:
        return 0
    return int(body.get("code", 0)) if isinstance(body, dict) else 0
