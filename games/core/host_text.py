"""What a game's host wrote, to be taken into another game or a template."""

from copy import copy

from games.core.permissions import Viewer
from games.models import Game
from games.models.layers import inherited_settings
from games.models.settings import GAME_SETTINGS


def with_explicit_settings_only(game: Game) -> Game:
    """A game as its host wrote it, not to be saved: of one that was settled, only what it would not inherit anyway."""
    if game.settings_frozen_at is None:
        return game
    defaults = inherited_settings(game.guild, game.channel, game.active_template)
    written = copy(game)
    for name in GAME_SETTINGS:
        value = getattr(game, name)
        if (tuple(value) if isinstance(value, list) else value) == defaults[name].value:
            setattr(written, name, None)
    return written


def may_copy_instructions(game: Game, viewer: Viewer) -> bool:
    """Whether what those who signed up are to know may go into another game: only those may take it who can read it."""
    return viewer.may_manage(game) or game.signups.current().filter(user=viewer.user, user__isnull=False).exists()
