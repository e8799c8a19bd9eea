"""Turns a message in Discord's markup into plain text, for a page."""

import re
from datetime import UTC, datetime

from guilds.templatetags.when import when

TIMESTAMP = re.compile(r"<t:(\d{1,12})(?::\w)?>")
LINK = re.compile(r"\[([^\]\n]*)\]\(<?[^)\s]*>?\)")
QUIET_ADDRESS = re.compile(r"<(https?://[^>\s]+)>")
SMALL_PRINT = re.compile(r"^-# .*$\n?", re.MULTILINE)
MARKUP = re.compile(r"(?<!\\)(\*\*|__|~~|\|\|)")
ESCAPED = re.compile(r"\\([^A-Za-z0-9\s])")


def to_plain_text(text: str, zone: str) -> str:
    """Return the text without markup and small print, with times in the reader's zone.

    https://discord.com/developers/docs/reference#message-formatting
    """
    text = SMALL_PRINT.sub("", text)
    text = TIMESTAMP.sub(lambda match: when(datetime.fromtimestamp(int(match[1]), UTC), zone), text)
    text = QUIET_ADDRESS.sub(r"\1", LINK.sub(r"\1", text))
    return ESCAPED.sub(r"\1", MARKUP.sub("", text)).strip()
