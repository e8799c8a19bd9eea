"""What people do to a game's event in Discord: put back, or taken over by the actions of the page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import World
from discord_bot.tests.helpers import edit_game, send_due
from games.companions.actions import handle_deleted
from games.companions.event_changes import Next, current_as_of, take_in_event
from games.companions.tests.events import (
    ACTIVE,
    CANCELED,
    COMPLETED,
    HOUR,
    MINUTE,
    SCHEDULED,
    as_alice,
    as_time,
    asked,
    by,
    companion,
    events,
    make,
    only_event,
    open_events,
    prepared,
    send_again,
    told,
)
from games.core.states import State
from games.models import AuditEntry, CompanionKind, Game, GameCompanion
from games.scheduling.cancellation import cancel_game, undo_cancellation
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state import scheduled_events
from notifications.models import Notification

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def discord() -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        yield running


@pytest.fixture
def local(discord: LocalDiscord, world: World, settings: Any) -> LocalDiscord:
    return prepared(discord, settings)


def take_in(local: LocalDiscord, now: datetime) -> str:
    """Take in what Discord tells of the event that the game has, as the bot does; return what became of it."""
    event = next(one for one in events(local) if one.id == companion().discord_id)
    taken_in = take_in_event(told(local, event), now)
    if taken_in.next is Next.FETCH:
        taken_in = take_in_event(told(local, event), now, fetched=True, as_of=taken_in.as_of)
    assert taken_in.next is Next.NOTHING
    return taken_in.text


def taken_over(world: World, **changes: Any) -> Game:
    return make(world, discord_changes="take_over", **changes)


def current(game: Game) -> Game:
    return Game.objects.get(pk=game.pk)


def source_of_last_entry() -> tuple[str, str]:
    entry = AuditEntry.objects.order_by("-pk")[0]
    return entry.source, entry.action


# --- our own changes -----------------------------------------------------------------------------------------


def test_our_own_changes_are_none(local: LocalDiscord, world: World) -> None:
    game = taken_over(world)
    send_due(world.now)
    before = len(asked(local))
    assert take_in(local, world.now) == ""
    edit_game(world, game, world.now, title="Strahd II", location="The inn")
    send_again(world.now)
    assert take_in_event(told(local), world.now).next is Next.NOTHING, "not even asked for"
    send_again(world.now)
    assert asked(local, before) == ["PATCH"]
    assert current(game).title == "Strahd II"


def test_nothing_is_decided_while_a_change_of_ours_is_under_way(local: LocalDiscord, world: World) -> None:
    game = taken_over(world)
    send_due(world.now)
    edit_game(world, game, world.now, title="Strahd II")
    send_again(world.now, lost=True)
    assert take_in_event(told(local), world.now).next is Next.WAIT
    assert current_as_of(only_event(local).id).next is Next.WAIT
    send_again(world.now + MINUTE)
    assert take_in_event(told(local), world.now).next is Next.NOTHING
    assert current(game).title == "Strahd II"


def test_our_own_cancellation_that_is_undone_cancels_nothing(local: LocalDiscord, world: World) -> None:
    game = taken_over(world)
    send_due(world.now)
    cancel_game(game.pk, "", by(world), world.now)
    send_again(world.now, lost=True)
    undo_cancellation(game.pk, by(world), world.now)
    echo = told(local)
    assert take_in_event(echo, world.now).next is Next.WAIT
    for minutes in (1, 2, 3):
        send_again(world.now + minutes * MINUTE)
    assert take_in_event(echo, world.now).next is Next.NOTHING
    assert current(game).state(world.now) is State.SCHEDULED
    assert [one.status for one in open_events(local)] == [SCHEDULED]


def test_what_is_told_late_is_asked_for_and_is_none(local: LocalDiscord, world: World) -> None:
    game = taken_over(world)
    send_due(world.now)
    old = told(local)
    edit_game(world, game, world.now, title="Strahd II")
    send_again(world.now)
    late = take_in_event(old, world.now)
    assert late.next is Next.FETCH
    assert take_in_event(told(local), world.now, fetched=True, as_of=late.as_of).next is Next.NOTHING
    assert current(game).title == "Strahd II"
    # The answer itself may be older than a change of ours.
    later = world.now + MINUTE
    edit_game(world, game, later, title="Strahd III")
    send_again(later)
    assert take_in_event(old, later, fetched=True, as_of=late.as_of).next is Next.FETCH
    assert current(game).title == "Strahd III"


# --- edited there --------------------------------------------------------------------------------------------


def test_an_edit_is_put_back(local: LocalDiscord, world: World) -> None:
    game = make(world, location="The inn")
    send_due(world.now)
    was = told(local)
    before = len(asked(local))
    moved = (game.starts_at + HOUR).isoformat()
    as_alice(local, name="Mine", description="", entity_metadata={"location": "Elsewhere"}, scheduled_start_time=moved)
    assert "put back" in take_in(local, world.now)
    send_again(world.now)
    assert told(local) == was
    assert asked(local, before) == ["PATCH"], "the one of ours, and no other"
    assert take_in(local, world.now) == ""
    assert current(game).title == game.title


def test_an_edit_is_taken_over_as_an_edit_of_the_page(local: LocalDiscord, world: World) -> None:
    game = taken_over(world, description="d" * 2000, title="T" * 150, location="l" * 150)
    send_due(world.now)
    signups.join(game.pk, world.charlie, by(world), world.now)
    send_again(world.now)
    before = len(asked(local))
    event = only_event(local)
    starts, ends = game.starts_at + HOUR, game.starts_at + 4 * HOUR
    as_alice(
        local,
        name="S" + event.name[1:],
        description="D" + (event.description or "")[1:],
        entity_metadata={"location": "L" + (event.location or "")[1:]},
        scheduled_start_time=starts.isoformat(),
        scheduled_end_time=ends.isoformat(),
    )
    assert "taken over" in take_in(local, world.now)
    assert source_of_last_entry() == ("discord", "edit")
    edited = current(game)
    assert edited.title == "S" + "T" * 149, "what did not fit is still there"
    assert edited.description == "D" + "d" * 1999
    assert (edited.starts_at, edited.ends_at, edited.location) == (starts, ends, "L" + "l" * 149)
    assert Notification.objects.open().filter(kind="question").exists(), "the players are told, and asked"
    assert edited.edit_version == game.edit_version + 1
    send_again(world.now)
    assert asked(local, before) == [], "the event shows it already"
    assert take_in(local, world.now) == ""


def test_an_edit_just_before_one_of_ours_is_put_back(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    as_alice(local, name="Mine")
    edit_game(world, game, world.now, description="New")
    send_again(world.now)
    assert "put back" in take_in(local, world.now)
    send_again(world.now)
    assert (only_event(local).name, take_in(local, world.now)) == (game.title, "")


def test_an_edit_after_an_unheard_start_is_put_back(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    local.run_in_loop(lambda state: setattr(only_event(local), "status", ACTIVE))
    edit_game(world, game, world.now, description="New")
    before = len(asked(local))
    for _ in range(3):
        send_again(world.now)
    assert asked(local, before) == ["PATCH"]
    as_alice(local, name="Mine")
    assert "put back" in take_in(local, world.now)


def test_what_the_game_cannot_be_is_put_back(local: LocalDiscord, world: World) -> None:
    game = taken_over(world)
    send_due(world.now)
    far = world.now + timedelta(days=900)
    as_alice(local, scheduled_start_time=far.isoformat(), scheduled_end_time=(far + HOUR).isoformat(), name="Far away")
    assert "put back" in take_in(local, world.now)
    send_again(world.now)
    assert (only_event(local).name, as_time(only_event(local).starts_at)) == (game.title, game.starts_at)


def test_another_place_or_picture_than_a_game_has_is_put_back(local: LocalDiscord, world: World) -> None:
    taken_over(world)
    send_due(world.now)
    was = told(local)
    as_alice(local, entity_type=2, channel_id=str(fixtures.TABLE_ID), entity_metadata=None)
    assert "put back" in take_in(local, world.now)
    send_again(world.now)
    assert told(local) == was
    changed = replace(was, image="0123")
    GameCompanion.objects.update()
    taken_in = take_in_event(changed, world.now)
    assert taken_in.next is Next.FETCH


def test_a_picture_is_put_back(local: LocalDiscord, world: World) -> None:
    make(world)
    send_due(world.now)
    local.run_in_loop(lambda state: setattr(only_event(local), "image", "0123"))
    assert "put back" in take_in(local, world.now)
    send_again(world.now)
    assert only_event(local).image is None


# --- started, ended, cancelled, deleted there ----------------------------------------------------------------


def test_one_that_starts_is_noted_without_a_request(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    before = len(asked(local))
    as_alice(local, status=ACTIVE)
    assert take_in_event(told(local), world.now).next is Next.NOTHING
    send_due(game.starts_at + MINUTE)
    assert asked(local, before) == []


def test_a_cancellation_is_put_back(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    as_alice(local, status=CANCELED)
    take_in(local, world.now)
    send_again(world.now)
    [event] = open_events(local)
    assert (event.name, companion().discord_id) == (game.title, event.id)


def test_a_cancellation_is_taken_over(local: LocalDiscord, world: World) -> None:
    game = taken_over(world)
    send_due(world.now)
    as_alice(local, status=CANCELED)
    take_in(local, world.now)
    assert current(game).state(world.now) is State.CANCELLED
    assert source_of_last_entry() == ("discord", "cancel")
    assert Notification.objects.open().filter(kind="cancelled").exists(), "the players are told"
    send_again(world.now)
    assert open_events(local) == []
    undo_cancellation(game.pk, by(world), world.now + MINUTE)
    send_again(world.now + MINUTE)
    assert len(open_events(local)) == 1


def test_an_end_is_taken_over(local: LocalDiscord, world: World) -> None:
    game = taken_over(world)
    send_due(world.now)
    now = game.starts_at + MINUTE
    send_due(now)
    as_alice(local, status=COMPLETED)
    take_in(local, now + HOUR)
    assert current(game).state(now + HOUR) is State.COMPLETED
    assert source_of_last_entry() == ("discord", "end")


@pytest.mark.parametrize("policy", ["put_back", "take_over"])
def test_discords_own_end_is_no_decision(local: LocalDiscord, world: World, policy: str) -> None:
    game = make(world, discord_changes=policy)
    send_due(world.now)
    send_due(game.starts_at + MINUTE)
    before, entries = len(asked(local)), AuditEntry.objects.count()
    as_alice(local, status=COMPLETED)
    take_in(local, game.ends_at - timedelta(seconds=1))  # by its clock
    send_again(game.ends_at + MINUTE)
    assert asked(local, before) == []
    assert AuditEntry.objects.count() == entries


def test_an_end_that_is_not_taken_over_leaves_the_game(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    now = game.starts_at + MINUTE
    send_due(now)
    as_alice(local, status=COMPLETED)
    take_in(local, now)
    send_again(now)
    assert open_events(local) == [], "Discord makes none that has begun"
    assert current(game).state(now) is State.IN_PROGRESS


@pytest.mark.parametrize("policy", ["put_back", "take_over"])
def test_a_deleted_voice_channel_cancels_no_game(local: LocalDiscord, world: World, policy: str) -> None:
    game = make(world, voice_channel="everyone", discord_changes=policy)
    voice = GameCompanion.objects.create(game=game, kind=CompanionKind.VOICE, discord_id=fixtures.TABLE_ID)
    soon = game.starts_at - 14 * MINUTE
    Notification.objects.filter(kind="server_event").update(due_at=soon)
    send_due(soon)
    assert only_event(local).channel_id == fixtures.TABLE_ID
    guild = local.state.guilds[fixtures.GUILD_ID]
    local.run_in_loop(lambda state: scheduled_events.end_in_channel(state, guild, fixtures.TABLE_ID))
    voice.delete()
    take_in(local, soon)
    send_again(soon)
    assert current(game).state(soon) is State.SCHEDULED
    assert [one.location for one in open_events(local)] == [game.url]


@pytest.mark.parametrize(("policy", "left"), [("put_back", 1), ("take_over", 0)])
def test_one_that_is_deleted_is_made_again_or_let_go(local: LocalDiscord, world: World, policy: str, left: int) -> None:
    game = make(world, discord_changes=policy)
    send_due(world.now)
    local.client.add_fault("delete_event", event_id=only_event(local).id)
    assert handle_deleted(CompanionKind.EVENT, [companion().discord_id or 0], world.now) == 1
    send_again(world.now)
    assert len(events(local)) == left
    assert current(game).state(world.now) is State.SCHEDULED
