"""No rule depends on a sentence: with every text of the product reworded, the same is done."""

import inspect
import pkgutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

import games
from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, handle_choice
from games.core.codes import GameSkipCode, NotificationKind
from games.deliveries.actions import resend_delivery
from games.deliveries.report import game_deliveries
from games.models import Announcement, Game
from games.models.announcement import PostProblem
from games.models.settings import GuildDefaults
from games.posts.actions import handle_channels_changed, repair_games, repost_deleted_posts
from games.reminders import wording as reminder_wording
from games.reminders.actions import NotificationPreferences, save_preferences, send_test_reminder
from games.reminders.views import _test_result
from games.scheduling import cancellation
from games.signups.actions import join
from guilds.models import Channel
from notifications.codes import ErrorCode, SkipCode
from notifications.daemon import pause, steps
from notifications.messages import PermanentError, SentMessage, TemporaryError
from notifications.models import Delivery, DeliveryStatus, Notification

GIBBERISH = "Qwx zpt {} vlk."
POST = 777


@cache
def wording_modules() -> list[ModuleType]:
    names = [each.name for each in pkgutil.walk_packages(games.__path__, "games.")]
    return [import_module(name) for name in names if name.endswith("wording") and ".tests." not in name]


def texts(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """What a wording module says: its sentences, its tables of them, and its functions that return one."""
    for name, value in vars(module).items():
        own = inspect.isfunction(value) and value.__module__ == module.__name__
        if own and inspect.signature(value).return_annotation in {str, "str"}:
            yield name, lambda *args, **kwargs: GIBBERISH
        elif name.isupper() and isinstance(value, str):
            yield name, GIBBERISH
        elif name.isupper() and isinstance(value, dict):
            yield name, {key: GIBBERISH if isinstance(text, str) else text for key, text in value.items()}


@cache
def texts_by_name() -> dict[tuple[str, int], Any]:
    """Return the gibberish for each text, by its name and identity."""
    found = {
        (name, id(getattr(module, name))): gibberish
        for module in wording_modules()
        for name, gibberish in texts(module)
    }
    assert len(found) > 300
    return found


@cache
def names_of_texts(user: ModuleType) -> list[str]:
    """Return the names by which a module knows texts, wherever it has them from; they stay once it is imported."""
    return [name for name, value in vars(user).items() if (name, id(value)) in texts_by_name()]


@pytest.fixture(params=["as it reads", "reworded"])
def wording(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test as the product reads, and with gibberish for every sentence wherever it was imported."""
    if request.param == "as it reads":
        return
    for user in list(sys.modules.values()):
        if user.__name__.startswith(("games.", "discord_bot.")):
            for name in names_of_texts(user):
                monkeypatch.setitem(vars(user), name, texts_by_name()[name, id(vars(user)[name])])
    for code in (*SkipCode, *GameSkipCode, *PostProblem):
        monkeypatch.setattr(code, "_label_", GIBBERISH)


pytestmark = [pytest.mark.usefixtures("wording"), pytest.mark.slow]


@pytest.fixture
def game(world: World) -> Game:
    """A game that Charlie plays, with its post up."""
    game = world.create_game()
    assert join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now).changed
    post_is_up(game)
    return Game.objects.with_guild_and_channel().get()


def post_is_up(game: Game) -> None:
    Announcement.objects.update(message_id=POST, shown_version=1, checked_at=game.created_at)
    Notification.objects.filter(kind=NotificationKind.ANNOUNCEMENT).update(closed_at=game.created_at)


def open_kinds() -> list[str]:
    rows = Notification.objects.open().exclude(kind=NotificationKind.ANNOUNCEMENT)
    return sorted(rows.values_list("kind", flat=True))


def host(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def test_undoing_a_cancellation_brings_back_what_it_closed(world: World, game: Game) -> None:
    before = open_kinds()
    cancellation.cancel_game(game.pk, "", host(world), world.now)
    assert open_kinds() == [NotificationKind.CANCELLED]
    cancellation.undo_cancellation(game.pk, host(world), world.now)
    assert open_kinds() == before


def test_a_deleted_post_waits_for_its_host_and_is_put_back(world: World, game: Game) -> None:
    GuildDefaults.objects.update(if_deleted="ask")
    repost_deleted_posts([POST], world.now)
    steps.create_due_deliveries(world.now)
    repair_games(world.now)
    handle_channels_changed([world.guild.pk], world.now)
    jobs = steps.lease_jobs(world.now, 10)
    assert [job.message.post for job in jobs] == [None], "the question, and no post"
    steps.record([(job, SentMessage(1, 2)) for job in jobs], world.now)
    row = Notification.objects.filter(kind=NotificationKind.ANNOUNCEMENT).latest("pk")
    assert row.skip_code == GameSkipCode.HOST_DECIDES
    put_back = next(button for button in jobs[0].message.buttons if button.id.endswith("put_back"))
    assert handle_choice(PromptChoice.parse(put_back.id), world.bob, world.now).changed
    soon = world.now + timedelta(seconds=2)
    assert [job.message.message_id for job in steps.lease_jobs(soon, 10) if job.message.post] == [None]


def test_cancelling_answers_the_prompt_about_a_deleted_post(world: World, game: Game) -> None:
    GuildDefaults.objects.update(if_deleted="ask")
    repost_deleted_posts([POST], world.now)
    assert Announcement.objects.get().problem_code == PostProblem.DELETED
    cancellation.cancel_game(game.pk, "", host(world), world.now)
    assert Announcement.objects.get().problem_code == ""


def test_the_sweep_leaves_what_is_hopeless_and_mends_the_rest(world: World, game: Game) -> None:
    Announcement.objects.update(message_id=None)
    Channel.objects.update(bot_permissions=0)
    repair_games(world.now)
    [job] = steps.lease_jobs(world.now, 10)
    steps.record([(job, PermanentError("Missing Access", PermanentError.MISSING_PERMISSION))], world.now)
    assert Announcement.objects.get().problem_code == PostProblem.MISSING_PERMISSION
    row = Notification.objects.filter(kind=NotificationKind.ANNOUNCEMENT).latest("pk")
    assert row.skip_code == SkipCode.REFUSED
    assert repair_games(world.now) == 0
    Channel.objects.update(bot_permissions=world.channel.bot_permissions)
    assert repair_games(world.now) == 1


def test_a_deleted_channel_is_noticed_once(world: World, game: Game) -> None:
    Channel.objects.filter(pk=world.channel.pk).update(deleted_at=world.now)
    assert [handle_channels_changed([world.guild.pk], world.now) for _ in range(2)] == [1, 0]


def reminder_job(world: World, game: Game) -> steps.Job:
    """Charlie's reminder, leased and on its way."""
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    jobs = steps.lease_jobs(due, 10)
    return next(job for job in jobs if job.message.user_id == world.charlie.pk)


def test_what_failed_is_sent_once_more(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    job = reminder_job(world, game)
    steps.record([(job, PermanentError("Unknown User", "10013"))], due)
    failed = Delivery.objects.get(pk=job.pk)
    assert (failed.status, failed.error_code) == (DeliveryStatus.FAILED, "10013")
    assert resend_delivery(failed.pk, host(world), due).changed
    assert not resend_delivery(failed.pk, host(world), due).changed


def test_closed_direct_messages_go_to_the_channel(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    job = reminder_job(world, game)
    steps.record([(job, PermanentError("Cannot send messages to this user", PermanentError.CLOSED_DMS))], due)
    delivery = Delivery.objects.get(pk=job.pk)
    assert (delivery.status, delivery.in_channel) == (DeliveryStatus.PENDING, True)
    assert delivery.error_code == ErrorCode.CLOSED_DMS


def test_who_was_notified_too_late_is_shown_as_missed(world: World, game: Game) -> None:
    late = game.starts_at + timedelta(minutes=1)
    steps.create_due_deliveries(late)
    rows = Notification.objects.filter(kind=NotificationKind.REMINDER)
    assert set(rows.values_list("skip_code", flat=True)) == {SkipCode.EXPIRED}
    assert game_deliveries(game, late).has_problem


def test_what_was_due_during_a_pause_is_shown_as_missed(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    pause.pause("restored", due)
    assert pause.resume("root", due) > 0
    assert game_deliveries(game, due).has_problem


def test_what_is_tried_in_vain_is_given_up(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    job = reminder_job(world, game)
    steps.record([(job, TemporaryError("Discord is down"))], due)
    assert Delivery.objects.get(pk=job.pk).error_code == ErrorCode.TEMPORARY
    steps.record([(job, TemporaryError("Discord is down"))], game.starts_at)
    delivery = Delivery.objects.get(pk=job.pk)
    assert (delivery.status, delivery.error_code) == (DeliveryStatus.FAILED, SkipCode.GAVE_UP)


def test_a_test_reminder_that_nobody_wants_says_so(world: World, game: Game) -> None:
    actor = Actor(world.charlie, EntryPoint.PAGE)
    save_preferences(world.guild.pk, NotificationPreferences(how="none"), actor, world.now)
    send_test_reminder(world.guild.pk, actor, world.now)
    steps.create_due_deliveries(world.now)
    steps.lease_jobs(world.now, 10)
    assert _test_result(world.charlie, world.guild) == (reminder_wording.TEST_UNWANTED, False)
