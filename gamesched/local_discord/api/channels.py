"""Reads a guild's channels in a request: https://docs.discord.com/developers/resources/guild#create-guild-channel"""

from typing import Any

from gamesched.local_discord.api.threads import MAX_SLOWMODE, read_auto_archive_duration
from gamesched.local_discord.api.validation import (
    BodyPath,
    check_length,
    check_list,
    check_object,
    check_range,
    parse_integer,
    parse_snowflake,
    read_text,
)
from gamesched.local_discord.errors import (
    invalid_form_body,
    missing_permissions,
    too_many_channels,
    unknown_channel,
    unknown_overwrite,
)
from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import (
    ANNOUNCEMENT,
    CATEGORY,
    FORUM,
    REQUIRE_TAG,
    STAGE,
    TEXT,
    VOICE,
    Channel,
    Guild,
    Json,
    Overwrite,
)
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State

CREATABLE_TYPES = (TEXT, VOICE, CATEGORY, ANNOUNCEMENT, FORUM)  # stage channels are for community servers
MAX_CHANNELS, MAX_IN_CATEGORY, MAX_OVERWRITES, MAX_TAGS = 500, 50, 100, 20
MIN_BITRATE, MAX_BITRATE = 8_000, 96_000  # without boosts
MAX_USER_LIMITS = {VOICE: 99, STAGE: 10_000}
ROLE, MEMBER = 0, 1  # types of overwrites


def create_channel(state: State, guild: Guild, creator_id: int, body: Json) -> Channel:
    """Create a channel. Raise 30013 for the five hundred and first, 50035, 50013 for rights that the creator lacks."""
    kind = TEXT if body.get("type") is None else parse_integer(body["type"], "type")
    if kind not in CREATABLE_TYPES:
        raise invalid_form_body(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(CREATABLE_TYPES)}.")
    if len(state.channels_of(guild)) >= MAX_CHANNELS:
        raise too_many_channels()
    draft, bits = Channel(0, kind, guild_id=guild.id), state.guild_permissions(guild, creator_id)
    changes = _read_fields(state, guild, draft, body | {"name": body.get("name")})
    if body.get("permission_overwrites") is not None:
        changes["overwrites"] = _read_overwrites(state, guild, draft, body["permission_overwrites"], bits)
    elif "parent_id" in changes:  # as its category has them
        changes["overwrites"] = [Overwrite(**vars(each)) for each in state.channels[changes["parent_id"]].overwrites]
    return state.add_channel(guild, changes.pop("name"), kind, **changes)


def read_changes(state: State, guild: Guild, channel: Channel, body: Json, bits: int) -> Json:
    """Return the channel's fields in a request of somebody with these permission bits there. Raise as above."""
    changes = _read_fields(state, guild, channel, body)
    if body.get("permission_overwrites") is not None:
        if not bits & Permission.MANAGE_ROLES:
            raise missing_permissions()
        changes["overwrites"] = _read_overwrites(state, guild, channel, body["permission_overwrites"], bits)
    return changes


def is_renamed(channel: Channel, changes: Json) -> bool:
    """Return whether the name or the topic changes, which Discord allows seldom."""
    return any(key in changes and changes[key] != getattr(channel, key) for key in ("name", "topic"))


def sort_channels(state: State, guild: Guild, body: object) -> None:
    """Set positions and categories of several channels. Raise 50035, 10003."""
    steps: list[tuple[Channel, Json]] = []
    for i, each in enumerate(check_list(body)):
        given = check_object(each, i)
        channel = state.channels.get(parse_snowflake(given.get("id"), i, "id"))
        if channel is None or channel.guild_id != guild.id or channel.thread is not None:
            raise unknown_channel()
        changes: Json = {}
        if given.get("position") is not None:
            changes["position"] = check_range(parse_integer(given["position"], i, "position"), 0, 1 << 31, i)
        if "parent_id" in given:
            changes["parent_id"] = _read_parent(state, guild, channel, given["parent_id"], (i, "parent_id"))
            if given.get("lock_permissions") and changes["parent_id"] is not None:
                parent = state.channels[changes["parent_id"]]
                changes["overwrites"] = [Overwrite(**vars(overwrite)) for overwrite in parent.overwrites]
        steps.append((channel, changes))
    for channel, changes in steps:
        if any(getattr(channel, key) != value for key, value in changes.items()):
            state.change_channel(channel, **changes)


