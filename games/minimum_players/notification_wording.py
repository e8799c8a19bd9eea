"""Wording of the notifications about too few players."""

from datetime import datetime

from django.utils.translation import gettext as _

from games.core.wording import timestamp


def nudge(title: str, guild: str, starts_at: datetime, url: str, minimum: int, seated: int) -> str:
    return _(
        "🙋 **%(title)s** in %(guild)s, %(when)s, needs at least %(minimum)d players and has "
        "%(seated)d. Can you come? Join on its page.\n%(url)s"
    ) % {"title": title, "guild": guild, "when": timestamp(starts_at), "minimum": minimum, "seated": seated, "url": url}


def too_few_players(title: str, guild: str, starts_at: datetime, url: str, minimum: int, seated: int) -> str:
    return _(
        "⚠️ **%(title)s** in %(guild)s, %(when)s, needs at least %(minimum)d players and has "
        "%(seated)d. What would you like to do?\n%(url)s"
    ) % {"title": title, "guild": guild, "when": timestamp(starts_at), "minimum": minimum, "seated": seated, "url": url}
