"""The demo's stored settings, and the environment variables of its programs."""

import json
import os
import secrets
from pathlib import Path

from gamesched.demo.postgres import state_directory
from gamesched.lib.vapid import new_private_key
from gamesched.local_discord.state.entities import CLIENT_SECRET, bot_token

REPOSITORY = Path(__file__).resolve().parents[2]


def demo_directory() -> Path:
    folder = state_directory() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def load_settings() -> dict[str, str]:
    """Return the demo's own secret key and its last URLs."""
    file = demo_directory() / "settings.json"
    stored: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    stored.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    stored.setdefault("VAPID_PRIVATE_KEY", new_private_key())
    stored.setdefault("PUBLIC_URL", "http://localhost:8000")
    stored.setdefault("DISCORD_API_URL", "http://localhost:8001/api/v10")
    return stored


def save_settings(stored: dict[str, str]) -> None:
    file = demo_directory() / "settings.json"
    file.write_text(json.dumps(stored))
    file.chmod(0o600)


def environment(database_url: str) -> dict[str, str]:
    """Return this process's variables, overridden by the demo's settings."""
    ours = {**load_settings(), "DATABASE_URL": database_url}
    ours |= {"DISCORD_BOT_TOKEN": bot_token(), "DISCORD_CLIENT_SECRET": CLIENT_SECRET, "PYTHONUNBUFFERED": "1"}
    ours["SEND_TO_PRIVATE_ADDRESSES"] = "1"  # so that a webhook leads to a script on this machine
    return {**{k: v for k, v in os.environ.items() if k != "DISCORD_BROWSER_URL"}, **ours}
