"""kill -9 anywhere on the main path, then a restart: nothing is lost or repeated.

The programs are started once; each test kills one and starts it again, and has a game on a day of its own.
"""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_q.models import Success
from django_q.tasks import async_task

from conftest import World, make_world
from games.core.base import Actor, EntryPoint
from games.models import Game, RequestStatus, Signup, WebhookEvent
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from games.webhooks.actions import create_webhook, delete_webhook
from games.webhooks.tests.receiver import Receiver
from gamesched.local_discord import fixtures
from gamesched.testing.stack import PROGRAMS, Stack, shown_in
from gamesched.testing.waiting import AT_ONCE, PATIENCE, eventually
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.processes
numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def db(committed_module_db: None) -> None:
    """Let each test use the database, and keep what it commits."""


@pytest.fixture(scope="module")
def world(committed_module_db: None) -> World:
    return make_world(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def stack(world: World) -> Iterator[Stack]:
    with Stack("web", "bot", "notifyd", limited=False) as running:
        yield running


def make_game(world: World, starts_in: timedelta | None = None, **changes: Any) -> Game:
    number = next(numbers)
    starts_at = datetime.now(UTC) + (starts_in or timedelta(days=2 + number))
    return world.create_game(
        title=f"Crash {number}", channel_id=fixtures.GENERAL_ID, **{"starts_at": starts_at, **changes}
    )


def test_a_game_scheduled_while_notifyd_is_dead_is_announced_once(world: World, stack: Stack) -> None:
    stack.kill("notifyd")
    game = make_game(world)
    assert not stack.posts_of(game)
    stack.start("notifyd")
    eventually(lambda: stack.posts_of(game))
    assert len(stack.posts_of(game)) == 1


def test_bot_killed_between_commit_and_answer_leaves_a_right_post(world: World, stack: Stack) -> None:
    game = make_game(world)
    [post] = eventually(lambda: stack.posts_of(game))
    # The response hangs, so that the click is committed but not answered when the bot dies.
    stack.discord.client.add_fault("timeout", match="POST /interactions/*", seconds=30)
    stack.discord.client.click("charlie", post, f"game:{game.pk}:join", wait=0)
    eventually(Signup.objects.filter(game=game).exists)
    stack.kill("bot")
    eventually(lambda: "<@1300000000000000003>" in shown_in(stack.posts_of(game)[0]))
    stack.discord.client.clear_faults()
    stack.start("bot")
    answered = stack.discord.client.click("charlie", stack.posts_of(game)[0], f"game:{game.pk}:leave")
    assert answered["state"] == "answered"
    assert not Signup.objects.current().filter(game=game).exists()


def test_buttons_go_when_the_game_starts(world: World, stack: Stack) -> None:
    game = make_game(world, timedelta(seconds=61), reminders=())
    eventually(lambda: "Join" in str(stack.posts_of(game)))
    # Two seconds to the start, as if most of the minute had passed.
    Game.objects.filter(pk=game.pk).update(starts_at=datetime.now(UTC) + timedelta(seconds=2))
    game.refresh_from_db()
    Notification.objects.filter(game=game, kind="start").update(due_at=game.starts_at)
    eventually(lambda: "Join" not in str(stack.posts_of(game)))
    late = (datetime.now(UTC) - game.starts_at).total_seconds()
    assert late < 2, late


def test_a_moved_start_reminds_at_the_new_time_only(world: World, stack: Stack) -> None:
    game = make_game(world, reminders=(1440, 1))
    starts_at = (datetime.now(UTC) + timedelta(seconds=63)).replace(microsecond=0)
    plan = replace(scheduling.plan_from_game(game), starts_at=starts_at)
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), datetime.now(UTC))
    [reminder] = eventually(lambda: stack.dms_about(game, "bob"))
    assert f"<t:{int(starts_at.timestamp())}:R>" in reminder["content"]
    assert Delivery.objects.filter(notification__game=game).count() == 1
    kinds = Notification.objects.open().filter(game=game).values_list("kind", flat=True)
    assert set(kinds) == {"start", "end"}


