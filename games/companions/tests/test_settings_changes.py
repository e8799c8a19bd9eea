"""A setting about companions that changes, at any layer, has those of the games it reaches looked at."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.companions.tests.badges import KIND, MANAGE_ROLES, registered, sync
from games.core.base import Actor, EntryPoint
from games.models import CompanionKind, Game, GameCompanion, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.scheduling.actions import edit_game, plan_from_game
from games.scheduling.rules import change_plan
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings.actions import values_of
from guilds.models import Channel
from notifications.models import Notification


@pytest.fixture(autouse=True)
def badge(world: World) -> Iterator[None]:
    Channel.objects.update(bot_permissions=world.channel.bot_permissions | MANAGE_ROLES)
    with registered():
        yield


def change_guild(world: World, **values: Any) -> None:
    layer = GuildDefaults.objects.filter(pk=world.guild.pk).first()
    actor = Actor(world.alice, EntryPoint.PAGE)
    server_settings.change_guild_defaults(world.guild.pk, values_of(layer) | values, (), (), actor, world.now)


def change_channel(world: World, **values: Any) -> None:
    layer = ChannelDefaults.objects.filter(pk=world.channel.pk).first()
    actor = Actor(world.alice, EntryPoint.PAGE)
    server_settings.change_channel_defaults(world.channel.pk, values_of(layer) | values, True, actor, world.now)


def change_template(world: World, **values: Any) -> None:
    template = GameTemplate.objects.get()
    templates.save_template(
        world.guild.pk,
        template.pk,
        template.name,
        "",
        None,
        values_of(template) | values,
        (),
        Actor(world.alice, EntryPoint.PAGE),
        world.now,
    )


def change_game(world: World, **values: Any) -> None:
    game = Game.objects.get()
    edit_game(game.pk, change_plan(plan_from_game(game), **values), Actor(world.bob, EntryPoint.PAGE), world.now)


@pytest.mark.parametrize("change", [change_guild, change_channel, change_template, change_game])
def test_switched_on_it_is_made_and_switched_off_it_goes(world: World, change: Any) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    world.create_game(template_id=template.pk)
    assert sync(world.now) == []
    change(world, player_role=True)
    assert [job.message.message_id for job in sync(world.now)] == [None]
    change(world, player_role=False)
    assert [job.message.delete for job in sync(world.now)] == [True]
    assert not GameCompanion.objects.filter(discord_id__isnull=False).exists()


def test_who_says_that_deletions_do_not_hold_gets_back_what_was_let_go(world: World) -> None:
    world.create_game(player_role=True)
    GameCompanion.objects.create(game=Game.objects.get(), kind=KIND, let_go_at=world.now)
    change_guild(world, discord_changes="take_over")
    assert sync(world.now) == []
    change_guild(world, discord_changes="put_back")
    assert [job.message.message_id for job in sync(world.now)] == [None]


def test_another_setting_looks_at_none(world: World) -> None:
    world.create_game(player_role=True)
    sync(world.now)
    Notification.objects.filter(kind=KIND).delete()
    change_guild(world, location="Table 1", server_event=None)
    kinds = set(Notification.objects.open().values_list("kind", flat=True))
    assert not kinds & {kind.value for kind in CompanionKind if kind != KIND}


def test_a_layer_has_them_looked_at_by_one_statement_for_all_its_games(world: World) -> None:
    for number in range(3):
        world.create_game(title=f"Game {number}", player_role=None)
    change_guild(world, player_role=True)
    assert len(sync(world.now)) == 3
    with CaptureQueriesContext(
        connection,
    ) as queries:
        change_guild(world, player_role=False)
    together = [query for query in queries if "ORDER BY rows.game_id, rows.kind" in query["sql"]]
    assert len(together) == 1
    assert [job.message.delete for job in sync(world.now)] == [True] * 3
