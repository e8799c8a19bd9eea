"""What all kinds of companions share, with one of the tests' own: a role that wears the game's title."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import NotifyListener, World
from games.companions import base
from games.companions.actions import handle_deleted
from games.companions.base import PEOPLE_AT_A_TIME, register_companion
from games.companions.tests.badges import KIND, MADE, MANAGE_ROLES, registered, sync, take
from games.core.base import Actor, EntryPoint
from games.core.codes import AuditAction, GameSkipCode
from games.core.companions import schedule_all_companions
from games.core.settings import DiscordChangePolicy
from games.models import AuditEntry, CompanionProblem, Game, GameCompanion
from games.scheduling.cancellation import cancel_game
from games.signups import actions as signups
from guilds.models import Channel
from notifications.daemon import steps
from notifications.daemon.pause import pause, resume
from notifications.messages import PermanentError, SentMessage, TemporaryError
from notifications.models import Notification


@pytest.fixture(autouse=True)
def badge() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def game(world: World) -> Game:
    """A game that wants the companion, its post shown."""
    Channel.objects.update(bot_permissions=world.channel.bot_permissions | MANAGE_ROLES)
    created = world.create_game(player_role=True, seats=100)
    for row in Notification.objects.open().filter(kind="announcement"):
        row.closed_at = world.now
        row.save()
    return Game.objects.get(pk=created.pk)


def answer(job: steps.Job, outcome: Any, now: datetime) -> None:
    steps.record([(job, outcome)], now)


def companion() -> GameCompanion:
    return GameCompanion.objects.get(kind=KIND)


def open_rows() -> list[datetime]:
    return list(Notification.objects.open().filter(kind=KIND).values_list("due_at", flat=True))


def join(world: World, game: Game, people: list[Any]) -> None:
    for person in people:
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)


def test_it_is_made_once_and_left_alone_while_nothing_differs(world: World, game: Game) -> None:
    [made] = sync(world.now)
    assert (made.message.message_id, made.message.delete, made.message.first_attempt_at) == (None, False, None)
    assert (companion().discord_id, companion().shown["name"]) == (MADE, "Curse of Strahd")
    assert open_rows() == [game.ends_at], "it is looked at when its time comes"
    schedule_all_companions(game, world.now)
    assert sync(world.now) == []
    assert open_rows() == [game.ends_at]


def test_a_change_goes_to_discord_and_a_cancellation_deletes_it(world: World, game: Game) -> None:
    sync(world.now)
    join(world, game, [world.charlie])
    [changed] = sync(world.now + timedelta(seconds=3))
    assert (changed.message.message_id, changed.message.post.view.add) == (MADE, (world.charlie.pk,))
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    [deleted] = sync(world.now)
    assert (deleted.message.delete, deleted.message.message_id) == (True, MADE)
    assert (companion().discord_id, companion().shown, companion().member_ids) == (None, {}, [])
    assert open_rows() == []


def test_a_kind_that_never_changes_by_itself_is_looked_at_when_the_game_ends(world: World, game: Game) -> None:
    sync(world.now)
    assert sync(game.ends_at - timedelta(seconds=1)) == []
    [deleted] = sync(game.ends_at)
    assert deleted.message.delete
    assert open_rows() == []


def test_a_crowd_is_added_and_removed_few_at_a_time(world: World, game: Game) -> None:
    people = world.add_members(range(1000, 1045))
    join(world, game, people)
    later = world.now + timedelta(seconds=3)
    jobs = sync(later)
    assert [len(job.message.post.view.add) for job in jobs] == [PEOPLE_AT_A_TIME, PEOPLE_AT_A_TIME, 5]
    assert companion().member_ids == companion().touched_ids == sorted(person.pk for person in people)
    for person in people[:30]:
        signups.leave(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    jobs = sync(later)
    assert [len(job.message.post.view.remove) for job in jobs] == [PEOPLE_AT_A_TIME, 10]
    assert companion().member_ids == companion().touched_ids == sorted(person.pk for person in people[30:])


def test_who_may_be_in_it_by_a_crashed_attempt_is_taken_out(world: World, game: Game) -> None:
    sync(world.now)
    join(world, game, [world.charlie])
    later = world.now + timedelta(seconds=3)
    assert len(take(later)) == 1  # and killed before it was recorded
    steps.release_leases()
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    [job] = sync(later)
    assert (job.message.post.view.add, job.message.post.view.remove) == ((), (world.charlie.pk,))


def test_what_a_crashed_attempt_made_is_found_and_then_changed(world: World, game: Game) -> None:
    [lost] = take(world.now)
    assert lost.message.maybe_sent is False
    steps.release_leases()
    later = world.now + timedelta(seconds=5)
    [found] = take(later)
    assert (found.message.first_attempt_at, found.message.maybe_sent) == (world.now, True)
    answer(found, SentMessage(game.guild_id, MADE), later)
    [change] = sync(later)
    assert (change.message.message_id, change.message.delete) == (MADE, False), "it may show an older state"


def test_what_may_be_made_is_looked_for_by_the_next_row_too(world: World, game: Game) -> None:
    [job] = take(world.now)
    answer(job, PermanentError("two look like it", PermanentError.UNCERTAIN), world.now)
    assert companion().problem_code == CompanionProblem.MAYBE_MADE
    schedule_all_companions(game, world.now)
    [again] = take(world.now + timedelta(hours=2))
    assert (again.message.first_attempt_at, again.message.maybe_sent) == (world.now, True)
    answer(again, PermanentError("no", PermanentError.MISSING_PERMISSION), world.now + timedelta(hours=2))
    schedule_all_companions(game, world.now)
    [last] = take(world.now + timedelta(hours=3))
    assert last.message.first_attempt_at is None, "Discord refused, so nothing was made"


def test_after_a_restored_backup_it_is_looked_for(world: World, game: Game) -> None:
    pause("restored", world.now)
    resume("an operator", world.now + timedelta(seconds=1))
    [job] = take(world.now + timedelta(seconds=2))
    assert job.message.maybe_sent


def test_a_missing_permission_is_said_once_and_asks_discord_nothing(world: World, game: Game) -> None:
    Channel.objects.update(bot_permissions=world.channel.bot_permissions & ~MANAGE_ROLES)
    assert take(world.now) == []
    assert companion().problem_code == CompanionProblem.MISSING_PERMISSION
    assert Notification.objects.open().filter(kind=KIND, due_at=game.ends_at).exists()
    Channel.objects.update(bot_permissions=world.channel.bot_permissions | MANAGE_ROLES)
    schedule_all_companions(game, world.now)
    sync(world.now)
    assert (companion().problem_code, companion().discord_id) == ("", MADE)


def test_a_problem_overwrites_nothing_that_is_saved_meanwhile(
    world: World, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    GameCompanion.objects.create(game=game, kind=KIND)

    def taken_back_meanwhile(*_: Any) -> list[str]:
        GameCompanion.objects.update(discord_id=MADE)
        return ["Manage Roles"]

    monkeypatch.setattr(base, "missing_permissions", taken_back_meanwhile)
    assert sync(world.now) == []
    assert (companion().discord_id, companion().problem_code) == (MADE, CompanionProblem.MISSING_PERMISSION)


def test_a_full_server_is_tried_again_every_hour(world: World, game: Game) -> None:
    [job] = take(world.now)
    answer(job, PermanentError("Maximum number of roles reached", PermanentError.LIMIT_REACHED), world.now)
    assert companion().problem_code == CompanionProblem.LIMIT_REACHED
    assert open_rows() == [world.now + base.TRIED_AGAIN_AFTER]
    join(world, game, [world.charlie])
    assert take(world.now + timedelta(minutes=5)) == [], "a change meanwhile asks nothing"
    assert open_rows() == [world.now + base.TRIED_AGAIN_AFTER]
    [made] = sync(world.now + base.TRIED_AGAIN_AFTER)
    assert made.message.message_id is None
    assert companion().problem_code == ""


def test_a_refused_change_that_is_undone_is_no_problem_any_more(world: World, game: Game) -> None:
    sync(world.now)
    join(world, game, [world.charlie])
    [job] = take(world.now + timedelta(seconds=3))
    answer(job, PermanentError("no", "50035"), world.now)
    assert (companion().problem_code, companion().problem) == (CompanionProblem.REFUSED, "no")
    GameCompanion.objects.update(touched_ids=[])
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert sync(world.now + timedelta(seconds=3)) == []
    assert companion().problem_code == ""


@pytest.mark.parametrize("policy", DiscordChangePolicy)
def test_a_deletion_in_discord_is_put_back_or_holds_by_the_setting(
    world: World, game: Game, policy: DiscordChangePolicy
) -> None:
    Game.objects.update(discord_changes=policy)
    sync(world.now)
    assert handle_deleted(KIND, [1, MADE], world.now) == 1
    assert handle_deleted(KIND, [MADE], world.now) == 0, "told twice is once"
    made = sync(world.now, MADE + 1)
    if policy == DiscordChangePolicy.PUT_BACK:
        assert [job.message.message_id for job in made] == [None]
        assert companion().discord_id == MADE + 1
    else:
        assert made == []
        assert (companion().discord_id, companion().let_go_at) == (None, world.now)
        assert open_rows() == []
    actions = {
        DiscordChangePolicy.PUT_BACK: AuditAction.COMPANION_PUT_BACK,
        DiscordChangePolicy.TAKE_OVER: AuditAction.COMPANION_LET_GO,
    }
    entry = AuditEntry.objects.get(game=game, source=EntryPoint.DISCORD)
    assert (entry.action, entry.changes) == (actions[policy], {"companion": KIND})


def test_what_was_let_go_is_made_again_once_deletions_do_not_hold(world: World, game: Game) -> None:
    Game.objects.update(discord_changes=DiscordChangePolicy.TAKE_OVER)
    sync(world.now)
    handle_deleted(KIND, [MADE], world.now)
    sync(world.now)
    Game.objects.update(discord_changes=DiscordChangePolicy.PUT_BACK)
    game.refresh_from_db()
    schedule_all_companions(game, world.now)
    assert [job.message.message_id for job in sync(world.now, MADE + 1)] == [None]
    assert companion().let_go_at is None


def test_switched_off_it_goes_and_switched_on_again_it_is_wanted(world: World, game: Game) -> None:
    Game.objects.update(discord_changes=DiscordChangePolicy.TAKE_OVER)
    sync(world.now)
    handle_deleted(KIND, [MADE], world.now)
    sync(world.now)
    for on in (False, True):
        Game.objects.update(player_role=on)
        game = Game.objects.get()
        schedule_all_companions(game, world.now)
        made = sync(world.now, MADE + 1)
    assert [job.message.message_id for job in made] == [None]
    Game.objects.update(player_role=False)
    schedule_all_companions(Game.objects.get(), world.now)
    assert [job.message.delete for job in sync(world.now)] == [True]
    assert GameCompanion.objects.filter(discord_id__isnull=False).count() == 0
    assert set(GameCompanion.objects.values_list("kind", flat=True)) == {KIND}, "what was never wanted has no row"


def test_a_deletion_during_a_change_is_not_forgotten(world: World, game: Game) -> None:
    sync(world.now)
    join(world, game, [world.charlie])
    later = world.now + timedelta(seconds=3)
    [change] = take(later)
    handle_deleted(KIND, [MADE], later)
    answer(change, SentMessage(game.guild_id, MADE), later)
    assert companion().discord_id is None, "the change came before the deletion"
    assert [job.message.message_id for job in sync(later, MADE + 1)] == [None]
    assert companion().member_ids == [world.charlie.pk]


def test_a_deletion_that_only_discord_knows_of_is_noticed_by_the_next_change(world: World, game: Game) -> None:
    sync(world.now)
    join(world, game, [world.charlie])
    later = world.now + timedelta(seconds=3)
    [change] = take(later)
    answer(change, PermanentError("Unknown Role", PermanentError.UNKNOWN_MESSAGE), later)
    assert [job.message.message_id for job in sync(later, MADE + 1)] == [None]


def test_our_own_deletion_is_nobodys_wish(world: World, game: Game) -> None:
    Game.objects.update(discord_changes=DiscordChangePolicy.TAKE_OVER)
    sync(world.now)
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    [job] = take(world.now)
    handle_deleted(KIND, [MADE], world.now)  # Discord tells of it before it answers
    answer(job, PermanentError("Unknown Role", PermanentError.UNKNOWN_MESSAGE), world.now)
    assert sync(world.now) == []
    assert (companion().discord_id, companion().let_go_at) == (None, None)
    assert not AuditEntry.objects.filter(action=AuditAction.COMPANION_LET_GO).exists()


def test_a_change_during_a_request_is_not_lost(world: World, game: Game) -> None:
    [job] = take(world.now)
    join(world, game, [world.charlie])
    answer(job, SentMessage(game.guild_id, MADE), world.now)
    later = world.now + timedelta(seconds=3)
    assert [job.message.post.view.add for job in sync(later)] == [(world.charlie.pk,)]


def test_a_failure_that_passes_is_tried_again(world: World, game: Game) -> None:
    [job] = take(world.now)
    answer(job, TemporaryError("Discord answered 500"), world.now)
    assert take(world.now) == []
    [again] = sync(world.now + timedelta(minutes=1))[:1]
    assert again.message.maybe_sent


def test_a_time_that_has_passed_is_not_looked_at_without_end(world: World, game: Game) -> None:
    register_companion(replace(base._types[KIND], next_change=lambda game, companion, now: game.starts_at))
    sync(world.now)
    late = game.starts_at + timedelta(minutes=5)
    assert sync(late) == []
    assert open_rows() == [late + base.LEAST_WAIT]


def test_an_unannounced_game_has_none(world: World, game: Game) -> None:
    Game.objects.update(announced_at=None)
    assert take(world.now) == []
    row = Notification.objects.get(kind=KIND)
    assert row.skip_code == GameSkipCode.NOT_WANTED
    assert not GameCompanion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_open_pages_look_again_when_it_is_made_or_has_a_problem(
    committed_world: World, pg_notifications: NotifyListener
) -> None:
    Channel.objects.update(bot_permissions=committed_world.channel.bot_permissions | MANAGE_ROLES)
    committed_world.create_game(player_role=True)
    [job] = take(committed_world.now)
    pg_notifications.received()
    answer(job, PermanentError("no", "50035"), committed_world.now)
    assert "game_changed" in pg_notifications.received()
