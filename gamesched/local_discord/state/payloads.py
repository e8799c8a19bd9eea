"""Entities as Discord's JSON: ids are strings, absent keys are absent."""

from datetime import UTC, datetime

from gamesched.local_discord.state.entities import (
    ANNOUNCEMENT,
    APPLICATION_ID,
    DM,
    FORUM,
    HAS_THREAD,
    PRIVATE_THREAD,
    STAGE,
    TEXT,
    VOICE,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    ScheduledEvent,
    User,
    VoiceState,
    snowflake_time,
)

# https://docs.discord.com/developers/resources/message#message-object-message-types
DEFAULT, CHANNEL_PINNED_MESSAGE, REPLY, CHAT_INPUT_COMMAND = 0, 6, 19, 20
MAX_MEMBER_COUNT = 50  # Discord stops counting the members of a thread there


def iso_timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(user_entity: User) -> Json:
    payload: Json = {
        "id": str(user_entity.id),
        "username": user_entity.username,
        "global_name": user_entity.global_name,
        "discriminator": "0",
        "avatar": user_entity.avatar,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "flags": 0,
        "clan": None,
        "primary_guild": None,
    }
    if user_entity.bot:
        payload |= {"bot": True, "discriminator": "0001"}
    return payload


def role(guild: Guild, role: Role) -> Json:
    payload: Json = {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
        "hoist": role.hoist,
        "icon": None,
        "unicode_emoji": None,
        "managed": role.bot_id is not None,
        "mentionable": role.mentionable,
        "flags": 0,
    }
    if role.bot_id is not None:
        payload["tags"] = {"bot_id": str(role.bot_id)}
    return payload


def member(member: Member, person: User | None) -> Json:
    payload: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": (
            None if member.timed_out_until is None else iso_timestamp(member.timed_out_until)
        ),
        "flags": 0,
        "joined_at": iso_timestamp(member.joined_at),
        "nick": member.nick,
        "pending": member.pending,
        "premium_since": None,
        "roles": [str(role_id) for role_id in member.roles],
        "deaf": member.deaf,
        "mute": member.mute,
    }
    if person is not None:
        payload["user"] = user(person)
    return payload


def channel(channel: Channel, recipients: list[User]) -> Json:
    """Return a channel; `recipients` are those of a DM without its reader."""
    if channel.thread is not None:
        return thread(channel)
    payload: Json = {
        "id": str(channel.id),
        "type": channel.type,
        "last_message_id": str(channel.last_message_id) if channel.last_message_id else None,
        "flags": channel.flags,
    }
    if channel.type == DM:
        return payload | {"recipients": [user(person) for person in recipients]}
    payload |= {
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "position": channel.position,
        "parent_id": str(channel.parent_id) if channel.parent_id else None,
        "nsfw": channel.nsfw,
        "rate_limit_per_user": channel.rate_limit_per_user,
        "permission_overwrites": [
            {"id": str(o.id), "type": o.type, "allow": str(o.allow), "deny": str(o.deny)} for o in channel.overwrites
        ],
    }
    if channel.type in (VOICE, STAGE):
        payload |= {"bitrate": channel.bitrate, "user_limit": channel.user_limit, "rtc_region": None}
    if channel.default_auto_archive_duration is not None:
        payload["default_auto_archive_duration"] = channel.default_auto_archive_duration
    if channel.type in (TEXT, ANNOUNCEMENT, FORUM):
        payload["topic"] = channel.topic
    if channel.type == FORUM:
        tags = [{"emoji_id": None, "emoji_name": None, **tag, "id": str(tag["id"])} for tag in channel.available_tags]
        payload |= {"available_tags": tags, "default_reaction_emoji": None, "default_sort_order": None}
        payload["default_forum_layout"] = 0
    return payload


