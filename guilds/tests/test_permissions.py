"""Rights in a channel: Discord's documented algorithm, held against a table and against the local Discord's own."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesched.local_discord.state import entities, permissions
from guilds.models import (
    ADMINISTRATOR,
    MANAGE_GUILD,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Member,
)
from guilds.permissions import (
    channel_permissions,
    guild_permissions,
    may_act,
    may_view,
    may_write,
    roles_that_view,
    roles_view_both,
)

GUILD = EVERYONE = 10
OFFICER, PLAYER, GUEST = 11, 12, 13
OWNER, PERSON = 1, 2
BITS = (ADMINISTRATOR, MANAGE_GUILD, VIEW_CHANNEL, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS)
KNOWN = (1 << 53) - 1
BASE = VIEW_CHANNEL | SEND_MESSAGES
READING = VIEW_CHANNEL  # of these bits, what is left to who is timed out or not screened
NOW = datetime(2026, 11, 29, tzinfo=UTC)

Overwrites = dict[int, tuple[int, int]]


def member_with(roles: dict[int, int], own: tuple[int, ...] = (), user_id: int = PERSON) -> Member:
    """Return an unsaved member; `roles` are the guild's, with their permissions."""
    member = Member(guild=Guild(id=GUILD, owner_id=OWNER), user_id=user_id, role_ids=list(own))
    member.role_permissions = {role: roles[role] for role in (EVERYONE, *own) if role in roles}
    return member


def channel_with(overwrites: Overwrites) -> Channel:
    return Channel(id=20, guild_id=GUILD, overwrites=[[target, *bits] for target, bits in overwrites.items()])


HIDDEN: Overwrites = {EVERYONE: (0, VIEW_CHANNEL)}
OFFICERS_ONLY: Overwrites = HIDDEN | {OFFICER: (VIEW_CHANNEL, 0)}


# https://discord.com/developers/docs/topics/permissions#permission-overwrites, step by step.
@pytest.mark.parametrize(
    ("everyone", "own_roles", "overwrites", "user_id", "sees", "writes"),
    [
        (BASE, (), {}, PERSON, True, True),
        (0, (), {}, PERSON, False, False),
        (BASE, (), HIDDEN, PERSON, False, False),
        (BASE, (), HIDDEN, OWNER, True, True),
        (BASE, (OFFICER,), OFFICERS_ONLY, PERSON, True, True),
        (BASE, (PLAYER,), OFFICERS_ONLY, PERSON, False, False),
        (BASE, (), {EVERYONE: (0, SEND_MESSAGES)}, PERSON, True, False),
        # What a role is allowed wins over what another role is denied.
        (BASE, (OFFICER, PLAYER), {OFFICER: (VIEW_CHANNEL, 0), PLAYER: (0, VIEW_CHANNEL)}, PERSON, True, True),
        # One's own overwrite comes last.
        (BASE, (OFFICER,), OFFICERS_ONLY | {PERSON: (0, VIEW_CHANNEL)}, PERSON, False, False),
        (BASE, (), HIDDEN | {PERSON: (VIEW_CHANNEL, 0)}, PERSON, True, True),
        # Who may not view a channel may do nothing there.
        (SEND_MESSAGES, (), {}, PERSON, False, False),
        # Administrators are bound by no overwrite.
        (BASE | ADMINISTRATOR, (), HIDDEN | {PERSON: (0, VIEW_CHANNEL)}, PERSON, True, True),
        # Manage Server shows no channel.
        (BASE | MANAGE_GUILD, (), HIDDEN, PERSON, False, False),
        # An overwrite of a role that the member does not have, or that was deleted, counts for nothing.
        (BASE, (99,), HIDDEN | {99: (VIEW_CHANNEL, 0)}, PERSON, False, False),
    ],
)
def test_the_documented_steps(
    everyone: int, own_roles: tuple[int, ...], overwrites: Overwrites, user_id: int, sees: bool, writes: bool
) -> None:
    member = member_with({EVERYONE: everyone, OFFICER: 0, PLAYER: 0}, own_roles, user_id)
    channel = channel_with(overwrites)
    assert (may_view(member, channel), may_write(member, channel)) == (sees, writes)


def test_a_thread_takes_its_channels_overwrites() -> None:
    thread = Channel(id=21, guild_id=GUILD, type=11, parent=channel_with(HIDDEN))
    member = member_with({EVERYONE: BASE | SEND_MESSAGES_IN_THREADS})
    assert not may_view(member, thread)
    thread.parent = channel_with({EVERYONE: (0, SEND_MESSAGES)})
    assert may_write(member, thread), "threads have a permission of their own to write in"
    thread.parent = channel_with({EVERYONE: (0, SEND_MESSAGES_IN_THREADS)})
    assert not may_write(member, thread)


bits = st.lists(st.sampled_from(BITS)).map(lambda chosen: sum(set(chosen)))
roles = st.fixed_dictionaries({EVERYONE: bits, OFFICER: bits, PLAYER: bits})


