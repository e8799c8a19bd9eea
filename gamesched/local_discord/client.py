"""A client to act as people of the local Discord, from a test or a script. Blocking and thread-safe."""

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import requests
import urllib3

from gamesched.local_discord.state.entities import APPLICATION_ID, Json

TIMEOUT = 10.0  # seconds

# Kept open, and without the sessions of requests: who looks again and again takes a third of the CPU.
_connections = urllib3.PoolManager(maxsize=64)


class DiscordError(requests.HTTPError):
    """An answer with an error's status."""

    def __init__(self, request: str, status: int, body: bytes) -> None:
        super().__init__(f"{request}: {body.decode()}")
        self.status, self._body = status, body

    def json(self) -> Any:
        """Return what it says."""
        return json.loads(self._body)


class LocalDiscordClient:
    """Client of the local Discord. `person` is always a user name, as in "alice".

    Errors raise DiscordError, and no answer requests.ConnectionError.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin.rstrip("/")

    # --- Discord's own API, as a person --------------------------------------------------------------------

    def as_person(self, person: str, method: str, path: str, body: Json | None = None) -> Any:
        """Call the API as the person's own client does."""
        return self._request(method, f"/api/v10{path}", body, f"local-{person}")

    def messages(self, person: str, channel_id: int | str, limit: int = 50) -> list[Json]:
        """Return the channel's messages that this person sees, newest first."""
        messages: list[Json] = self.as_person(person, "GET", f"/channels/{channel_id}/messages?limit={limit}")
        return messages

    def dms(self, person: str, limit: int = 50) -> list[Json]:
        """Return the person's direct messages with the bot, newest first."""
        for channel in self.as_person(person, "GET", "/users/@me/channels"):
            if any(each["id"] == str(APPLICATION_ID) for each in channel["recipients"]):
                return self.messages(person, channel["id"], limit)
        return []

    def send_message(self, person: str, channel_id: int | str, content: str) -> Json:
        message: Json = self.as_person(person, "POST", f"/channels/{channel_id}/messages", {"content": content})
        return message

    def click(self, person: str, message: Json, custom_id: str, wait: float = 5.0, values: Iterable[str] = ()) -> Json:
        """Click a button (or choose `values`). Return the entry of `interactions()` once it is answered or failed.

        `wait` is in seconds; with 0 the entry is returned at once.
        """
        channel: Json = self.as_person(person, "GET", f"/channels/{message['channel_id']}")
        body: Json = {
            "type": 3,
            "application_id": str(APPLICATION_ID),
            "channel_id": message["channel_id"],
            "message_id": message["id"],
            "message_flags": message.get("flags", 0),
            "data": {"component_type": 2, "custom_id": custom_id},
            "session_id": "0",
        }
        if channel.get("guild_id"):
            body["guild_id"] = channel["guild_id"]
        if chosen := list(values):
            body["data"] |= {"component_type": 3, "values": chosen}
        return self._post_interaction(person, body, wait)

    def use_command(
        self,
        person: str,
        channel_id: int | str,
        name: str,
        options: list[Json] | None = None,
        wait: float = 5.0,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Json:
        """Use a slash command of the bot. Return as `click` does.

        `options` are {"name", "value"}; for a subcommand {"type": 1, "name": "list", "options": [...]}, and for a group
        of them the same with type 2. The value of an attachment is the number of one of the `files`: name and content.
        """
        return self._post_interaction(person, self._command_body(2, channel_id, name, options), wait, files)

    def use_menu(
        self, person: str, channel_id: int | str, name: str, kind: int, target_id: int | str, wait: float = 5.0
    ) -> Json:
        """Use an entry in the menu of a person (`kind` 2) or of a message (3). Return as `click` does."""
        body = self._command_body(2, channel_id, name, None)
        body["data"] = {"name": name, "type": kind, "target_id": str(target_id)}
        return self._post_interaction(person, body, wait)

    def autocomplete(
        self, person: str, channel_id: int | str, name: str, options: list[Json], wait: float = 5.0
    ) -> Json:
        """Type into a command's option: the one with `"focused": True`. The returned entry has its `choices`."""
        return self._post_interaction(person, self._command_body(4, channel_id, name, options), wait)

    @staticmethod
    def _command_body(kind: int, channel_id: int | str, name: str, options: list[Json] | None) -> Json:
        data: Json = {"name": name, "type": 1, "options": options or []}
        return {"type": kind, "application_id": str(APPLICATION_ID), "channel_id": str(channel_id), "data": data}

    def submit_modal(
        self, person: str, modal: Json, values: Mapping[str, str | Sequence[str]] | None = None, wait: float = 5.0
    ) -> Json:
        """Submit a modal. Return as `click` does.

        `modal` is under "modal" in the entry of the click or command that opened it; `values` are by custom id, a list
        for a select.
        """
        rows: list[Json] = []
        for custom_id, value in (values or {}).items():
            field: Json = {"custom_id": custom_id}
            field |= {"value": value} if isinstance(value, str) else {"values": list(value)}
            rows.append({"type": 18, "component": field})
        data = {"id": modal["id"], "custom_id": modal["custom_id"], "components": rows}
        body = {"type": 5, "application_id": str(APPLICATION_ID), "channel_id": modal["channel_id"], "data": data}
        return self._post_interaction(person, body, wait)

    def _post_interaction(self, person: str, body: Json, wait: float, files: Sequence[tuple[str, bytes]] = ()) -> Json:
        body["nonce"] = secrets.token_hex(8)
        self._request("POST", "/api/v10/interactions", body, f"local-{person}", files)
        until, pause = time.monotonic() + wait, 0.01
        while True:
            entry: Json = self._request("GET", f"/sandbox/interactions?nonce={body['nonce']}")[0]
            if entry["state"] != "waiting" or time.monotonic() >= until:
                return entry
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    # --- URLs below /sandbox/ ------------------------------------------------------------------------------

    def people(self) -> list[Json]:
        people: list[Json] = self._request("GET", "/sandbox/people")
        return people

    def add_people(self, count: int, guild_id: int | str, role_ids: Iterable[int | str] = ()) -> list[Json]:
        """Add that many new people to a guild."""
        body = {"count": count, "guild_id": str(guild_id), "role_ids": [str(each) for each in role_ids]}
        people: list[Json] = self._request("POST", "/sandbox/people", body)
        return people

    def join_voice(self, user_id: int | str, channel_id: int | str) -> None:
        """Put a person into a voice channel, as they would. Raise if they may not, or if it is full."""
        self._request("POST", "/sandbox/voice", {"user_id": str(user_id), "channel_id": str(channel_id)})

    def leave_voice(self, user_id: int | str, guild_id: int | str) -> None:
        self._request("POST", "/sandbox/voice", {"user_id": str(user_id), "guild_id": str(guild_id)})

    def interactions(self) -> list[Json]:
        """Return every interaction, oldest first: user, custom_id, milliseconds, state and more."""
        interactions: list[Json] = self._request("GET", "/sandbox/interactions")
        return interactions

    def requests(self, match: str = "") -> list[Json]:
        """Return the bot's requests, oldest first; those with `match` in "METHOD /path"."""
        entries: list[Json] = self._request("GET", "/sandbox/requests")
        return [each for each in entries if match in f"{each['method']} {each['path']}"]

    def add_fault(self, kind: str, match: str | None = None, **details: Any) -> Json:
        """Set a fault; `/sandbox/faults/kinds` lists kinds and keys. Return its entry, with a summary under `said`."""
        body: Json = {"kind": kind} | ({"match": match} if match is not None else {})
        fault: Json = self._request("POST", "/sandbox/faults", body | details)
        return fault

    def faults(self) -> list[Json]:
        """Return the faults that wait for requests, and the current pauses."""
        faults: list[Json] = self._request("GET", "/sandbox/faults")
        return faults

    def clear_faults(self) -> None:
        """Drop pending faults and end current ones; changes of the state stay."""
        self._request("DELETE", "/sandbox/faults")

    def set_clock(self, rate: float | None = None, advance: float = 0.0) -> Json:
        """Run the clock at `rate` times real time, and jump ahead by `advance` seconds. Return `now`, `rate`."""
        body = {"advance": advance} | ({} if rate is None else {"rate": rate})
        clock: Json = self._request("POST", "/sandbox/clock", body)
        return clock

    def bot_connected(self) -> bool:
        return bool(self._request("GET", "/sandbox/status")["bot_connected"])

    def _request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        token: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Any:
        headers = {"Authorization": token} if token else {}
        sent: Json = {}
        if files:
            parts = {f"files[{number}]": file for number, file in enumerate(files)}
            sent = {"fields": {"payload_json": json.dumps(body), **parts}}
        elif body is not None:
            headers["Content-Type"] = "application/json"
            sent = {"body": json.dumps(body)}
        try:
            response = _connections.request(
                method, self.origin + path, headers=headers, timeout=TIMEOUT, retries=False, **sent
            )
        except urllib3.exceptions.HTTPError as reason:
            raise requests.ConnectionError(str(reason)) from reason
        if response.status >= 400:
            raise DiscordError(f"{response.status} for {method} {path}", response.status, response.data)
        return response.json() if response.data else None
