"""Saves what Discord sent. Only these functions write guilds, channels, roles, members and names."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Model

from gamesched.lib.clock import DbNow
from gamesched.lib.compiled_query import CompiledQuery
from guilds.directory.payloads import ChannelPayload, GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.models import (
    GAME_CHANNEL_TYPES,
    THREAD_TYPES,
    VIEW_CHANNEL,
    VOICE,
    Block,
    Channel,
    Guild,
    Member,
    Role,
    User,
)
from guilds.names import normalize_name
from guilds.shards import WHOLE, Shard
from guilds.signals import member_changed

Row = dict[str, Any]  # a whole row by its columns

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
                discord_locale=payload.locale,
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
    user = User.objects.get(pk=payload.id)
    note_discord_locale(user, payload.locale)
    return user


def note_discord_locale(user: User, locale: str) -> None:
    """Save the language of somebody's Discord, where it told another than before; '' tells none."""
    if locale and user.discord_locale != locale:
        user.discord_locale = locale
        User.objects.filter(pk=user.pk).update(discord_locale=locale)


def upsert_member(guild_id: int, payload: MemberPayload, now: datetime) -> Member:
    """Upsert a member with their roles, as every interaction and look-up carries them."""
    known = KNOWN_MEMBER.first(guild_id, payload.user.id)
    if known is not None and _is_fresh(known, now) and _says_nothing_new(known, payload):
        # Nothing new when a crowd clicks at once, so no one should wait for writes.
        note_discord_locale(known.user, payload.user.locale)
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
    note_discord_locale(user, payload.user.locale)
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
def upsert_guilds(payloads: Collection[GuildPayload], now: datetime) -> None:
    """Upsert complete guilds, however many in five statements; of their channels and roles, those that differ.

    Mark channels and roles that are not in a payload as deleted, threads as archived.
    """
    Guild.objects.bulk_create(
        [
            Guild(
                id=each.id,
                name=each.name,
                icon=each.icon,
                owner_id=each.owner_id,
                preferred_locale=each.preferred_locale,
                synced_at=now,
            )
            # In one order, and before all else: a guild's purge holds its row.
            for each in sorted(payloads, key=lambda guild: guild.id)
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "icon", "owner_id", "preferred_locale", "synced_at", "unavailable", "bot_removed_at"],
    )
    _write_channels({each.id: each.channels for each in payloads}, now)
    _write_roles({each.id: each.roles for each in payloads}, now)


def upsert_guild(payload: GuildPayload, now: datetime) -> None:
    """Run `upsert_guilds` for one."""
    upsert_guilds([payload], now)


def unwelcomed_guilds(guild_ids: Collection[int]) -> set[int]:
    """Return those of these guilds whose owner was not welcomed since the bot came."""
    return set(Guild.objects.filter(pk__in=guild_ids, welcomed_at=None).values_list("pk", flat=True))


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


def mark_guilds_present(guild_ids: Sequence[int], now: datetime, shard: Shard = WHOLE) -> None:
    """Mark the bot as removed from every guild of a shard but these, as listed when it connects."""
    Guild.objects.present().filter(shard.holds("pk")).exclude(pk__in=guild_ids).update(
        bot_removed_at=now, welcomed_at=None
    )


def upsert_channels(guild_id: int, payloads: Iterable[ChannelPayload]) -> None:
    """Create or update channels and active threads; of hidden ones, those that are known, under their last name."""
    _write_channels({guild_id: payloads}, None)


def _write_channels(by_guild: Mapping[int, Iterable[ChannelPayload]], gone_at: datetime | None) -> None:
    """Write the channels that differ from these. With a time, those that are not among them are gone since then."""
    rows: dict[int, dict[int, Row]] = {guild_id: {} for guild_id in by_guild}
    for row in _rows_of(Channel, by_guild):
        rows[row["guild_id"]][row["id"]] = row
    changed = []
    for guild_id, payloads in by_guild.items():
        stored = rows[guild_id]
        said = {payload.id: payload for payload in payloads}
        channels = {pk: dict(row) for pk, row in stored.items()} | {
            pk: _channel_row(guild_id, payload, stored.get(pk))
            for pk, payload in said.items()
            if pk in stored or not payload.hidden
        }
        if gone_at is not None:
            _mark_gone(
                [row for pk, row in channels.items() if pk not in said and not row["deleted_at"]], channels, gone_at
            )
        _tell_channels_apart(channels.values())
        changed += [row for pk, row in channels.items() if stored.get(pk) != row]
    _upsert_rows(Channel, changed)


