"""Writing down what Discord says. Only these functions write guilds, channels, roles, members and names."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from guilds.directory.payloads import ChannelPayload, GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.models import Block, Channel, Guild, Member, Role, User
from guilds.signals import member_changed

UNCHANGED_FOR = timedelta(seconds=20)  # how long what Discord said of a member need not be written down again


def upsert_users(payloads: Iterable[UserPayload]) -> None:
    """Make or rename people. Never touches what is theirs here: zone, rights, password."""
    User.objects.bulk_create(
        [
            User(
                id=payload.id,
                username=str(payload.id),
                handle=payload.handle,
                global_name=payload.global_name,
                avatar=payload.avatar,
                password=make_password(None),
            )
            # In one order everywhere, so that two events about the same people cannot deadlock.
            for payload in sorted(payloads, key=lambda user: user.id)
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["handle", "global_name", "avatar"],
    )


def upsert_user(payload: UserPayload) -> User:
    """Make or rename one person and return them."""
    upsert_users([payload])
    return User.objects.get(pk=payload.id)


@transaction.atomic
def upsert_member(guild_id: int, payload: MemberPayload, now: datetime) -> Member:
    """Write down a member with roles, as every click and look-up carries them."""
    current = (
        Member.objects.select_related("user").filter(guild_id=guild_id, user_id=payload.user.id, left_at=None).first()
    )
    if (
        current is not None
        and current.roles_read_at
        and now - current.roles_read_at < UNCHANGED_FOR
        and _is_unchanged(current, payload)
    ):
        # A crowd clicking at once says nothing new, and should not wait for writes.
        return current
    user = upsert_user(payload.user)
    before = Member.objects.filter(guild_id=guild_id, user=user).values_list("role_ids", flat=True).first()
    member, _ = Member.objects.update_or_create(
        guild_id=guild_id,
        user=user,
        defaults={
            "nick": payload.nick,
            "avatar": payload.avatar,
            "role_ids": list(payload.role_ids),
            "confirmed_at": now,
            "roles_read_at": now,
            "left_at": None,
        },
    )
    if before is not None and set(before) != set(payload.role_ids):
        member_changed.send(Member, guild_id=guild_id, user_id=user.pk, now=now)
    return member


def _is_unchanged(member: Member, payload: MemberPayload) -> bool:
    user = member.user
    return (member.nick, member.avatar, member.role_ids) == (payload.nick, payload.avatar, list(payload.role_ids)) and (
        user.handle,
        user.global_name,
        user.avatar,
    ) == (payload.user.handle, payload.user.global_name, payload.user.avatar)


def upsert_memberships(user: User, guild_ids: Iterable[int], now: datetime) -> list[int]:
    """Write down which guilds a person is in, as log-in tells, and return those that the bot is in too.

    Says nothing about roles, and keeps those known.
    """
    present_ids = list(
        Guild.objects.present().filter(pk__in=list(guild_ids)).order_by("pk").values_list("pk", flat=True)
    )
    Member.objects.bulk_create(
        [Member(guild_id=guild_id, user=user, confirmed_at=now) for guild_id in present_ids],
        update_conflicts=True,
        unique_fields=["guild", "user"],
        update_fields=["confirmed_at", "left_at"],
    )
    left = Member.objects.filter(user=user, left_at=None).exclude(guild_id__in=present_ids)
    for guild_id in list(left.values_list("guild_id", flat=True)):
        mark_member_left(guild_id, user.pk, now)
    return present_ids


@transaction.atomic
def mark_member_left(guild_id: int, user_id: int, now: datetime) -> None:
    """Write down that a person is not, or no longer, a member."""
    if Member.objects.filter(guild_id=guild_id, user_id=user_id, left_at=None).update(left_at=now):
        member_changed.send(Member, guild_id=guild_id, user_id=user_id, now=now)


def mark_user_left_all_guilds(user_id: int, now: datetime) -> None:
    """Write down that a person is in no guild with the bot any more."""
    for guild_id in list(Member.objects.filter(user_id=user_id, left_at=None).values_list("guild_id", flat=True)):
        mark_member_left(guild_id, user_id, now)


def mark_dms_closed(user_id: int, now: datetime) -> None:
    """A person takes no direct messages from the bot; none is tried again until they are heard of."""
    User.objects.filter(pk=user_id).update(dm_closed_at=now)


def mark_dms_open(user: User) -> None:
    """A person clicked or typed a command: they may take direct messages again."""
    if user.dm_closed_at is not None:
        User.objects.filter(pk=user.pk).update(dm_closed_at=None)


@transaction.atomic
def upsert_guild(payload: GuildPayload, now: datetime) -> Guild:
    """Write down a guild whole. Channels and roles not among what was seen are gone."""
    guild, _ = Guild.objects.update_or_create(
        pk=payload.id,
        defaults={
            "name": payload.name,
            "icon": payload.icon,
            "owner_id": payload.owner_id,
            "unavailable": False,
            "synced_at": now,
            "bot_removed_at": None,
        },
    )
    upsert_channels(payload.id, payload.channels)
    upsert_roles(payload.id, payload.roles)
    absent = Channel.objects.filter(guild_id=payload.id, deleted_at=None).exclude(
        pk__in=[c.id for c in payload.channels]
    )
    absent.filter(parent=None).update(deleted_at=now)
    absent.filter(parent__deleted_at__isnull=False).update(deleted_at=now)
    absent.filter(parent__deleted_at=None, parent__isnull=False, archived=False).update(archived=True)
    Role.objects.filter(guild_id=payload.id, deleted_at=None).exclude(pk__in=[r.id for r in payload.roles]).update(
        deleted_at=now
    )
    return guild


def mark_guild_welcomed(guild_id: int, now: datetime) -> bool:
    """Write down that a guild's owner is welcomed. False where that was done since the bot came, or it is not there."""
    return Guild.objects.present().filter(pk=guild_id, welcomed_at=None).update(welcomed_at=now) == 1


