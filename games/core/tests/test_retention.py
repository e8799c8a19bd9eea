"""What is past is kept for as long as the operator says, and deleting it holds nobody up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings as django_settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from conftest import World
from games import scheduled_tasks
from games.core import retention
from games.core.base import Actor, EntryPoint
from games.models import AuditEntry, CompanionKind, Game, GameCompanion, Signup, TimePoll
from games.signups import actions as signups
from notifications.models import Notification

LONG_AGO = timedelta(days=100)
COVER = "a" * 32 + "-640x360.webp"


def past_game(world: World, **fields: Any) -> Game:
    """Return a game that ended long ago, with one player and nothing left to be sent."""
    game = world.create_game()
    signups.join(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now)
    Notification.objects.filter(game=game).update(closed_at=world.now - LONG_AGO)
    begun = world.now - LONG_AGO
    values = {"starts_at": begun, "ends_at": begun + timedelta(hours=3), "settings_frozen_at": begun, **fields}
    Game.objects.filter(pk=game.pk).update(**values)
    return game


def test_nothing_is_deleted_unless_the_operator_says_so(world: World) -> None:
    past_game(world)
    AuditEntry.objects.update(at=world.now - LONG_AGO)
    entries = AuditEntry.objects.count()
    scheduled_tasks.purge()
    assert Game.objects.count() == 1
    assert AuditEntry.objects.count() == entries


def test_past_games_go_with_all_that_belongs_to_them(world: World, settings: Any) -> None:
    settings.GAMES_KEPT = timedelta(days=90)
    upcoming, unsent, recent = world.create_game(), past_game(world), past_game(world)
    in_discord, gone = past_game(world), past_game(world)
    Notification.objects.filter(game=unsent, kind="end").update(closed_at=None)
    Game.objects.filter(pk=recent.pk).update(ends_at=world.now - timedelta(days=89))
    GameCompanion.objects.create(game=in_discord, kind=CompanionKind.ROLE, discord_id=7)
    poll = {"guild": world.guild, "channel": world.channel, "host": world.bob, "zone": "UTC", "created_at": world.now}
    TimePoll.objects.create(title="Of the game", closes_at=world.now - LONG_AGO, game=gone, **poll)
    TimePoll.objects.create(title="Of none", closes_at=world.now - LONG_AGO, **poll)
    TimePoll.objects.create(title="Open", closes_at=world.now + LONG_AGO, **poll)
    assert "Deleted 1 games that ended over 90 days ago." in scheduled_tasks.purge()
    assert set(Game.objects.all()) == {upcoming, unsent, recent, in_discord}
    assert [row.title for row in TimePoll.objects.all()] == ["Open"]
    assert not Signup.objects.filter(game_id=gone.pk).exists()


def test_the_audit_log_and_pictures_are_kept_as_long_as_said(world: World, settings: Any) -> None:
    settings.AUDIT_KEPT = settings.PICTURES_KEPT = timedelta(days=90)
    old, upcoming = past_game(world, cover=COVER, thumbnail=COVER), world.create_game()
    Game.objects.filter(pk=upcoming.pk).update(cover=COVER)
    entries = list(AuditEntry.objects.order_by("pk"))
    AuditEntry.objects.filter(pk=entries[0].pk).update(at=world.now - LONG_AGO)
    said = scheduled_tasks.purge()
    assert "Deleted 1 old entries of the audit log." in said
    assert "Took the pictures of 1 past games." in said
    assert set(AuditEntry.objects.all()) == set(entries[1:])
    old.refresh_from_db()
    upcoming.refresh_from_db()
    assert (old.cover, old.thumbnail, upcoming.cover) == ("", "", COVER)
    assert "Took the pictures of 0" in scheduled_tasks.purge()


def test_deleting_waits_for_nobody_and_nobody_for_it(committed_world: World, monkeypatch: Any) -> None:
    world, before = committed_world, committed_world.now - timedelta(days=90)
    monkeypatch.setattr(retention, "GAMES_AT_ONCE", 1)
    in_use, old, upcoming = past_game(world), past_game(world), world.create_game()

    def click() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        try:
            return signups.join(upcoming.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now).changed
        finally:
            connection.close()

    delete = Game.objects.filter(pk=old.pk).delete
    name = str(connection.settings_dict["NAME"])
    with psycopg.connect(make_conninfo(django_settings.DATABASE_URL, dbname=name)) as other:
        other.execute("SELECT 1 FROM games_game WHERE id = %s FOR UPDATE", [in_use.pk])
        batches = retention._locked_batches(Game.objects.filter(ends_at__lt=before))
        assert next(batches) == [old.pk]
        delete()  # and not committed yet
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(click).result()
        assert list(batches) == []
    assert set(Game.objects.all()) == {in_use, upcoming}
    assert retention.delete_past_games(before) == 1
