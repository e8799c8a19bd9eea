"""Things as Discord writes them in JSON: ids are strings, absent keys are absent."""

from datetime import UTC, datetime

from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import (
    ANNOUNCEMENT,
    APPLICATION_ID,
    DM,
    FORUM,
    HAS_THREAD,
    PRIVATE_THREAD,
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
    snowflake_time,
)

MEMBERS_COUNTED = 50  # Discord stops counting the members of a thread there


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(person: User) -> Json:
    payload: Json = {
        "id": str(person.id),
        "username": person.username,
        "global_name": person.global_name,
        "discriminator": "0",
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "flags": 0,
        "clan": None,
        "primary_guild": None,
    }
    if person.bot:
        payload |= {"bot": True, "discriminator": "0001"}
    return payload


def role(guild: Guild, it: Role) -> Json:
    payload: Json = {
        "id": str(it.id),
        "name": it.name,
        "description": None,
        "permissions": str(it.permissions),
        "position": it.position,
        "color": it.color,
        "colors": {"primary_color": it.color, "secondary_color": None, "tertiary_color": None},
        "hoist": it.hoist,
        "icon": None,
        "unicode_emoji": None,
        "managed": it.bot_id is not None,
        "mentionable": it.mentionable,
        "flags": 0,
    }
    if it.bot_id is not None:
        payload["tags"] = {"bot_id": str(it.bot_id)}
    return payload


def member(it: Member, person: User | None) -> Json:
    payload: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": iso(it.joined_at),
        "nick": it.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role_id) for role_id in it.roles],
        "deaf": False,
        "mute": False,
    }
    if person is not None:
        payload["user"] = user(person)
    return payload


def channel(it: Channel, recipients: list[User]) -> Json:
    """A channel; `recipients` are those of a DM other than the one who reads this."""
    if it.thread is not None:
        return thread(it)
    payload: Json = {
        "id": str(it.id),
        "type": it.type,
        "last_message_id": str(it.last_message_id) if it.last_message_id else None,
        "flags": it.flags,
    }
    if it.type == DM:
        return payload | {"recipients": [user(person) for person in recipients]}
    payload |= {
        "guild_id": str(it.guild_id),
        "name": it.name,
        "position": it.position,
        "parent_id": str(it.parent_id) if it.parent_id else None,
        "nsfw": False,
        "rate_limit_per_user": it.rate_limit_per_user,
        "permission_overwrites": [
            {"id": str(o.id), "type": o.type, "allow": str(o.allow), "deny": str(o.deny)} for o in it.overwrites
        ],
    }
    if it.type == VOICE:
        payload |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if it.type in (TEXT, ANNOUNCEMENT, FORUM):
        payload["topic"] = it.topic
    if it.type == FORUM:
        tags = [{"emoji_id": None, "emoji_name": None, **tag, "id": str(tag["id"])} for tag in it.available_tags]
        payload |= {"available_tags": tags, "default_reaction_emoji": None, "default_sort_order": None}
        payload["default_forum_layout"] = 0
    return payload


def thread(it: Channel, viewer_id: int | None = None) -> Json:
    """A channel that is a thread; `member` is in it when the viewer is."""
    facts = it.thread
    assert facts is not None, "not a thread"
    state: Json = {
        "archived": facts.archived,
        "archive_timestamp": iso(facts.archive_changed_at),
        "auto_archive_duration": facts.auto_archive_duration,
        "locked": facts.locked,
        "create_timestamp": iso(facts.created_at),
    }
    if it.type == PRIVATE_THREAD:
        state["invitable"] = facts.invitable
    payload: Json = {
        "id": str(it.id),
        "type": it.type,
        "last_message_id": str(it.last_message_id) if it.last_message_id else None,
        "flags": 0,
        "guild_id": str(it.guild_id),
        "name": it.name,
        "parent_id": str(it.parent_id),
        "rate_limit_per_user": it.rate_limit_per_user,
        "owner_id": str(facts.owner_id),
        "thread_metadata": state,
        "message_count": facts.message_count,
        "member_count": min(len(facts.members), MEMBERS_COUNTED),
        "total_message_sent": facts.total_sent,
    }
    if facts.applied_tags:
        payload["applied_tags"] = [str(tag) for tag in facts.applied_tags]
    if viewer_id in facts.members:
        payload["member"] = thread_member(it, viewer_id)
    return payload


def thread_member(it: Channel, user_id: int) -> Json:
    assert it.thread is not None, "not a thread"
    return {"id": str(it.id), "user_id": str(user_id), "join_timestamp": iso(it.thread.members[user_id]), "flags": 0}


