"""Translates Discord's errors into those of `notifications.messages`.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
"""

import discord
from django.utils.translation import gettext_noop

from notifications.messages import PermanentError, RateLimited, TemporaryError

PERMANENT = {
    # By a person who blocked the bot: https://github.com/discord/discord-api-docs/issues/8238
    50007: PermanentError.CLOSED_DMS,
    # By a person who is in no server with the bot, and also by a member who takes no direct messages from a server's
    # members. Only asking whether they are a member tells which.
    50278: PermanentError.NO_SHARED_GUILD,
    10007: PermanentError.NO_SHARED_GUILD,  # unknown member
    10013: PermanentError.NO_SHARED_GUILD,  # unknown user
    50033: PermanentError.NO_SHARED_GUILD,  # invalid recipient, as of a deleted account
    # The bot is quarantined and may open no direct message: https://github.com/discord/discord-api-docs/issues/2669
    20026: PermanentError.BOT_FLAGGED,
    50001: PermanentError.MISSING_PERMISSION,
    50013: PermanentError.MISSING_PERMISSION,
    50083: PermanentError.MISSING_PERMISSION,  # an archived thread that may not be opened again
    160002: PermanentError.MISSING_PERMISSION,  # to read the history
    160005: PermanentError.MISSING_PERMISSION,  # a locked thread
    10003: PermanentError.UNKNOWN_CHANNEL,
    10008: PermanentError.UNKNOWN_MESSAGE,
    10011: PermanentError.UNKNOWN_MESSAGE,  # unknown role
    10070: PermanentError.UNKNOWN_MESSAGE,  # unknown scheduled event
    30003: PermanentError.LIMIT_REACHED,  # 250 pins
    30005: PermanentError.LIMIT_REACHED,  # 250 roles
    30013: PermanentError.LIMIT_REACHED,  # 500 channels
    30033: PermanentError.LIMIT_REACHED,  # 1000 people in a thread
    30038: PermanentError.LIMIT_REACHED,  # 100 scheduled events
    160006: PermanentError.LIMIT_REACHED,  # 1000 active threads
    160007: PermanentError.LIMIT_REACHED,  # active threads in announcement channels
}
# What Discord takes again later, though the status says 400 or 403.
TEMPORARY = {
    20016,  # slow mode
    20028,  # the channel's write limit
    20029,  # the server's write limit
    40004,  # sending messages is disabled for a time
    40006,  # a feature is disabled for a time
    40062,  # a service is limited
    40333,  # Cloudflare blocks the request
    130000,  # overloaded
}
INVALID_FORM = 50035
OLD_EDITS_TOO_FAST = 30046  # of messages older than an hour
OPENING_TOO_FAST = 40003  # new direct-message channels; no document names the status
NOT_IN_GUILD = {10004, 50001}  # unknown guild, missing access
NO_MEMBER = {10007, 10013}  # unknown member, unknown user
# Minimum interval between edits of a post: in a rush of clicks each edit shows all of them. For posts older than an
# hour, a channel's edits count together, as clients observe; Discord does not document it.
EDIT_INTERVAL = 2.0  # seconds
# Edits of published messages in one channel, as clients observe: each goes on to all servers that follow it.
PUBLISHED_EDITS, PUBLISHED_EDITS_WITHIN = 3, 3600.0  # seconds


def translate_error(reason: discord.HTTPException) -> Exception:
    """Return the error that tells the schedule what to do about one of Discord's."""
    if reason.code == OLD_EDITS_TOO_FAST:
        return RateLimited(gettext_noop("Discord limits edits of old posts"), retry_after(reason) or EDIT_INTERVAL)
    if reason.status == 429:
        return RateLimited(gettext_noop("Discord limits us"), retry_after(reason) or 1.0)
    text = reason.text or f"Discord answered {reason.status}"
    if reason.code in TEMPORARY:
        return TemporaryError(text, retry_after(reason) or None)
    return PermanentError(text, PERMANENT.get(reason.code, str(reason.code)))


def retry_after(reason: discord.HTTPException) -> float:
    """Return the Retry-After header in seconds, or 0 if it is missing."""
    return float(reason.response.headers.get("Retry-After") or 0)