def test_web_killed_while_a_page_is_open_loses_nothing(world: World, stack: Stack) -> None:
    game = make_game(world)
    stack.kill("web")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), datetime.now(UTC))
    stack.start("web")
    assert Signup.objects.seated().get(game=game).user == world.charlie
    assert stack.running["web"].poll() is None


def test_worker_killed_goes_on_with_its_scheduled_tasks(stack: Stack) -> None:
    stack.start("worker")
    done = async_task("games.scheduled_tasks.sweep_announcements")
    eventually(Success.objects.filter(pk=done).exists)
    stack.kill("worker")
    waiting = async_task("games.scheduled_tasks.refresh_directory")
    stack.start("worker")
    eventually(Success.objects.filter(pk=waiting).exists)


FAST_NOTIFYD = (
    "import time; real = time.time; time.time = lambda: real() + 3600\n"
    "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gamesched.settings')\n"
    "import django; django.setup()\n"
    "from django.utils import timezone; import datetime\n"
    "timezone.now = lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)\n"
    "from django.core.management import call_command; call_command('notifyd')"
)


# One that sends webhooks to this machine, too.
OPEN_NOTIFYD = (
    "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gamesched.settings')\n"
    "import django; django.setup()\n"
    "from django.conf import settings; settings.SEND_TO_PRIVATE_ADDRESSES = True\n"
    "from django.core.management import call_command; call_command('notifyd')"
)


@pytest.fixture
def notifyd(request: pytest.FixtureRequest, stack: Stack) -> Iterator[None]:
    """Have notifyd run by other code."""

    def restart() -> None:
        if "notifyd" in stack.running:
            stack.kill("notifyd")
        stack.start("notifyd")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROGRAMS, "notifyd", ["-c", request.param])
        restart()
        yield
    restart()


@pytest.mark.usefixtures("notifyd")
@pytest.mark.parametrize("notifyd", [OPEN_NOTIFYD], ids=["open"], indirect=True)
def test_notifyd_killed_while_it_sends_a_webhook_repeats_it_with_the_same_id(
    world: World, stack: Stack, settings: Any
) -> None:
    settings.SEND_TO_PRIVATE_ADDRESSES = True
    actor = Actor(world.alice, EntryPoint.PAGE)
    with Receiver() as receiver:
        receiver.wait = PATIENCE
        webhook = create_webhook(world.guild.pk, receiver.url, [WebhookEvent.ANNOUNCED], actor, world.now)
        game = make_game(world)
        eventually(lambda: receiver.received)
        stack.kill("notifyd")
        assert webhook.requests.get().status == RequestStatus.PENDING
        receiver.wait = 0.0
        stack.start("notifyd")
        eventually(webhook.requests.filter(status=RequestStatus.SENT).exists)
        first, second = receiver.received
        assert first.headers["Webhook-Id"] == second.headers["Webhook-Id"] == webhook.requests.get().event_id
        assert first.text == second.text
        assert first.body["game"]["id"] == str(game.pk)
        assert second.is_signed_by(webhook.secret)
        delete_webhook(webhook.pk, actor, world.now)


@pytest.mark.usefixtures("notifyd")
@pytest.mark.parametrize("notifyd", [FAST_NOTIFYD], ids=["fast"], indirect=True)
def test_a_machine_whose_clock_is_an_hour_off_reminds_on_time(world: World, stack: Stack) -> None:
    game = make_game(world, timedelta(seconds=63), reminders=(1,))
    reminders = Delivery.objects.filter(notification__game=game)
    eventually(reminders.filter(status="sent").exists)
    lateness = reminders.get().lateness_ms
    assert lateness is not None
    assert -50 <= lateness < AT_ONCE * 1000
    assert stack.dms_about(game, "bob")


def test_programs_stop_within_five_seconds(stack: Stack) -> None:
    """The last of the module: it leaves none running."""
    for name in {"web", "bot", "notifyd", "worker"} - stack.running.keys():
        stack.start(name)
    taken: dict[str, float] = {}
    threads = [threading.Thread(target=lambda n=name: taken.update({n: stack.stop(n)})) for name in [*stack.running]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(taken) == {"web", "bot", "notifyd", "worker"}
    assert max(taken.values()) < 5, taken
