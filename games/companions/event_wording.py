"""What people read about a game's event in Discord."""

from datetime import datetime

from games.core.wording import timestamp

JOIN_LABEL = "Join"


def ask_interested(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks who is interested to join."""
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    return f"🎲 You're interested in {about}. Join to get a place.\n{url}"
