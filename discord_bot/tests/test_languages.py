"""The bot answers a person in their language, as far as it is known, and writes posts in their server's."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from django.utils import translation

from conftest import World
from discord_bot import render
from discord_bot.interactions import senders
from discord_bot.interactions.log import InteractionRecord
from discord_bot.interactions.replies import defer_if_slow
from games.posts.announcement import announcement_view
from gamesched.lib.orm import run_in_db_thread
from guilds.models import Guild, User


def interaction_of(user_id: int, locale: str, guild_locale: str | None = None) -> Any:
    """Return what is read of an interaction before anything is looked up."""
    guilds = discord.Locale(guild_locale) if guild_locale is not None else None
    return SimpleNamespace(user=SimpleNamespace(id=user_id), locale=discord.Locale(locale), guild_locale=guilds)


@pytest.mark.parametrize(
    ("locale", "guild_locale", "language"),
    [("de", "en-US", "de"), ("fr", "de", "de"), ("fr", None, "en"), ("en-GB", "de", "en")],
)
async def test_at_first_the_language_of_their_discord_holds(
    locale: str, guild_locale: str | None, language: str
) -> None:
    assert InteractionRecord(interaction_of(1, locale, guild_locale), "test").language == language
    assert translation.get_language() == language
    assert await run_in_db_thread(translation.get_language) == language


async def test_what_they_chose_holds_once_they_are_read() -> None:
    record = InteractionRecord(interaction_of(7, "en-US"), "test")
    person = User(pk=7, language="he")

    def work() -> str | None:
        senders._hear(person)
        return translation.get_language()

    async def defer() -> None:
        raise AssertionError("nothing here is slow")

    assert await defer_if_slow(record, record.work(work), defer, "") == "he"
    assert (record.language, translation.get_language()) == ("he", "he")
    assert await run_in_db_thread(translation.get_language) == "he"
    # A modal opens before anything is looked up.
    assert InteractionRecord(interaction_of(7, "en-US"), "test").language == "he"
    assert InteractionRecord(interaction_of(8, "en-US"), "test").language == "en", "somebody else's is their own"


def test_what_they_take_back_no_longer_holds() -> None:
    senders._hear(User(pk=7, language="he"))
    senders._hear(User(pk=7, language=""))
    assert InteractionRecord(interaction_of(7, "en-US"), "test").language == "en"


async def test_the_next_work_of_a_thread_is_not_in_the_language_of_the_last() -> None:
    record = InteractionRecord(interaction_of(7, "de"), "test")
    await record.work(lambda: translation.activate("he"))
    translation.activate("en")
    assert {await run_in_db_thread(translation.get_language) for _ in range(6)} == {"en"}


def test_a_post_is_in_its_servers_language_whoever_has_it_rendered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = world.create_game()
    spoken: list[str | None] = []

    def note(view: Any) -> str:
        spoken.append(translation.get_language())
        return ""

    Guild.objects.update(language="de")
    game.guild.refresh_from_db()
    monkeypatch.setattr("discord_bot.post_layout.notified_roles", note)
    with translation.override("he"):
        view = announcement_view(game, world.now)
        render.announcement_message(view)
        assert translation.get_language() == "he"
    assert (view.language, spoken) == ("de", ["de"])
