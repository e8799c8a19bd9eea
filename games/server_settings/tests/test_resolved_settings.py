"""The settings on a game's row are what its layers say, whatever changes a layer or the game."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from conftest import EVERYONE, GUILD, World
from games import scheduled_tasks
from games.core import freezing
from games.core.base import Actor, EntryPoint
from games.core.drift import games_with_other_settings
from games.core.setting_kinds import ChoiceSetting
from games.core.settings import ALL_SETTINGS, BUILT_IN_VALUES, GAME_SETTINGS, SETTINGS, SeatMethod
from games.models import Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning
from games.scheduling.cloning import CarryPlayers
from games.scheduling.rules import change_plan
from games.server_settings import actions as server_settings
from games.server_settings import removals, templates
from games.server_settings.actions import values_of
from gamesched.lib.refusal import Refused
from guilds.directory import upsert
from guilds.models import Channel, Role

ORGANISER = GUILD + 20
THREAD = 88
EXAMPLES = 8
# As the actions take them. Few values, so that layers often agree.
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "seats": st.sampled_from([None, 0, 1, 3]),
        "duration": st.sampled_from([None, 60, 120]),
        "reminders": st.sampled_from([None, (), (60,), (1440, 60)]),
        "location": st.sampled_from([None, "", "Table 1"]),
        "player_role_ids": st.sampled_from([None, (), (EVERYONE,), (ORGANISER,)]),
        "method": st.sampled_from([None, *SeatMethod.values]),
        "answers": st.sampled_from([None, False, True]),
        "signups_close": st.sampled_from([None, 0, 30]),
    },
)
LOCKED = st.lists(st.sampled_from(["seats", "duration", "reminders", "method", "location"]), max_size=3)
few = st.integers(0, 2)


def column_values(name: str) -> list[Any]:
    """Return values that a setting's column can hold, and the setting allows: no game lasts 0 minutes."""
    default, setting = BUILT_IN_VALUES[name], SETTINGS[name]
    match default:
        case bool():
            return [None, False, True]
        case int():
            return [None, *(value for value in (0, 7, default) if not setting.check(value))]
        case tuple():
            return [None, [], [5, 4], list(default)]
    return [None, default, *(setting.choices.values if isinstance(setting, ChoiceSetting) else ["Table 2"])]


COLUMNS = st.sampled_from([(name, value) for name in ALL_SETTINGS for value in column_values(name)])


def assert_stored_is_resolved() -> None:
    assert_rows_are_resolved()
    assert_nothing_drifted()


def assert_rows_are_resolved() -> None:
    layers = ("guild__defaults", "channel__defaults", "channel__parent__defaults", "template")
    for game in Game.objects.select_related(*layers):
        assert game.resolved_settings is not None
        resolved = game.resolve_settings()
        assert game.settings.sources == resolved
        assert game.settings.values == {name: one.value for name, one in resolved.items()}


def assert_nothing_drifted() -> None:
    assert not Game.objects.with_other_settings().exists()
    assert games_with_other_settings(Game.objects.all()) == []