def thread(channel: Channel, viewer_id: int | None = None) -> Json:
    """Return a channel that is a thread; `member` is in it if the viewer is."""
    thread = channel.thread
    assert thread is not None, "not a thread"
    metadata: Json = {
        "archived": thread.archived,
        "archive_timestamp": iso_timestamp(thread.archive_changed_at),
        "auto_archive_duration": thread.auto_archive_duration,
        "locked": thread.locked,
        "create_timestamp": iso_timestamp(thread.created_at),
    }
    if channel.type == PRIVATE_THREAD:
        metadata["invitable"] = thread.invitable
    payload: Json = {
        "id": str(channel.id),
        "type": channel.type,
        "last_message_id": str(channel.last_message_id) if channel.last_message_id else None,
        "flags": channel.flags,
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "parent_id": str(channel.parent_id),
        "rate_limit_per_user": channel.rate_limit_per_user,
        "owner_id": str(thread.owner_id),
        "thread_metadata": metadata,
        "message_count": thread.message_count,
        "member_count": min(len(thread.members), MAX_MEMBER_COUNT),
        "total_message_sent": thread.total_sent,
    }
    if thread.applied_tags:
        payload["applied_tags"] = [str(tag) for tag in thread.applied_tags]
    if viewer_id in thread.members:
        payload["member"] = thread_member(channel, viewer_id)
    return payload


def thread_member(channel: Channel, user_id: int) -> Json:
    assert channel.thread is not None, "not a thread"
    return {
        "id": str(channel.id),
        "user_id": str(user_id),
        "join_timestamp": iso_timestamp(channel.thread.members[user_id]),
        "flags": 0,
    }


def guild(guild: Guild) -> Json:
    """Return a guild as `GET /guilds/{id}` does."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": guild.icon,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(guild.owner_id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(guild, each) for each in guild.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(available_guild: Guild, channels: list[Json], threads: list[Channel], users: dict[int, User]) -> Json:
    """Return a guild as in GUILD_CREATE, for a bot without privileged intents; `channels` are payloads already."""
    bot = users[APPLICATION_ID]
    own_member = available_guild.members[bot.id]
    return guild(available_guild) | {
        "joined_at": iso_timestamp(own_member.joined_at),
        "large": len(available_guild.members) > 250,
        "unavailable": False,
        "member_count": len(available_guild.members),
        "voice_states": [
            {key: value for key, value in voice_state(available_guild, each, users).items() if key != "guild_id"}
            for each in available_guild.voice.values()
        ],
        "members": [member(own_member, bot)],
        "channels": channels,
        "threads": [thread(each, bot.id) for each in threads],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [
            scheduled_event(each, users) for each in available_guild.scheduled.values() if each.status in (1, 2)
        ],
        "soundboard_sounds": [],
    }


def voice_state(guild: Guild, state: VoiceState, users: dict[int, User], left: bool = False) -> Json:
    """Return where a member is in voice; with `left`, that they are nowhere any more."""
    payload: Json = {
        "guild_id": str(guild.id),
        "channel_id": None if left else str(state.channel_id),
        "user_id": str(state.user_id),
        "session_id": state.session_id,
        "deaf": False,
        "mute": False,
        "self_deaf": False,
        "self_mute": False,
        "self_stream": False,
        "self_video": False,
        "suppress": state.suppress,
        "request_to_speak_timestamp": None,
    }
    if state.user_id in guild.members:
        payload["member"] = member(guild.members[state.user_id], users[state.user_id])
        payload |= {key: payload["member"][key] for key in ("deaf", "mute")}
    return payload


def scheduled_event(event: ScheduledEvent, users: dict[int, User], with_user_count: bool = False) -> Json:
    payload: Json = {
        "id": str(event.id),
        "guild_id": str(event.guild_id),
        "channel_id": str(event.channel_id) if event.channel_id else None,
        "creator_id": str(event.creator_id),
        "creator": user(users[event.creator_id]),
        "name": event.name,
        "description": event.description,
        "image": event.image,
        "scheduled_start_time": iso_timestamp(event.starts_at),
        "scheduled_end_time": None if event.ends_at is None else iso_timestamp(event.ends_at),
        "privacy_level": 2,
        "status": event.status,
        "entity_type": event.entity_type,
        "entity_id": None,
        "entity_metadata": {"location": event.location} if event.location else None,
        "recurrence_rule": None,
        "guild_scheduled_event_exceptions": [],
    }
    if with_user_count:
        payload["user_count"] = len(event.interested)
    return payload


def approximate_counts(guild: Guild) -> Json:
    """Return what `with_counts=true` adds to a guild. Everybody is online here."""
    return {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}


def own_guild(guild: Guild, user_id: int, bits: int) -> Json:
    """Return an entry of `GET /users/@me/guilds`."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": guild.icon,
        "banner": None,
        "owner": guild.owner_id == user_id,
        "permissions": str(bits),
        "features": [],
    }


