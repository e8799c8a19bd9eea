"""Writing down what Discord says. Only these functions write guilds, channels, roles, members and names."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from guilds.directory.payloads import SeenChannel, SeenGuild, SeenMember, SeenRole, SeenUser
from guilds.models import Block, Channel, Guild, Member, Role, User
from guilds.signals import member_changed

SAME_FOR = timedelta(seconds=20)  # how long what Discord said of a member need not be written down again


def see_users(seen: Iterable[SeenUser]) -> None:
    """Make or rename people. Never touches what is theirs here: zone, rights, password."""
    User.objects.bulk_create(
        [
            User(
                id=one.id,
                username=str(one.id),
                handle=one.handle,
                global_name=one.global_name,
                avatar=one.avatar,
                password=make_password(None),
            )
            # In one order everywhere, so that two events about the same people cannot deadlock.
            for one in sorted(seen, key=lambda user: user.id)
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["handle", "global_name", "avatar"],
    )


def see_user(seen: SeenUser) -> User:
    """Make or rename one person and return them."""
    see_users([seen])
    return User.objects.get(pk=seen.id)


@transaction.atomic
def see_member(guild_id: int, seen: SeenMember, now: datetime) -> Member:
    """Write down a member with roles, as every click and look-up carries them."""
    known = Member.objects.select_related("user").filter(guild_id=guild_id, user_id=seen.user.id, left_at=None).first()
    if known is not None and known.roles_at and now - known.roles_at < SAME_FOR and _says_the_same(known, seen):
        # A crowd clicking at once says nothing new, and should not wait for writes.
        return known
    user = see_user(seen.user)
    before = Member.objects.filter(guild_id=guild_id, user=user).values_list("role_ids", flat=True).first()
    member, _ = Member.objects.update_or_create(
        guild_id=guild_id,
        user=user,
        defaults={
            "nick": seen.nick,
            "avatar": seen.avatar,
            "role_ids": list(seen.role_ids),
            "confirmed_at": now,
            "roles_at": now,
            "left_at": None,
        },
    )
    if before is not None and set(before) != set(seen.role_ids):
        member_changed.send(Member, guild_id=guild_id, user_id=user.pk, now=now)
    return member


def _says_the_same(known: Member, seen: SeenMember) -> bool:
    user = known.user
    return (known.nick, known.avatar, known.role_ids) == (seen.nick, seen.avatar, list(seen.role_ids)) and (
        user.handle,
        user.global_name,
        user.avatar,
    ) == (seen.user.handle, seen.user.global_name, seen.user.avatar)


def see_memberships(user: User, guild_ids: Iterable[int], now: datetime) -> list[int]:
    """Write down which guilds a person is in, as log-in tells, and return those that the bot is in too.

    Says nothing about roles, and keeps those known.
    """
    known = list(Guild.objects.present().filter(pk__in=list(guild_ids)).order_by("pk").values_list("pk", flat=True))
    Member.objects.bulk_create(
        [Member(guild_id=guild_id, user=user, confirmed_at=now) for guild_id in known],
        update_conflicts=True,
        unique_fields=["guild", "user"],
        update_fields=["confirmed_at", "left_at"],
    )
    left = Member.objects.filter(user=user, left_at=None).exclude(guild_id__in=known)
    for guild_id in list(left.values_list("guild_id", flat=True)):
        see_member_gone(guild_id, user.pk, now)
    return known


@transaction.atomic
def see_member_gone(guild_id: int, user_id: int, now: datetime) -> None:
    """Write down that a person is not, or no longer, a member."""
    if Member.objects.filter(guild_id=guild_id, user_id=user_id, left_at=None).update(left_at=now):
        member_changed.send(Member, guild_id=guild_id, user_id=user_id, now=now)


def see_user_gone(user_id: int, now: datetime) -> None:
    """Write down that a person is in no guild with the bot any more."""
    for guild_id in list(Member.objects.filter(user_id=user_id, left_at=None).values_list("guild_id", flat=True)):
        see_member_gone(guild_id, user_id, now)


def see_dms_closed(user_id: int, now: datetime) -> None:
    """A person takes no direct messages from the bot; none is tried again until they are heard of."""
    User.objects.filter(pk=user_id).update(dm_closed_at=now)


def hear_from(user: User) -> None:
    """A person clicked or typed a command: they may take direct messages again."""
    if user.dm_closed_at is not None:
        User.objects.filter(pk=user.pk).update(dm_closed_at=None)


@transaction.atomic
def see_guild(seen: SeenGuild, now: datetime) -> Guild:
    """Write down a guild whole. Channels and roles not among what was seen are gone."""
    guild, _ = Guild.objects.update_or_create(
        pk=seen.id,
        defaults={
            "name": seen.name,
            "icon": seen.icon,
            "owner_id": seen.owner_id,
            "unavailable": False,
            "synced_at": now,
            "gone_at": None,
        },
    )
    see_channels(seen.id, seen.channels)
    see_roles(seen.id, seen.roles)
    absent = Channel.objects.filter(guild_id=seen.id, gone_at=None).exclude(pk__in=[c.id for c in seen.channels])
    absent.filter(parent=None).update(gone_at=now)
    absent.filter(parent__gone_at__isnull=False).update(gone_at=now)
    absent.filter(parent__gone_at=None, parent__isnull=False, archived=False).update(archived=True)
    Role.objects.filter(guild_id=seen.id, gone_at=None).exclude(pk__in=[r.id for r in seen.roles]).update(gone_at=now)
    return guild


def greet_guild(guild_id: int, now: datetime) -> bool:
    """Write down that a guild's owner is welcomed. False where that was done since the bot came, or it is not there."""
    return Guild.objects.present().filter(pk=guild_id, welcomed_at=None).update(welcomed_at=now) == 1


