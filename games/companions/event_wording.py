"""What people read about a game's event in Discord."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.core.wording import timestamp

JOIN_LABEL = gettext_noop("Join")


def ask_interested(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks who is interested to join."""
    return _("🎲 You're interested in **%(title)s** in %(guild)s, %(when)s. Join to get a place.\n%(url)s") % {
        "title": title,
        "guild": guild,
        "when": timestamp(starts_at),
        "url": url,
    }
