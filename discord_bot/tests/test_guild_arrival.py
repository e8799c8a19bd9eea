"""Guilds that arrive by the hundred, when the bot connects: saved in sets, once, and of them only what is new."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from discord_bot import bot, guild_sync
from guilds.directory.payloads import ChannelPayload, GuildPayload, OverwritePayload, RolePayload
from guilds.models import Channel, Guild, Role

FIRST = 10**18


def nobody(guild_id: int) -> OverwritePayload:
    return OverwritePayload(guild_id, 0, 1 << 10)


def arriving(count: int, channels: int = 3) -> list[GuildPayload]:
    return [
        GuildPayload(
            guild_id,
            f"Server {guild_id}",
            "",
            1,
            tuple(
                ChannelPayload(
                    guild_id + 10 + n, "games", 0, n, 1 << 20, overwrites=(OverwritePayload(guild_id, 0, 1),)
                )
                for n in range(channels)
            ),
            (RolePayload(guild_id, "@everyone", 0, 1 << 10), RolePayload(guild_id + 1, "Player", 1, 0)),
        )
        for guild_id in range(FIRST, FIRST + count * 100, 100)
    ]


def statements_of(payloads: list[GuildPayload]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        guild_sync.save_guilds(payloads)
        guild_sync.drop_hidden_signups([payload.id for payload in payloads])
    return [query["sql"] for query in captured]


@pytest.mark.django_db
def test_many_guilds_take_no_more_statements_than_one() -> None:
    payloads = arriving(25, channels=20)
    one = statements_of(payloads[:1])
    assert len(statements_of(payloads[1:])) == len(one) <= 17, "with a savepoint"
    assert (Guild.objects.count(), Channel.objects.count(), Role.objects.count()) == (25, 500, 50)
    assert set(Channel.objects.filter(guild=FIRST).values_list("qualifier", flat=True)) == {
        f"…{str(FIRST + 10 + n)[-4:]}" for n in range(20)
    }


@pytest.mark.django_db
def test_what_is_known_is_not_written_again() -> None:
    payloads = arriving(3)
    statements_of(payloads)
    changed = replace(payloads[1], channels=(replace(payloads[1].channels[0], name="news"), *payloads[1].channels[1:]))
    for again, channels, roles in ((payloads, 0, 0), ([payloads[0], changed, payloads[2]], 1, 0)):
        written = [sql for sql in statements_of(again) if sql.startswith(("INSERT INTO guilds_", "UPDATE"))]
        assert sum("INTO guilds_channel " in sql for sql in written) == channels
        assert sum("INTO guilds_role " in sql for sql in written) == roles
        assert len(written) == channels + roles, "a guild's own row says when it was saved, by another form of INSERT"
    names = dict(Channel.objects.filter(guild=changed.id).values_list("name", "qualifier"))
    assert names == {"news": "", "games": f"…{str(changed.id + 12)[-4:]}"}


@pytest.mark.django_db
def test_what_a_guild_has_no_more_is_marked_once() -> None:
    payloads = arriving(2)
    statements_of(payloads)
    fewer = replace(payloads[0], channels=payloads[0].channels[:1], roles=payloads[0].roles[:1])
    statements_of([fewer, payloads[1]])
    gone = {row.pk: row.deleted_at for row in Channel.objects.exclude(deleted_at=None)}
    assert set(gone) == {channel.id for channel in payloads[0].channels[1:]}
    assert [role.pk for role in Role.objects.exclude(deleted_at=None)] == [payloads[0].roles[1].id]
    statements_of([fewer, payloads[1]])
    assert {row.pk: row.deleted_at for row in Channel.objects.exclude(deleted_at=None)} == gone
    statements_of(payloads)
    assert not Channel.objects.exclude(deleted_at=None).exists()


async def test_while_it_connects_each_is_saved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running: Any = bot.Bot()
    written: list[list[int]] = []

    async def write(guilds: Any) -> list[Any]:
        written.append([guild.id for guild in guilds])
        return []

    async def nothing(*args: Any) -> None:
        pass

    class Known:
        unavailable, voice_channels = False, ()

        def __init__(self, guild_id: int) -> None:
            self.id = guild_id

    known = [Known(number) for number in range(3)]
    monkeypatch.setattr(guild_sync, "SYNC_DELAY", 0)
    monkeypatch.setattr(bot, "run_in_db_thread", nothing)
    monkeypatch.setattr(bot.Bot, "guilds", known)
    monkeypatch.setattr(running.guild_sync, "write", write)
    monkeypatch.setattr(running, "_warn_of_stale_commands", nothing)
    monkeypatch.setattr(running, "get_guild", lambda guild_id: known[guild_id])
    await running.on_connect()
    for guild in known:
        await running.on_guild_available(guild)
    await running.on_ready()
    await running.on_guild_update(known[1], known[1])
    await running.on_guild_role_create(type("Role", (), {"guild": known[2]}))
    await asyncio.gather(*running._background_tasks)
    assert written == [[0, 1, 2], [1, 2]], "what changes later is saved together"
