"""People and servers have pictures, as Discord's CDN serves them."""

import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.page import pictures
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import PATIENCE


def test_a_cast_of_different_faces(local: LocalDiscord) -> None:
    rest, shown = RestClient(local), set()
    for user_id in (fixtures.ALICE_ID, fixtures.BOB_ID, fixtures.CHARLIE_ID):
        avatar = rest.request_json("GET", f"/guilds/{fixtures.GUILD_ID}/members/{user_id}")["user"]["avatar"]
        answer = requests.get(f"{local.origin}/avatars/{user_id}/{avatar}.png?size=64", timeout=PATIENCE)
        assert answer.headers["Content-Type"] == "image/png"
        assert int.from_bytes(answer.content[16:20], "big") == 64  # the width, in a PNG's header
        shown.add(answer.content)
    assert len(shown) == 3
    icon = rest.request_json("GET", f"/guilds/{fixtures.GUILD_ID}")["icon"]
    assert requests.get(f"{local.origin}/icons/{fixtures.GUILD_ID}/{icon}.png", timeout=PATIENCE).ok
    for wrong in ("x", "g" * 32, "0" * 31):
        assert (
            requests.get(f"{local.origin}/avatars/{fixtures.BOB_ID}/{wrong}.png", timeout=PATIENCE).status_code == 404
        )


def test_the_same_hash_gives_the_same_picture_in_a_size_that_discord_has() -> None:
    once = pictures.avatar(fixtures.BOB_ID, "a" * 32, 32)
    pictures.avatar.cache_clear()
    assert pictures.avatar(fixtures.BOB_ID, "a" * 32, 32) == once
    assert [pictures.nearest_size(asked) for asked in ("", "64", "65", "0", "-1", "²", "99999", "9" * 9)] == [
        128, 64, 128, 16, 128, 128, 1024, 128,
    ]  # fmt: skip
