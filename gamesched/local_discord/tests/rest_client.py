"""A bare client, written from Discord's documents: requests with a token, errors looked at."""

from typing import Any

import requests

from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.state.state import Event


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


class Ear:
    """Hears everything that happens, and answers interactions as a bot would."""

    def __init__(self, local: LocalDiscord) -> None:
        self.events: list[Event] = []
        self.bare = Bare(local)
        local.do(lambda world: world.subscribe(self.events.append))

    def last(self, name: str) -> Json:
        return [event.data for event in self.events if event.name == name][-1]

    def callback(self) -> str:
        """The path of the answer to the latest interaction."""
        told = self.last("INTERACTION_CREATE")
        return f"/interactions/{told['id']}/{told['token']}/callback?with_response=1"

    def answer(self, kind: int, data: Json | None = None) -> Json:
        answered: Json = self.bare.ok(
            "POST", self.callback(), {"type": kind} | ({} if data is None else {"data": data})
        )
        return answered

    def refused(self, kind: int, data: Json | None = None) -> tuple[int, int]:
        return self.bare.refused("POST", self.callback(), {"type": kind, "data": data or {}})

    def webhook(self) -> str:
        return f"/webhooks/{self.bare.local.client_id}/{self.last('INTERACTION_CREATE')['token']}"