def see_guild_changed(guild_id: int, name: str, icon: str, owner_id: int) -> None:
    """A guild was renamed, or has a new owner or picture."""
    Guild.objects.filter(pk=guild_id).update(name=name, icon=icon, owner_id=owner_id)


def see_guild_unavailable(guild_id: int) -> None:
    """Discord has an outage of this guild. It is not a removal: nothing else changes."""
    Guild.objects.filter(pk=guild_id).update(unavailable=True)


def see_guild_gone(guild_id: int, now: datetime) -> None:
    """The bot was removed from the guild."""
    Guild.objects.filter(pk=guild_id, gone_at=None).update(gone_at=now, welcomed_at=None)


def forget_guild(guild_id: int) -> None:
    """Delete a guild with its members, blocks, roles and channels; people stay. What refers to these must be gone."""
    for kind in (Block, Member, Role, Channel):
        kind.objects.filter(guild_id=guild_id).delete()
    Guild.objects.filter(pk=guild_id).delete()


def see_guilds_present(guild_ids: Sequence[int], now: datetime) -> None:
    """The bot connected and is in these guilds and no others."""
    Guild.objects.present().exclude(pk__in=guild_ids).update(gone_at=now, welcomed_at=None)


def see_channels(guild_id: int, seen: Iterable[SeenChannel]) -> None:
    """Make or change channels."""
    Channel.objects.bulk_create(
        [
            Channel(
                id=one.id,
                guild_id=guild_id,
                name=one.name,
                type=one.type,
                position=one.position,
                bot_permissions=one.bot_permissions,
                lacks_tag=one.lacks_tag,
                parent_id=one.parent_id,
                locked=one.locked,
            )
            for one in seen
        ],
        update_conflicts=True,
        unique_fields=["id"],
        # Threads are told while they are active.
        update_fields=[
            *("name", "type", "position", "bot_permissions", "lacks_tag"),
            *("parent", "locked", "archived", "gone_at"),
        ],
    )


def see_channel_gone(channel_id: int, now: datetime) -> None:
    """A channel or a thread was deleted."""
    Channel.objects.filter(pk=channel_id, gone_at=None).update(gone_at=now)


def see_roles(guild_id: int, seen: Iterable[SeenRole]) -> None:
    """Make or change roles."""
    Role.objects.bulk_create(
        [
            Role(id=one.id, guild_id=guild_id, name=one.name, position=one.position, permissions=one.permissions)
            for one in seen
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "position", "permissions", "gone_at"],
    )


def see_role_gone(role_id: int, now: datetime) -> None:
    """A role was deleted."""
    Role.objects.filter(pk=role_id, gone_at=None).update(gone_at=now)
