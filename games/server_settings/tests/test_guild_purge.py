"""Purging servers that the bot left: kept for a while, then deleted whole, unless the bot is invited again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Model

from conftest import GUILD, World
from games import scheduled_tasks
from games.admin.tests.two_guilds import OTHER, SCOPED, make_two_guilds, other_guild_pks
from games.models import Game
from games.models.settings import GuildDefaults
from games.server_settings import removals
from games.server_settings import setup as guild_setup
from games.server_settings.rules import KEPT_AFTER_LEAVING
from guilds.directory import upsert
from guilds.directory.payloads import GuildPayload
from guilds.models import Guild, Member, User
from notifications.models import Notification


def totals() -> dict[type[Model], int]:
    return {model: model._default_manager.count() for model in SCOPED}


@pytest.mark.django_db
def test_a_departed_server_is_deleted_and_others_are_kept() -> None:
    world = make_two_guilds()
    guild_setup.welcome_guild(OTHER, world.charlie.pk, world.now)
    before, people = totals(), User.objects.count()
    of_it = {model: len(other_guild_pks(model)) for model in SCOPED}
    of_no_game = Notification.objects.filter(game=None, payload__guild=str(OTHER)).count()
    assert of_no_game == 3, "the welcome message, and a poll's post and end"
    upsert.mark_bot_removed(OTHER, world.now - KEPT_AFTER_LEAVING + timedelta(hours=1))
    assert removals.purge_departed_guilds(world.now) == 0
    assert totals() == before
    assert removals.purge_departed_guilds(world.now + timedelta(hours=2)) == 1
    assert totals() == {model: before[model] - of_it[model] - of_no_game * (model is Notification) for model in SCOPED}
    assert User.objects.count() == people
    assert Member.objects.filter(user=world.charlie).get().guild_id == GUILD
    assert scheduled_tasks.purge_guilds() == "Deleted 0 servers that the bot left more than 30 days ago."


def test_inviting_the_bot_before_the_purge_keeps_everything(world: World) -> None:
    world.create_game()
    upsert.mark_bot_removed(GUILD, world.now - timedelta(days=31))
    upsert.upsert_guild(GuildPayload(GUILD, "Friday Night Dice", "", world.alice.pk, (), ()), world.now)
    assert not removals._purge_guild(GUILD, world.now), "asked again under the lock"
    assert Game.objects.exists()
    assert GuildDefaults.objects.exists()


def test_inviting_the_bot_during_the_purge_starts_anew(committed_world: World) -> None:
    world = committed_world
    world.create_game()
    upsert.mark_bot_removed(GUILD, world.now - timedelta(days=31))
    payload = GuildPayload(GUILD, "Back again", "", world.alice.pk, (), ())

    def invite() -> None:
        try:
            upsert.upsert_guild(payload, world.now)
        finally:
            connection.close()

    inviting = threading.Thread(target=invite)
    with transaction.atomic():
        assert removals.purge_departed_guilds(world.now) == 1
        inviting.start()
        inviting.join(0.3)
        assert inviting.is_alive(), "it waits for the lock"
    inviting.join()
    guild = Guild.objects.get()
    assert (guild.name, guild.bot_removed_at, guild.welcomed_at) == ("Back again", None, None)
    assert not Game.objects.exists()
