"""The state of the local Discord: people, guilds and messages, and the events that changes publish.

Used from one thread, that of the event loop. Every change is saved to the store and published to all subscribers:
the bots' gateway sessions and the pages.
"""

from dataclasses import asdict
from typing import Any

from gamesched.local_discord.state import (
    hidden_channels,
    payloads,
    permissions,
    scheduled_events,
    serialization,
    threads,
    voice,
)
from gamesched.local_discord.state.entities import (
    APPLICATION_ID,
    DM,
    TEXT,
    Channel,
    Guild,
    Json,
    Member,
    Overwrite,
    Role,
    User,
    bot_token,
)
from gamesched.local_discord.state.events import Event as Event
from gamesched.local_discord.state.messages import MessageState
from gamesched.local_discord.state.store import Store


class State(MessageState):
    """Guilds, channels, people and messages; see `fixtures` for the initial ones."""

    def __init__(self, store: Store | None = None) -> None:
        super().__init__(store)
        self._load()

    # --- people --------------------------------------------------------------------------------------------

    @property
    def bot(self) -> User:
        return self.users[APPLICATION_ID]

    def user_by_token(self, token: str) -> User | None:
        user_id = self._user_ids_by_token.get(token)
        return None if user_id is None or self.users[user_id].token != token else self.users[user_id]

    def people(self) -> list[User]:
        return [user for user in self.users.values() if not user.bot]

    def add_user(self, user: User) -> User:
        """Add a person or a bot, with a token made from the name when none is given."""
        if not user.token:
            user.token = bot_token(user.id) if user.bot else f"local-{user.username}"
        self.users[user.id] = user
        self._user_ids_by_token[user.token] = user.id
        self.store.put("user", user.id, asdict(user))
        return user

    def rename_user(self, user: User, name: str) -> None:
        """Give a person another display name, published as GUILD_MEMBER_UPDATE."""
        user.global_name = name
        self.store.put("user", user.id, asdict(user))
        for guild in self.guilds_of(user.id):
            self._publish_member_update(guild, guild.members[user.id])

    def set_dms_open(self, user: User, is_open: bool) -> None:
        user.dms_open = is_open
        self.store.put("user", user.id, asdict(user))

    # --- guilds --------------------------------------------------------------------------------------------

    def guilds_of(self, user_id: int) -> list[Guild]:
        return [guild for guild in self.guilds.values() if user_id in guild.members]

    def add_guild(self, name: str, owner_id: int, guild_id: int | None = None, icon: str | None = None) -> Guild:
        """Add a guild with its owner in it and no channel yet; the bot is not in it."""
        guild = Guild(guild_id or self.new_id(), name, owner_id, icon=icon)
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.EVERYONE_PERMISSIONS, 0)
        guild.members[owner_id] = Member(owner_id, joined_at=self.clock())
        self.guilds[guild.id] = guild
        self.save_guild(guild)
        return guild

    def add_bot(self, guild: Guild, role_id: int | None = None) -> None:
        """Invite the bot, which comes with its own managed role."""
        role = Role(
            role_id or self.new_id(),
            self.bot.username,
            permissions.BOT_PERMISSIONS,
            len(guild.roles),
            bot_id=APPLICATION_ID,
        )
        guild.roles[role.id] = role
        guild.members[APPLICATION_ID] = Member(APPLICATION_ID, [role.id], joined_at=self.clock())
        self.save_guild(guild)
        payload = self.guild_create_payload(guild)
        del payload["unavailable"]  # with it, this would be the end of an outage
        self.publish(Event("GUILD_CREATE", payload, guild.id, only_for=APPLICATION_ID))

    def change_guild(self, guild: Guild, name: str | None = None, owner_id: int | None = None) -> None:
        guild.name, guild.owner_id = name or guild.name, owner_id or guild.owner_id
        self.save_guild(guild)
        self.publish(Event("GUILD_UPDATE", payloads.guild(guild), guild.id))

    def set_unavailable(self, guild: Guild, unavailable: bool) -> None:
        """Start or end an outage of the guild."""
        guild.unavailable = unavailable
        if unavailable:
            self.publish(Event("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild.id))
        else:
            self.publish(Event("GUILD_CREATE", self.guild_create_payload(guild), guild.id, only_for=APPLICATION_ID))

    def guild_create_payload(self, guild: Guild) -> Json:
        active_threads = threads.active(self, guild, APPLICATION_ID)
        channels = [hidden_channels.payload_for(self, each, APPLICATION_ID) for each in self.channels_of(guild)]
        payload = payloads.guild_create(guild, channels, active_threads, self.users)
        visible = hidden_channels.visible_ids(self, guild, APPLICATION_ID)
        listed = payload["guild_scheduled_events"]
        events = [one for one in listed if one["channel_id"] is None or int(one["channel_id"]) in visible]
        return {**payload, "guild_scheduled_events": events}

    # --- roles, members ------------------------------------------------------------------------------------

    def add_role(self, guild: Guild, name: str, bits: int = 0, role_id: int | None = None, color: int = 0) -> Role:
        role = Role(role_id or self.new_id(), name, bits, len(guild.roles), color)
        guild.roles[role.id] = role
        self._publish_role("GUILD_ROLE_CREATE", guild, role)
        return role

    def change_role(
        self, guild: Guild, role: Role, name: str | None = None, bits: int | None = None, **more: Any
    ) -> None:
        """Set a role's `name`, its permission `bits`, or `color`, `hoist`, `mentionable`, `position`."""
        role.name = role.name if name is None else name
        role.permissions = role.permissions if bits is None else bits
        for key, value in more.items():
            setattr(role, key, value)
        self._publish_role("GUILD_ROLE_UPDATE", guild, role)

    def delete_role(self, guild: Guild, role: Role) -> None:
        del guild.roles[role.id]
        for member in guild.members.values():
            if role.id in member.roles:
                member.roles.remove(role.id)
        self._publish_guild("GUILD_ROLE_DELETE", guild, role_id=str(role.id))
        for channel in self.channels_of(guild):
            if any(each.id == role.id for each in channel.overwrites):
                self.set_overwrite(channel, Overwrite(role.id, 0))

    def _publish_role(self, name: str, guild: Guild, role: Role) -> None:
        self._publish_guild(name, guild, role=payloads.role(guild, role))

    def _publish_guild(self, name: str, guild: Guild, **fields: Any) -> None:
        self.save_guild(guild)
        self.publish(Event(name, fields | {"guild_id": str(guild.id)}, guild.id))

    def add_members(self, guild: Guild, users: list[User], roles: list[int] | None = None) -> None:
        """Add any number of people, in one write."""
        for user in users:
            guild.members[user.id] = Member(user.id, list(roles or []), joined_at=self.clock())
        self.save_guild(guild)
        for user in users:
            payload = payloads.member(guild.members[user.id], user) | {"guild_id": str(guild.id)}
            self.publish(Event("GUILD_MEMBER_ADD", payload, guild.id))

    def change_member(self, guild: Guild, member: Member, **changes: Any) -> None:
        """Set fields of a member; with `mute` or `deaf`, also tell those who hear them."""
        for key, value in changes.items():
            setattr(member, key, value)
        self._publish_member_update(guild, member)
        if ("mute" in changes or "deaf" in changes) and member.user_id in guild.voice:
            voice.publish(self, guild, guild.voice[member.user_id])

    def _publish_member_update(self, guild: Guild, member: Member) -> None:
        payload = payloads.member(member, self.users[member.user_id])
        self._publish_guild("GUILD_MEMBER_UPDATE", guild, **payload)

    def remove_member(self, guild: Guild, user_id: int) -> None:
        """Kick a person or the bot, which loses its role and gets GUILD_DELETE."""
        voice.leave(self, guild, user_id)
        member = guild.members.pop(user_id)
        if user_id == APPLICATION_ID:
            for role_id in member.roles:
                role = guild.roles.get(role_id)
                if role is not None and role.bot_id == user_id:
                    del guild.roles[role_id]
        self._publish_guild("GUILD_MEMBER_REMOVE", guild, user=payloads.user(self.users[user_id]))
        if user_id == APPLICATION_ID:
            self.publish(Event("GUILD_DELETE", {"id": str(guild.id)}, guild.id, only_for=user_id))

    def ban(self, guild: Guild, user_id: int, reason: str | None = None) -> None:
        """Remove anyone for good; non-members cannot join any more either."""
        if user_id in guild.members:
            self.remove_member(guild, user_id)
        guild.bans[user_id] = reason
        self._publish_guild("GUILD_BAN_ADD", guild, user=payloads.user(self.users[user_id]))

    def unban(self, guild: Guild, user_id: int) -> None:
        """Lift a ban, which brings no one back. Raise KeyError if there is none."""
        del guild.bans[user_id]
        self._publish_guild("GUILD_BAN_REMOVE", guild, user=payloads.user(self.users[user_id]))

    # --- channels ------------------------------------------------------------------------------------------

    def channels_of(self, guild: Guild) -> list[Channel]:
        """Return its channels without the threads; for those see `threads`."""
        return self.channels.of_guild(guild.id, threads=False)

    def add_channel(
        self, guild: Guild, name: str, kind: int = TEXT, channel_id: int | None = None, **more: Any
    ) -> Channel:
        """Add a channel; `more` are fields of `Channel`."""
        fields: dict[str, Any] = {"position": len(self.channels_of(guild))} | more
        channel = Channel(channel_id or self.new_id(), kind, name, guild.id, **fields)
        self.channels[channel.id] = channel
        self._publish_channel("CHANNEL_CREATE", channel)
        return channel

    def rename_channel(self, channel: Channel, name: str) -> None:
        self.change_channel(channel, name=name)

    def change_channel(self, channel: Channel, **changes: Any) -> None:
        """Set fields of a channel; for a thread `name` and fields of `Thread`."""
        if channel.thread is not None:
            return threads.update(self, channel, **changes)
        for key, value in changes.items():
            setattr(channel, key, value)
        return self._publish_channel("CHANNEL_UPDATE", channel)

    def set_overwrite(self, channel: Channel, overwrite: Overwrite) -> None:
        """Set what a role or a member is allowed or denied in a channel."""
        channel.overwrites = [each for each in channel.overwrites if each.id != overwrite.id]
        if overwrite.allow or overwrite.deny:
            channel.overwrites.append(overwrite)
        self._publish_channel("CHANNEL_UPDATE", channel)

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with its messages, threads and events, or a thread. Channels leave a deleted category."""
        threads_inside = [each for each in self.channels.values() if each.thread and each.parent_id == channel.id]
        for each in (channel, *threads_inside):
            del self.channels[each.id]
            for message_id in self.messages.pop(each.id, {}):
                self.store.delete("message", message_id)
            self.store.delete("channel", each.id)
        payload = payloads.channel(channel, [])
        if channel.thread is None:
            self.publish(Event("CHANNEL_DELETE", payload, channel.guild_id))
            self._clear_deleted_channel(self.guilds[channel.guild_id or 0], channel)
        else:
            payload = {key: payload[key] for key in ("id", "guild_id", "parent_id", "type")}
            self.publish(Event("THREAD_DELETE", payload, channel.guild_id, channel.parent_id))

    def _clear_deleted_channel(self, guild: Guild, channel: Channel) -> None:
        for user_id in voice.people_in(guild, channel.id):
            voice.leave(self, guild, user_id)
        scheduled_events.end_in_channel(self, guild, channel.id)
        for each in self.channels_of(guild):
            if each.parent_id == channel.id:
                self.change_channel(each, parent_id=None)

    def _publish_channel(self, name: str, channel: Channel) -> None:
        self.save_channel(channel)
        self.publish(Event(name, payloads.channel(channel, []), channel.guild_id))

    def get_or_create_dm(self, user: User, other: User) -> Channel:
        """Return the DM channel of two people, created if needed."""
        user_ids = frozenset((user.id, other.id))
        if user_ids not in self._dm_ids:
            channel = Channel(self.new_id(), DM, recipients=sorted(user_ids))
            self.channels[channel.id] = channel
            self._dm_ids[user_ids] = channel.id
            self.save_channel(channel)
        return self.channels[self._dm_ids[user_ids]]

    def dms_of(self, user_id: int) -> list[Channel]:
        return [self.channels[dm] for both, dm in self._dm_ids.items() if user_id in both]

    def channel_payload_for(self, channel: Channel, user_id: int) -> Json:
        """Return the channel's payload for this person."""
        if channel.thread is not None:
            return payloads.thread(channel, user_id)
        return payloads.channel(channel, [self.users[each] for each in channel.recipients if each != user_id])

    # --- the state file ------------------------------------------------------------------------------------

    def _load(self) -> None:
        for user in serialization.load_users(self.store):
            self.users[user.id] = user
            self._user_ids_by_token[user.token] = user.id
        self.guilds = {guild.id: guild for guild in serialization.load_guilds(self.store)}
        for channel in serialization.load_channels(self.store):
            self.channels[channel.id] = channel
            if channel.type == DM:
                self._dm_ids[frozenset(channel.recipients)] = channel.id
        for body in self.store.all("file"):
            self.files[body["id"]] = (body["type"], bytes.fromhex(body["data"]))
        for message in serialization.load_messages(self.store):
            self.messages.setdefault(message.channel_id, {})[message.id] = message
            self.nonces.remember(message)
            self._last_id = max(self._last_id, message.id)
        for body in self.store.all("commands"):
            self.commands[body["scope"]] = body["commands"]
