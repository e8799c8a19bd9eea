"""The worker's scheduled tasks: what they repair, and that each is scheduled once."""

from datetime import timedelta
from typing import Any

from django_q.models import Schedule

from conftest import World
from games import scheduled_tasks
from games.models import Announcement
from games.posts.actions import repair_games
from gamesched.local_discord import fixtures
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Channel, Member, SentForm
from notifications.models import Delivery, Notification


def test_tasks_are_scheduled_once_and_keep_an_operators_timing(db: None) -> None:
    Schedule.objects.filter(name="Purge").update(minutes=5)
    Schedule.objects.filter(name="Announcement sweep").update(minutes=5)  # as an older version had it
    Schedule.objects.create(name="Directory refresh", func="games.chores.refresh_directory", minutes=1)
    scheduled_tasks.ensure_game_schedules()
    scheduled_tasks.ensure_game_schedules()
    assert sorted(Schedule.objects.values_list("name", "minutes")) == [
        ("Announcement sweep", 15),
        ("Backup", 60),
        ("Events of servers", 24 * 60),
        ("Guild purge", 24 * 60),
        ("Interaction purge", 24 * 60),
        ("Look-ups", 10),
        ("People purge", 60),
        ("Purge", 5),
        ("Repeating games", 60),
        ("Settling", 60),
    ]


def test_the_sweep_repairs_games_without_notifications_or_post(world: World) -> None:
    game = world.create_game()
    planned = set(Notification.objects.values_list("kind", "due_at"))
    assert repair_games(world.now) == 0
    Notification.objects.all().delete()
    Announcement.objects.all().delete()
    assert repair_games(world.now) == 1
    assert set(Notification.objects.values_list("kind", "due_at")) == planned
    assert game.announcement.channel == world.channel
    assert repair_games(world.now) == 0


def test_the_sweep_skips_a_post_that_cannot_be_built(world: World) -> None:
    world.create_game()
    Notification.objects.filter(kind="announcement").delete()
    Channel.objects.update(bot_permissions=0)
    Announcement.objects.update(
        problem_code="missing_permission", problem="Not announced: missing Embed Links in #game-night."
    )
    assert repair_games(world.now) == 0


def test_purge_deletes_old_rows_and_keeps_open_ones(world: World, monkeypatch: Any, settings: Any) -> None:
    world.create_game()
    Notification.objects.filter(kind="start").update(closed_at=world.now - timedelta(days=31))
    Notification.objects.filter(kind="end").update(closed_at=world.now - timedelta(days=29))
    for days in (8, 6):
        SentForm.objects.create(user=world.bob, key=str(days), sent_at=world.now - timedelta(days=days))
    assert scheduled_tasks.purge() == "Deleted 1 rows older than 30 days."
    assert SentForm.objects.get().key == "6"
    assert not Notification.objects.filter(kind="start").exists()
    settings.NOTIFY_KEPT = timedelta(days=3)
    monkeypatch.setattr("games.core.retention.ROWS_AT_ONCE", 2)
    Notification.objects.update(closed_at=world.now - timedelta(days=4))
    count = Notification.objects.count()
    waiting = Notification.objects.get(kind="end")
    Delivery.objects.create(notification=waiting, recipient=world.bob, next_attempt_at=world.now)
    assert count > 3
    assert scheduled_tasks.purge() == f"Deleted {count - 1} rows older than 3 days."
    assert Notification.objects.get() == waiting, "a letter still to be sent keeps its row"


class RenamingDirectory:
    """A directory that knows Charlie with a new nick, and nobody else."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        if user_id != fixtures.CHARLIE_ID:
            return None
        return MemberPayload(UserPayload(user_id, "charlie"), "Chuck", role_ids=(fixtures.PLAYER_ID,))


class UnavailableDirectory:
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        raise DirectoryUnavailable("Discord answered 502")


def test_the_refresh_follows_nicks_roles_and_leavers(world: World, settings: Any) -> None:
    Member.objects.update(roles_read_at=world.now - timedelta(hours=2))
    settings.DISCORD_DIRECTORY = f"{__name__}.RenamingDirectory"
    assert scheduled_tasks.refresh_directory() == "Looked up 3 members."
    charlie = Member.objects.get(user=world.charlie)
    assert (charlie.nick, charlie.role_ids) == ("Chuck", [fixtures.PLAYER_ID])
    assert Member.objects.filter(left_at=None).get() == charlie


def test_the_refresh_waits_while_discord_is_down(world: World, settings: Any) -> None:
    Member.objects.update(roles_read_at=world.now - timedelta(hours=2))
    settings.DISCORD_DIRECTORY = f"{__name__}.UnavailableDirectory"
    assert "we can't ask Discord right now" in scheduled_tasks.refresh_directory()
    assert Member.objects.filter(left_at=None).count() == 3
