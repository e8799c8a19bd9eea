"""A bare client, written from Discord's documents: requests with a token, errors looked at."""

from typing import Any

import requests

from discord_bot.sandbox.testing import LocalDiscord
from discord_bot.sandbox.things import Json


class Bare:
    """Calls the API as the bot, or with any other Authorization header."""

    def __init__(self, local: LocalDiscord, authorization: str | None = None) -> None:
        self.local = local
        self.headers = {"Authorization": authorization or f"Bot {local.bot_token}"}

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = self.local.api_url + path
        return requests.request(method, url, json=body, headers=self.headers, timeout=10)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.ok, answer.text
        if answer.content:
            assert answer.headers["Content-Type"] == "application/json"
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        """The status and Discord's code."""
        answer = self.call(method, path, body)
        assert not answer.ok, answer.text
        return answer.status_code, answer.json()["code"]

    def post(self, channel_id: int, **body: Any) -> Json:
        made: Json = self.ok("POST", f"/channels/{channel_id}/messages", body)
        return made
