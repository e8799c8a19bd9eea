"""A bare client, written from Discord's documents: requests with a token, and checks of errors."""

from typing import Any

import requests

from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.state.state import Event
from gamesched.testing.waiting import PATIENCE

AGENT = {"User-Agent": "DiscordBot (https://games.example.org, 1.0)"}
_session = requests.Session()
_session.trust_env = False  # it looks for proxies and passwords at each request


class RestClient:
    """Calls the API as the bot, or with any other Authorization header."""

    def __init__(self, local: LocalDiscord, authorization: str | None = None) -> None:
        self.local = local
        self.headers = AGENT | {"Authorization": authorization or f"Bot {local.bot_token}"}

    def request(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = self.local.api_url + path
        return _session.request(method, url, json=body, headers=self.headers, timeout=PATIENCE)

    def request_json(self, method: str, path: str, body: Any = None) -> Any:
        response = self.request(method, path, body)
        assert response.ok, response.text
        if response.content:
            assert response.headers["Content-Type"] == "application/json"
        return response.json() if response.content else None

    def request_error(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        """Return the status and Discord's code."""
        response = self.request(method, path, body)
        assert not response.ok, response.text
        return response.status_code, response.json()["code"]

    def post_message(self, channel_id: int, **body: Any) -> Json:
        message: Json = self.request_json("POST", f"/channels/{channel_id}/messages", body)
        return message


class InteractionBot:
    """Receives every event, and responds to interactions as a bot would."""

    def __init__(self, local: LocalDiscord) -> None:
        self.events: list[Event] = []
        self.rest = RestClient(local)
        local.run_in_loop(lambda state: state.subscribe(self.events.append))

    def last_event(self, name: str) -> Json:
        return [event.data for event in self.events if event.name == name][-1]

    def callback_path(self) -> str:
        """Return the callback path of the latest interaction."""
        interaction = self.last_event("INTERACTION_CREATE")
        return f"/interactions/{interaction['id']}/{interaction['token']}/callback?with_response=1"

    def respond(self, kind: int, data: Json | None = None) -> Json:
        response: Json = self.rest.request_json(
            "POST", self.callback_path(), {"type": kind} | ({} if data is None else {"data": data})
        )
        return response

    def response_error(self, kind: int, data: Json | None = None) -> tuple[int, int]:
        return self.rest.request_error("POST", self.callback_path(), {"type": kind, "data": data or {}})

    def webhook_path(self) -> str:
        return f"/webhooks/{self.rest.local.client_id}/{self.last_event('INTERACTION_CREATE')['token']}"
