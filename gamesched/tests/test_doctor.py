"""`manage.py doctor`: what is well, and what to do where something is not."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django_q.models import Schedule

from conftest import World
from gamesched.lib.clock import db_now
from gamesched.local_discord.live_server import LocalDiscord
from guilds.models import Channel
from notifications import health, heartbeat
from notifications.daemon import pause
from notifications.models import Heartbeat


@pytest.fixture(autouse=True)
def discord(settings: Any, world: World) -> Iterator[LocalDiscord]:
    """Have a site that is well: a Discord that answers, and programs that run."""
    Schedule.objects.update(next_run=db_now() + timedelta(hours=1))
    for name in health.CHECKS:
        heartbeat.record_heartbeat(name, db_now(), last_event_at=db_now())
    with LocalDiscord(public_url=settings.PUBLIC_URL) as running:
        settings.DISCORD_API_URL = f"{running.origin}/api/v10"
        settings.DISCORD_BOT_TOKEN = running.bot_token
        yield running


def examine() -> dict[str, dict[str, Any]]:
    out = StringIO()
    code = 0
    try:
        call_command("doctor", "--json", stdout=out)
    except CommandError as bad:
        code = bad.returncode
    rows = json.loads(out.getvalue())
    assert code == int(any(row["next_step"] for row in rows))
    return {row["check"]: row for row in rows}


def unwell() -> set[str]:
    return {name for name, row in examine().items() if row["next_step"]}


def test_o12_a_site_that_is_well() -> None:
    assert {name: row for name, row in examine().items() if row["next_step"]} == {}
    assert set(examine()) >= {"settings", "token", "redirect", "database", "listen", "permissions", "notifyd", "worker"}


def test_what_is_wrong_is_named_with_what_to_do(world: World, settings: Any) -> None:
    world.create_game()
    Channel.objects.filter(pk=world.channel.pk).update(bot_permissions=0)
    pause.pause("restored", db_now())
    Heartbeat.objects.filter(name=heartbeat.WORKER_NAME).delete()
    settings.PUBLIC_URL = "http://games.example.org"
    settings.LOG_FORMAT = "xml"
    assert unwell() == {"settings", "redirect", "permissions", "notifyd", "worker"}
    assert "--release" in examine()["notifyd"]["next_step"]
    assert "http://games.example.org/accounts/discord/login/callback/" in examine()["redirect"]["next_step"]


def test_a_refused_token_and_a_database_that_is_not_migrated(settings: Any) -> None:
    settings.DISCORD_BOT_TOKEN += "x"
    MigrationRecorder.Migration.objects.filter(app="games").delete()
    assert unwell() == {"token", "database"}


def test_o5_indexes_that_an_old_postgresql_left_out_are_named_and_can_be_made() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_open_notification_of_a_kind")
        found = examine()["indexes"]
        assert "one_open_notification_of_a_kind" in found["what"]
        cursor.execute(found["next_step"].removeprefix("Run in psql: "))
    assert unwell() == set()


def test_the_last_backup_is_told_of_and_missed(settings: Any) -> None:
    assert "no backups" in examine()["backup"]["what"]
    settings.BACKUP_TO = "/backups"
    assert unwell() == {"backup"}
    heartbeat.record_heartbeat(heartbeat.BACKUP_NAME, db_now() - timedelta(hours=30), "games-1.dump: 3 MB")
    assert examine()["backup"] == {"check": "backup", "what": "The last one: games-1.dump: 3 MB.", "next_step": ""}
    heartbeat.record_heartbeat(heartbeat.BACKUP_NAME, db_now() - timedelta(hours=37), "games-1.dump: 3 MB")
    assert "manage.py backup" in examine()["backup"]["next_step"]
    settings.BACKUP_TO = ""
    assert unwell() == {"backup"}, "who makes them by a timer of their own is told too"
