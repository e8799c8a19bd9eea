"""Schedule a game, sign up, and read who plays, by the API. Needs nothing but Python.

GAMESCHED_URL=http://localhost:8000 GAMESCHED_TOKEN=gs_... python contrib/api_example.py
"""

import json
import os
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta


def call(method, path, body=None):
    """Send a request; what changes something acts once, however often it's sent."""
    headers = {"Authorization": f"Bearer {os.environ['GAMESCHED_TOKEN']}", "Content-Type": "application/json"}
    headers |= {} if method == "GET" else {"Idempotency-Key": str(uuid.uuid4())}
    data = json.dumps(body).encode() if body is not None else None
    address = f"{os.environ['GAMESCHED_URL']}/api/v1{path}"
    with urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method)) as answer:
        return json.load(answer)


guild = next(one for one in call("GET", "/me")["guilds"] if one["may_schedule"])
channel = call("GET", f"/guilds/{guild['id']}/channels")[0]
start = (datetime.now(UTC) + timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
made = call("POST", f"/guilds/{guild['id']}/games", {
    "title": "From a script", "starts_at": start.isoformat(), "channel_id": channel["id"], "settings": {"seats": 4},
})  # fmt: skip
game = call("POST", f"/games/{made['game']['id']}/join")["game"]
print(game["title"], game["starts_at"], [one["name"] for one in game["signups"]], game["url"])
