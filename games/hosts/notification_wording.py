"""Wording of the notification that a host left."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.core.wording import timestamp

KEEP_LABEL, MOVE_LABEL, CANCEL_LABEL, TAKE_LABEL = (
    gettext_noop("Keep it"),
    gettext_noop("Move it"),
    gettext_noop("Cancel it"),
    gettext_noop("Take over"),
)


def host_left(title: str, guild: str, starts_at: datetime, url: str, host: str) -> str:
    return _(
        "%(host)s left %(guild)s, so **%(title)s**, %(when)s, no longer has a host. Take it over, or "
        "cancel it on its page.\n%(url)s"
    ) % {"host": host, "guild": guild, "title": title, "when": timestamp(starts_at), "url": url}
