"""notifyd's requests against the rate limits that the local Discord enforces."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import World
from discord_bot.backend import backend as backend_module
from discord_bot.backend.backend import DiscordBackend
from discord_bot.http import client
from discord_bot.http.limits import InvalidRequestGuard, SlidingWindowLimiter
from games.core.base import Actor, EntryPoint
from games.core.states import State
from games.models import Game, PostForm
from games.posts.announcement import AnnouncementView
from games.scheduling import actions as scheduling
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from notifications.daemon import steps
from notifications.messages import (
    OutgoingMessage,
    PermanentError,
    RateLimited,
    SentMessage,
    TemporaryError,
    TokenRefused,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def local(settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord() as running:
        settings.DISCORD_API_URL, settings.DISCORD_BOT_TOKEN = running.api_url, running.bot_token
        yield running


@pytest.fixture
async def backend(local: LocalDiscord) -> AsyncIterator[DiscordBackend]:
    backend = DiscordBackend()
    await backend.start()
    local.server.services.request_log.clear()
    yield backend
    await backend.stop()


def channels_of(local: LocalDiscord, count: int) -> list[int]:
    guild = local.state.guilds[fixtures.GUILD_ID]
    return local.run_in_loop(lambda state: [state.add_channel(guild, f"table-{number}").id for number in range(count)])


def statuses(local: LocalDiscord, match: str = "") -> Counter[int]:
    """Count the statuses of notifyd's requests."""
    return Counter(request["status"] for request in local.client.requests(match))


async def results_of(sending: Iterable[Awaitable[SentMessage]]) -> list[Any]:
    return await asyncio.gather(*sending, return_exceptions=True)


def messages_to(channel_ids: Iterable[int]) -> list[OutgoingMessage]:
    return [OutgoingMessage(channel_id=place, text="x", nonce=f"n{number}") for number, place in enumerate(channel_ids)]


def announcement_edit(channel_id: int, message_id: int) -> OutgoingMessage:
    """Return an edit of an announcement."""
    shown = AnnouncementView(
        form=PostForm.EMBED,  # of a message of text, which an edit makes no layout
        game_id=1,
        guild_id=fixtures.GUILD_ID,
        title="Curse of Strahd",
        description="",
        starts_at=datetime.now(UTC),
        state=State.SCHEDULED,
        state_text="scheduled",
        duration_text="2 hours",
        reminders_text="",
        host_name="Bob",
        host_avatar_url="http://localhost/bob.png",
        location="",
        seats_text="5 seats free",
        seated=(),
        waiting=(),
        may_sign_up=True,
        url="http://localhost/games/1",
    )
    return OutgoingMessage(channel_id=channel_id, message_id=message_id, post=shown)


async def test_many_channels_use_the_budget_and_never_overdraw_it(local: LocalDiscord, backend: DiscordBackend) -> None:
    places = channels_of(local, 45)
    started = time.monotonic()
    results: list[Any] = []
    for _ in range(3):
        results += await results_of(backend.send(message) for message in messages_to(places))
    per_second = len(results) / (time.monotonic() - started)
    assert statuses(local) == {200: 135}
    assert all(isinstance(result, SentMessage) for result in results)
    assert per_second <= 50


async def test_a_busy_channel_holds_up_nobody(local: LocalDiscord, backend: DiscordBackend) -> None:
    started = time.monotonic()
    busy = await results_of(backend.send(message) for message in messages_to([fixtures.GENERAL_ID] * 12))
    await backend.send(OutgoingMessage(channel_id=fixtures.RAIDS_ID, text="x", nonce="other"))
    assert time.monotonic() - started < 4, "none waited for the five seconds to pass"
    away = [result for result in busy if isinstance(result, RateLimited)]
    assert (len(away), statuses(local)) == (7, {200: 6}), "five in five seconds are let in"
    turns = [outcome.retry_after for outcome in away]
    assert turns == sorted(turns), "each has a turn of its own, at the channel's pace"
    assert 4 < turns[0] < 5.1
    assert 5 < turns[-1] - turns[0] < 7


async def test_a_limit_of_the_whole_bot_silences_it(
    local: LocalDiscord, backend: DiscordBackend, settings: Any
) -> None:
    # Slowly, so that few are in flight when the first 429 comes, on a busy machine too.
    settings.DISCORD_REQUESTS_PER_SECOND = 10
    await backend.stop()
    await backend.start()
    local.server.services.request_log.clear()
    local.client.add_fault("rate_limit", retry_after=4.0, scope="global")
    results = await results_of(backend.send(message) for message in messages_to(channels_of(local, 20)))
    assert {type(result) for result in results} == {RateLimited}
    assert 3 < results[0].retry_after <= 4
    assert statuses(local)[429] <= 6, "those already on their way"


