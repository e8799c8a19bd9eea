"""Things as Discord writes them in JSON: ids are strings, absent keys are absent."""

from datetime import UTC, datetime

from discord_bot.sandbox import permissions
from discord_bot.sandbox.things import (
    APPLICATION_ID,
    DM,
    TEXT,
    VOICE,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
    snowflake_time,
)


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
    payload: Json = {
        "id": str(it.id),
        "type": it.type,
        "last_message_id": str(it.last_message_id) if it.last_message_id else None,
        "flags": 0,
    }
    if it.type == DM:
        return payload | {"recipients": [user(person) for person in recipients]}
    payload |= {
        "guild_id": str(it.guild_id),
        "name": it.name,
        "position": it.position,
        "parent_id": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "permission_overwrites": [
            {"id": str(o.id), "type": o.type, "allow": str(o.allow), "deny": str(o.deny)} for o in it.overwrites
        ],
    }
    if it.type == VOICE:
        payload |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if it.type == TEXT:
        payload["topic"] = it.topic
    return payload


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


def guild_create(it: Guild, channels: list[Channel], me: User) -> Json:
    """A guild as the gateway's GUILD_CREATE gives it to a bot without privileged intents."""
    own = it.members[me.id]
    return guild(it) | {
        "joined_at": iso(own.joined_at),
        "large": len(it.members) > 250,
        "unavailable": False,
        "member_count": len(it.members),
        "voice_states": [],
        "members": [member(own, me)],
        "channels": [channel(each, []) for each in channels],
        "threads": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


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


def message(it: Message, users: dict[int, User]) -> Json:
    """A message as REST gives it. The gateway adds guild_id and member."""
    author = users[it.author_id]
    payload: Json = {
        "id": str(it.id),
        "channel_id": str(it.channel_id),
        "type": 0 if it.interaction is None or it.interaction["type"] != 2 else 20,
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
        "flags": it.flags,
        "timestamp": iso(snowflake_time(it.id)),
        "edited_timestamp": iso(it.edited_at) if it.edited_at is not None else None,
    }
    if it.nonce is not None:
        payload["nonce"] = it.nonce
    if it.interaction is not None:
        who = user(users[int(it.interaction["user_id"])])
        told = {"id": it.interaction["id"], "type": it.interaction["type"], "user": who}
        payload |= {"application_id": str(APPLICATION_ID), "webhook_id": str(APPLICATION_ID)}
        payload["interaction_metadata"] = told | {"authorizing_integration_owners": {}}
        if it.interaction.get("message_id"):
            payload["interaction_metadata"]["interacted_message_id"] = it.interaction["message_id"]
        if it.interaction.get("name"):
            payload["interaction"] = told | {"name": it.interaction["name"]}
    elif author.bot:
        payload["application_id"] = str(APPLICATION_ID)
    return payload
