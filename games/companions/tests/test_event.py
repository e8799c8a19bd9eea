"""A game's event in its server's list: made, changed, started and ended with it, and nothing twice."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import requests
from PIL import Image

from conftest import EVERYONE, PERMISSIONS, World
from discord_bot.tests.helpers import edit_game, send_due
from games.companions.actions import handle_rights_changed
from games.companions.event_changes import recheck_events
from games.companions.sweep import sweep_companions
from games.companions.tests.events import (
    ACTIVE,
    CANCELED,
    COMPLETED,
    EVENTS,
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
)
from games.core.companions import schedule_all_companions
from games.models import CompanionKind, CompanionProblem, Game, GameCompanion
from games.pictures.actions import store_picture
from games.scheduling.cancellation import cancel_game, undo_cancellation
from games.scheduling.ending import end_game
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.testing.waiting import PATIENCE
from guilds.models import CREATE_EVENTS, VIEW_CHANNEL, Channel
from notifications.models import Notification

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def discord() -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        yield running


@pytest.fixture
def local(discord: LocalDiscord, world: World, settings: Any) -> LocalDiscord:
    return prepared(discord, settings)


def test_it_shows_what_the_game_says(local: LocalDiscord, world: World) -> None:
    before = len(asked(local))
    game = make(world, location="Bob's kitchen")
    send_due(world.now)
    event = only_event(local)
    assert (event.name, event.location, event.status) == ("Curse of Strahd", "Bob's kitchen", SCHEDULED)
    assert event.description == f"Bring dice.\n\n{game.url}"
    assert (as_time(event.starts_at), as_time(event.ends_at)) == (game.starts_at, game.ends_at)
    assert (companion().discord_id, companion().problem_code) == (event.id, "")
    assert asked(local, before) == ["POST"], "one request makes it"


def test_it_is_off_by_default(local: LocalDiscord, world: World) -> None:
    make(world, server_event=None)
    send_due(world.now)
    assert events(local) == []


def test_an_edit_changes_what_differs_by_one_request(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    before = len(asked(local))
    later = game.starts_at + HOUR
    edit_game(world, game, world.now, title="Strahd II", starts_at=later, description="")
    send_again(world.now)
    event = only_event(local)
    assert (event.name, as_time(event.starts_at), event.location) == ("Strahd II", later, game.url)
    assert not event.description
    edit_game(world, game, world.now, seats=3)
    send_again(world.now)
    assert asked(local, before) == ["PATCH"], "nothing is sent of what it does not show"


def test_limits_are_kept(local: LocalDiscord, world: World) -> None:
    game = make(world, title="T" * 200, description="d" * 2000, location="l" * 200)
    send_due(world.now)
    event = only_event(local)
    assert (len(event.name), len(event.description or ""), len(event.location or "")) == (100, 1000, 100)
    assert (event.description or "").endswith(f"…\n\n{game.url}")


def test_the_cover_goes_with_it(discord: LocalDiscord, committed_world: World, settings: Any) -> None:
    local, world = prepared(discord, settings), committed_world
    content = BytesIO()
    Image.new("RGBA", (640, 320), (200, 10, 10, 128)).save(content, "PNG")
    game = make(world, cover=store_picture(content.getvalue()))
    send_due(world.now)
    event = only_event(local)
    path = f"{local.origin}/guild-events/{event.id}/{event.image}.png"
    assert requests.get(path, timeout=PATIENCE).headers["Content-Type"] == "image/jpeg"
    edit_game(world, game, world.now, cover="")
    send_again(world.now)
    assert only_event(local).image is None


def test_it_starts_and_ends_by_itself_without_a_request(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    before = len(asked(local))
    for at in (game.starts_at, game.ends_at):
        Notification.objects.filter(kind="server_event").update(due_at=at)
        send_due(at)
    assert asked(local, before) == []


def test_what_discord_did_not_start_or_end_is_started_and_ended(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    send_due(game.starts_at + MINUTE)
    assert only_event(local).status == ACTIVE
    send_due(game.ends_at + MINUTE)
    assert only_event(local).status == COMPLETED
    assert companion().discord_id is None
    assert not Notification.objects.open().filter(kind="server_event").exists()


def test_a_game_ended_early_ends_it_at_once(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    send_due(game.starts_at + MINUTE)
    end_game(game.pk, by(world), game.starts_at + HOUR)
    send_again(game.starts_at + HOUR)
    assert only_event(local).status == COMPLETED


def test_cancelled_with_the_game_and_made_anew_when_that_is_undone(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    cancel_game(game.pk, "", by(world), world.now)
    send_again(world.now)
    assert only_event(local).status == CANCELED
    undo_cancellation(game.pk, by(world), world.now + MINUTE)
    send_again(world.now + MINUTE)
    [event] = open_events(local)
    assert companion().discord_id == event.id
    assert len(events(local)) == 2


def test_one_that_began_is_made_anew_where_the_game_moves_ahead(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    now = game.starts_at + MINUTE
    send_due(now)
    edit_game(world, game, now, starts_at=now + timedelta(days=1))
    for minutes in range(3):
        send_again(now + minutes * MINUTE)
    [event] = events(local)
    assert (event.status, as_time(event.starts_at)) == (SCHEDULED, now + timedelta(days=1))


def test_switched_off_it_is_deleted(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    edit_game(world, game, world.now, server_event=False)
    schedule_all_companions(Game.objects.get(pk=game.pk), world.now)
    send_again(world.now)
    assert events(local) == []


def test_a_hidden_channel_reveals_nothing(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])
    assert recheck_events([world.guild.pk], world.now) == 1
    send_again(world.now)
    assert events(local) == []
    assert companion().problem_code == CompanionProblem.CHANNEL_HIDDEN
    assert recheck_events([world.guild.pk], world.now) == 0, "that is known"
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[])
    assert recheck_events([world.guild.pk], world.now) == 1
    send_again(world.now)
    assert only_event(local).name == game.title
    assert companion().problem_code == ""


def test_a_hidden_game_is_shown_in_its_voice_channel(local: LocalDiscord, world: World) -> None:
    game = make(world, voice_channel="players")
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])
    send_due(world.now)
    assert events(local) == []
    GameCompanion.objects.create(game=game, kind=CompanionKind.VOICE, discord_id=fixtures.TABLE_ID)
    soon = game.starts_at - 14 * MINUTE
    Notification.objects.filter(kind="server_event").update(due_at=soon)
    send_due(soon)
    assert (only_event(local).channel_id, only_event(local).location) == (fixtures.TABLE_ID, None)


def test_it_moves_into_the_voice_channel_and_starts_with_the_game(local: LocalDiscord, world: World) -> None:
    game = make(world, voice_channel="everyone")
    send_due(world.now)
    assert only_event(local).location == game.url
    GameCompanion.objects.create(game=game, kind=CompanionKind.VOICE, discord_id=fixtures.TABLE_ID)
    Notification.objects.filter(kind="server_event").update(due_at=game.starts_at - 14 * MINUTE)
    send_due(game.starts_at - 14 * MINUTE)
    assert (only_event(local).entity_type, only_event(local).channel_id) == (2, fixtures.TABLE_ID)
    send_due(game.starts_at)
    assert only_event(local).status == ACTIVE, "Discord starts none in a channel"
    send_due(game.ends_at + MINUTE)
    assert only_event(local).status == COMPLETED


def test_a_full_server_is_said_and_tried_again(local: LocalDiscord, world: World) -> None:
    make(world)
    local.client.add_fault("status", match=f"POST /guilds/*{EVENTS}", status=400, code=30038)
    send_due(world.now)
    assert companion().problem_code == CompanionProblem.LIMIT_REACHED
    send_again(world.now + MINUTE)
    assert events(local) == []
    send_due(world.now + HOUR + MINUTE)
    assert len(events(local)) == 1
    assert companion().problem_code == ""


def test_without_the_permission_nothing_is_asked(local: LocalDiscord, world: World) -> None:
    Channel.objects.update(bot_permissions=PERMISSIONS)
    before = len(asked(local))
    make(world)
    send_due(world.now)
    assert asked(local, before) == []
    assert companion().problem_code == CompanionProblem.MISSING_PERMISSION
    Channel.objects.update(bot_permissions=PERMISSIONS | CREATE_EVENTS)
    later = world.now + HOUR
    assert handle_rights_changed([world.guild.pk], later) == 1
    send_due(later)
    assert len(events(local)) == 1


@pytest.mark.parametrize("done", [True, False])
def test_an_answer_that_is_lost_makes_no_second_one(local: LocalDiscord, world: World, done: bool) -> None:
    make(world)
    if done:
        send_due(world.now, lost=True)
    else:
        local.client.add_fault("status", match=f"POST /guilds/*{EVENTS}", status=503)
        send_due(world.now)
    for minutes in (1, 2):
        send_due(world.now + minutes * MINUTE)
    assert companion().discord_id == only_event(local).id


@pytest.mark.parametrize("change", ["edit", "cancel", "delete", "start"])
def test_an_answer_to_a_change_that_is_lost_leaves_it_right(local: LocalDiscord, world: World, change: str) -> None:
    game, now = make(world), world.now
    send_due(now)
    match change:
        case "edit":
            edit_game(world, game, now, title="Strahd II")
        case "cancel":
            cancel_game(game.pk, "", by(world), now)
        case "delete":
            Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])
            Notification.objects.update(due_at=now)
        case "start":
            now = game.starts_at + MINUTE
    send_again(now, lost=True)
    for minutes in (1, 2):
        send_again(now + minutes * MINUTE)
    left = [(one.name, one.status) for one in events(local)]
    expected = {
        "edit": [("Strahd II", SCHEDULED)],
        "cancel": [(game.title, CANCELED)],
        "delete": [],
        "start": [(game.title, ACTIVE)],
    }
    assert left == expected[change]
    assert (companion().discord_id is None) is (change in {"cancel", "delete"})
    assert not Notification.objects.open().filter(kind="server_event", first_attempt_at__isnull=False).exists()


def test_one_started_by_hand_stays_so(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    as_alice(local, status=ACTIVE)
    send_due(game.starts_at + MINUTE)
    assert only_event(local).status == ACTIVE
    cancel_game(game.pk, "", by(world), game.starts_at + MINUTE)
    send_again(game.starts_at + MINUTE)
    assert only_event(local).status == COMPLETED, "Discord cancels none that began"


def test_a_change_that_was_lost_and_is_taken_back_is_taken_back_there(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    edit_game(world, game, world.now, title="Strahd II")
    send_again(world.now, lost=True)
    edit_game(world, game, world.now, title=game.title)
    send_again(world.now + MINUTE)
    assert only_event(local).name == game.title


def test_one_made_without_our_knowing_goes_with_the_game(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now, lost=True)
    assert len(events(local)) == 1
    cancel_game(game.pk, "", by(world), world.now)
    send_again(world.now + MINUTE)
    assert events(local) == []
    before = len(asked(local))
    send_again(world.now + 2 * MINUTE)
    assert asked(local, before) == []


def test_one_that_began_elsewhere_goes_when_the_channel_is_hidden(local: LocalDiscord, world: World) -> None:
    game = make(world, voice_channel="players")
    send_due(world.now)
    GameCompanion.objects.create(game=game, kind=CompanionKind.VOICE, discord_id=fixtures.TABLE_ID)
    during = game.starts_at + 2 * MINUTE
    send_due(during)
    assert (only_event(local).status, only_event(local).channel_id) == (ACTIVE, None)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])
    assert recheck_events([world.guild.pk], during) == 1
    send_again(during)
    assert open_events(local) == []


def test_an_end_that_is_refused_is_left_to_the_sweep(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    before, end = len(asked(local)), game.ends_at + MINUTE
    local.client.add_fault("status", match=f"PATCH /guilds/*{EVENTS}/*", status=403, code=50013)
    send_due(end)
    for minutes in (1, 2, 30):
        send_due(end + minutes * MINUTE)
    assert asked(local, before) == ["PATCH"]
    assert companion().problem_code == CompanionProblem.MISSING_PERMISSION
    later = end + HOUR
    assert sweep_companions(later) == 1
    send_due(later)
    assert asked(local, before) == ["PATCH", "PATCH"]
    assert (companion().discord_id, companion().problem_code) == (None, "")


def test_a_permission_given_at_once_is_used_at_once(local: LocalDiscord, world: World) -> None:
    Channel.objects.update(bot_permissions=PERMISSIONS)
    make(world)
    send_due(world.now)
    Channel.objects.update(bot_permissions=PERMISSIONS | CREATE_EVENTS)
    soon = world.now + MINUTE / 2
    assert handle_rights_changed([world.guild.pk], soon) == 1
    send_due(soon)
    assert len(events(local)) == 1
