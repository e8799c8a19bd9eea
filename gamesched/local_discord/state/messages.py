"""Messages: https://docs.discord.com/developers/resources/message"""

from dataclasses import asdict

from gamesched.local_discord.state import payloads, threads
from gamesched.local_discord.state.core import StateCore
from gamesched.local_discord.state.entities import EPHEMERAL, Channel, Json, Message
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.permissions import Permission


class MessageState(StateCore):
    """Messages that are sent, changed and deleted."""

    def visible_message(self, channel_id: int, message_id: int, viewer_id: int) -> Message | None:
        """Return a message, if it exists and is not someone else's ephemeral one."""
        message = self.messages.get(channel_id, {}).get(message_id)
        if message is not None and message.only_for not in (None, viewer_id) and message.author_id != viewer_id:
            return None
        return message

    def pingable_roles(self, channel: Channel, bits: int, role_ids: list[int]) -> list[int]:
        """Return which of these roles somebody with these permissions may ping in a channel."""
        guild = self.guild_of(channel)
        known = [] if guild is None else [guild.roles[each] for each in role_ids if each in guild.roles]
        return [role.id for role in known if role.mentionable or bits & Permission.MENTION_EVERYONE]

    def forget_nonces(self) -> None:
        """Drop all nonces, as Discord does after a few minutes."""
        self.nonces.clear()

    def add_message(self, message: Message) -> Message:
        """Add a new message to its channel and publish it to those who see it."""
        self.messages.setdefault(message.channel_id, {})[message.id] = message
        self.nonces.remember(message)
        if message.only_for is None:
            channel = self.channels[message.channel_id]
            channel.last_message_id = message.id
            if channel.thread is not None:
                threads.apply_new_message(self, channel, message)
            self.save_channel(channel)
        self.save_message(message)
        self._publish_message("MESSAGE_CREATE", message)
        return message

    def update_message(self, message: Message, edited: bool = True) -> None:
        """Save a changed message and publish it. `edited` sets its edit time."""
        if edited:
            message.edited_at = self.clock()
        self.save_message(message)
        self._publish_message("MESSAGE_UPDATE", message)

    def pinned_messages(self, channel_id: int) -> list[Message]:
        """Return a channel's pinned messages, the last pinned first."""
        pinned = (each for each in self.messages.get(channel_id, {}).values() if each.pinned_at is not None)
        return sorted(pinned, key=lambda each: -(each.pinned_at or 0.0))

    def set_pinned(self, message: Message, pinned: bool) -> None:
        """Pin a message, or no longer, and tell when the last one of its channel was."""
        message.pinned_at = self.clock() if pinned else None
        self.update_message(message, edited=False)
        channel, last = self.channels[message.channel_id], self.pinned_messages(message.channel_id)[:1]
        payload: Json = {"channel_id": str(channel.id)}
        payload["last_pin_timestamp"] = payloads.iso_timestamp(last[0].pinned_at or 0.0) if last else None
        if channel.guild_id is not None:
            payload["guild_id"] = str(channel.guild_id)
        self.publish(Event("CHANNEL_PINS_UPDATE", payload, channel.guild_id, channel.id))

    def delete_message(self, message: Message) -> None:
        self.messages[message.channel_id].pop(message.id, None)
        self.store.delete("message", message.id)
        channel = self.channels[message.channel_id]
        payload: Json = {"id": str(message.id), "channel_id": str(channel.id)}
        if channel.guild_id is not None:
            payload["guild_id"] = str(channel.guild_id)
        self.publish(Event("MESSAGE_DELETE", payload, channel.guild_id, channel.id, message.only_for))

    def bulk_delete_messages(self, channel: Channel, message_ids: list[int]) -> None:
        """Delete many messages at once, which is one event. Ids without a message are ignored."""
        deleted_ids = [each for each in message_ids if self.messages.get(channel.id, {}).pop(each, None) is not None]
        for message_id in deleted_ids:
            self.store.delete("message", message_id)
        payload: Json = {"ids": [str(each) for each in deleted_ids], "channel_id": str(channel.id)}
        if channel.guild_id is not None:
            payload["guild_id"] = str(channel.guild_id)
        if deleted_ids:
            self.publish(Event("MESSAGE_DELETE_BULK", payload, channel.guild_id, channel.id))

    def message_payload(self, message: Message) -> Json:
        started_thread = self.channels.get(message.id)  # a thread has the id of the message that started it
        if started_thread is not None and started_thread.parent_id != message.channel_id:
            started_thread = None
        payload = payloads.message(message, self.users, started_thread)
        channel = self.channels.get(message.channel_id)
        if message.replies_to is not None and channel is not None:
            payload["message_reference"] = {
                "type": 0,
                "message_id": str(message.replies_to),
                "channel_id": str(channel.id),
                **({} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}),
            }
            replied = self.messages.get(channel.id, {}).get(message.replies_to)
            if not message.is_pin_notice:
                # A reply inside it is not resolved again.
                payload["referenced_message"] = None if replied is None else payloads.message(replied, self.users)
        return payload

    def save_message(self, message: Message) -> None:
        if not message.flags & EPHEMERAL:  # Discord's client forgets those, too
            self.store.put("message", message.id, asdict(message))

    def _publish_message(self, name: str, message: Message) -> None:
        channel = self.channels[message.channel_id]
        payload = self.message_payload(message)
        guild = self.guild_of(channel)
        if guild is not None:
            payload["guild_id"] = str(guild.id)
            if message.author_id in guild.members:
                payload["member"] = payloads.member(guild.members[message.author_id], None)
        self.publish(Event(name, payload, channel.guild_id, channel.id, message.only_for))