def update_guild(guild_id: int, name: str, icon: str, owner_id: int) -> None:
    """A guild was renamed, or has a new owner or picture."""
    Guild.objects.filter(pk=guild_id).update(name=name, icon=icon, owner_id=owner_id)


def mark_guild_unavailable(guild_id: int) -> None:
    """Discord has an outage of this guild. It is not a removal: nothing else changes."""
    Guild.objects.filter(pk=guild_id).update(unavailable=True)


def mark_bot_removed(guild_id: int, now: datetime) -> None:
    """The bot was removed from the guild."""
    Guild.objects.filter(pk=guild_id, bot_removed_at=None).update(bot_removed_at=now, welcomed_at=None)


def delete_guild(guild_id: int) -> None:
    """Delete a guild with its members, blocks, roles and channels; people stay. What refers to these must be gone."""
    for model in (Block, Member, Role, Channel):
        model.objects.filter(guild_id=guild_id).delete()
    Guild.objects.filter(pk=guild_id).delete()


def mark_guilds_present(guild_ids: Sequence[int], now: datetime) -> None:
    """The bot connected and is in these guilds and no others."""
    Guild.objects.present().exclude(pk__in=guild_ids).update(bot_removed_at=now, welcomed_at=None)


def upsert_channels(guild_id: int, payloads: Iterable[ChannelPayload]) -> None:
    """Make or change channels."""
    Channel.objects.bulk_create(
        [
            Channel(
                id=payload.id,
                guild_id=guild_id,
                name=payload.name,
                type=payload.type,
                position=payload.position,
                bot_permissions=payload.bot_permissions,
                lacks_tag=payload.lacks_tag,
                parent_id=payload.parent_id,
                locked=payload.locked,
            )
            for payload in payloads
        ],
        update_conflicts=True,
        unique_fields=["id"],
        # Threads are told while they are active.
        update_fields=[
            *("name", "type", "position", "bot_permissions", "lacks_tag"),
            *("parent", "locked", "archived", "deleted_at"),
        ],
    )


def mark_channel_deleted(channel_id: int, now: datetime) -> None:
    """A channel or a thread was deleted."""
    Channel.objects.filter(pk=channel_id, deleted_at=None).update(deleted_at=now)


def upsert_roles(guild_id: int, payloads: Iterable[RolePayload]) -> None:
    """Make or change roles."""
    Role.objects.bulk_create(
        [
            Role(
                id=payload.id,
                guild_id=guild_id,
                name=payload.name,
                position=payload.position,
                permissions=payload.permissions,
            )
            for payload in payloads
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "position", "permissions", "deleted_at"],
    )


def mark_role_deleted(role_id: int, now: datetime) -> None:
    """A role was deleted."""
    Role.objects.filter(pk=role_id, deleted_at=None).update(deleted_at=now)