async def test_a_failed_request_is_sent_once(local: LocalDiscord, backend: DiscordBackend, monkeypatch: Any) -> None:
    [message] = messages_to([fixtures.GENERAL_ID])
    for status in (500, 502, 503):
        local.client.add_fault("status", match="POST /channels/*", status=status)
        with pytest.raises(TemporaryError):
            await backend.send(message)
    assert statuses(local) == {500: 1, 502: 1, 503: 1}
    monkeypatch.setattr(client, "TIMEOUT", 0.2)
    await backend.stop()
    await backend.start()
    local.client.add_fault("delay", match="POST /channels/*", seconds=1.0)
    with pytest.raises(TemporaryError, match="reach Discord"):
        await backend.send(message)
    assert isinstance(await backend.send(message), SentMessage), "and the nonce makes the repeat harmless"


async def test_a_revoked_token_stops_everything(
    local: LocalDiscord, backend: DiscordBackend, settings: Any, caplog: Any
) -> None:
    # Slowly, so that few are in flight when the first 401 comes, on a busy machine too.
    settings.DISCORD_REQUESTS_PER_SECOND = 30
    await backend.stop()
    await backend.start()
    local.server.services.request_log.clear()

    def revoke(world: Any) -> None:
        world.bot.token = "another"

    sending = asyncio.create_task(results_of(backend.send(message) for message in messages_to(channels_of(local, 40))))
    await asyncio.sleep(0.3)
    local.run_in_loop(revoke)
    results = await sending
    counts = statuses(local)
    assert 1 <= counts[401] <= 4, "at most three after the first"
    assert Counter(type(result) for result in results) == {SentMessage: counts[200], TokenRefused: 40 - counts[200]}
    ours = [record for record in caplog.records if record.name.startswith("discord_bot")]
    assert [record.message for record in ours if record.levelname == "ERROR"] == [
        "Discord refused DISCORD_BOT_TOKEN. Nothing is sent until you fix that; waiting messages are kept."
    ]


