"""Games' events in Discord, with the real programs: what people do there, what was missed, and crashes in between."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from conftest import World, make_world
from discord_bot import server_events
from discord_bot.backend.companions.events import read_event
from discord_bot.patches.unreadable_events import skip_unreadable_events
from discord_bot.server_events import ServerEvents
from games.companions import event_changes
from games.core.base import Actor, EntryPoint
from games.core.companions import schedule_all_companions
from games.models import CompanionKind, Game, GameCompanion
from games.scheduling import actions as scheduling
from games.scheduling.cancellation import cancel_game, undo_cancellation
from games.scheduling.rules import change_plan
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import ScheduledEvent
from gamesched.local_discord.state.events import Event
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from notifications.models import Notification

EVENTS = f"/guilds/{fixtures.GUILD_ID}/scheduled-events"
SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4
FUTURE = "2030-01-01T20:00:00+00:00"


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def stack(world: World) -> Iterator[Stack]:
    with Stack("bot", "notifyd", limited=False, longest_backoff=1.0) as running:
        yield running


def make(world: World, **changes: Any) -> Game:
    values = {"server_event": True, "channel_id": fixtures.GENERAL_ID, "discord_changes": "take_over"} | changes
    return world.create_game(**values)


def events(stack: Stack) -> list[ScheduledEvent]:
    return list(stack.discord.state.guilds[fixtures.GUILD_ID].scheduled.values())


def event_of(stack: Stack, game: Game) -> ScheduledEvent:
    """Return the event of a game once it is made and known."""
    rows = GameCompanion.objects.filter(game=game, kind=CompanionKind.EVENT, discord_id__isnull=False)
    event_id = eventually(lambda: rows.exclude(answered={}).values_list("discord_id", flat=True).first())
    return stack.discord.state.guilds[fixtures.GUILD_ID].scheduled[event_id or 0]


def as_alice(stack: Stack, event: ScheduledEvent, **changes: Any) -> None:
    stack.discord.client.as_person("alice", "PATCH", f"{EVENTS}/{event.id}", changes)


def press(stack: Stack, event: ScheduledEvent, person: str) -> None:
    stack.discord.client.as_person(person, "PUT", f"{EVENTS}/{event.id}/users/@me")


def asked(stack: Stack) -> list[str]:
    return [one["method"] for one in stack.discord.client.requests() if "/scheduled-events" in one["path"]]


def people_count(game: Game) -> int | None:
    return GameCompanion.objects.get(game=game, kind=CompanionKind.EVENT).people_count


@pytest.mark.processes
def test_what_people_do_to_an_event_is_heard(world: World, stack: Stack) -> None:
    game, other = make(world, title="Strahd"), make(world, title="Other", discord_changes="put_back")
    event, second = event_of(stack, game), event_of(stack, other)
    assert asked(stack) == ["POST", "POST"]
    as_alice(stack, event, name="Strahd II")
    as_alice(stack, second, name="Mine")
    eventually(Game.objects.filter(pk=game.pk, title="Strahd II").exists)
    eventually(lambda: second.name == "Other")
    press(stack, event, "charlie")
    [stranger] = stack.discord.client.add_people(1, fixtures.GUILD_ID)
    press(stack, event, stranger["username"])
    asked_to_join = Notification.objects.filter(game=game, kind="interested")
    eventually(lambda: asked_to_join.count() == 2)
    assert {*asked_to_join.values_list("recipient_id", flat=True)} == {world.charlie.pk, int(stranger["id"])}
    assert people_count(game) == 2
    # A message of its own each, one look at what was told, and one at who the stranger is. What we put back is ours.
    assert sorted(asked(stack)) == ["GET", "GET", "GET", "PATCH", "POST", "POST"]
    stack.discord.client.add_fault("delete_event", event_id=str(second.id))
    eventually(lambda: [one.name for one in events(stack)].count("Other") == 1 and second not in events(stack))
    as_alice(stack, event, status=CANCELED)
    eventually(Game.objects.filter(pk=game.pk, cancelled_at__isnull=False).exists)


@pytest.mark.processes
def test_what_was_missed_is_taken_in(world: World, stack: Stack) -> None:
    titles = ("edited", "cancelled", "deleted", "liked")
    games = {title: make(world, title=title) for title in titles}
    made = {title: event_of(stack, game) for title, game in games.items()}
    stack.kill("bot")
    as_alice(stack, made["edited"], name="Edited there")
    as_alice(stack, made["cancelled"], status=CANCELED)
    stack.discord.client.add_fault("delete_event", event_id=str(made["deleted"].id))
    press(stack, made["liked"], "charlie")
    stack.start("bot")
    eventually(Game.objects.filter(pk=games["edited"].pk, title="Edited there").exists)
    eventually(Game.objects.filter(pk=games["cancelled"].pk, cancelled_at__isnull=False).exists)
    deleted = GameCompanion.objects.filter(game=games["deleted"])
    eventually(deleted.filter(discord_id=None, let_go_at__isnull=False).exists)
    eventually(Notification.objects.filter(game=games["liked"], kind="interested").exists)
    assert people_count(games["liked"]) == 1


@pytest.mark.processes
def test_unreadable_events_stop_nothing(world: World, stack: Stack) -> None:
    game = make(world)
    event = event_of(stack, game)
    good = {"id": str(event.id), "guild_id": str(fixtures.GUILD_ID)}
    hostile: list[tuple[str, dict[str, Any]]] = [
        ("UPDATE", {}),
        ("UPDATE", good),
        ("UPDATE", {**good, "status": 9, "entity_type": 77, "scheduled_start_time": FUTURE}),
        ("UPDATE", {**good, "status": "x", "entity_type": None, "scheduled_start_time": 5}),
        ("DELETE", {"id": "none"}),
        ("USER_ADD", {}),
        ("USER_ADD", {"guild_scheduled_event_id": str(event.id), "user_id": None}),
        ("USER_REMOVE", {"guild_scheduled_event_id": str(event.id), "user_id": str(world.bob.pk)}),
        ("CREATE", {}),
    ]
    for name, data in hostile:
        told = Event(f"GUILD_SCHEDULED_EVENT_{name}", data, fixtures.GUILD_ID, None)
        stack.discord.run_in_loop(lambda state, told=told: state.publish(told))  # type: ignore[misc]
    as_alice(stack, event, name="Still heard")
    eventually(Game.objects.filter(pk=game.pk, title="Still heard").exists)
    assert "Traceback" not in stack.log_text
    assert people_count(game) == 0, "never below"


# What is going on when notifyd is killed, the request, what happens before it starts again, and what is left then.
Change = Callable[[World, Game], object]
KILLS: dict[str, tuple[str, Change, Change, list[tuple[str, int]]]] = {
    "made": ("POST", lambda world, game: None, lambda world, game: None, [("Strahd", SCHEDULED)]),
    "made and cancelled": ("POST", lambda world, game: None, lambda world, game: cancel(world, game), []),
    "edited": ("PATCH", lambda world, game: edit(world, game, title="II"), lambda *_: None, [("II", SCHEDULED)]),
    "edited back": (
        "PATCH",
        lambda world, game: edit(world, game, title="II"),
        lambda world, game: edit(world, game, title="Strahd"),
        [("Strahd", SCHEDULED)],
    ),
    "cancelled": ("PATCH", lambda world, game: cancel(world, game), lambda *_: None, []),
    "cancelled and undone": (
        "PATCH",
        lambda world, game: cancel(world, game),
        lambda world, game: undo_cancellation(game.pk, by(world), datetime.now(UTC)),
        [("Strahd", SCHEDULED)],
    ),
    "unwanted": ("DELETE", lambda world, game: edit_and_look(world, game), lambda *_: None, []),
}


def by(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def edit(world: World, game: Game, **changes: Any) -> None:
    plan = change_plan(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), **changes)
    scheduling.edit_game(game.pk, plan, by(world), datetime.now(UTC))


def cancel(world: World, game: Game) -> None:
    cancel_game(game.pk, "", by(world), datetime.now(UTC))


def edit_and_look(world: World, game: Game) -> None:
    """Switch it off, as who changes the settings of the channel does."""
    edit(world, game, server_event=False)
    schedule_all_companions(Game.objects.get(pk=game.pk), datetime.now(UTC))


# Discord has done it when notifyd dies, and its answer is late; or it has not begun.
UNDER_WAY: list[dict[str, Any]] = [{"kind": "delay", "done_first": True}, {"kind": "timeout"}]


@pytest.mark.processes
def test_killed_at_any_request_nothing_is_twice_or_left(world: World, stack: Stack) -> None:
    for fault, (method, act, then, expected) in itertools.product(UNDER_WAY, KILLS.values()):
        game = make(world, title="Strahd") if method != "POST" else None
        if game is not None:
            event_of(stack, game)
        stack.discord.client.add_fault(match=f"{method} /guilds/*/scheduled-events*", seconds=60, times=99, **fault)
        game = game or make(world, title="Strahd")
        act(world, game)
        eventually(lambda: stack.discord.client.faults()[0]["times"] < 99)
        stack.kill("notifyd")
        stack.discord.client.clear_faults()
        then(world, game)
        stack.start("notifyd")
        unclear = Notification.objects.filter(game=game, kind="server_event", first_attempt_at__isnull=False)
        known = GameCompanion.objects.filter(game=game, kind=CompanionKind.EVENT, discord_id__isnull=False)
        eventually(lambda unclear=unclear: not unclear.open().exists())  # type: ignore[misc]
        eventually(lambda expected=expected: left_in(stack) == expected)  # type: ignore[misc]
        eventually(lambda known=known, expected=expected: known.exists() is bool(expected))  # type: ignore[misc]
        Notification.objects.filter(game=game).delete()
        stack.discord.run_in_loop(lambda state: state.guilds[fixtures.GUILD_ID].scheduled.clear())


def left_in(stack: Stack) -> list[tuple[str, int]]:
    return [(one.name, one.status) for one in events(stack) if one.status in (SCHEDULED, ACTIVE)]


# --- without programs ----------------------------------------------------------------------------------------


def test_a_guild_is_read_without_its_events(caplog: pytest.LogCaptureFixture) -> None:
    read: list[Any] = []
    parsers: dict[str, Any] = {"GUILD_CREATE": read.append}
    started: list[Any] = []

    def start(work: Any) -> None:
        work.close()
        started.append(work)

    client: Any = SimpleNamespace(_connection=SimpleNamespace(parsers=parsers))
    ServerEvents(client, start)
    skip_unreadable_events(client)
    hostile: list[Any] = [[{}], None, [{"id": None}], 5]
    for events_of_guild in hostile:
        parsers["GUILD_CREATE"]({"id": "12", "guild_scheduled_events": events_of_guild})
    assert read == [{"id": "12"}] * 4
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    unreadable: list[Any] = [{}, None, [], "x"]
    for data in unreadable:
        for name in ("CREATE", "UPDATE", "DELETE", "USER_ADD", "USER_REMOVE"):
            parsers[f"GUILD_SCHEDULED_EVENT_{name}"](data)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(started) == 1, "only the servers that arrived are looked at"


def test_what_is_told_while_the_database_is_away_is_taken_in_after(monkeypatch: pytest.MonkeyPatch) -> None:
    parsers: dict[str, Any] = {"GUILD_CREATE": lambda data: None}
    started: list[Any] = []
    client: Any = SimpleNamespace(_connection=SimpleNamespace(parsers=parsers))
    ServerEvents(client, started.append)
    asked: list[Any] = []

    async def away_at_first(work: Any, *args: Any) -> Any:
        asked.append(work)
        if len(asked) % 2:
            raise OperationalError("the database is away")
        return 0 if work is server_events._handle_deleted else {}

    monkeypatch.setattr(server_events, "run_in_db_thread", away_at_first)
    monkeypatch.setattr(server_events, "SYNC_DELAY", 0)
    monkeypatch.setattr(server_events, "FIRST_WAIT", 0)
    event = {"id": "7", "guild_id": "12", "status": SCHEDULED, "entity_type": 3, "scheduled_start_time": FUTURE}
    parsers["GUILD_CREATE"]({"id": "12"})
    parsers["GUILD_SCHEDULED_EVENT_UPDATE"](event)
    parsers["GUILD_SCHEDULED_EVENT_DELETE"](event)
    parsers["GUILD_SCHEDULED_EVENT_USER_ADD"]({"guild_scheduled_event_id": "7", "user_id": "9"})
    for work in started:
        asyncio.run(work)
    assert asked == [
        work
        for work in (
            event_changes.events_of_guilds,
            event_changes.known_events,
            server_events._handle_deleted,
            server_events._take_in_interest,
        )
        for _ in range(2)
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": "12x"},
        {"guild_id": "0"},
        {"status": None},
        {"status": 5},
        {"status": [1]},
        {"entity_type": None},
        {"scheduled_start_time": None},
        {"scheduled_start_time": "soon"},
        {"scheduled_start_time": 5},
        {"scheduled_end_time": "later"},
        {"scheduled_start_time": "9999-12-31T23:59:59-23:00"},
    ],
)
def test_an_event_that_cannot_be_read_is_none(changes: dict[str, Any]) -> None:
    assert read_event(payload(**changes)) is None


def payload(**changes: Any) -> dict[str, Any]:
    data = {"id": "5", "guild_id": "6", "status": 1, "entity_type": 3, "scheduled_start_time": FUTURE}
    return {**data, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"entity_type": 0},
        {"entity_type": 99},
        {"name": None, "description": 7, "image": 5, "channel_id": "x", "entity_metadata": []},
        {"entity_metadata": {"location": None}, "user_count": "many", "recurrence_rule": {}},
        {"scheduled_start_time": FUTURE.removesuffix("+00:00"), "scheduled_end_time": "2030-01-01T22:00:00Z"},
    ],
)
def test_unknown_types_and_missing_fields_are_read(changes: dict[str, Any]) -> None:
    found = read_event(payload(**changes))
    assert found is not None
    assert (found.starts_at, found.user_count) == (FUTURE, None)
    assert found.entity_type == changes.get("entity_type", 3)
    assert timedelta() < datetime.fromisoformat(found.starts_at) - datetime(2029, 12, 31, tzinfo=UTC)


def test_texts_that_the_database_does_not_take_are_cleaned() -> None:
    odd: dict[str, Any] = dict.fromkeys(("name", "description", "image"), "a\0b\ud800c")
    event = {"id": "7", "guild_id": "12", "status": SCHEDULED, "entity_type": 3, "scheduled_start_time": FUTURE}
    found = read_event({**event, **odd, "entity_metadata": {"location": "a\0b\ud800c"}})
    assert found is not None
    assert {found.name, found.description, found.image, found.location} == {"abc"}
