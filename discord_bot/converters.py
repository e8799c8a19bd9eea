"""Converts discord.py's objects to payloads for `guilds.directory.upsert`."""

import discord

from discord_bot.backend.forums import lacks_required_tag
from guilds.directory.payloads import (
    ChannelPayload,
    GuildPayload,
    MemberPayload,
    OverwritePayload,
    RolePayload,
    TagPayload,
    UserPayload,
)
from guilds.models import CONNECT, THREAD_TYPES


def to_user_payload(user: discord.User | discord.Member, locale: str = "") -> UserPayload:
    return UserPayload(
        user.id,
        user.name,
        user.global_name or "",
        _asset_hash(user._user.avatar if isinstance(user, discord.Member) else user.avatar),
        user.bot,
        locale,
    )


def to_member_payload(member: discord.Member, locale: str = "") -> MemberPayload:
    roles = tuple(role_id for role_id in member._roles)
    return MemberPayload(
        to_user_payload(member, locale),
        member.nick or "",
        _asset_hash(member.guild_avatar),
        roles,
        member.pending,
        member.timed_out_until,
    )


def guild_and_member_of(interaction: discord.Interaction) -> tuple[int | None, MemberPayload | None]:
    """Return the guild's id and the sender as its member; both are None in a direct message."""
    member = interaction.user if isinstance(interaction.user, discord.Member) else None
    return interaction.guild_id, to_member_payload(member, interaction.locale.value) if member else None


def sender_of(interaction: discord.Interaction) -> UserPayload:
    """Return who sent an interaction."""
    return to_user_payload(interaction.user, interaction.locale.value)


def to_guild_payload(guild: discord.Guild) -> GuildPayload:
    """Return the complete guild, as the client knows it from the gateway.

    Threads are included if games can be announced there: public ones, but not our own posts in forums.
    """
    me: discord.Member | None = guild.me  # None until the client has received its own member
    return GuildPayload(
        id=guild.id,
        name=guild.name,
        icon=_asset_hash(guild.icon),
        owner_id=guild.owner_id or 0,
        channels=(
            *(_to_channel_payload(channel, me) for channel in guild.channels),
            *(
                _to_thread_payload(each, each.parent, me)
                for each in guild.threads
                if each.parent and is_game_thread(each, me)
            ),
        ),
        roles=tuple(
            RolePayload(r.id, r.name, r.position, r.permissions.value, r.is_bot_managed()) for r in guild.roles
        ),
        preferred_locale=guild.preferred_locale.value,
    )


def _to_channel_payload(channel: discord.abc.GuildChannel, me: discord.Member | None) -> ChannelPayload:
    may = channel.permissions_for(me) if me else discord.Permissions.none()
    # discord.py takes all of voice from channels for text, but a game's voice channel is judged by its text channel.
    voice = me.guild_permissions.value & CONNECT if me else 0
    lacks_tag = isinstance(channel, discord.ForumChannel) and lacks_required_tag(channel)
    tags = channel.available_tags if isinstance(channel, discord.ForumChannel) else []
    overwrites = []
    for target, overwrite in channel.overwrites.items():
        allow, deny = overwrite.pair()
        overwrites.append(OverwritePayload(target.id, allow.value, deny.value))
    return ChannelPayload(
        channel.id,
        channel.name,
        channel.type.value,
        channel.position,
        may.value | voice if may.view_channel else may.value,
        lacks_tag,
        # By permission: discord.py does not know the flag CHANNEL_OBFUSCATED, and a channel may be named ___hidden___.
        hidden=me is not None and not may.view_channel,
        overwrites=tuple(overwrites),
        category=channel.category.name if channel.category is not None else "",
        tags=tuple(TagPayload(tag.id, tag.name, tag.moderated) for tag in tags),
    )


def is_game_thread(thread: discord.Thread, me: discord.abc.Snowflake | None) -> bool:
    """Return whether games can be announced in a thread."""
    return thread.type.value in THREAD_TYPES and (me is None or thread.owner_id != me.id)


def _to_thread_payload(
    thread: discord.Thread, parent: discord.abc.GuildChannel, me: discord.Member | None
) -> ChannelPayload:
    may = parent.permissions_for(me).value if me else 0  # a thread has no permissions of its own
    kind, place = thread.type.value, parent.position
    return ChannelPayload(thread.id, thread.name, kind, place, may, parent_id=parent.id, locked=thread.locked)


def _asset_hash(asset: discord.Asset | None) -> str:
    return asset.key if asset else ""
