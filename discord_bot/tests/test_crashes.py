"""kill -9 anywhere on the main path, then a restart: nothing is lost or repeated."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django_q.models import Success
from django_q.tasks import async_task

from conftest import World, make_world
from games.core.base import Actor, EntryPoint
from games.core.roster import load_roster
from games.models import Game, Signup
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.testing.stack import PROGRAMS, Stack, shown_in
from gamesched.testing.waiting import AT_ONCE, eventually
from notifications.models import Delivery, Notification

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(now: datetime) -> World:
    return make_world(now)


def test_a_game_scheduled_while_notifyd_is_dead_is_announced_once(world: World) -> None:
    with Stack("bot", "notifyd") as stack:
        stack.kill("notifyd")
        world.create_game(channel_id=fixtures.GENERAL_ID)
        assert not stack.posts()
        stack.start("notifyd")
        eventually(stack.posts)
        assert len(stack.posts()) == 1


def test_bot_killed_between_commit_and_answer_leaves_a_right_post(world: World) -> None:
    with Stack("bot", "notifyd") as stack:
        game = world.create_game(channel_id=fixtures.GENERAL_ID)
        post = eventually(stack.posts)[0]
        # The response hangs, so that the click is committed but not answered when the bot dies.
        stack.discord.client.add_fault("timeout", match="POST /interactions/*", seconds=30)
        stack.discord.client.click("charlie", post, f"game:{game.pk}:join", wait=0)
        eventually(Signup.objects.exists)
        stack.kill("bot")
        eventually(lambda: "<@1300000000000000003>" in shown_in(stack.posts()[0]))
        stack.discord.client.clear_faults()
        stack.start("bot")
        answered = stack.discord.client.click("charlie", stack.posts()[0], f"game:{game.pk}:leave")
        assert answered["state"] == "answered"
        assert not Signup.objects.current().exists()


def test_buttons_go_when_the_game_starts(world: World) -> None:
    with Stack("bot", "notifyd") as stack:
        now = datetime.now(UTC)
        game = world.create_game(channel_id=fixtures.GENERAL_ID, starts_at=now + timedelta(seconds=61), reminders=())
        eventually(lambda: "Join" in str(stack.posts()))
        # Two seconds to the start, as if most of the minute had passed.
        Game.objects.filter(pk=game.pk).update(starts_at=datetime.now(UTC) + timedelta(seconds=2))
        game.refresh_from_db()
        Notification.objects.filter(kind="start").update(due_at=game.starts_at)
        eventually(lambda: "Join" not in str(stack.posts()))
        late = (datetime.now(UTC) - game.starts_at).total_seconds()
        assert late < 2, late


def test_programs_stop_within_five_seconds(world: World) -> None:
    with Stack("web", "bot", "notifyd", "worker") as stack:
        taken: dict[str, float] = {}
        threads = [threading.Thread(target=lambda n=name: taken.update({n: stack.stop(n)})) for name in stack.names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(taken) == {"web", "bot", "notifyd", "worker"}
        assert max(taken.values()) < 5, taken


def test_a_moved_start_reminds_at_the_new_time_only(world: World) -> None:
    with Stack("bot", "notifyd") as stack:
        now = datetime.now(UTC)
        game = world.create_game(channel_id=fixtures.GENERAL_ID, starts_at=now + timedelta(days=3), reminders=(1440, 1))
        plan = scheduling.plan_from_game(game)
        scheduling.edit_game(
            game.pk,
            replace(plan, starts_at=now + timedelta(seconds=63)),
            Actor(world.bob, EntryPoint.PAGE),
            datetime.now(UTC),
        )
        reminder = eventually(lambda: stack.discord.client.dms("bob"))[0]
        assert f"<t:{int((now + timedelta(seconds=63)).timestamp())}:R>" in reminder["content"]
        assert Delivery.objects.count() == 1
        assert set(Notification.objects.open().values_list("kind", flat=True)) == {"start", "end"}


def test_web_killed_while_a_page_is_open_loses_nothing(world: World) -> None:
    with Stack("web", "bot") as stack:
        game = world.create_game(channel_id=fixtures.GENERAL_ID)
        stack.kill("web")
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), datetime.now(UTC))
        stack.start("web")
        assert [seat.name for seat in load_roster(game).seated] == ["charlie"]
        assert stack.running["web"].poll() is None


def test_worker_killed_goes_on_with_its_scheduled_tasks(world: World) -> None:
    with Stack("worker") as stack:
        async_task("games.scheduled_tasks.sweep_announcements")
        eventually(Success.objects.exists)
        stack.kill("worker")
        async_task("games.scheduled_tasks.refresh_directory")
        stack.start("worker")
        eventually(Success.objects.filter(func="games.scheduled_tasks.refresh_directory").exists)


def test_a_machine_whose_clock_is_an_hour_off_reminds_on_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = (
        "import time; real = time.time; time.time = lambda: real() + 3600\n"
        "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gamesched.settings')\n"
        "import django; django.setup()\n"
        "from django.utils import timezone; import datetime\n"
        "timezone.now = lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)\n"
        "from django.core.management import call_command; call_command('notifyd')"
    )
    monkeypatch.setitem(PROGRAMS, "notifyd", ["-c", fast])
    with Stack("bot", "notifyd") as stack:
        now = datetime.now(UTC)
        world.create_game(channel_id=fixtures.GENERAL_ID, starts_at=now + timedelta(seconds=63), reminders=(1,))
        eventually(lambda: Delivery.objects.filter(status="sent").exists())
        lateness = Delivery.objects.get().lateness_ms
        assert lateness is not None
        assert -50 <= lateness < AT_ONCE * 1000
        assert stack.discord.client.dms("bob")
