"""Replies to messages: https://docs.discord.com/developers/resources/message#message-reference-structure"""

from gamesched.local_discord.api.validation import parse_integer, parse_snowflake
from gamesched.local_discord.errors import (
    cannot_reply_without_history,
    invalid_form_body,
    not_modelled,
)
from gamesched.local_discord.state.entities import EPHEMERAL, LOADING, Channel, Json, Message, User
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State

REFERENCE = ("message_reference",)
FORWARD = 1


def read_replied_message(state: State, channel: Channel, author: User, body: Json) -> Message | None:
    """Return the message that a new one replies to; None for an ordinary message.

    Raise 50035 for an unknown message, unless `fail_if_not_exists` is false, and 160002 for one that may not be read.
    """
    given = body.get("message_reference")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise invalid_form_body(REFERENCE, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    if given.get("type") is not None and parse_integer(given["type"], *REFERENCE, "type") == FORWARD:
        raise not_modelled((*REFERENCE, "type"), "forwarded messages")
    if given.get("message_id") is None:
        raise invalid_form_body((*REFERENCE, "message_id"), "BASE_TYPE_REQUIRED", "This field is required")
    message_id = parse_snowflake(given["message_id"], *REFERENCE, "message_id")
    for key, value in (("channel_id", channel.id), ("guild_id", channel.guild_id)):
        if given.get(key) is not None and parse_snowflake(given[key], *REFERENCE, key) != value:
            problem = f"Cannot reply to a message in another {key.removesuffix('_id')}"
            raise invalid_form_body(REFERENCE, f"REPLIES_{key.upper()}_MISMATCH", problem)
    if not state.permissions(channel, author.id) & Permission.READ_MESSAGE_HISTORY:
        raise cannot_reply_without_history()
    message = state.visible_message(channel.id, message_id, author.id)
    if message is None or message.flags & (EPHEMERAL | LOADING):
        if given.get("fail_if_not_exists", True) is False:
            return None
        raise invalid_form_body(REFERENCE, "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return message
