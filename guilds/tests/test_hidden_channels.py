"""Channels that the bot may not view: Discord tells neither their name nor who may view them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from conftest import World
from guilds.directory.payloads import ChannelPayload, GuildPayload, OverwritePayload, RolePayload
from guilds.directory.upsert import upsert_guild
from guilds.models import SEND_MESSAGES, VIEW_CHANNEL, Channel, Role
from guilds.permissions import get_membership, may_view

pytestmark = pytest.mark.django_db


def sync(world: World, *channels: ChannelPayload) -> dict[int, Channel]:
    guild = world.guild
    everyone = RolePayload(guild.pk, "@everyone", 0, VIEW_CHANNEL | SEND_MESSAGES)
    payload = GuildPayload(guild.pk, guild.name, "", guild.owner_id, channels, (everyone,))
    upsert_guild(payload, world.now + timedelta(minutes=1))
    return {channel.pk: channel for channel in Channel.objects.filter(deleted_at=None)}


def plain(world: World, pk: int, name: str) -> ChannelPayload:
    return ChannelPayload(pk, name, 0, 1, VIEW_CHANNEL | SEND_MESSAGES)


def hidden(payload: ChannelPayload) -> ChannelPayload:
    """Return the channel as discord.py knows it when Discord hides it."""
    deny = (OverwritePayload(payload.id - 10, 0, VIEW_CHANNEL),)
    return replace(payload, name="___hidden___", hidden=True, bot_permissions=0, overwrites=deny)


def test_a_known_channel_keeps_its_name_and_is_not_deleted(world: World) -> None:
    raids = plain(world, world.guild.pk + 10, "raids")
    sync(world, raids)
    channel = sync(world, hidden(raids))[raids.id]
    assert (channel.name, channel.bot_permissions, channel.missing_requirements[0]) == ("raids", 0, "View Channel")
    assert sync(world, replace(raids, name="plans"))[raids.id].name == "plans"


def test_nobody_but_administrators_is_let_in_while_it_is_hidden(world: World) -> None:
    raids = plain(world, world.guild.pk + 10, "raids")
    charlie, alice = (get_membership(user, world.guild.pk) for user in (world.charlie, world.alice))
    assert charlie is not None
    assert alice is not None
    assert may_view(charlie, sync(world, raids)[raids.id])
    channel = sync(world, hidden(raids))[raids.id]
    assert not may_view(charlie, channel), "it may have been made private in the same moment"
    assert may_view(alice, channel), "the owner views everything"
    # Even if the payload still says that everybody may: an answer from before Discord hid channels.
    channel = sync(world, replace(raids, hidden=True))[raids.id]
    assert not may_view(charlie, channel)
    assert may_view(charlie, sync(world, raids)[raids.id])


def test_a_channel_never_seen_is_not_stored(world: World) -> None:
    raids, secret = plain(world, world.guild.pk + 10, "raids"), plain(world, world.guild.pk + 77, "secret")
    assert set(sync(world, raids, hidden(secret))) == {raids.id}
    assert sync(world, raids, secret)[secret.id].name == "secret"


def test_permissions_that_discord_may_add_are_no_error(world: World) -> None:
    many = 1 << 80 | 1 << 63 | VIEW_CHANNEL
    everyone = RolePayload(world.guild.pk, "@everyone", 0, many)
    channel = replace(plain(world, world.guild.pk + 10, "raids"), bot_permissions=many)
    channel = replace(channel, overwrites=(OverwritePayload(world.guild.pk, many, 0),))
    payload = GuildPayload(world.guild.pk, "x", "", world.guild.owner_id, (channel,), (everyone,))
    upsert_guild(payload, world.now)
    stored = Channel.objects.get(pk=channel.id)
    assert (stored.bot_permissions, Role.objects.get(pk=world.guild.pk).permissions) == (VIEW_CHANNEL, VIEW_CHANNEL)
    charlie = get_membership(world.charlie, world.guild.pk)
    assert charlie is not None
    assert may_view(charlie, stored)


def test_a_channel_may_be_called_so(world: World) -> None:
    called_so = plain(world, world.guild.pk + 77, "___hidden___")
    assert sync(world, called_so)[called_so.id].name == "___hidden___"
