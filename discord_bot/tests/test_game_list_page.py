"""A page of a game list: within Discord's limits whatever the games, channels and servers are called."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from conftest import World
from discord_bot.render import game_list_page
from games.pages.game_list import PER_PAGE_IN_DISCORD, ListKind, list_games
from guilds.models import Channel, Guild


@pytest.mark.parametrize("name", ["_", "*", "||", "a", "😀", "https://e.io/a_b ", "שלום "])
def test_the_longest_names_fit(world: World, settings: Any, name: str) -> None:
    settings.PUBLIC_URL = f"https://{'x' * 50}.example.org"
    Channel.objects.filter(pk=world.channel.pk).update(name=(name * 100)[:100])
    Guild.objects.update(name=(name * 100)[:100])
    for number in range(PER_PAGE_IN_DISCORD + 1):
        starts_at = world.now + timedelta(days=number, hours=1)
        world.create_game(title=(name * 200)[:200].strip(), starts_at=starts_at)
    kind: ListKind
    for kind in get_args(ListKind):
        games = list_games(kind, Guild.objects.get(), world.bob, world.now + timedelta(hours=2))
        embed, _ = game_list_page(games)
        assert len(games.rows) == PER_PAGE_IN_DISCORD, kind
        assert len(embed.description or "") <= 4096, kind
        assert len(embed.title or "") <= 256, kind
        assert (embed.description or "").count("](https://") == PER_PAGE_IN_DISCORD, "each row links to its page"


def test_ordinary_names_are_whole(world: World) -> None:
    Guild.objects.update(name="The Very Long Name of a Server for Board Games")
    title = "A Title of Eighty Characters Is What Fitted Before, and so It Fits Now as Well"
    world.create_game(title=title)
    description = game_list_page(list_games("mine", Guild.objects.get(), world.bob, world.now))[0].description or ""
    assert f"[{title}]" in description
    assert "The Very Long Name of a Server for Board Games" in description
