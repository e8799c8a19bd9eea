"""Searching members with the bot's token, against the local Discord."""

from typing import Any

import pytest

from discord_bot.directory import RestDirectory
from discord_bot.sandbox import cast
from discord_bot.sandbox.testing import LocalDiscord
from guilds.directory import DirectoryDown


def test_members_are_found_at_once_and_bots_are_not(settings: Any) -> None:
    with LocalDiscord() as local:
        settings.DISCORD_API_URL, settings.DISCORD_BOT_TOKEN = local.api_url, local.bot_token
        search = RestDirectory().search
        assert [one.nick for one in search(cast.GUILD_ID, "bob", 10)] == ["Bob the GM"]
        assert search(cast.GUILD_ID, "Game Scheduler", 10) == []
        made = local.client.add_people(1, cast.GUILD_ID)[0]
        assert [str(one.user.id) for one in search(cast.GUILD_ID, made["username"], 10)] == [made["id"]]
        for _ in range(7):
            search(cast.GUILD_ID, "x", 10)
        with pytest.raises(DirectoryDown):  # Discord allows ten in ten seconds
            search(cast.GUILD_ID, "x", 10)
