"""Look-ups of members with the bot's token, against the local Discord."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from discord_bot.http import lookup_limit
from discord_bot.http.directory import RestDirectory
from discord_bot.models import LookupLimit
from gamesched.lib.clock import db_now
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from guilds.directory.lookup import DirectoryUnavailable

pytestmark = pytest.mark.django_db


@pytest.fixture
def local(settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord() as running:
        settings.DISCORD_API_URL, settings.DISCORD_BOT_TOKEN = running.api_url, running.bot_token
        yield running


def test_search_returns_members_at_once_and_no_bots(local: LocalDiscord, settings: Any) -> None:
    settings.DISCORD_REQUESTS_PER_SECOND = 500
    search = RestDirectory().search
    assert [member.nick for member in search(fixtures.GUILD_ID, "bob", 10)] == ["Bob the GM"]
    assert search(fixtures.GUILD_ID, "Game Scheduler", 10) == []
    person = local.client.add_people(1, fixtures.GUILD_ID)[0]
    assert [str(member.user.id) for member in search(fixtures.GUILD_ID, person["username"], 10)] == [person["id"]]
    for _ in range(7):
        search(fixtures.GUILD_ID, "x", 10)
    with pytest.raises(DirectoryUnavailable):  # Discord allows ten in ten seconds
        search(fixtures.GUILD_ID, "x", 10)
    assert {request["status"] for request in local.client.requests()} == {200}, "and is not asked for an eleventh"


def test_all_processes_share_five_look_ups_a_second() -> None:
    waits = [lookup_limit.reserve_lookup() for _ in range(25)]
    assert waits == sorted(waits)
    assert waits[0] == 0
    assert waits[-1] == pytest.approx(24 / 5, abs=0.4)
    with pytest.raises(DirectoryUnavailable, match="too many"):
        [lookup_limit.reserve_lookup() for _ in range(5)]
    # No state is this process's: only the row decides when the next look-up may start.
    LookupLimit.objects.update(next_at=db_now() + timedelta(seconds=3))
    assert 2.5 < lookup_limit.reserve_lookup() <= 3


def test_after_a_401_there_are_no_lookups_for_a_minute(local: LocalDiscord, caplog: Any) -> None:
    local.run_in_loop(lambda state: setattr(state.bot, "token", "another"))
    directory = RestDirectory()
    for look in (directory.member, directory.member, directory.has_message):
        with pytest.raises(DirectoryUnavailable):
            look(fixtures.GUILD_ID, fixtures.BOB_ID)
    assert [request["status"] for request in local.client.requests()] == [401]
    assert "Discord refuses DISCORD_BOT_TOKEN" in caplog.text
    LookupLimit.objects.update(paused_until=db_now())
    with pytest.raises(DirectoryUnavailable, match="401"):
        directory.member(fixtures.GUILD_ID, fixtures.BOB_ID)


def test_refused_look_ups_stop_long_before_discord_bans_us() -> None:
    for _ in range(lookup_limit.MAX_REFUSED):
        assert lookup_limit.reserve_lookup() < 11
        LookupLimit.objects.update(next_at=db_now())
        lookup_limit.record_response(429, {"X-RateLimit-Scope": "shared"})
        lookup_limit.record_response(403, {"X-RateLimit-Scope": "user"})
    with pytest.raises(DirectoryUnavailable, match="refused 50 look-ups"):
        lookup_limit.reserve_lookup()
    # Ten minutes later the count starts again.
    earlier = db_now() - lookup_limit.REFUSAL_WINDOW
    LookupLimit.objects.update(paused_until=earlier, refused_since=earlier)
    assert lookup_limit.reserve_lookup() == 0
    lookup_limit.record_response(403, {})
    assert LookupLimit.objects.get().refused_count == 1


def test_a_limit_of_the_whole_bot_is_heeded_by_all(local: LocalDiscord) -> None:
    local.client.add_fault("rate_limit", retry_after=4.0, scope="global")
    for _ in range(3):
        with pytest.raises(DirectoryUnavailable):
            RestDirectory().member(fixtures.GUILD_ID, fixtures.BOB_ID)
    assert [request["status"] for request in local.client.requests()] == [429]
