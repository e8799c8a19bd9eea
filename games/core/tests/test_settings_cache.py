"""A game has its settings resolved, and resolves them again when an action changes what they come from."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.core import freezing
from games.core.base import Actor, EntryPoint, locked_game
from games.core.host_text import with_explicit_settings_only
from games.core.resolved_settings import BUILT_IN_SOURCE, THIS_GAME, resolve_settings
from games.models import Game, GameTemplate, game
from games.models.settings import ChannelDefaults
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from games.signups import actions as signups


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One item for each time that a game's settings are resolved."""
    times: list[None] = []

    def count(*args: Any) -> Any:
        times.append(None)
        return resolve_settings(*args)

    monkeypatch.setattr(game, "resolve_settings", count)
    return times


def edit(world: World, created: Game, **changes: Any) -> Game:
    plan = change_plan(scheduling.plan_from_game(Game.objects.get(pk=created.pk)), **changes)
    return scheduling.edit_game(created.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now).game


def seated(created: Game) -> int:
    return created.signups.current().filter(seated_at__isnull=False).count()


def test_a_click_reads_resolved_settings(world: World, resolved: list[None]) -> None:
    created = world.create_game()
    assert resolved
    resolved.clear()
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), world.now)
    assert not resolved


def test_an_edit_uses_its_own_settings_at_once(world: World) -> None:
    created = world.create_game(seats=1, duration=60)
    for person in (world.alice, world.charlie):
        signups.join(created.pk, person, Actor(person, EntryPoint.BUTTON), world.now)
    changed = edit(world, created, seats=2, duration=90)
    assert (changed.settings.seats, seated(created)) == (2, 2), "the second player was seated by the same action"
    assert changed.ends_at == changed.starts_at + timedelta(minutes=90)


def test_another_template_or_channel_applies_at_once(world: World) -> None:
    created = world.create_game(seats=None)
    for person in (world.alice, world.charlie):
        signups.join(created.pk, person, Actor(person, EntryPoint.BUTTON), world.now)
    template = GameTemplate.objects.create(guild=world.guild, name="Duel", seats=1)
    assert edit(world, created, template_id=template.pk).settings.seats == 1
    assert seated(created) == 1
    ChannelDefaults.objects.create(channel=world.other_channel, seats=2)
    changed = edit(world, created, template_id=None, channel_id=world.other_channel.pk)
    assert (changed.settings.sources["seats"].source, seated(created)) == ("#raids", 2)


def test_a_frozen_game_has_explicit_settings_at_once(world: World) -> None:
    created = world.create_game(seats=None)
    assert created.settings.sources["seats"].source != THIS_GAME
    freezing.freeze_settings(created, world.now)
    assert created.settings.sources["seats"].source == THIS_GAME
    written = with_explicit_settings_only(created)
    assert (written.seats, written.settings.sources["seats"].source) == (None, BUILT_IN_SOURCE)
    assert (created.seats, created.settings.sources["seats"].source) == (0, THIS_GAME)


def test_a_row_read_again_resolves_again(world: World) -> None:
    created = world.create_game(seats=4)
    locked, _ = locked_game(created.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert locked.settings.seats == 4
    Game.objects.filter(pk=created.pk).update(seats=7)
    locked.refresh_from_db()
    assert locked.settings.seats == 7
