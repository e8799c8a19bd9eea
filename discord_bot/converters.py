"""discord.py's objects as the plain values that `guilds.directory.upsert` writes down."""

import discord

from discord_bot.backend.forums import lacks_a_tag
from guilds.directory.payloads import SeenChannel, SeenGuild, SeenMember, SeenRole, SeenUser
from guilds.models import THREAD_TYPES


def seen_user(user: discord.User | discord.Member) -> SeenUser:
    return SeenUser(
        user.id,
        user.name,
        user.global_name or "",
        _key(user._user.avatar if isinstance(user, discord.Member) else user.avatar),
    )


def seen_member(member: discord.Member) -> SeenMember:
    roles = tuple(role_id for role_id in member._roles)
    return SeenMember(seen_user(member), member.nick or "", _key(member.guild_avatar), roles)


def seen_guild(guild: discord.Guild) -> SeenGuild:
    """The guild whole, as the client knows it from the gateway.

    Threads as far as they are places for games: public ones, but not our own posts in forums.
    """
    me: discord.Member | None = guild.me  # None while the client is still learning who it is
    return SeenGuild(
        id=guild.id,
        name=guild.name,
        icon=_key(guild.icon),
        owner_id=guild.owner_id or 0,
        channels=(
            *(_seen_channel(channel, me) for channel in guild.channels),
            *(_seen_thread(each, each.parent, me) for each in guild.threads if each.parent and is_place(each, me)),
        ),
        roles=tuple(SeenRole(r.id, r.name, r.position, r.permissions.value) for r in guild.roles),
    )


def _seen_channel(channel: discord.abc.GuildChannel, me: discord.Member | None) -> SeenChannel:
    may = channel.permissions_for(me) if me else discord.Permissions.none()
    lacks_tag = isinstance(channel, discord.ForumChannel) and lacks_a_tag(channel)
    return SeenChannel(channel.id, channel.name, channel.type.value, channel.position, may.value, lacks_tag)


def is_place(thread: discord.Thread, me: discord.abc.Snowflake | None) -> bool:
    """Whether a thread is one that games can be announced in."""
    return thread.type.value in THREAD_TYPES and (me is None or thread.owner_id != me.id)


def _seen_thread(thread: discord.Thread, parent: discord.abc.GuildChannel, me: discord.Member | None) -> SeenChannel:
    may = parent.permissions_for(me).value if me else 0  # a thread has none of its own
    kind, place = thread.type.value, parent.position
    return SeenChannel(thread.id, thread.name, kind, place, may, parent_id=parent.id, locked=thread.locked)


def _key(asset: discord.Asset | None) -> str:
    return asset.key if asset else ""
