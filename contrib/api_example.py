"""Schedule a game, sign up, get the webhook, and read who came to past games, by the API. Needs nothing but Python.

GAMESCHED_URL=http://localhost:8000 GAMESCHED_TOKEN=gs_... python contrib/api_example.py
"""

import json
import os
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer


def call(method, path, body=None):
    """Send a request; what changes something acts once, however often it's sent."""
    headers = {"Authorization": f"Bearer {os.environ['GAMESCHED_TOKEN']}", "Content-Type": "application/json"}
    headers |= {} if method == "GET" else {"Idempotency-Key": str(uuid.uuid4())}
    data = json.dumps(body).encode() if body is not None else None
    address = f"{os.environ['GAMESCHED_URL']}/api/v1{path}"
    with urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method)) as answer:
        return json.load(answer)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        print(event["type"], event["game"]["title"], event["signup"]["name"])


guild = next(one["id"] for one in call("GET", "/me")["guilds"] if one["manages"])
server = HTTPServer(("127.0.0.1", 0), Receiver)  # in the demo; other sites call public https addresses alone
address = f"http://127.0.0.1:{server.server_port}/"
hook = call("POST", f"/guilds/{guild}/webhooks", {"url": address, "events": ["signup.joined"]})
channel = call("GET", f"/guilds/{guild}/channels")[0]
start = (datetime.now(UTC) + timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
made = call("POST", f"/guilds/{guild}/games", {
    "title": "From a script", "starts_at": start.isoformat(), "channel_id": channel["id"], "settings": {"seats": 4},
})  # fmt: skip
game = call("POST", f"/games/{made['game']['id']}/join")["game"]
print(game["title"], game["starts_at"], [one["name"] for one in game["signups"]], game["url"])
server.handle_request()
print([(one["title"], one["name"], one["came"]) for one in call("GET", f"/guilds/{guild}/attendance")][-3:])
call("DELETE", f"/guilds/{guild}/webhooks/{hook['id']}")
