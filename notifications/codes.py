"""Codes for why nothing was sent. Rules compare codes; the sentences beside them are for people only."""

from django.db.models import TextChoices
from django.utils.translation import gettext_noop


class SkipCode(TextChoices):
    """Why notifyd itself sends nothing. Apps above add choices of their own, with other values."""

    EXPIRED = "expired", gettext_noop("it was too late")
    UNWANTED = "unwanted", gettext_noop("they want no messages")
    PAUSED = "paused", gettext_noop("it was due while sending was on hold, so it may have been sent before")
    NO_RECIPIENT = "no_recipient", gettext_noop("nobody to notify")
    NO_MESSAGE = "no_message", gettext_noop("this kind has no message")
    GAVE_UP = "gave_up", gettext_noop("gave up")
    REFUSED = "refused", gettext_noop("refused")
    FORGOTTEN = "forgotten", gettext_noop("they asked us to forget them")
    GIVEN_UP_BY_HAND = "given_up_by_hand", gettext_noop("given up")
    OTHER = "other", gettext_noop("other")  # rows from before there were codes


# They should have heard, and did not; who left, for one, need not.
MISSED = frozenset({SkipCode.EXPIRED, SkipCode.PAUSED})


class ErrorCode(TextChoices):
    """Why a message did not go out. Discord's own numbers stand beside these, as text."""

    TEMPORARY = "temporary"
    RATE_LIMITED = "rate_limited"
    INTERNAL = "internal"
    CLOSED_DMS = "closed_dms"
    LEFT = "left"
    NO_SHARED_GUILD = "no_shared_guild"  # they left, or take no direct messages; asking Discord tells which
    BOT_FLAGGED = "bot_flagged"  # Discord lets the bot open no direct messages
    MISSING_PERMISSION = "missing_permission"
    UNKNOWN_CHANNEL = "unknown_channel"
    UNKNOWN_MESSAGE = "unknown_message"
    LIMIT_REACHED = "limit_reached"  # the server has no room for more roles, channels or events
    UNCERTAIN = "uncertain"  # it may have been sent before, and the place cannot be read to find out
    NO_DEVICE = "no_device"  # none of the recipient's devices takes notifications any more
    OTHER = "other"  # rows from before there were codes


class RequestProblem(TextChoices):
    """Why a request to another program had no answer."""

    ADDRESS = "address", gettext_noop("its address isn't a public one")
    TIMEOUT = "timeout", gettext_noop("no answer within 5 seconds")
    CONNECTION = "connection", gettext_noop("no connection")


# A direct message was refused, but a mention in the channel may reach them.
DM_REFUSED = frozenset({ErrorCode.CLOSED_DMS, ErrorCode.NO_SHARED_GUILD, ErrorCode.BOT_FLAGGED})
