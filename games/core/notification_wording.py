"""All wording that notifications about games share.

Times are Discord's own timestamps, which each reader's client shows in the reader's zone:
https://discord.com/developers/docs/reference#message-formatting
"""

import re
from datetime import datetime

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from games.core.wording import timestamp

# Errors and skips of which a number is part; the others are whole sentences.
NUMBERED = {
    gettext_noop("Discord answered %(number)s"),
    gettext_noop("Discord answered %(number)s without saying why"),
    gettext_noop("A push service answered %(number)s"),
    gettext_noop("Gave up after %(number)s tries"),
    gettext_noop("gave up after %(number)s tries"),
}
_NUMBER = re.compile(r"\d+")


def error_text(error: str) -> str:
    """Return why something was not sent, which is stored in English, in the reader's language.

    Causes stand one after another, each with ': ' between; what Discord or a program said itself stays as it is.
    """
    return ": ".join(map(_cause_text, error.split(": ")))


def _cause_text(cause: str) -> str:
    number = _NUMBER.search(cause)
    pattern = _NUMBER.sub("%(number)s", cause)
    return gettext(pattern) % {"number": number[0]} if number and pattern in NUMBERED else gettext(cause)


def something_to_read(title: str, url: str) -> str:
    """Return what everyone in a channel may read of a message that is meant for one person."""
    return _("You have a message about **%(title)s**. Read it here:") % {"title": title} + f"\n{url}"


def with_late_notice(text: str, due_at: datetime) -> str:
    """Add a small line that tells when the message was due."""
    return f"{text}\n-# " + _("Late: you should have had this %(when)s.") % {"when": timestamp(due_at)}


def with_preferences_link(text: str, url: str) -> str:
    """Add a small link to the reader's notification preferences, without a link preview."""
    return f"{text}\n-# [" + _("Change your notifications") + f"](<{url}>)"