def message(message: Message, users: dict[int, User], started_thread: Channel | None = None) -> Json:
    """Return a message as REST does, with the thread that it started. The gateway adds guild_id and member."""
    author = users[message.author_id]
    payload: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "type": _message_type(message),
        "author": user(author),
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": message.attachments,
        "mentions": [user(users[each]) for each in message.mentions if each in users],
        "mention_roles": [str(each) for each in message.mention_roles],
        "mention_everyone": message.mention_everyone,
        "pinned": message.pinned_at is not None,
        "tts": False,
        "flags": message.flags | (HAS_THREAD if started_thread is not None else 0),
        "timestamp": iso_timestamp(snowflake_time(message.id)),
        "edited_timestamp": iso_timestamp(message.edited_at) if message.edited_at is not None else None,
    }
    if started_thread is not None:
        payload["thread"] = thread(started_thread)
    if message.reactions:
        payload["reactions"] = [_reaction(text, user_ids) for text, user_ids in message.reactions.items()]
    if message.nonce is not None:
        payload["nonce"] = message.nonce
    if message.interaction is not None:
        payload |= {"application_id": str(APPLICATION_ID), "webhook_id": str(APPLICATION_ID)}
        payload["interaction_metadata"] = _interaction_metadata(message.interaction, users)
        if message.interaction.get("name"):
            interaction = {key: payload["interaction_metadata"][key] for key in ("id", "type", "user")}
            payload["interaction"] = interaction | {"name": message.interaction["name"]}
    elif author.bot:
        payload["application_id"] = str(APPLICATION_ID)
    return payload


def emoji(text: str) -> Json:
    """Return a reaction's emoji: of Unicode, or as `name:id` one of a guild."""
    name, _, emoji_id = text.partition(":")
    return {"id": emoji_id or None, "name": name}


def _reaction(text: str, user_ids: list[int]) -> Json:
    return {
        "emoji": emoji(text),
        "count": len(user_ids),
        "count_details": {"burst": 0, "normal": len(user_ids)},
        "burst_colors": [],
        "me_burst": False,
        "me": APPLICATION_ID in user_ids,
    }


def _message_type(message: Message) -> int:
    if message.is_pin_notice:
        return CHANNEL_PINNED_MESSAGE
    if message.replies_to is not None:
        return REPLY
    return CHAT_INPUT_COMMAND if message.interaction is not None and message.interaction["type"] == 2 else DEFAULT


def _interaction_metadata(stored: Json, users: dict[int, User]) -> Json:
    """Return `interaction_metadata`, from a message's stored data about the interaction."""
    payload: Json = {
        "id": stored["id"],
        "type": stored["type"],
        "user": user(users[int(stored["user_id"])]),
        "authorizing_integration_owners": stored.get("owners", {}),
    }
    if stored.get("message_id"):
        payload["interacted_message_id"] = stored["message_id"]
    if stored.get("original_id"):
        payload["original_response_message_id"] = stored["original_id"]
    if stored.get("triggering"):
        payload["triggering_interaction_metadata"] = _interaction_metadata(stored["triggering"], users)
    return payload
