"""What a host wrote about a game, for use in another game or a template."""

from copy import copy

from games.core.permissions import Viewer
from games.core.resolved_settings import as_tuple
from games.core.settings import GAME_SETTINGS
from games.models import Game
from games.models.layers import inherited_settings


def with_explicit_settings_only(game: Game) -> Game:
    """Return the game as its host wrote it; the returned copy must not be saved.

    Of a game with frozen settings, only the settings that differ from the inherited ones are kept.
    """
    if game.settings_frozen_at is None:
        return game
    defaults = inherited_settings(game.guild, game.channel, game.active_template)
    written = copy(game)
    for name in GAME_SETTINGS:
        value = getattr(game, name)
        if as_tuple(value) == defaults[name].value:
            setattr(written, name, None)
    written.drop_cached_settings()
    return written


def may_copy_instructions(game: Game, viewer: Viewer) -> bool:
    """Return whether the actor may copy the game's instructions: only those who can read them may."""
    return viewer.may_manage(game) or game.signups.current().of(user=viewer.user).exists()
