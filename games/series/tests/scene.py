"""A series of Bob's, for the tests of this feature."""

from datetime import datetime, timedelta
from typing import Any

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game, Series
from games.series import actions
from games.series.recurrence import read_recurrence
from games.series.rules import SeriesPlan
from gamesched.lib.zones import zone_info

WEEK = timedelta(days=7)


def bob(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def plan_from(game: Game, rule: str = "FREQ=WEEKLY", **fields: Any) -> SeriesPlan:
    """Return a plan by which a game repeats from its own date on."""
    local = game.starts_at.astimezone(zone_info(game.zone))
    values = {"lead_days": 7} | fields
    recurrence = read_recurrence(rule).anchored(local.date())
    return SeriesPlan(recurrence, local.date(), local.time(), game.zone, **values)


def repeat(world: World, game: Game, rule: str = "FREQ=WEEKLY", **fields: Any) -> Series:
    """Have a game of Bob's repeat; the next ones are announced a week before unless said otherwise."""
    actions.repeat_game(game.pk, plan_from(game, rule, **fields), bob(world), world.now)
    return Series.objects.get(games=game)


def local_start(game: Game) -> datetime:
    return game.starts_at.astimezone(zone_info(game.zone)).replace(tzinfo=None)