def _channel_row(guild_id: int, payload: ChannelPayload, stored: Row | None) -> Row:
    """Return a channel's row by what Discord says, and by what was known of it before."""
    if payload.hidden and stored is not None:
        # The real overwrites may be wider or narrower than the last ones: nobody but administrators is let in.
        return stored | {"bot_permissions": 0, "overwrites": [[guild_id, 0, VIEW_CHANNEL]], "deleted_at": None}
    return {
        "id": payload.id,
        "guild_id": guild_id,
        "name": payload.name,
        "type": payload.type,
        "category": payload.category,
        "qualifier": "",
        "position": payload.position,
        "bot_permissions": payload.bot_permissions & STORED_PERMISSIONS,
        "overwrites": [[each.id, each.allow, each.deny] for each in payload.overwrites],
        "lacks_tag": payload.lacks_tag,
        "tags": [[each.id, each.name, each.moderated] for each in payload.tags],
        "parent_id": payload.parent_id,
        # Discord sends a thread only while it is active, so it is unarchived.
        "archived": False,
        "locked": payload.locked,
        "deleted_at": None,
    }


def _mark_gone(absent: Iterable[Row], channels: Mapping[int, Row], gone_at: datetime) -> None:
    """Mark channels that Discord no longer lists as deleted, their threads too; other threads as archived."""
    for row in sorted(absent, key=lambda row: row["parent_id"] is not None):
        parent = channels.get(row["parent_id"])
        if parent is None or parent["deleted_at"]:
            row["deleted_at"] = gone_at
        else:
            row["archived"] = True


def _tell_channels_apart(channels: Iterable[Row]) -> None:
    """Set what tells a guild's channels of the same name apart: their categories, and where these are the same, ids."""
    same: dict[tuple[int | None, str], list[Row]] = defaultdict(list)
    for row in channels:
        # Games are announced in these, so nobody chooses among the others.
        is_offered = row["type"] in GAME_CHANNEL_TYPES or (row["type"] in THREAD_TYPES and not row["archived"])
        if is_offered and not row["deleted_at"]:
            same[row["parent_id"], normalize_name(row["name"])].append(row)
    for twins in same.values():
        for row in twins:
            of_category = sum(twin["category"] == row["category"] for twin in twins)
            ending = f"…{str(row['id'])[-4:]}" if of_category > 1 else ""
            qualifier = ", ".join(filter(None, [row["category"], ending])) or NO_CATEGORY
            row["qualifier"] = qualifier[:100] if len(twins) > 1 else ""


def _rows_of(model: type[Channel] | type[Role], guild_ids: Iterable[int]) -> Iterable[Row]:
    return map(dict, model._default_manager.filter(guild__in=guild_ids).order_by().values())


def _upsert_rows(model: type[Model], rows: Sequence[Row]) -> None:
    """Insert whole rows, or write over those that have their ids. `bulk_create` takes ten times as long for it."""
    if not rows:
        return
    table, columns = model._meta.db_table, ", ".join(rows[0])
    sql = (
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s) "  # noqa: S608 (names of ours)
        f"ON CONFLICT (id) DO UPDATE SET ({columns}) = ({', '.join(f'EXCLUDED.{name}' for name in rows[0])})"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(rows, default=datetime.isoformat)])


def mark_channel_deleted(channel_id: int, now: datetime) -> None:
    """Mark a channel or thread as deleted."""
    Channel.objects.filter(pk=channel_id, deleted_at=None).update(deleted_at=now)


def forget_place(place_id: int) -> None:
    """Delete the row of a role or a voice channel that the bot made and that is gone: nothing refers to it.

    Each game may have had one, and with every change of a guild all its rows are read.
    """
    Role.objects.filter(pk=place_id).delete()
    Channel.objects.filter(pk=place_id, type=VOICE, defaults=None).delete()


def upsert_roles(guild_id: int, payloads: Iterable[RolePayload]) -> None:
    """Create or update roles."""
    _write_roles({guild_id: payloads}, None)


def _write_roles(by_guild: Mapping[int, Iterable[RolePayload]], gone_at: datetime | None) -> None:
    """Write the roles that differ from these. With a time, those that are not among them are deleted since then."""
    stored = {row["id"]: row for row in _rows_of(Role, by_guild)}
    said: dict[int, Row] = {
        payload.id: {
            "id": payload.id,
            "guild_id": guild_id,
            "name": payload.name,
            "position": payload.position,
            "permissions": payload.permissions & STORED_PERMISSIONS,
            "is_bot_managed": payload.is_bot_managed,
            "deleted_at": None,
        }
        for guild_id, payloads in by_guild.items()
        for payload in payloads
    }
    changed = [row for pk, row in said.items() if stored.get(pk) != row]
    if gone_at is not None:
        absent = (row for pk, row in stored.items() if pk not in said and not row["deleted_at"])
        changed += [row | {"deleted_at": gone_at} for row in absent]
    _upsert_rows(Role, changed)


def mark_role_deleted(role_id: int, now: datetime) -> None:
    """Mark a role as deleted."""
    Role.objects.filter(pk=role_id, deleted_at=None).update(deleted_at=now)
