"""Looks up members, messages and events with the bot's token, synchronously, for pages and scheduled tasks."""

import time
from typing import Any

import requests
from django.conf import settings

from discord_bot.http.limits import MAX_KEPT
from discord_bot.http.lookup_limit import record_response, reserve_lookup
from gamesched.lib.user_agent import USER_AGENT
from guilds.directory.lookup import DirectoryUnavailable, LookupLimited
from guilds.directory.payloads import EventPayload, MemberPayload

TIMEOUT = 5.0  # seconds

# By exhausted bucket: when Discord accepts requests again, on the monotonic clock.
_available_at: dict[str, float] = {}
_bot_ids: dict[str, int] = {}  # by token
UNKNOWN_CHANNEL, UNKNOWN_MEMBER, UNKNOWN_MESSAGE, UNKNOWN_USER = 10003, 10007, 10008, 10013


class RestDirectory:
    """Directory over Discord's REST API.

    https://docs.discord.com/developers/resources/guild#get-guild-member, .../message#get-channel-message
    """

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        response = self._get(f"/guilds/{guild_id}/members/{user_id}")
        if response.status_code == 404 and _error_code(response) in (UNKNOWN_MEMBER, UNKNOWN_USER):
            return None
        if response.status_code != 200:
            raise DirectoryUnavailable(f"Discord answered {response.status_code}")
        return MemberPayload.from_api(response.json())

    def search(self, guild_id: int, query: str, limit: int) -> list[MemberPayload]:
        # https://docs.discord.com/developers/resources/guild#search-guild-members; needs no privileged intent.
        response = self._get(f"/guilds/{guild_id}/members/search", {"query": query, "limit": str(limit)})
        if response.status_code != 200:
            raise DirectoryUnavailable(f"Discord answered {response.status_code}")
        return [MemberPayload.from_api(member) for member in response.json() if not member["user"].get("bot")]

    def has_message(self, channel_id: int, message_id: int) -> bool:
        response = self._get(f"/channels/{channel_id}/messages/{message_id}")
        if response.status_code in (401, 429) or response.status_code >= 500:
            raise DirectoryUnavailable(f"Discord answered {response.status_code}")
        # A forum post is deleted as a thread, and with it the message's channel.
        return not (response.status_code == 404 and _error_code(response) in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE))

    def is_pinned(self, channel_id: int, message_id: int) -> bool | None:
        response = self._get(f"/channels/{channel_id}/messages/{message_id}")
        if response.status_code in (401, 429) or response.status_code >= 500:
            raise DirectoryUnavailable(f"Discord answered {response.status_code}")
        return bool(response.json().get("pinned")) if response.status_code == 200 else None

    def scheduled_events(self, guild_id: int) -> list[EventPayload] | None:
        # https://docs.discord.com/developers/resources/guild-scheduled-event#list-scheduled-events-for-guild
        bot_id = self._bot_id()
        response = self._get(f"/guilds/{guild_id}/scheduled-events", {})
        if response.status_code in (403, 404):
            return None
        if response.status_code != 200:
            raise DirectoryUnavailable(f"Discord answered {response.status_code}")
        return [EventPayload.from_api(event, bot_id) for event in response.json()]

    def delete_scheduled_event(self, guild_id: int, event_id: int) -> None:
        response = self._request("DELETE", f"/guilds/{guild_id}/scheduled-events/{event_id}")
        if response.status_code not in (204, 403, 404):
            raise DirectoryUnavailable(f"Discord answered {response.status_code}")

    def _bot_id(self) -> int:
        token = settings.DISCORD_BOT_TOKEN
        if token not in _bot_ids:
            response = self._get("/users/@me")
            if response.status_code != 200:
                raise DirectoryUnavailable(f"Discord answered {response.status_code}")
            _bot_ids[token] = int(response.json()["id"])
        return _bot_ids[token]

    def _get(self, path: str, query: dict[str, str] | None = None) -> requests.Response:
        return self._request("GET", path, query)

    def _request(self, method: str, path: str, query: dict[str, str] | None = None) -> requests.Response:
        """Send a request at its turn. `path` without its last id is the bucket that Discord counts."""
        bucket = f"{method} {path.rsplit('/', 1)[0] if query is None else path}"
        wait = max(reserve_lookup(), _available_at.get(bucket, 0.0) - time.monotonic())
        if wait > TIMEOUT:
            raise LookupLimited(wait)
        time.sleep(wait)
        headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}", "User-Agent": USER_AGENT}
        try:
            url = settings.DISCORD_API_URL + path
            response = requests.request(method, url, params=query, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as reason:
            raise DirectoryUnavailable(str(reason)) from None
        record_response(response.status_code, response.headers)
        if response.status_code == 429 or response.headers.get("X-RateLimit-Remaining") == "0":
            if len(_available_at) > MAX_KEPT:
                _available_at.clear()
            after = response.headers.get("X-RateLimit-Reset-After") or response.headers.get("Retry-After") or "1"
            _available_at[bucket] = time.monotonic() + float(after)
            if response.status_code == 429:
                raise LookupLimited(float(after))
        return response


def _error_code(response: requests.Response) -> int:
    """Return Discord's own code of an error; 0 if it has none."""
    try:
        body: Any = response.json()
    except ValueError:
        return 0
    return int(body.get("code", 0)) if isinstance(body, dict) else 0
