"""The sweep puts right what differs, by as many statements for many games as for none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import StoredDirectory, World
from games import scheduled_tasks
from games.companions.actions import handle_rights_changed
from games.companions.sweep import PROBLEM_TRIED_AFTER, REFUSED_TRIED_AFTER, check_events, sweep_companions
from games.companions.tests.badges import KIND, MADE, MANAGE_ROLES, registered, sync
from games.core.base import Actor, EntryPoint
from games.models import CompanionKind, CompanionProblem, Game, GameCompanion
from games.scheduling.cancellation import cancel_game
from guilds.directory import upsert
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import EventPayload
from guilds.models import CREATE_EVENTS, Channel, Role
from notifications.daemon.pause import DISCORD_EPOCH
from notifications.models import Notification

EVENT = CompanionKind.EVENT


@pytest.fixture(autouse=True)
def badge(world: World) -> Iterator[None]:
    Channel.objects.update(bot_permissions=world.channel.bot_permissions | MANAGE_ROLES | CREATE_EVENTS)
    with registered(), registered(EVENT):
        yield


@pytest.fixture
def game(world: World) -> Game:
    created = world.create_game(player_role=True)
    Notification.objects.filter(kind="announcement").update(closed_at=world.now)
    return created


def lose_rows(world: World) -> None:
    """Close what is scheduled, as if it had been given up."""
    Notification.objects.open().filter(kind__in=CompanionKind.values).update(closed_at=world.now)


def test_what_is_as_it_should_be_is_left_alone(world: World, game: Game) -> None:
    sync(world.now)
    assert sweep_companions(world.now) == 0


def test_a_game_whose_row_is_lost_gets_what_it_wants(world: World, game: Game) -> None:
    lose_rows(world)
    assert sweep_companions(world.now) == 1
    assert [job.message.message_id for job in sync(world.now)] == [None]
    lose_rows(world)
    assert sweep_companions(world.now) == 1, "somebody has to look at it when the game ends"
    assert sync(world.now) == []
    assert sweep_companions(world.now) == 0


@pytest.mark.parametrize("end", ["over", "cancelled", "off"])
def test_what_stands_for_a_game_that_wants_none_goes(world: World, game: Game, end: str) -> None:
    sync(world.now)
    now = world.now
    if end == "cancelled":
        cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), now)
    elif end == "off":
        changed = Game.objects.get()
        changed.player_role = False
        changed.drop_cached_settings()
        changed.save()
    else:
        now = game.ends_at + timedelta(minutes=1)
    lose_rows(world)
    assert sweep_companions(now) == 1
    assert [job.message.delete for job in sync(now)] == [True]
    assert sweep_companions(now) == 0


@pytest.mark.parametrize(
    ("problem", "after"),
    [
        (CompanionProblem.MISSING_PERMISSION, PROBLEM_TRIED_AFTER),
        (CompanionProblem.LIMIT_REACHED, PROBLEM_TRIED_AFTER),
        (CompanionProblem.REFUSED, REFUSED_TRIED_AFTER),
        (CompanionProblem.MAYBE_MADE, REFUSED_TRIED_AFTER),
    ],
)
def test_a_problem_that_may_be_gone_is_tried_again(
    world: World, game: Game, problem: CompanionProblem, after: timedelta
) -> None:
    lose_rows(world)
    GameCompanion.objects.create(game=game, kind=KIND, problem_code=problem, checked_at=world.now)
    assert sweep_companions(world.now + after - timedelta(seconds=1)) == 0
    assert sweep_companions(world.now + after) == 1
    assert len(sync(world.now + after)) == 1
    assert GameCompanion.objects.get().problem_code == ""


def test_a_permission_given_again_is_used_at_once(world: World, game: Game) -> None:
    Channel.objects.update(bot_permissions=world.channel.bot_permissions & ~MANAGE_ROLES)
    assert sync(world.now) == []
    later = world.now + timedelta(minutes=2)
    assert handle_rights_changed([world.guild.pk], world.now) == 1, "Discord was not asked, so nothing is waited for"
    GameCompanion.objects.update(checked_at=world.now)
    assert handle_rights_changed([world.guild.pk], world.now) == 0, "Discord refused it just now"
    Channel.objects.update(bot_permissions=world.channel.bot_permissions | MANAGE_ROLES)
    assert handle_rights_changed([world.guild.pk], later) == 1
    assert len(sync(later)) == 1


def test_what_is_gone_when_the_bot_comes_back_is_made_again(world: World, game: Game) -> None:
    Role.objects.create(pk=MADE, guild=world.guild, name="Curse of Strahd")
    sync(world.now)
    upsert.mark_bot_removed(world.guild.pk, world.now)
    Role.objects.filter(pk=MADE).update(deleted_at=world.now)
    assert sweep_companions(world.now) == 0, "nothing can be done there"
    upsert.mark_guilds_present([world.guild.pk], world.now)
    world.guild.refresh_from_db()
    world.guild.bot_removed_at = None
    world.guild.save()
    assert sweep_companions(world.now) == 1
    assert [job.message.message_id for job in sync(world.now, MADE + 1)] == [None]
    assert sweep_companions(world.now) == 0


def test_it_takes_as_many_statements_for_many_games_as_for_one(world: World, game: Game) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert sweep_companions(world.now) == Game.objects.count()
        return len(queries) - 1  # its own of this test

    lose_rows(world)
    few = statements()
    for number in range(20):
        world.create_game(title=f"Game {number}", player_role=True)
    lose_rows(world)
    assert statements() == few == 3


# --- events ------------------------------------------------------------------------------------------------


class Listed(StoredDirectory):
    """A Discord with these events."""

    events: ClassVar[list[EventPayload] | None] = []
    deleted: ClassVar[list[int]] = []

    def scheduled_events(self, guild_id: int) -> list[EventPayload] | None:
        return Listed.events

    def delete_scheduled_event(self, guild_id: int, event_id: int) -> None:
        Listed.deleted.append(event_id)


class Down(StoredDirectory):
    def scheduled_events(self, guild_id: int) -> list[EventPayload] | None:
        raise DirectoryUnavailable("down")


@pytest.fixture
def event_game(world: World, settings: Any) -> Game:
    settings.DISCORD_DIRECTORY = f"{__name__}.Listed"
    Listed.events, Listed.deleted = [], []
    game = world.create_game(server_event=True)
    Notification.objects.filter(kind="announcement").update(closed_at=world.now)
    return game


def event_of(world: World, text: str, by_bot: bool = True, minutes: float = 60, number: int = 0) -> EventPayload:
    """Return an event that was made so long ago."""
    made_at = (world.now - timedelta(minutes=minutes)).timestamp() * 1000
    return EventPayload(((int(made_at) - DISCORD_EPOCH) << 22) + number, by_bot, text)


def event() -> GameCompanion:
    return GameCompanion.objects.get(kind=EVENT)


def test_an_event_made_before_a_crash_is_its_games_again(world: World, event_game: Game) -> None:
    lose_rows(world)
    made = event_of(world, f"Bring dice. {event_game.url}")
    Listed.events = [made]
    assert check_events(world.now) == (0, 1)
    assert event().discord_id == made.id
    assert [job.message.message_id for job in sync(world.now)] == [made.id], "it is brought up to date"
    assert check_events(world.now) == (0, 0)
    assert Listed.deleted == []


def test_an_event_left_behind_by_a_cancelled_game_goes(world: World, event_game: Game) -> None:
    cancel_game(event_game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    world.create_game(server_event=True)  # for which the server's events are listed
    sync(world.now)
    Listed.events = [event_of(world, event_game.url), *known_events(world)]
    assert check_events(world.now) == (0, 1)
    assert [job.message.delete for job in sync(world.now)] == [True]


def known_events(world: World) -> list[EventPayload]:
    ids = GameCompanion.objects.filter(discord_id__isnull=False).values_list("discord_id", flat=True)
    return [EventPayload(pk or 0, True) for pk in ids]


def test_a_second_event_of_a_game_and_that_of_none_are_deleted(world: World, event_game: Game) -> None:
    sync(world.now)
    second, of_none = event_of(world, event_game.url), event_of(world, event_game.url.replace("/games/", "/games/99"))
    of_none = EventPayload(of_none.id + 1, True, of_none.text)
    Listed.events = [*known_events(world), second, of_none]
    assert check_events(world.now) == (0, 2)
    assert Listed.deleted == [second.id, of_none.id]


def test_what_a_person_made_or_is_being_made_is_left_alone(world: World, event_game: Game) -> None:
    url = event_game.url
    Listed.events = [
        event_of(world, url, by_bot=False, number=1),
        event_of(world, url, minutes=1, number=2),
        event_of(world, "Another of our bot's", number=3),
        event_of(world, f"see{url}", number=4),
        event_of(world, f"{url}roster", number=5),
        event_of(world, url.replace("://", "://elsewhere."), number=6),
    ]
    assert check_events(world.now) == (0, 0)
    assert Listed.deleted == []
    assert not GameCompanion.objects.filter(discord_id__isnull=False).exists()


def test_an_event_that_is_gone_is_made_again(world: World, event_game: Game) -> None:
    sync(world.now)
    assert check_events(world.now) == (0, 0), "it was made a moment ago"
    later = world.now + timedelta(hours=1)
    assert check_events(later) == (1, 0)
    assert [job.message.message_id for job in sync(later, MADE + 1)] == [None]


def test_a_list_that_the_bot_may_not_read_says_nothing(world: World, event_game: Game) -> None:
    sync(world.now)
    Listed.events = None
    assert check_events(world.now + timedelta(hours=1)) == (0, 0)


def test_the_check_waits_while_discord_is_down(world: World, event_game: Game, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.Down"
    assert "we can't ask Discord right now" in scheduled_tasks.check_all_companions()
