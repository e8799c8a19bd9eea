"""Games that come below a layer of settings while it changes, or first gets a row, have what it says in the end."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.freezing import is_synced
from games.models import Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings.actions import SettingsResult, values_of
from games.server_settings.tests.test_resolved_settings import assert_stored_is_resolved
from games.tests.test_same_instant import in_threads
from gamesched.lib.pg_notify import connect_in_thread

pytestmark = pytest.mark.slow
HELD = 0.6  # seconds for which a transaction stays open, so that the other one has to wait for it


def by_manager(world: World) -> Actor:
    return Actor(world.alice, EntryPoint.PAGE)


def change_channel(world: World) -> SettingsResult:
    values = values_of(ChannelDefaults.objects.filter(pk=world.channel.pk).first()) | {"duration": 300}
    return server_settings.change_channel_defaults(world.channel.pk, values, True, by_manager(world), world.now)


def change_guild(world: World) -> SettingsResult:
    values = values_of(GuildDefaults.objects.filter(pk=GUILD).first()) | {"duration": 300}
    return server_settings.change_guild_defaults(GUILD, values, (), (), by_manager(world), world.now)


def change_template(world: World) -> SettingsResult:
    row = GameTemplate.objects.get()
    values = values_of(row) | {"duration": 300}
    return templates.save_template(GUILD, row.pk, row.name, "", None, values, (), by_manager(world), world.now)


def schedule(world: World) -> Game:
    template = GameTemplate.objects.first()
    return world.create_game(duration=None, template_id=template.pk if template is not None else None)


def assert_follows(game: Game, world: World) -> None:
    assert_stored_is_resolved()
    saved = Game.objects.get(pk=game.pk)
    assert saved.settings.duration == 300
    assert is_synced(saved, world.now), "its end and its reminders too"


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("layer_first", [True, False])
def test_the_first_row_of_a_channel(committed_world: World, layer_first: bool, moved: bool) -> None:
    world = committed_world
    before = world.create_game(duration=None, channel_id=world.other_channel.pk) if moved else None

    def come() -> Game:
        if before is None:
            return schedule(world)
        plan = change_plan(scheduling.plan_from_game(before), channel_id=world.channel.pk)
        return scheduling.edit_game(before.pk, plan, by_manager(world), world.now).game

    assert_both_count(world, come, change_channel, layer_first)


@pytest.mark.parametrize("layer_first", [True, False])
def test_the_first_row_of_a_guild(committed_world: World, layer_first: bool) -> None:
    """No action schedules in a guild without one, so this game comes by SQL."""
    world = committed_world
    game = world.create_game(duration=None)
    row = Game.objects.get(pk=game.pk)
    game.delete()
    GuildDefaults.objects.all().delete()
    row.pk, row._state.adding = None, True

    def come() -> Game:
        row.save()
        return row

    def change(world: World) -> Any:
        return GuildDefaults.objects.create(pk=GUILD, duration=300)

    assert_both_count(world, come, change, layer_first, synced=False)


def assert_both_count(
    world: World,
    come: Callable[[], Game],
    change: Callable[[World], object],
    layer_first: bool,
    synced: bool = True,
) -> None:
    begun = threading.Event()

    def do(act: Callable[[], Any], is_first: bool) -> Any:
        if not is_first:
            begun.wait(10)
            return act()
        with transaction.atomic():
            result = act()
            begun.set()
            time.sleep(HELD)
        return result

    _, game = results = in_threads(lambda: do(lambda: change(world), layer_first), lambda: do(come, not layer_first))
    assert not [one for one in results if isinstance(one, Exception)], results
    if synced:
        assert_follows(game, world)
    assert_stored_is_resolved()
    assert Game.objects.get(pk=game.pk).settings.duration == 300


@pytest.mark.parametrize("change", [change_guild, change_channel, change_template])
def test_a_layer_changes_without_a_lock_on_channels(
    committed_world: World, change: Callable[[World], SettingsResult]
) -> None:
    """The bot writes all channels of a guild in one transaction, and would wait in another order."""
    world = committed_world
    templates.save_template(GUILD, None, "Duel", "", None, {}, (), by_manager(world), world.now)
    schedule(world)
    gateway = connect_in_thread()
    try:
        with transaction.atomic():
            assert change(world).game_count == 1
            gateway.execute("SELECT FROM guilds_channel FOR NO KEY UPDATE NOWAIT")
    finally:
        gateway.close()


def test_what_no_setting_depends_on_is_written_without_waiting_for_a_layer(committed_world: World) -> None:
    """Somebody holds the game and would wait for the layer, and the layer's trigger for the game."""
    world = committed_world
    ChannelDefaults.objects.create(channel=world.channel, duration=60)
    game = world.create_game(duration=None)
    by_shell = connect_in_thread()
    try:
        with by_shell.transaction():
            by_shell.execute("SELECT FROM games_channeldefaults, games_guilddefaults FOR UPDATE")
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                Game.objects.filter(pk=game.pk).update(title="Another", rewards="Gold", resolved_settings={"seats": 1})
    finally:
        by_shell.close()
    assert Game.objects.get(pk=game.pk).settings.duration == 60
    assert_stored_is_resolved()


@pytest.mark.parametrize("change", [change_guild, change_channel, change_template])
def test_a_game_that_came_after_the_games_were_locked_and_is_edited_at_once(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[World], SettingsResult]
) -> None:
    """The layer's trigger waited for the game, and its editor for the layer: a deadlock, and a 500 for one of them."""
    world = committed_world
    ChannelDefaults.objects.create(channel=world.channel, duration=60)
    if change is change_template:
        templates.save_template(GUILD, None, "Duel", "", None, {}, (), by_manager(world), world.now)
    if change is change_guild:
        ChannelDefaults.objects.all().delete()
    schedule(world)
    locked, came, edited = threading.Event(), threading.Event(), threading.Event()

    def pause_before_and_after(lock: Callable[..., Any]) -> Callable[..., Any]:
        def lock_slowly(*args: Any) -> Any:
            locked.set()
            came.wait(10)
            found = lock(*args)
            edited.wait(HELD)
            return found

        return lock_slowly

    for module, name in ((server_settings, "_locked_defaults"), (templates, "_locked_templates")):
        monkeypatch.setattr(module, name, pause_before_and_after(getattr(module, name)))

    def come_and_edit() -> Game:
        locked.wait(10)
        game = schedule(world)
        came.set()
        time.sleep(HELD / 3)
        with transaction.atomic():
            Game.objects.select_for_update(no_key=True).get(pk=game.pk)
            edited.set()
            plan = change_plan(scheduling.plan_from_game(game), title="Another title")
            return scheduling.edit_game(game.pk, plan, by_manager(world), world.now).game

    changed, game = results = in_threads(lambda: change(world), come_and_edit)
    assert not [one for one in results if isinstance(one, Exception)], results
    assert changed.game_count == 2, "the new one is counted, and follows"
    assert_follows(game, world)
    assert Game.objects.get(pk=game.pk).title == "Another title"
