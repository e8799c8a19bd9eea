"""Messages that are deleted or unpinned."""

from gamesched.local_discord.faults.kinds.lookup import CHANNEL, channel_name
from gamesched.local_discord.faults.registry import (
    NEWEST,
    NEWEST_OF_BOT,
    FaultContext,
    FaultParameter,
    InvalidFault,
    fault_kind,
)
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Json, Message
from gamesched.local_discord.state.state import State

GROUP = "Messages"


@fault_kind(GROUP, CHANNEL, FaultParameter("message_id", "message", "message", NEWEST_OF_BOT))
def delete_message(context: FaultContext, given: Json) -> str:
    """A message is deleted behind the bot's back."""
    channel = context.state.channels[given["channel_id"]]
    message = _find_message(context.state, channel, given["message_id"])
    context.state.delete_message(message)
    return f"{_excerpt(message)} is deleted from {channel_name(channel)}."


@fault_kind(
    GROUP,
    CHANNEL,
    FaultParameter("count", "count", "how many of the newest", 10),
    FaultParameter("message_ids", "messages", "or these messages", seldom=True),
)
def delete_messages(context: FaultContext, given: Json) -> str:
    """Many messages are deleted at once, which is one event."""
    channel = context.state.channels[given["channel_id"]]
    ids = given["message_ids"] or [each.id for each in _public_messages(context.state, channel)][-given["count"] :]
    before = len(context.state.messages.get(channel.id, {}))
    context.state.bulk_delete_messages(channel, ids)
    deleted_count = before - len(context.state.messages.get(channel.id, {}))
    return f"Deleted from {channel_name(channel)}: {deleted_count} of its messages."


@fault_kind(GROUP, CHANNEL)
def unpin_messages(context: FaultContext, given: Json) -> str:
    """Nothing is pinned in a channel any more."""
    channel = context.state.channels[given["channel_id"]]
    pinned = context.state.pinned_messages(channel.id)
    for message in pinned:
        context.state.set_pinned(message, False)
    return f"Unpinned in {channel_name(channel)}: {len(pinned)} of its messages."


def _public_messages(state: State, channel: Channel) -> list[Message]:
    return [each for each in state.messages.get(channel.id, {}).values() if each.only_for is None]


def _find_message(state: State, channel: Channel, wanted: int | str) -> Message:
    messages = [
        each
        for each in _public_messages(state, channel)
        if wanted == NEWEST or each.id == wanted or (wanted == NEWEST_OF_BOT and each.author_id == APPLICATION_ID)
    ]
    if not messages:
        raise InvalidFault(f"There is no such message in {channel_name(channel)}.")
    return messages[-1]


def _excerpt(message: Message) -> str:
    text = message.content or next((embed["title"] for embed in message.embeds if embed.get("title")), "")
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”" if text else "A message"
