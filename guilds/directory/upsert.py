"""Saves what Discord sent. Only these functions write guilds, channels, roles, members and names."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from gamesched.lib.clock import DbNow
from gamesched.lib.compiled_query import CompiledQuery
from guilds.directory.payloads import ChannelPayload, GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.models import GAME_CHANNEL_TYPES, THREAD_TYPES, VIEW_CHANNEL, Block, Channel, Guild, Member, Role, User
from guilds.names import normalize_name
from guilds.signals import member_changed

NO_CATEGORY = "no category"
# Permissions that a column holds. Discord sends them as text, for there may be more one day; it has 53 so far.
STORED_PERMISSIONS = (1 << 63) - 1
UNCHANGED_FOR = timedelta(seconds=20)  # how long an unchanged member is not written again
KNOWN_MEMBER = CompiledQuery(
    lambda guild_id, user_id: Member.objects.select_related("user").filter(guild_id=guild_id, user_id=user_id)
)


def upsert_users(payloads: Iterable[UserPayload]) -> None:
    """Create or rename people. Leave zone, rights and password untouched. Whoever was forgotten is back."""
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
        update_fields=["handle", "global_name", "avatar", "forgotten_at"],
    )


def upsert_user(payload: UserPayload) -> User:
    """Create or rename one person and return them."""
    upsert_users([payload])
    return User.objects.get(pk=payload.id)


def upsert_member(guild_id: int, payload: MemberPayload, now: datetime) -> Member:
    """Upsert a member with their roles, as every interaction and look-up carries them."""
    known = KNOWN_MEMBER.first(guild_id, payload.user.id)
    if known is not None and _is_fresh(known, now) and _says_nothing_new(known, payload):
        # Nothing new when a crowd clicks at once, so no one should wait for writes.
        return known
    return _write_member(guild_id, payload, known, now)


def mark_member_read(guild_id: int, payload: MemberPayload) -> bool:
    """Note that Discord said just now what is stored of a member; return whether it did. Takes one statement."""
    person = payload.user
    same = Member.objects.filter(
        guild_id=guild_id,
        user_id=person.id,
        left_at=None,
        **_columns_of_member(payload),
        **{f"user__{name}": value for name, value in _columns_of_user(person).items()},
    )
    return bool(same.update(member_read_at=DbNow(), roles_read_at=DbNow()))


def _is_fresh(member: Member, now: datetime) -> bool:
    read_at = member.roles_read_at
    return member.left_at is None and read_at is not None and now - read_at < UNCHANGED_FOR


def _columns_of_member(payload: MemberPayload) -> dict[str, Any]:
    """Return what Discord says of a member, by column."""
    return {
        "nick": payload.nick,
        "avatar": payload.avatar,
        "role_ids": list(payload.role_ids),
        "pending": payload.pending,
        "timed_out_until": payload.timed_out_until,
    }


def _columns_of_user(payload: UserPayload) -> dict[str, str]:
    """Return what Discord says of a user, by column."""
    return {"handle": payload.handle, "global_name": payload.global_name, "avatar": payload.avatar}


def _says_nothing_new(member: Member, payload: MemberPayload) -> bool:
    same = all(getattr(member, name) == value for name, value in _columns_of_member(payload).items())
    return same and _is_same_user(member.user, payload.user)


def _is_same_user(user: User, payload: UserPayload) -> bool:
    return all(getattr(user, name) == value for name, value in _columns_of_user(payload).items())


@transaction.atomic
def _write_member(guild_id: int, payload: MemberPayload, known: Member | None, now: datetime) -> Member:
    user = known.user if known is not None and _is_same_user(known.user, payload.user) else upsert_user(payload.user)
    columns = _columns_of_member(payload)
    member = Member(guild_id=guild_id, user=user, member_read_at=now, roles_read_at=now, **columns)
    Member.objects.bulk_create(
        [member],
        update_conflicts=True,
        unique_fields=["guild", "user"],
        update_fields=[*columns, "member_read_at", "roles_read_at", "left_at"],
    )
    if known is not None and set(known.role_ids) != set(payload.role_ids):
        member_changed.send(Member, guild_id=guild_id, user_id=user.pk, now=now)
    return member


def upsert_memberships(user: User, guild_ids: Iterable[int], now: datetime) -> list[int]:
    """Save which guilds a person is in, as the log-in reports, and return those that the bot is in too.

    Roles are not reported there, so stored roles stay.
    """
    present_ids = list(
        Guild.objects.present().filter(pk__in=list(guild_ids)).order_by("pk").values_list("pk", flat=True)
    )
    Member.objects.bulk_create(
        [Member(guild_id=guild_id, user=user, member_read_at=now) for guild_id in present_ids],
        update_conflicts=True,
        unique_fields=["guild", "user"],
        update_fields=["member_read_at", "left_at"],
    )
    left = Member.objects.filter(user=user, left_at=None).exclude(guild_id__in=present_ids)
    for guild_id in list(left.values_list("guild_id", flat=True)):
        mark_member_left(guild_id, user.pk, now)
    return present_ids


@transaction.atomic
def mark_member_left(guild_id: int, user_id: int, now: datetime) -> None:
    """Mark that a person is not, or no longer, a member."""
    if Member.objects.filter(guild_id=guild_id, user_id=user_id, left_at=None).update(left_at=now):
        member_changed.send(Member, guild_id=guild_id, user_id=user_id, now=now)


def guilds_shared_with(user_id: int) -> list[int]:
    """Return the guilds in which a person was last known as a member, and the bot is."""
    members = Member.objects.filter(user_id=user_id, left_at=None, guild__bot_removed_at=None)
    return list(members.order_by("guild_id").values_list("guild_id", flat=True))


def mark_dms_closed(user_id: int, now: datetime) -> None:
    """Mark that a person accepts no direct messages; none is sent until their next interaction."""
    User.objects.filter(pk=user_id).update(dm_closed_at=now)


def mark_dms_open(user: User) -> None:
    """Mark that a person may accept direct messages again, after an interaction."""
    if user.dm_closed_at is not None:
        User.objects.filter(pk=user.pk).update(dm_closed_at=None)


@transaction.atomic
def upsert_guild(payload: GuildPayload, now: datetime) -> Guild:
    """Upsert a complete guild. Mark channels and roles that are not in the payload as deleted, threads as archived."""
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
    absent = Channel.objects.filter(guild_id=payload.id, deleted_at=None).exclude(
        pk__in=[c.id for c in payload.channels]
    )
    absent.filter(parent=None).update(deleted_at=now)
    absent.filter(parent__deleted_at__isnull=False).update(deleted_at=now)
    absent.filter(parent__deleted_at=None, parent__isnull=False, archived=False).update(archived=True)
    upsert_channels(payload.id, payload.channels)
    Role.objects.filter(guild_id=payload.id, deleted_at=None).exclude(pk__in=[r.id for r in payload.roles]).update(
        deleted_at=now
    )
    upsert_roles(payload.id, payload.roles)
    return guild


def mark_guild_welcomed(guild_id: int, now: datetime) -> bool:
    """Mark the guild's owner as welcomed. Return False if already welcomed since the bot came, or the bot left."""
    return Guild.objects.present().filter(pk=guild_id, welcomed_at=None).update(welcomed_at=now) == 1