@settings(deadline=None)  # what it takes on a busy machine is not its subject
@given(
    roles=roles,
    own=st.lists(st.sampled_from([OFFICER, PLAYER]), unique=True),
    overwrites=st.dictionaries(st.sampled_from([EVERYONE, OFFICER, PLAYER, PERSON, OWNER]), st.tuples(bits, bits)),
    user_id=st.sampled_from([OWNER, PERSON]),
    timed_out_for=st.sampled_from([None, -1, 0, 1, 600]),
    pending=st.booleans(),
)
def test_they_are_those_that_the_local_discord_computes(
    roles: dict[int, int],
    own: list[int],
    overwrites: Overwrites,
    user_id: int,
    timed_out_for: int | None,
    pending: bool,
) -> None:
    until = None if timed_out_for is None else NOW + timedelta(seconds=timed_out_for)
    guild = entities.Guild(GUILD, "", OWNER, {pk: entities.Role(pk, "", has, 0) for pk, has in roles.items()})
    guild.members[user_id] = entities.Member(
        user_id, own, timed_out_until=None if until is None else until.timestamp(), pending=pending
    )
    theirs = [
        entities.Overwrite(pk, int(pk in {OWNER, PERSON}), allow, deny) for pk, (allow, deny) in overwrites.items()
    ]
    channel = entities.Channel(20, guild_id=GUILD, overwrites=theirs)
    member = member_with(roles, tuple(own), user_id)
    member.timed_out_until, member.pending = until, pending
    allowed = KNOWN if may_act(member, NOW) else READING
    now = NOW.timestamp()
    assert guild_permissions(member) & allowed == permissions.guild_permissions(guild, user_id, now)
    expected = permissions.channel_permissions(guild, channel, user_id, now)
    assert channel_permissions(member, channel_with(overwrites)) & allowed == expected
    assert may_view(member, channel_with(overwrites)) == bool(expected & VIEW_CHANNEL), "a time-out hides no channel"


# https://discord.com/developers/docs/topics/permissions#permissions-for-timed-out-members
@pytest.mark.parametrize(
    ("everyone", "overwrites", "user_id", "sees", "acts"),
    [
        (BASE, {}, PERSON, True, False),
        (BASE, HIDDEN, PERSON, False, False),
        (BASE, HIDDEN | {PERSON: (VIEW_CHANNEL | SEND_MESSAGES, 0)}, PERSON, True, False),
        (BASE | MANAGE_GUILD, {}, PERSON, True, False),
        (BASE | ADMINISTRATOR, HIDDEN, PERSON, True, True),
        (BASE, HIDDEN, OWNER, True, True),
    ],
)
@pytest.mark.parametrize("restricted", [{"timed_out_until"}, {"pending"}, {"timed_out_until", "pending"}])
def test_who_is_restricted_sees_what_they_saw(
    everyone: int, overwrites: Overwrites, user_id: int, sees: bool, acts: bool, restricted: set[str]
) -> None:
    member = member_with({EVERYONE: everyone}, (), user_id)
    member.pending = "pending" in restricted
    member.timed_out_until = NOW + timedelta(days=1) if "timed_out_until" in restricted else None
    assert (may_view(member, channel_with(overwrites)), may_act(member, NOW)) == (sees, acts)


@pytest.mark.parametrize(
    ("overwrites", "viewing"),
    [
        ({}, {EVERYONE, OFFICER, PLAYER}),
        (HIDDEN, set()),
        (OFFICERS_ONLY, {OFFICER}),
        ({OFFICER: (0, VIEW_CHANNEL)}, {EVERYONE, PLAYER}),
    ],
)
def test_which_roles_view_a_channel(overwrites: Overwrites, viewing: set[int]) -> None:
    assert roles_that_view(channel_with(overwrites), {EVERYONE: BASE, OFFICER: 0, PLAYER: 0}) == viewing


two_channels = st.tuples(
    *[st.dictionaries(st.sampled_from([EVERYONE, OFFICER, PLAYER, GUEST]), st.tuples(bits, bits))] * 2
)


@settings(deadline=None)
@given(roles=st.fixed_dictionaries({EVERYONE: bits, OFFICER: bits, PLAYER: bits, GUEST: bits}), overwrites=two_channels)
def test_a_channel_shows_no_more_people_than_another(
    roles: dict[int, int], overwrites: tuple[Overwrites, Overwrites]
) -> None:
    channel, other = map(channel_with, overwrites)
    sets_of_roles = [own for n in range(4) for own in combinations([OFFICER, PLAYER, GUEST], n)]
    everybody = [member_with(roles, own) for own in sets_of_roles]
    expected = all(may_view(member, other) for member in everybody if may_view(member, channel))
    assert roles_view_both(channel, other, roles) == expected


def test_who_is_timed_out_or_not_screened_may_not_act() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    member = member_with({EVERYONE: BASE})
    assert may_act(member, now)
    member.timed_out_until = now + timedelta(seconds=1)
    assert not may_act(member, now)
    assert may_act(member, now + timedelta(seconds=1))
    member.timed_out_until, member.pending = None, True
    assert not may_act(member, now)