def guild(it: Guild) -> Json:
    """A guild as `GET /guilds/{id}` gives it."""
    return {
        "id": str(it.id),
        "name": it.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(it.owner_id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(it, each) for each in it.roles.values()],
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


def guild_create(it: Guild, channels: list[Channel], threads: list[Channel], users: dict[int, User]) -> Json:
    """A guild as the gateway's GUILD_CREATE gives it to a bot without privileged intents."""
    me = users[APPLICATION_ID]
    own = it.members[me.id]
    return guild(it) | {
        "joined_at": iso(own.joined_at),
        "large": len(it.members) > 250,
        "unavailable": False,
        "member_count": len(it.members),
        "voice_states": [],
        "members": [member(own, me)],
        "channels": [channel(each, []) for each in channels],
        "threads": [thread(each, me.id) for each in threads],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [
            scheduled_event(each, users) for each in it.scheduled.values() if each.status in (1, 2)
        ],
        "soundboard_sounds": [],
    }


def scheduled_event(it: ScheduledEvent, users: dict[int, User], counted: bool = False) -> Json:
    payload: Json = {
        "id": str(it.id),
        "guild_id": str(it.guild_id),
        "channel_id": str(it.channel_id) if it.channel_id else None,
        "creator_id": str(it.creator_id),
        "creator": user(users[it.creator_id]),
        "name": it.name,
        "description": it.description,
        "image": None,
        "scheduled_start_time": iso(it.starts_at),
        "scheduled_end_time": None if it.ends_at is None else iso(it.ends_at),
        "privacy_level": 2,
        "status": it.status,
        "entity_type": it.entity_type,
        "entity_id": None,
        "entity_metadata": {"location": it.location} if it.location else None,
        "recurrence_rule": None,
        "guild_scheduled_event_exceptions": [],
    }
    if counted:
        payload["user_count"] = len(it.interested)
    return payload


def own_guild(it: Guild, user_id: int) -> Json:
    """An entry of `GET /users/@me/guilds`."""
    return {
        "id": str(it.id),
        "name": it.name,
        "icon": None,
        "banner": None,
        "owner": it.owner_id == user_id,
        "permissions": str(permissions.in_guild(it, user_id)),
        "features": [],
    }


def message(it: Message, users: dict[int, User], started: Channel | None = None) -> Json:
    """A message as REST gives it, with the thread that it `started`. The gateway adds guild_id and member."""
    author = users[it.author_id]
    payload: Json = {
        "id": str(it.id),
        "channel_id": str(it.channel_id),
        "type": 20 if it.interaction is not None and it.interaction["type"] == 2 else 0,
        "author": user(author),
        "content": it.content,
        "embeds": it.embeds,
        "components": it.components,
        "attachments": [],
        "mentions": [user(users[each]) for each in it.mentions if each in users],
        "mention_roles": [str(each) for each in it.mention_roles],
        "mention_everyone": it.mention_everyone,
        "pinned": False,
        "tts": False,
        "flags": it.flags | (HAS_THREAD if started is not None else 0),
        "timestamp": iso(snowflake_time(it.id)),
        "edited_timestamp": iso(it.edited_at) if it.edited_at is not None else None,
    }
    if started is not None:
        payload["thread"] = thread(started)
    if it.nonce is not None:
        payload["nonce"] = it.nonce
    if it.interaction is not None:
        payload |= {"application_id": str(APPLICATION_ID), "webhook_id": str(APPLICATION_ID)}
        payload["interaction_metadata"] = _interaction(it.interaction, users)
        if it.interaction.get("name"):
            told = {key: payload["interaction_metadata"][key] for key in ("id", "type", "user")}
            payload["interaction"] = told | {"name": it.interaction["name"]}
    elif author.bot:
        payload["application_id"] = str(APPLICATION_ID)
    return payload


def _interaction(kept: Json, users: dict[int, User]) -> Json:
    """`interaction_metadata`, from what a message keeps of the interaction."""
    told: Json = {
        "id": kept["id"],
        "type": kept["type"],
        "user": user(users[int(kept["user_id"])]),
        "authorizing_integration_owners": kept.get("owners", {}),
    }
    if kept.get("message_id"):
        told["interacted_message_id"] = kept["message_id"]
    if kept.get("original_id"):
        told["original_response_message_id"] = kept["original_id"]
    if kept.get("triggering"):
        told["triggering_interaction_metadata"] = _interaction(kept["triggering"], users)
    return told