def mark_guild_unavailable(guild_id: int) -> None:
    """Mark an outage of the guild. It is not a removal, so nothing else changes."""
    Guild.objects.filter(pk=guild_id).update(unavailable=True)


def mark_bot_removed(guild_id: int, now: datetime) -> None:
    """Mark that the bot was removed from the guild."""
    Guild.objects.filter(pk=guild_id, bot_removed_at=None).update(bot_removed_at=now, welcomed_at=None)


def delete_guild(guild_id: int) -> None:
    """Delete a guild with its members, blocks, roles and channels; people stay. Delete other references first."""
    for model in (Block, Member, Role, Channel):
        model.objects.filter(guild_id=guild_id).delete()
    Guild.objects.filter(pk=guild_id).delete()


def mark_guilds_present(guild_ids: Sequence[int], now: datetime) -> None:
    """Mark the bot as removed from every guild but these, as listed when it connects."""
    Guild.objects.present().exclude(pk__in=guild_ids).update(bot_removed_at=now, welcomed_at=None)


def upsert_channels(guild_id: int, payloads: Iterable[ChannelPayload]) -> None:
    """Create or update channels and active threads; of hidden ones, those that are known, under their last name."""
    payloads = list(payloads)
    hidden_ids = [payload.id for payload in payloads if payload.hidden]
    if hidden_ids:
        # The real overwrites may be wider or narrower than the last ones: nobody but administrators is let in.
        Channel.objects.filter(guild_id=guild_id, pk__in=hidden_ids).update(
            bot_permissions=0, overwrites=[[guild_id, 0, VIEW_CHANNEL]], deleted_at=None
        )
    Channel.objects.bulk_create(
        [
            Channel(
                id=payload.id,
                guild_id=guild_id,
                name=payload.name,
                type=payload.type,
                category=payload.category,
                position=payload.position,
                bot_permissions=payload.bot_permissions & STORED_PERMISSIONS,
                overwrites=[[each.id, each.allow, each.deny] for each in payload.overwrites],
                lacks_tag=payload.lacks_tag,
                parent_id=payload.parent_id,
                locked=payload.locked,
            )
            for payload in payloads
            if not payload.hidden
        ],
        update_conflicts=True,
        unique_fields=["id"],
        # Discord sends a thread only while it is active, so it is unarchived.
        update_fields=[
            *("name", "type", "category", "position", "bot_permissions", "overwrites", "lacks_tag"),
            *("parent", "locked", "archived", "deleted_at"),
        ],
    )
    _tell_channels_apart(guild_id)


