"""discord.py, unmodified: a group of commands with autocomplete, and modals."""

import asyncio
from typing import Any

import discord
import pytest
import requests
from discord import app_commands

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.tests.conftest import RecordingClient

Interaction = discord.Interaction[RecordingClient]


class NewGame(discord.ui.Modal, title="New game"):
    name: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Title", min_length=3)
    mode: discord.ui.Label[Any] = discord.ui.Label(
        text="How hard?",
        description="You may choose one.",
        component=discord.ui.Select(
            custom_id="mode", options=[discord.SelectOption(label="Easy"), discord.SelectOption(label="Hard")]
        ),
    )
    helper: discord.ui.Label[Any] = discord.ui.Label(
        text="Who helps?", component=discord.ui.UserSelect(custom_id="helper", required=False)
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        assert isinstance(self.mode.component, discord.ui.Select)
        assert isinstance(self.helper.component, discord.ui.UserSelect)
        helpers = [member.display_name for member in self.helper.component.values]
        text = f"{self.name.value}, {self.mode.component.values[0]}, {helpers}"
        await interaction.response.send_message(text, ephemeral=True)


class Games(app_commands.Group, name="game", description="Games"):
    @app_commands.command(name="list", description="What is on")
    async def listing(self, interaction: Interaction) -> None:
        await interaction.response.send_message("Nothing.")

    @app_commands.command(description="Join a game")
    async def join(self, interaction: Interaction, game: str, friend: discord.Member | None = None) -> None:
        assert friend is not None
        await interaction.response.send_message(f"{game} with {friend.display_name}")

    @join.autocomplete("game")
    async def games(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current.title()} of Strahd", value="17")]

    @app_commands.command(description="Show a file")
    async def show(self, interaction: Interaction, file: discord.Attachment) -> None:
        await interaction.response.send_message(f"{file.filename}, {file.size}: {(await file.read()).decode()}")

    @app_commands.command(description="Make a game")
    async def new(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(NewGame())


def subcommand_options(name: str, *options: Json) -> list[Json]:
    return [{"type": 1, "name": name, "options": list(options)}]


async def test_a_group_of_commands(local: LocalDiscord, bot: RecordingClient) -> None:
    tree = app_commands.CommandTree(bot)
    tree.add_command(Games())
    (synced,) = await tree.sync()
    assert [option.name for option in synced.options] == ["list", "join", "show", "new"]
    (fetched,) = await tree.fetch_commands()
    assert fetched == synced
    act = local.client
    entry = await asyncio.to_thread(act.use_command, "bob", fixtures.GENERAL_ID, "game", subcommand_options("list"))
    assert (entry["command"], entry["response_type"]) == ("game list", 4)
    typed = subcommand_options("join", {"name": "game", "value": "curse", "focused": True})
    entry = await asyncio.to_thread(act.autocomplete, "bob", fixtures.GENERAL_ID, "game", typed)
    assert entry["choices"] == [{"name": "Curse of Strahd", "value": "17"}]
    given = subcommand_options(
        "join", {"name": "game", "value": "17"}, {"name": "friend", "value": str(fixtures.BOB_ID)}
    )
    await asyncio.to_thread(act.use_command, "charlie", fixtures.GENERAL_ID, "game", given)
    assert act.messages("bob", fixtures.GENERAL_ID)[0]["content"] == "17 with Bob the GM"


async def test_a_file_is_an_option(local: LocalDiscord, bot: RecordingClient) -> None:
    tree = app_commands.CommandTree(bot)
    tree.add_command(Games())
    await tree.sync()
    act, given = local.client, subcommand_options("show", {"name": "file", "value": "0"})
    for files, problem in (([], "There is no such file"), ([("big.txt", b"x" * 11 * 1024 * 1024)], "too large")):
        with pytest.raises(requests.HTTPError, match=problem):
            await asyncio.to_thread(act.use_command, "bob", fixtures.GENERAL_ID, "game", given, files=files)
    await asyncio.to_thread(act.use_command, "bob", fixtures.GENERAL_ID, "game", given, files=[("a b.txt", b"dice")])
    assert act.messages("bob", fixtures.GENERAL_ID)[0]["content"] == "a_b.txt, 4: dice"


async def test_a_modal(local: LocalDiscord, bot: RecordingClient) -> None:
    tree = app_commands.CommandTree(bot)
    tree.add_command(Games())
    await tree.sync()
    act = local.client
    entry = await asyncio.to_thread(act.use_command, "bob", fixtures.GENERAL_ID, "game", subcommand_options("new"))
    assert (entry["response_type"], entry["modal"]["title"]) == (9, "New game")
    (title,) = entry["modal"]["components"][0]["components"]
    values = {title["custom_id"]: "Strahd", "mode": ["Hard"], "helper": [str(fixtures.CHARLIE_ID)]}
    entry = await asyncio.to_thread(act.submit_modal, "bob", entry["modal"], values)
    assert entry["state"] == "answered"
    shown = act.messages("bob", fixtures.GENERAL_ID)[0]
    assert (shown["content"], shown["flags"]) == ("Strahd, Hard, ['Charlie']", 64)
