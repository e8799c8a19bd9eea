"""All wording that notifications about games share.

Times are Discord's own timestamps, which each reader's client shows in the reader's zone:
https://discord.com/developers/docs/reference#message-formatting
"""

from datetime import datetime

from django.utils.translation import gettext as _

from games.core.wording import timestamp


def something_to_read(title: str, url: str) -> str:
    """Return what everyone in a channel may read of a message that is meant for one person."""
    return _("You have a message about **%(title)s**. Read it here:") % {"title": title} + f"\n{url}"


def with_late_notice(text: str, due_at: datetime) -> str:
    """Add a small line that tells when the message was due."""
    return f"{text}\n-# " + _("Late: you should have had this %(when)s.") % {"when": timestamp(due_at)}


def with_preferences_link(text: str, url: str) -> str:
    """Add a small link to the reader's notification preferences, without a link preview."""
    return f"{text}\n-# [" + _("Change your notifications") + f"](<{url}>)"