def _tell_channels_apart(guild_id: int) -> None:
    """Save what tells channels of the same name apart: their categories, and where these are the same, their ids."""
    rows = Channel.objects.filter(guild_id=guild_id, deleted_at=None)
    # Games are announced in these, so nobody chooses among the others.
    channels = list(rows.filter(Q(type__in=GAME_CHANNEL_TYPES) | Q(type__in=THREAD_TYPES, archived=False)))
    same: dict[tuple[int | None, str], list[Channel]] = defaultdict(list)
    for channel in channels:
        same[channel.parent_id, normalize_name(channel.name)].append(channel)
    changed = []
    for channel in channels:
        twins = same[channel.parent_id, normalize_name(channel.name)]
        of_category = sum(twin.category == channel.category for twin in twins)
        qualifier = ""
        if len(twins) > 1:
            ending = f"…{str(channel.pk)[-4:]}" if of_category > 1 else ""
            qualifier = ", ".join(filter(None, [channel.category, ending])) or NO_CATEGORY
        if channel.qualifier != qualifier:
            channel.qualifier = qualifier[:100]
            changed.append(channel)
    Channel.objects.bulk_update(changed, ["qualifier"])


def mark_channel_deleted(channel_id: int, now: datetime) -> None:
    """Mark a channel or thread as deleted."""
    Channel.objects.filter(pk=channel_id, deleted_at=None).update(deleted_at=now)


def upsert_roles(guild_id: int, payloads: Iterable[RolePayload]) -> None:
    """Create or update roles."""
    Role.objects.bulk_create(
        [
            Role(
                id=payload.id,
                guild_id=guild_id,
                name=payload.name,
                position=payload.position,
                permissions=payload.permissions & STORED_PERMISSIONS,
            )
            for payload in payloads
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "position", "permissions", "deleted_at"],
    )


def mark_role_deleted(role_id: int, now: datetime) -> None:
    """Mark a role as deleted."""
    Role.objects.filter(pk=role_id, deleted_at=None).update(deleted_at=now)