class Layers(RuleBasedStateMachine):
    """A guild with three channels, a thread and templates, whose settings and games change in every way."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.now = self.world.now

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    @property
    def alice(self) -> Actor:
        return Actor(self.world.alice, EntryPoint.PAGE)

    def do(self, action: Callable[[], Any]) -> None:
        """Do what may be refused."""
        self.now += timedelta(seconds=1)
        try:
            with transaction.atomic():
                action()
        except Refused:
            pass

    def pick(self, rows: Any, number: int) -> Any:
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    def template_id(self, number: int | None) -> int | None:
        template = None if number is None else self.pick(GameTemplate.objects.filter(deleted_at=None), number)
        return template.pk if template is not None else None

    @initialize()
    def begin(self) -> None:
        Channel.objects.create(id=THREAD, guild=self.world.guild, parent=self.world.other_channel, name="x", type=11)
        self.create_game({}, None, 0, 0)
        self.create_game({"seats": 2}, None, 1, 1)

    # --- games -------------------------------------------------------------------------------------------------

    @rule(values=VALUES, template=st.none() | few, channel=few, hours=st.integers(0, 3))
    def create_game(self, values: dict[str, Any], template: int | None, channel: int, hours: int) -> None:
        if Game.objects.count() < 5:
            plan = self.world.make_plan(
                **{**dict.fromkeys(GAME_SETTINGS), **values},
                template_id=self.template_id(template),
                channel_id=self.pick(Channel.objects, channel).pk,
                starts_at=self.now + timedelta(hours=hours, minutes=5),
            )
            self.do(lambda: scheduling.create_game(GUILD, plan, self.alice, self.now))

    @rule(number=few, values=VALUES, template=st.none() | few, channel=st.integers(0, 3))
    def edit_game(self, number: int, values: dict[str, Any], template: int | None, channel: int) -> None:
        game = self.pick(Game.objects, number)
        places = {"template_id": self.template_id(template), "channel_id": self.pick(Channel.objects, channel).pk}
        plan = change_plan(scheduling.plan_from_game(game), **values, **places)
        self.do(lambda: scheduling.edit_game(game.pk, plan, self.alice, self.now))

    @rule(number=few)
    def clone_game(self, number: int) -> None:
        game = self.pick(Game.objects, number)
        if Game.objects.count() < 5:
            plan = change_plan(scheduling.plan_from_game(game), starts_at=self.now + timedelta(hours=2))
            self.do(lambda: cloning.clone_game(game.pk, plan, CarryPlayers.NO, self.alice, self.now))

    @rule(number=few)
    def cancel_game(self, number: int) -> None:
        game = self.pick(Game.objects, number)
        self.do(lambda: cancellation.cancel_game(game.pk, "", self.alice, self.now))

    @rule(number=few, change=COLUMNS)
    def write_a_game(self, number: int, change: tuple[str, Any]) -> None:
        name, value = change
        if name in GAME_SETTINGS:
            Game.objects.filter(pk=self.pick(Game.objects, number).pk).update(**{name: value})

    @rule(number=few)
    def save_an_old_copy_of_a_game(self, number: int) -> None:
        game = self.pick(Game.objects, number)
        GuildDefaults.objects.filter(pk=GUILD).update(seats=9, duration=45)
        game.title += "!"
        game.save()

    # --- layers ------------------------------------------------------------------------------------------------

    @rule(values=VALUES)
    def change_guild(self, values: dict[str, Any]) -> None:
        kept = values_of(GuildDefaults.objects.filter(pk=GUILD).first()) | values
        self.do(lambda: server_settings.change_guild_defaults(GUILD, kept, (), (), self.alice, self.now))

    @rule(values=VALUES, channel=few)
    def change_channel(self, values: dict[str, Any], channel: int) -> None:
        pk = self.pick(Channel.objects.filter(parent=None), channel).pk
        kept = values_of(ChannelDefaults.objects.filter(pk=pk).first()) | values
        self.do(lambda: server_settings.change_channel_defaults(pk, kept, True, self.alice, self.now))

    @rule(values=VALUES, locked=LOCKED, number=st.none() | few)
    def change_template(self, values: dict[str, Any], locked: list[str], number: int | None) -> None:
        pk = self.template_id(number)
        if pk is None and GameTemplate.objects.filter(deleted_at=None).count() > 2:
            return
        kept = values_of(GameTemplate.objects.filter(pk=pk or 0).first()) | values
        name = f"Kind {pk or GameTemplate.objects.count()}"
        self.do(lambda: templates.save_template(GUILD, pk, name, "", None, kept, locked, self.alice, self.now))

    @rule(number=few)
    def delete_template(self, number: int) -> None:
        pk = self.template_id(number) or 0
        self.do(lambda: templates.delete_template(GUILD, pk, self.alice, self.now))

    @rule(number=few)
    def save_as_template(self, number: int) -> None:
        game = self.pick(Game.objects, number)
        if GameTemplate.objects.filter(deleted_at=None).count() < 3:
            name = f"Kind {self.now:%H%M%S}"
            self.do(lambda: templates.save_game_as_template(game.pk, name, self.alice, self.now))

    @rule(layer=st.sampled_from([GuildDefaults, ChannelDefaults, GameTemplate]), number=few, change=COLUMNS)
    def write_a_layer(self, layer: Any, number: int, change: tuple[str, Any]) -> None:
        row = self.pick(layer.objects, number)
        if row is not None:
            setattr(row, *change)
            row.save()

    @rule(layer=st.sampled_from([GuildDefaults, ChannelDefaults]), change=COLUMNS)
    def write_layers(self, layer: Any, change: tuple[str, Any]) -> None:
        layer.objects.update(**dict([change]))

    @rule(layer=st.sampled_from([GuildDefaults, ChannelDefaults]))
    def delete_layers(self, layer: Any) -> None:
        layer.objects.all().delete()
        GuildDefaults.objects.get_or_create(guild_id=GUILD)

    # --- Discord, and time -------------------------------------------------------------------------------------

    def clean_up(self) -> None:
        others = list(Game.objects.with_other_settings().order_by("pk").values_list("pk", flat=True))
        assert games_with_other_settings(Game.objects.all()) == others
        removals.clean_up_deleted([GUILD], self.now)

    @rule(number=st.integers(0, 3))
    def delete_channel(self, number: int) -> None:
        upsert.mark_channel_deleted(self.pick(Channel.objects, number).pk, self.now)
        self.clean_up()

    @rule()
    def restore_channels(self) -> None:
        Channel.objects.update(deleted_at=None)
        self.clean_up()

    @rule()
    def delete_role(self) -> None:
        Role.objects.filter(pk=ORGANISER).update(deleted_at=self.now)
        self.clean_up()
        Role.objects.filter(pk=ORGANISER).update(deleted_at=None)

    @rule(minutes=st.sampled_from([1, 10, 90, 300]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def settle(self) -> None:
        freezing.freeze_started_games(self.now)

    @invariant()
    def the_row_has_what_the_layers_say(self) -> None:
        assert_stored_is_resolved()


@pytest.mark.slow
def test_the_row_has_what_the_layers_say(world: World) -> None:
    class Here(Layers):
        pass

    Here.world = world
    Role.objects.get_or_create(pk=ORGANISER, defaults={"guild": world.guild, "name": "Player"})
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )


@pytest.mark.parametrize("layer", [GuildDefaults, ChannelDefaults, GameTemplate, Game])
def test_each_setting_of_each_layer(world: World, layer: Any) -> None:
    """Each alone, as a trigger may overlook a column; then each of their values, of all at once."""
    template = GameTemplate.objects.create(guild=world.guild, name="Duel")
    ChannelDefaults.objects.create(channel=world.channel)
    game = world.create_game(**dict.fromkeys(GAME_SETTINGS), template_id=template.pk)
    values = {name: column_values(name) for name in GAME_SETTINGS}
    for name, some in values.items():
        value = next(one for one in some if one is not None and one != BUILT_IN_VALUES[name])
        layer.objects.update(**{name: value})
        game.refresh_from_db()
        assert game.resolved_settings is not None
        assert game.resolved_settings[name][0] == value, name
        assert_rows_are_resolved()
    assert_nothing_drifted()
    for number in range(max(map(len, values.values()))):
        layer.objects.update(**{name: some[number % len(some)] for name, some in values.items()})
        assert_stored_is_resolved()


def test_each_setting_locked(world: World) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Duel")
    game = world.create_game(**dict.fromkeys(GAME_SETTINGS), template_id=template.pk)
    own, locked = ({name: [*column_values(name)][at] for name in GAME_SETTINGS} for at in (1, -1))
    Game.objects.update(**own)
    GameTemplate.objects.update(**locked)
    for name in GAME_SETTINGS:
        GameTemplate.objects.update(locked=[name])
        game.refresh_from_db()
        assert game.resolve_settings()[name].locked, name
        assert_rows_are_resolved()
    assert_nothing_drifted()


def test_the_task_mends_a_row_that_differs(world: World, caplog: pytest.LogCaptureFixture) -> None:
    game, right = world.create_game(seats=None, duration=None), world.create_game(seats=4)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        Game.objects.filter(pk=game.pk).update(resolved_settings={"seats": [3, "guild"]})
        GuildDefaults.objects.filter(pk=GUILD).update(duration=300)
        cursor.execute("SET LOCAL session_replication_role = origin")
    with caplog.at_level(logging.INFO):
        assert scheduled_tasks.freeze_settings() == "Froze 0 started games, and repaired 1 upcoming ones."
    assert str(game.pk) in caplog.text
    assert_stored_is_resolved()
    mended = Game.objects.get(pk=game.pk)
    assert (mended.settings.seats, mended.ends_at - mended.starts_at) == (0, timedelta(hours=5))
    assert Game.objects.get(pk=right.pk).settings.seats == 4
    assert scheduled_tasks.freeze_settings() == "Froze 0 started games, and repaired 0 upcoming ones."


@pytest.mark.parametrize("moved", [False, True])
def test_a_game_that_comes_below_a_layer_while_it_changes_has_its_new_settings(
    committed_world: World, moved: bool
) -> None:
    world = committed_world
    ChannelDefaults.objects.create(channel=world.channel, seats=1)
    before = world.create_game(seats=None, channel_id=world.other_channel.pk) if moved else None

    def come() -> Game:
        try:
            if before is None:
                return world.create_game(seats=None)
            plan = change_plan(scheduling.plan_from_game(before), channel_id=world.channel.pk)
            return scheduling.edit_game(before.pk, plan, Actor(world.alice, EntryPoint.PAGE), world.now).game
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            kept = values_of(ChannelDefaults.objects.get()) | {"seats": 2}
            actor = Actor(world.alice, EntryPoint.PAGE)
            server_settings.change_channel_defaults(world.channel.pk, kept, True, actor, world.now)
            coming = thread.submit(come)
            time.sleep(0.5)
        game = coming.result(20)
    assert Game.objects.get(pk=game.pk).settings.seats == 2
    assert_stored_is_resolved()