def _read_fields(state: State, guild: Guild, channel: Channel, body: Json) -> Json:
    kind = channel.type
    changes: Json = {}
    if "name" in body:
        name = check_length(body["name"], 1, 100, "name")
        changes["name"] = name.lower().replace(" ", "-") if kind in (TEXT, ANNOUNCEMENT, FORUM) else name
    if "topic" in body and kind in (TEXT, ANNOUNCEMENT, FORUM):
        changes["topic"] = read_text(body, "topic", 4096 if kind == FORUM else 1024)
    ranges = {"rate_limit_per_user": (0, MAX_SLOWMODE), "position": (0, 1 << 31)}
    if kind in MAX_USER_LIMITS:
        ranges |= {"bitrate": (MIN_BITRATE, MAX_BITRATE), "user_limit": (0, MAX_USER_LIMITS[kind])}
    for key, (least, most) in ranges.items():
        if body.get(key) is not None:
            changes[key] = check_range(parse_integer(body[key], key), least, most, key)
    if body.get("nsfw") is not None:
        changes["nsfw"] = bool(body["nsfw"])
    if kind in (TEXT, ANNOUNCEMENT, FORUM) and "default_auto_archive_duration" in body:
        duration = read_auto_archive_duration(body, "default_auto_archive_duration")
        changes["default_auto_archive_duration"] = duration
    if "parent_id" in body:
        parent_id = _read_parent(state, guild, channel, body["parent_id"], ("parent_id",))
        if parent_id is not None or channel.id:
            changes["parent_id"] = parent_id
    if kind == FORUM and body.get("flags") is not None:
        changes["flags"] = parse_integer(body["flags"], "flags") & REQUIRE_TAG
    if kind == FORUM and body.get("available_tags") is not None:
        tags = check_list(body["available_tags"], "available_tags")
        if len(tags) > MAX_TAGS:
            raise invalid_form_body(("available_tags",), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_TAGS} or fewer.")
        changes["available_tags"] = [_read_tag(state, each, i) for i, each in enumerate(tags)]
    return changes


def _read_parent(state: State, guild: Guild, channel: Channel, value: object, path: BodyPath) -> int | None:
    """Return a category with room for this channel; None for none."""
    if value is None:
        return None
    parent = state.channels.get(parse_snowflake(value, *path))
    if parent is None or parent.guild_id != guild.id or parent.type != CATEGORY or channel.type == CATEGORY:
        raise invalid_form_body(path, "CHANNEL_PARENT_INVALID", "Category does not exist")
    inside = [each for each in state.channels_of(guild) if each.parent_id == parent.id and each is not channel]
    if len(inside) >= MAX_IN_CATEGORY:
        problem = f"Maximum number of channels in category reached ({MAX_IN_CATEGORY})"
        raise invalid_form_body(path, "CHANNEL_PARENT_MAX_CHANNELS", problem)
    return parent.id


def _read_tag(state: State, value: object, i: int) -> Json:
    """Return a tag, which keeps an id that it already has."""
    given = check_object(value, "available_tags", i)
    tag_id = parse_snowflake(given["id"], "available_tags", i, "id") if given.get("id") else state.new_id()
    tag: Json = {"id": tag_id, "name": check_length(given.get("name"), 1, 20, "available_tags", i, "name")}
    if given.get("emoji_id") and given.get("emoji_name"):
        problem = "emoji_id and emoji_name are mutually exclusive"
        raise invalid_form_body(("available_tags", i), "FORUM_TAG_EMOJI_INVALID", problem)
    if given.get("emoji_id"):
        tag["emoji_id"] = str(parse_snowflake(given["emoji_id"], "available_tags", i, "emoji_id"))
    if given.get("emoji_name"):
        tag["emoji_name"] = check_length(given["emoji_name"], 1, 100, "available_tags", i, "emoji_name")
    return tag | {"moderated": bool(given.get("moderated"))}


def _read_overwrites(state: State, guild: Guild, channel: Channel, value: object, bits: int) -> list[Overwrite]:
    path: BodyPath = ("permission_overwrites",)
    given = check_list(value, *path)
    if len(given) > MAX_OVERWRITES:
        raise invalid_form_body(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_OVERWRITES} or fewer in length.")
    overwrites = [_read_overwrite(each, i) for i, each in enumerate(given)]
    before = {each.id: each for each in channel.overwrites}
    for each in overwrites:
        check_target(state, guild, each)
        old = before.get(each.id, Overwrite(each.id, each.type))
        check_rights(bits, old, each)
    return overwrites


def _read_overwrite(value: object, i: int) -> Overwrite:
    path: BodyPath = ("permission_overwrites", i)
    given = check_object(value, *path)
    numbers: dict[str, Any] = {
        key: parse_integer(given.get(key) or 0, *path, key) & permissions.ALL_PERMISSIONS for key in ("allow", "deny")
    }
    kind = check_range(parse_integer(given.get("type", 0), *path, "type"), ROLE, MEMBER, *path, "type")
    return Overwrite(parse_snowflake(given.get("id"), *path, "id"), kind, **numbers)


def check_target(state: State, guild: Guild, overwrite: Overwrite) -> None:
    """Raise 10009 for an overwrite of a role or a person that is unknown."""
    if overwrite.id not in (guild.roles if overwrite.type == ROLE else state.users):
        raise unknown_overwrite()


def check_rights(bits: int, old: Overwrite, new: Overwrite) -> None:
    """Raise 50013 where an overwrite changes permissions that the actor lacks there.

    MANAGE_ROLES in a channel is for administrators to give.
    """
    changed = (old.allow ^ new.allow) | (old.deny ^ new.deny)
    gives_roles = new.allow & ~old.allow & Permission.MANAGE_ROLES
    if changed & ~bits or (gives_roles and bits != permissions.ALL_PERMISSIONS):
        raise missing_permissions()