async def test_who_is_refused_often_falls_silent_first(
    local: LocalDiscord, backend: DiscordBackend, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(InvalidRequestGuard, "MESSAGE_LIMIT", 8)
    monkeypatch.setattr(InvalidRequestGuard, "EDIT_LIMIT", 10)
    local.client.add_fault("status", match="*", status=403, code=50013, times=0)
    for message in messages_to(channels_of(local, 12)):
        with pytest.raises((PermanentError, RateLimited)):
            await backend.send(message)
    assert statuses(local) == {403: 8}
    for number in range(5):
        with pytest.raises((PermanentError, RateLimited)):
            await backend.send(announcement_edit(fixtures.GENERAL_ID, local.state.new_id() + number))
    assert statuses(local) == {403: 10}
    with pytest.raises(RateLimited) as refusal:
        await backend.send(announcement_edit(fixtures.GENERAL_ID, local.state.new_id()))
    assert refusal.value.retry_after > 590
    assert sum("Discord refused 8 requests" in record.message for record in caplog.records) == 1


def test_an_hour_of_refusals_stays_below_a_tenth_of_what_is_banned() -> None:
    guard, sent_at = InvalidRequestGuard(), []
    for tick in range(3600 * 45):
        now = tick / 45
        try:
            guard.check(editing=tick % 2 == 0, now=now)
        except RateLimited:
            continue
        guard.count(403, {}, now)
        sent_at.append(now)
    worst = max(sum(1 for at in sent_at if start <= at < start + 600) for start in range(0, 3600, 60))
    assert 800 <= worst <= 900
    guard.count(429, {"X-RateLimit-Scope": "shared"}, 4300.0)
    guard.check(editing=False, now=4300.0)


async def test_new_direct_messages_are_opened_at_a_pace(local: LocalDiscord, backend: DiscordBackend) -> None:
    people = [int(person["id"]) for person in local.client.add_people(14, fixtures.GUILD_ID)]
    results = await results_of(
        backend.send(OutgoingMessage(user_id=user_id, text="x", nonce=str(user_id))) for user_id in people
    )
    assert [type(result) for result in results] == [SentMessage] * 10 + [RateLimited] * 4
    assert statuses(local, "POST /users") == {200: 10}
    turns = [result.retry_after for result in results[10:]]
    assert 9 < turns[0] < 10.3
    assert turns[-1] - turns[0] == pytest.approx(3, abs=0.3)
    message = OutgoingMessage(user_id=people[0], text="y", nonce="second")
    await backend.send(message)
    assert statuses(local, "POST /users") == {200: 10}, "a channel once opened is known"


async def test_all_messages_to_a_person_wait_for_one_opening(local: LocalDiscord, backend: DiscordBackend) -> None:
    """With a turn each, the last of many to a few people came minutes after their channels were open."""
    people = [int(person["id"]) for person in local.client.add_people(12, fixtures.GUILD_ID)]
    results = await results_of(
        backend.send(OutgoingMessage(user_id=user_id, text="x", nonce=f"{user_id} {number}"))
        for number in range(4)
        for user_id in people
    )
    of_person = {user_id: results[at :: len(people)] for at, user_id in enumerate(people)}
    for user_id in people[:10]:
        assert [type(result) for result in of_person[user_id]] == [SentMessage] * 4
    assert statuses(local, "POST /users") == {200: 10}
    for user_id in people[10:]:
        turns = [result.retry_after for result in of_person[user_id]]
        assert max(turns) - min(turns) < 0.5
        assert max(turns) < 12
    # At their turn the first opens it, and the others with it.
    local.run_in_loop(
        lambda state: state.rate_limits.rules.update(open_dm=type(state.rate_limits.rules["post"])(99, 10.0))
    )
    backend._dm_opening_limiter._sent_at.clear()
    backend._dm_opening_limiter._spaced_until = 0.0
    backend._dm_turns.clear()
    late = await results_of(
        backend.send(OutgoingMessage(user_id=people[10], text="x", nonce=f"late {number}")) for number in range(4)
    )
    assert [type(result) for result in late] == [SentMessage] * 4
    assert statuses(local, "POST /users") == {200: 11}


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_refused_openings_wait_ever_longer(local: LocalDiscord, backend: DiscordBackend, status: int) -> None:
    local.run_in_loop(lambda state: setattr(state.rate_limits, "open_dm_status", status))
    local.run_in_loop(
        lambda state: state.rate_limits.rules.update(open_dm=type(state.rate_limits.rules["post"])(0, 10.0))
    )
    for person, wait in ((fixtures.BOB_ID, 30.0), (fixtures.CHARLIE_ID, 30.0)):
        with pytest.raises(RateLimited) as refusal:
            await backend.send(OutgoingMessage(user_id=person, text="x", nonce="n"))
        assert refusal.value.retry_after == pytest.approx(wait, abs=1.5)
    assert statuses(local, "POST /users") == {status: 1}
    backend._dm_opening_limiter.pause(0)
    await asyncio.sleep(0.01)
    with pytest.raises(RateLimited) as refusal:
        await backend.send(OutgoingMessage(user_id=fixtures.BOB_ID, text="x", nonce="n"))
    assert refusal.value.retry_after == 60


async def test_a_post_is_edited_at_most_every_other_second(
    local: LocalDiscord, backend: DiscordBackend, monkeypatch: Any
) -> None:
    first, second = [await backend.send(message) for message in messages_to([fixtures.GENERAL_ID] * 2)]
    await backend.send(announcement_edit(first.channel_id, first.message_id))
    await backend.send(announcement_edit(second.channel_id, second.message_id))
    with pytest.raises(RateLimited) as refusal:
        await backend.send(announcement_edit(first.channel_id, first.message_id))
    assert 1 < refusal.value.retry_after < 2.1
    monkeypatch.setattr(
        backend_module, "OLD_POST_AGE", -60.0
    )  # from here on all posts are old, and the channel's edits count together
    await backend.send(announcement_edit(first.channel_id, first.message_id))
    with pytest.raises(RateLimited):
        await backend.send(announcement_edit(second.channel_id, second.message_id))
    assert statuses(local, "PATCH") == {200: 3}


def test_five_hundred_clicks_and_fifty_edits_in_ten_seconds_are_few_edits(monkeypatch: Any) -> None:
    clock = [1000.0]
    monkeypatch.setattr("discord_bot.http.limits.time", SimpleNamespace(monotonic=lambda: clock[0]))
    pace, edits, away = SlidingWindowLimiter(1, backend_module.EDIT_INTERVAL), 0, list[float]()
    for _ in range(550):
        try:
            pace.try_acquire("", reserve=False)
            edits += 1
        except RateLimited as reason:
            away.append(reason.retry_after)
        clock[0] += 10 / 550
    assert edits + 1 <= 8, "and one for the last state"
    assert max(away) <= 2.1, "however often it is asked"


@pytest.mark.django_db
def test_edits_while_notifyd_is_away_make_one_for_each_post(world: World) -> None:
    games = [world.create_game() for _ in range(4)]
    for job in steps.lease_jobs(world.now, 10):
        steps.record([(job, SentMessage(world.channel.pk, job.pk))], world.now)
    for number in range(20):
        game = Game.objects.get(pk=games[number % 4].pk)
        plan = replace(scheduling.plan_from_game(game), title=f"Edit {number}")
        scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)
    jobs = steps.lease_jobs(world.now, 500)
    assert sorted(job.message.post.title for job in jobs) == ["Edit 16", "Edit 17", "Edit 18", "Edit 19"]
