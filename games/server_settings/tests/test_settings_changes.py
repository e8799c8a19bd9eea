"""Changing a guild's, a channel's or a template's settings, and what follows for the games below."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from conftest import EVERYONE, GUILD, World
from games import scheduled_tasks
from games.core import freezing
from games.core.base import Actor, EntryPoint, dry_run
from games.core.resolved_settings import BUILT_IN_SOURCE
from games.models import AuditEntry, Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import change_plan
from games.server_settings import actions as server_settings
from games.server_settings import removals, templates
from games.server_settings import wording as settings_wording
from games.server_settings.actions import SettingsResult, values_of
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.directory import upsert
from guilds.directory.payloads import GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.models import Channel, Guild, Role
from notifications.models import Notification

pytestmark = pytest.mark.slow

ORGANISER = GUILD + 20


def change_guild(
    world: World, edition: int | None = None, by: Any = None, now: Any = None, **values: Any
) -> SettingsResult:
    settings = values_of(GuildDefaults.objects.filter(pk=GUILD).first()) | values
    return server_settings.change_guild_defaults(
        GUILD, settings, (), (), Actor(by or world.alice, EntryPoint.PAGE), now or world.now, edition
    )


def change_channel(world: World, channel: Channel, for_games: bool = True, **values: Any) -> SettingsResult:
    settings = values_of(ChannelDefaults.objects.filter(pk=channel.pk).first()) | values
    return server_settings.change_channel_defaults(
        channel.pk, settings, for_games, Actor(world.alice, EntryPoint.PAGE), world.now
    )


def change_template(
    world: World, template: GameTemplate | None = None, locked: Any = (), **values: Any
) -> SettingsResult:
    settings = values_of(template) | values
    name = template.name if template else f"Campaign {GameTemplate.objects.count() + 1}"
    pk = template.pk if template else None
    actor = Actor(world.alice, EntryPoint.PAGE)
    return templates.save_template(GUILD, pk, name, "", None, settings, locked, actor, world.now)


def inheriting(world: World, **changes: Any) -> Game:
    return world.create_game(**{"seats": None, "duration": None, "reminders": None, **changes})


def reminders(game: Game) -> list[int | None]:
    rows = Notification.objects.open().filter(game=game, kind="reminder")
    return sorted(rows.values_list("minutes", flat=True), key=lambda n: n or 0)


def reload_game(game: Game) -> Game:
    return Game.objects.with_guild_and_channel().get(pk=game.pk)


# --- what follows ----------------------------------------------------------------------------------------


def test_upcoming_games_follow_in_every_way(world: World) -> None:
    game = inheriting(world)
    for n in (100, 101, 102):
        signups.join(game.pk, world.add_member(n), Actor(world.add_member(n), EntryPoint.PAGE), world.now)
    Notification.objects.filter(kind="announcement").update(closed_at=world.now)
    revision = reload_game(game).post_version
    later = world.now + timedelta(minutes=1)
    saved = change_guild(world, seats=2, duration=180, reminders=(120, 15), now=later)
    game = reload_game(game)
    assert saved.text == settings_wording.settings_saved(True, 1)
    assert game.ends_at == game.starts_at + timedelta(hours=3)
    assert reminders(game) == [15, 120]
    assert game.signups.seated().count() == 2
    assert Notification.objects.open().filter(kind="moved").count() == 1, "who lost the seat is told"
    assert game.post_version == revision + 1
    assert Notification.objects.open().filter(game=game, kind="announcement").exists(), "the post is edited"


def test_a_game_with_its_own_value_does_not_change(world: World) -> None:
    game = world.create_game(seats=4)
    revision = reload_game(game).post_version
    saved = change_guild(world, seats=2)
    assert saved.game_changes == ()
    assert reload_game(game).settings.sources["seats"].source == "this game"
    assert reload_game(game).post_version == revision


@pytest.mark.parametrize("begun", ["under way", "over", "cancelled"])
def test_started_games_keep_their_settings(world: World, begun: str) -> None:
    game = inheriting(world, starts_at=world.now + timedelta(hours=1))
    now = world.now + {"under way": timedelta(hours=2), "over": timedelta(days=1), "cancelled": timedelta()}[begun]
    if begun == "cancelled":
        cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), now)
    before = reload_game(game)
    saved = change_guild(world, seats=2, duration=600, location="Table 3", now=now)
    after = reload_game(game)
    assert saved.game_changes == ()
    assert after.settings_frozen_at == now
    assert (after.settings.seats, after.settings.duration, after.settings.location) == (0, 120, "")
    assert after.ends_at == before.ends_at
    assert after.post_version == before.post_version


def test_the_scheduled_task_freezes_the_rest(world: World) -> None:
    game = inheriting(world)
    Game.objects.filter(pk=game.pk).update(starts_at=world.now - timedelta(minutes=5))
    other = inheriting(world)
    assert scheduled_tasks.freeze_settings() == "Froze 1 started games, and repaired 0 upcoming ones."
    change_guild(world, seats=2)
    assert (reload_game(game).settings.seats, reload_game(other).settings.seats) == (0, 2)
    assert scheduled_tasks.freeze_settings() == "Froze 0 started games, and repaired 0 upcoming ones."


def test_a_game_created_while_a_layer_changed_is_resynced(world: World) -> None:
    game = inheriting(world)
    GuildDefaults.objects.filter(pk=GUILD).update(duration=300, reminders=[30])
    assert freezing.resync_drifted_games(world.now) == 1
    assert reload_game(game).ends_at == game.starts_at + timedelta(hours=5)
    assert reminders(game) == [30]


def test_the_preview_lists_changes_and_saves_nothing(world: World) -> None:
    game = inheriting(world)
    preview = dry_run(lambda: change_guild(world, seats=6, duration=60))
    assert [(c.game, c.name, c.before.value, c.after.value) for c in preview.game_changes] == [
        (game, "seats", 0, 6),
        (game, "duration", 120, 60),
    ]
    assert preview.game_changes[0].before.source == BUILT_IN_SOURCE
    assert reload_game(game).settings.seats == 0
    assert not AuditEntry.objects.filter(action="guild").exists()


def test_joining_while_seats_become_fewer_uses_the_new_number(committed_world: World) -> None:
    world = committed_world
    game = inheriting(world)
    signups.join(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now)

    def join() -> None:
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
        connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            change_guild(world, seats=1)
            joining = thread.submit(join)
            time.sleep(0.5)
            assert not joining.done(), "it waits for the game"
        joining.result(10)
    assert game.signups.current().get(user=world.charlie).seated_at is None


# --- the chain, through the actions --------------------------------------------------------------------------


def test_lock_override_unlock_switch_move_and_clear(world: World) -> None:
    template = change_template(world, seats=5).layer
    game = inheriting(world, template_id=template.pk)

    def holds() -> tuple[int, str]:
        seats = reload_game(game).settings.sources["seats"]
        return seats.value, seats.source

    def edit(**changes: Any) -> None:
        plan = change_plan(scheduling.plan_from_game(reload_game(game)), **changes)
        scheduling.edit_game(game.pk, plan, Actor(world.alice, EntryPoint.PAGE), world.now)

    assert holds() == (5, template.name)
    edit(seats=3)
    assert holds() == (3, "this game")
    change_template(world, GameTemplate.objects.get(), locked=["seats"])
    assert holds() == (5, template.name), "a lock holds against what the game said before"
    change_template(world, GameTemplate.objects.get())
    assert holds() == (3, "this game"), "unlocked, what it said counts again"
    edit(seats=None)
    assert holds() == (5, template.name)
    change_channel(world, world.channel, seats=7)
    edit(template_id=None)
    assert holds() == (7, "#game-night")
    edit(channel_id=world.other_channel.pk)
    assert holds() == (0, BUILT_IN_SOURCE)
    change_guild(world, seats=9)
    assert holds() == (9, "the server")
    change_channel(world, world.other_channel, seats=0)
    assert holds() == (0, "#raids")


# --- who, and which version ----------------------------------------------------------------------------------


def test_only_managers_and_operators_may(world: World) -> None:
    channel = world.channel.pk
    for by, code in ((world.bob, "not_manager"), (None, "unknown_guild")):
        actor = Actor(by, EntryPoint.PAGE)
        calls: tuple[Callable[[], object], ...] = (
            partial(server_settings.change_guild_defaults, GUILD, {}, (), (), actor, world.now),
            partial(server_settings.change_channel_defaults, channel, {}, True, actor, world.now),
            partial(templates.save_template, GUILD, None, "One", "", None, {}, (), actor, world.now),
            partial(templates.reorder_templates, GUILD, [], actor, world.now),
            partial(server_settings.enable_channels, GUILD, [], actor, world.now),
        )
        for call in calls:
            with pytest.raises(Refused) as refused:
                call()
            assert refused.value.refusal.code == code
    Role.objects.filter(pk=ORGANISER).update(permissions=0)
    server_settings.change_guild_defaults(
        GUILD, {}, [ORGANISER], (), Actor(None, EntryPoint.COMMAND, operator=True), world.now
    )
    world.guild.members.filter(user=world.bob).update(role_ids=[ORGANISER])
    change_guild(world, by=world.bob, seats=4)


def test_another_guilds_template_is_unknown(world: World) -> None:
    template = change_template(world).layer
    other = GUILD + 1000
    roles = (RolePayload(other, "@everyone", 0, 0),)
    upsert.upsert_guild(GuildPayload(other, "Elsewhere", "", world.bob.pk, (), roles), world.now)
    upsert.upsert_member(other, MemberPayload(UserPayload(world.bob.pk, "bob")), world.now)
    bob = Actor(world.bob, EntryPoint.PAGE)
    calls: tuple[Callable[[], object], ...] = (
        partial(templates.save_template, other, template.pk, "X", "", None, {}, (), bob, world.now),
        partial(templates.delete_template, other, template.pk, bob, world.now),
        partial(templates.make_default, other, template.pk, bob, world.now),
        partial(templates.duplicate_template, other, template.pk, bob, world.now),
    )
    for call in calls:
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.refusal.code == "unknown_template"
    with pytest.raises(Refused) as refused:
        server_settings.change_guild_defaults(other, {"player_role_ids": (ORGANISER,)}, (), (), bob, world.now)
    assert "player_role_ids" in refused.value.refusal.fields, "another guild's role"


def test_a_stale_edit_version_is_refused(world: World) -> None:
    edition = GuildDefaults.objects.get(pk=GUILD).edit_version
    change_guild(world, edition=edition, seats=4)
    with pytest.raises(Refused) as refused:
        change_guild(world, edition=edition, seats=5)
    assert refused.value.refusal.code == "stale"
    assert GuildDefaults.objects.get(pk=GUILD).seats == 4
    assert not change_guild(world, edition=edition + 1, seats=4).changed
    assert GuildDefaults.objects.get(pk=GUILD).edit_version == edition + 1


def test_changes_are_in_the_audit_log(world: World) -> None:
    change_guild(world, seats=4)
    change_channel(world, world.other_channel, for_games=False)
    entry, other = AuditEntry.objects.filter(game=None).order_by("pk")
    assert (entry.action, entry.actor, entry.source) == ("guild", world.alice, "page")
    assert entry.changes == {"of": "the server", "seats": [None, 4]}
    assert other.changes == {"of": {"channel": world.other_channel.pk}, "for_games": [True, False]}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"seats": 101}, "seats"),
        ({"duration": 1}, "duration"),
        ({"reminders": (1,) * 11}, "reminders"),
        ({"location": "x" * 201}, "location"),
        ({"host_role_ids": (1,)}, "host_role_ids"),
        ({"notify_role_ids": (EVERYONE,)}, "notify_role_ids"),
        ({"archive_channel_id": 1}, "archive_channel_id"),
    ],
)
def test_bad_values_are_refused_by_field(world: World, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        change_guild(world, **values)
    assert list(refused.value.refusal.fields) == [field]


# --- templates -------------------------------------------------------------------------------------------


def test_the_first_template_is_the_default_and_stays_until_another_is(world: World) -> None:
    alice = Actor(world.alice, EntryPoint.PAGE)
    first, second = change_template(world, seats=4).layer, change_template(world).layer
    assert (first.is_default, second.is_default) == (True, False)
    with pytest.raises(Refused) as refused:
        templates.delete_template(GUILD, first.pk, alice, world.now)
    assert refused.value.refusal.code == "is_default"
    game = inheriting(world, template_id=first.pk)
    templates.make_default(GUILD, second.pk, alice, world.now)
    done = templates.delete_template(GUILD, first.pk, alice, world.now)
    assert done.text == settings_wording.template_deleted("Campaign 1", 1)
    assert reload_game(game).settings.sources["seats"].source == BUILT_IN_SOURCE
    templates.delete_template(GUILD, second.pk, alice, world.now)
    assert not GameTemplate.objects.filter(deleted_at=None).exists(), "the last one may go"


def test_a_duplicate_has_the_same_values_and_its_own_name(world: World) -> None:
    first = change_template(world, seats=4, locked=["seats"], reminders=(60,)).layer
    copies = [
        templates.duplicate_template(GUILD, first.pk, Actor(world.alice, EntryPoint.PAGE), world.now).layer
        for _ in "ab"
    ]
    assert [c.name for c in copies] == ["Campaign 1 (copy)", "Campaign 1 (copy 2)"]
    assert values_of(copies[0]) == values_of(first)
    assert copies[0].locked == ["seats"]
    assert not copies[0].is_default


def test_the_order_of_templates(world: World) -> None:
    pks = [change_template(world).layer.pk for _ in range(3)]
    alice = Actor(world.alice, EntryPoint.PAGE)
    templates.reorder_templates(GUILD, pks[::-1], alice, world.now)
    assert list(world.guild.templates.values_list("pk", flat=True)) == pks[::-1]
    for wrong in (pks[:2], [*pks, pks[0]], [*pks[:2], 999]):
        with pytest.raises(Refused):
            templates.reorder_templates(GUILD, wrong, alice, world.now)


# --- what Discord deletes ------------------------------------------------------------------------------------


def test_a_deleted_role_makes_settings_inherit(world: World) -> None:
    change_guild(world, player_role_ids=(EVERYONE,))
    change_channel(world, world.channel, player_role_ids=(ORGANISER,))
    game, own = inheriting(world), inheriting(world, player_role_ids=(ORGANISER,))
    assert reload_game(game).settings.player_role_ids == (ORGANISER,)
    Role.objects.filter(pk=ORGANISER).update(deleted_at=world.now)
    assert removals.clean_up_deleted([GUILD], world.now) == 1
    for changed in (reload_game(game), reload_game(own)):
        assert changed.settings.player_role_ids == (EVERYONE,)
        assert changed.settings.sources["player_role_ids"].source == "the server"
    entry = AuditEntry.objects.get(action="role_gone")
    assert entry.changes == {"of": {"channel": world.channel.pk}, "roles": ["Organiser"]}
    assert removals.clean_up_deleted([GUILD], world.now) == 0


def test_a_deleted_channel_makes_games_inherit_unless_they_started(world: World) -> None:
    change_channel(world, world.channel, duration=300, seats=3)
    game = inheriting(world)
    begun = inheriting(world)
    Game.objects.filter(pk=begun.pk).update(starts_at=world.now - timedelta(minutes=5))
    upsert.mark_channel_deleted(world.channel.pk, world.now)
    assert removals.clean_up_deleted([GUILD], world.now) == 1
    assert reload_game(game).ends_at == game.starts_at + timedelta(hours=2)
    assert reload_game(game).settings.sources["seats"].source == BUILT_IN_SOURCE
    assert reload_game(begun).settings.seats == 3
    with pytest.raises(Refused) as refused:
        change_channel(world, world.channel, seats=5)
    assert refused.value.refusal.sentence.startswith("#game-night was deleted in Discord")


def test_a_new_owner_manages_and_the_old_one_no_longer(world: World) -> None:
    Guild.objects.filter(pk=GUILD).update(owner_id=world.charlie.pk)
    change_guild(world, by=world.charlie, seats=4)
    with pytest.raises(Refused) as refused:
        change_guild(world, by=world.alice, seats=5)
    assert refused.value.refusal.code == "not_manager"


def test_a_removed_bot_changes_nothing(world: World) -> None:
    upsert.mark_bot_removed(GUILD, world.now)
    with pytest.raises(Refused) as refused:
        change_guild(world, seats=5)
    assert refused.value.refusal.code == "unknown_guild"
