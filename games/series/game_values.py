"""What each game of a series begins with: what its source was when the series last followed it.

An edit of the source alone is one of "this one": the values stay, so that the games to come do.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from games.core.host_text import with_explicit_settings_only
from games.core.resolved_settings import as_tuple
from games.core.settings import GAME_SETTINGS, ROLE_SETTINGS
from games.models import Game, GameTemplate, Series
from games.scheduling.actions import plan_from_game
from games.scheduling.rules import Plan
from guilds.models import Role

NAMES = ("title", "description", "channel_id", "template_id")


def follow_game(series: Series, game: Game) -> None:
    """Have the games to come begin with what a game is now; the caller saves the row."""
    plan = plan_from_game(with_explicit_settings_only(game))
    series.source, series.host, series.problem_code = game, None, ""
    series.game_values = {
        **{name: getattr(plan, name) for name in NAMES},
        "settings": {name: value for name, value in plan.settings.items() if value is not None},
    }


def game_plan(series: Series, starts_at: datetime) -> Plan:
    """Return the plan of the game that starts then. A deleted template and deleted roles are left out of it."""
    values = {name: series.game_values[name] for name in NAMES}
    if not GameTemplate.objects.filter(pk=values["template_id"], deleted_at=None).exists():
        values["template_id"] = None
    settings = _without_deleted_roles(series.guild_id, series.game_values["settings"])
    return Plan(**values, starts_at=starts_at, zone=series.zone, settings=settings)


def _without_deleted_roles(guild_id: int, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that a plan takes; one whose roles are all deleted inherits, as it does on a game."""
    settings = {name: as_tuple(value) for name, value in stored.items()}
    named = {role for name in ROLE_SETTINGS for role in settings.get(name, ())}
    if named:
        left = set(Role.objects.filter(guild=guild_id, pk__in=named, deleted_at=None).values_list("pk", flat=True))
        for name in ROLE_SETTINGS:
            if name in settings:
                settings[name] = tuple(role for role in settings[name] if role in left) or None
    return {name: settings.get(name) for name in GAME_SETTINGS}
