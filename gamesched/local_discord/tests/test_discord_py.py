"""discord.py, unmodified, against the local Discord."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.api.interactions import lifecycle
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.rate_limits import RateLimit
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.testing.waiting import PATIENCE

pytestmark = pytest.mark.slow


def buttons() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Join", custom_id="game:1:join", style=discord.ButtonStyle.success))
    view.add_item(discord.ui.Button(label="Leave", custom_id="game:1:leave"))
    view.stop()
    return view


async def announce(bot: RecordingClient) -> discord.Message:
    channel = bot.get_channel(fixtures.GAME_NIGHT_ID)
    assert isinstance(channel, discord.TextChannel)
    embed = discord.Embed(title="Curse of Strahd", colour=0x5865F2).add_field(name="Seats", value="0 of 5")
    return await channel.send(embed=embed, view=buttons())


async def wait_until(true: Callable[[], Any], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        await asyncio.sleep(0.01)


async def test_it_knows_the_guild(bot: RecordingClient) -> None:
    (guild,) = bot.guilds
    assert guild.name == "Friday Night Dice"
    assert [channel.name for channel in guild.text_channels] == ["general", "game-night", "raids"]
    assert {role.name for role in guild.roles} >= {"Organiser", "Player", "Game Scheduler"}
    assert guild.owner_id == fixtures.ALICE_ID
    assert guild.get_channel(fixtures.RAIDS_ID).permissions_for(guild.me).send_messages  # type: ignore[union-attr]
    assert bot.application_id == bot.user.id  # type: ignore[union-attr]


async def test_a_click_edits_the_message_and_sends_an_ephemeral_followup(
    local: LocalDiscord, bot: RecordingClient
) -> None:
    message = await announce(bot)

    async def answer(interaction: discord.Interaction) -> None:
        assert isinstance(interaction.user, discord.Member)
        assert interaction.user.nick == "Bob the GM"
        assert interaction.user.get_role(fixtures.ORGANISER_ID)
        assert interaction.permissions.manage_guild
        assert interaction.message is not None
        embed = discord.Embed(title=interaction.message.embeds[0].title).add_field(name="Seats", value="1 of 5")
        await interaction.response.edit_message(embed=embed, view=buttons())
        await interaction.followup.send("You are in.", ephemeral=True)

    bot.interaction_handler = answer
    shown = (await asyncio.to_thread(local.client.messages, "bob", fixtures.GAME_NIGHT_ID))[0]
    entry = await asyncio.to_thread(local.client.click, "bob", shown, "game:1:join")
    assert (entry["state"], entry["response_type"], entry["custom_id"]) == ("answered", 7, "game:1:join")
    await wait_until(lambda: local.client.interactions()[0]["followups"])
    mine, shown = await asyncio.to_thread(local.client.messages, "bob", fixtures.GAME_NIGHT_ID)
    assert (mine["content"], mine["flags"]) == ("You are in.", 64)
    assert shown["embeds"][0]["fields"][0]["value"] == "1 of 5"
    assert shown["id"] == str(message.id)
    assert shown["edited_timestamp"]
    others = await asyncio.to_thread(local.client.messages, "charlie", fixtures.GAME_NIGHT_ID)
    assert [other["content"] for other in others] == [""]


async def test_deferred_responses_are_edited_later(local: LocalDiscord, bot: RecordingClient) -> None:
    await announce(bot)

    async def answer(interaction: discord.Interaction) -> None:
        if interaction.data["custom_id"] == "game:1:join":  # type: ignore[index,typeddict-item]
            await interaction.response.defer()
            await interaction.edit_original_response(content="Later")
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await interaction.followup.send("Thought.")

    bot.interaction_handler = answer
    shown = (await asyncio.to_thread(local.client.messages, "bob", fixtures.GAME_NIGHT_ID))[0]
    assert (await asyncio.to_thread(local.client.click, "bob", shown, "game:1:join"))["response_type"] == 6
    assert (await asyncio.to_thread(local.client.click, "bob", shown, "game:1:leave"))["response_type"] == 5

    def contents() -> list[str]:
        return [message["content"] for message in local.client.messages("bob", fixtures.GAME_NIGHT_ID)]

    await wait_until(lambda: contents() == ["Thought.", "Later"])
    assert local.client.messages("bob", fixtures.GAME_NIGHT_ID)[0]["flags"] == 64


async def test_a_second_answer_is_refused_and_so_is_a_late_one(local: LocalDiscord, bot: RecordingClient) -> None:
    await announce(bot)
    codes: list[int] = []
    too_late = asyncio.Event()

    async def answer(interaction: discord.Interaction) -> None:
        other = discord.InteractionResponse(interaction)
        if interaction.data["custom_id"] == "game:1:leave":  # type: ignore[index,typeddict-item]
            await too_late.wait()
        for response in (interaction.response, other):
            try:
                await response.send_message("hello", ephemeral=True)
            except discord.HTTPException as error:
                codes.append(error.code)

    bot.interaction_handler = answer
    shown = (await asyncio.to_thread(local.client.messages, "bob", fixtures.GAME_NIGHT_ID))[0]
    await asyncio.to_thread(local.client.click, "bob", shown, "game:1:join")
    await wait_until(lambda: codes == [40060])
    entry = await asyncio.to_thread(local.client.click, "bob", shown, "game:1:leave")
    assert entry["state"] == "none"
    too_late.set()
    await wait_until(lambda: codes == [40060, 10062, 10062])
    assert local.client.interactions()[-1]["state"] == "late"


async def test_direct_messages_and_closed_ones(local: LocalDiscord, bot: RecordingClient) -> None:
    dm = await bot.create_dm(discord.Object(fixtures.BOB_ID))
    await dm.send("Starts in an hour.")
    assert [message["content"] for message in local.client.dms("bob")] == ["Starts in an hour."]
    assert local.client.dms("charlie") == []
    for person, code in ((fixtures.DANA_ID, 50007), (fixtures.ERIN_ID, 50278)):
        dm = await bot.create_dm(discord.Object(person))
        with pytest.raises(discord.Forbidden) as refused:
            await dm.send("Starts in an hour.")
        assert refused.value.code == code


async def test_a_repeated_nonce_gives_the_first_message(local: LocalDiscord, bot: RecordingClient) -> None:
    channel = bot.get_partial_messageable(fixtures.GENERAL_ID)
    first = await channel.send("Once.", nonce="abc")
    assert (await channel.send("Once.", nonce="abc")).id == first.id
    assert (await channel.send("Once.", nonce="abd")).id != first.id
    assert len(local.client.messages("alice", fixtures.GENERAL_ID)) == 2


async def test_it_resumes_after_a_lost_connection(local: LocalDiscord, bot: RecordingClient) -> None:
    local.client.add_fault("gateway_drop")
    local.client.add_fault("rename", channel_id=fixtures.RAIDS_ID, name="dungeons")  # missed, and sent on resume
    await asyncio.wait_for(bot.resumed.wait(), PATIENCE)
    await wait_until(lambda: ("channel", "dungeons") in bot.events)
    local.client.add_fault("gateway_drop", resumable=False, reconnect=True)
    await wait_until(lambda: not local.client.bot_connected())
    await wait_until(lambda: local.client.bot_connected())


async def test_it_receives_update_events(local: LocalDiscord, bot: RecordingClient) -> None:
    fault = local.client.add_fault
    fault("rename", guild_id=fixtures.GUILD_ID, name="Saturday Night Dice")
    fault("rename", guild_id=fixtures.GUILD_ID, role_id=fixtures.PLAYER_ID, name="Adventurer")
    fault("permissions", channel_id=fixtures.RAIDS_ID, take=["EMBED_LINKS"])
    await wait_until(
        lambda: {("guild", "Saturday Night Dice"), ("role", "Adventurer"), ("channel", "raids")} <= set(bot.events)
    )
    channel = bot.get_channel(fixtures.RAIDS_ID)
    assert isinstance(channel, discord.TextChannel)
    assert not channel.permissions_for(channel.guild.me).embed_links
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send(embed=discord.Embed(title="No"))
    assert refused.value.code == 50013
    await channel.send("But words.")
    fault("outage", guild_id=fixtures.GUILD_ID)
    await wait_until(lambda: ("outage", fixtures.GUILD_ID) in bot.events)
    fault("outage", guild_id=fixtures.GUILD_ID, over=True)
    fault("kick_bot", guild_id=fixtures.GUILD_ID)
    await wait_until(lambda: ("removed", fixtures.GUILD_ID) in bot.events)
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("Still here?")
    assert refused.value.code == 50001


async def test_a_wrong_token_is_refused(local: LocalDiscord, bot: RecordingClient) -> None:
    with pytest.raises(discord.LoginFailure):
        await discord.Client(intents=discord.Intents.none()).login(local.bot_token + "x")


async def test_two_hundred_click_at_once(
    local: LocalDiscord, bot: RecordingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Clickers, the local Discord and the bot share one interpreter here: how soon all are answered is the machine's.
    monkeypatch.setattr(lifecycle, "RESPONSE_DEADLINE", PATIENCE)
    await announce(bot)

    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("You are in.", ephemeral=True)

    bot.interaction_handler = answer
    people = local.client.add_people(200, fixtures.GUILD_ID, [fixtures.PLAYER_ID])
    shown = (await asyncio.to_thread(local.client.messages, people[0]["username"], fixtures.GAME_NIGHT_ID))[0]
    body = {"type": 3, "channel_id": shown["channel_id"], "message_id": shown["id"]}
    body |= {"data": {"component_type": 2, "custom_id": "game:1:join"}}
    async with aiohttp.ClientSession() as session:

        async def click(token: str) -> int:
            headers = {"Authorization": token}
            async with session.post(f"{local.api_url}/interactions", json=body, headers=headers) as answered:
                return int(answered.status)

        assert set(await asyncio.gather(*(click(person["token"]) for person in people))) == {204}
    await wait_until(lambda: all(entry["state"] == "answered" for entry in local.client.interactions()))
    entries = local.client.interactions()
    assert len({entry["user"] for entry in entries}) == 200
    for person in (people[0], people[-1]):
        messages = local.client.messages(person["username"], fixtures.GAME_NIGHT_ID)
        assert [message["content"] for message in messages] == ["You are in.", ""]


async def test_rate_limits_are_obeyed(local: LocalDiscord, bot: RecordingClient) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update(post=RateLimit(5, 1.0)))
    channel = bot.get_partial_messageable(fixtures.GENERAL_ID)
    started = time.monotonic()
    await asyncio.gather(*(channel.send(f"{i}") for i in range(11)))
    assert time.monotonic() - started > 1.8
    assert len(local.client.messages("alice", fixtures.GENERAL_ID)) == 11
