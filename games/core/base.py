"""What every verb shares: who acts, the lock, and writing down what must be told later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction

from games.core import state_wording, wording
from games.core.permissions import Viewer, load_game_viewer, load_viewer
from games.core.scheduling import POST_UPDATE_DELAY, bump_revision
from games.core.states import State, is_allowed
from games.models import AuditEntry, Game, Signup
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import User

T = TypeVar("T")


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which door: button, page, admin or command.

    An operator (the admin, a shell) may do everything to any game, with or without being a person.
    """

    user: User | None
    source: str
    operator: bool = False

    def viewer(self, guild_id: int) -> Viewer:
        """Read what they are in a guild."""
        return load_viewer(self.user, guild_id, self.operator)

    def viewer_of(self, game: Game) -> Viewer:
        """Read what they are in a game's guild."""
        return load_game_viewer(game, self.user, self.operator)


CLOCK_ACTOR = Actor(None, "clock", operator=True)  # what nobody does: a time has come


@dataclass(frozen=True)
class ActionResult:
    """What a verb did: the game as it now is, whether anything changed, and a sentence for whoever asked."""

    game: Game
    changed: bool
    text: str
    signups: Sequence[Signup] | None = None  # who is in or waits by now, where the action has read that


def locked_game(game_id: int, actor: Actor) -> tuple[Game, Viewer]:
    """Lock a game that exists for the actor, first in the one lock order; read both once. Raises Refused for others."""
    # Read after the lock is held, in a statement of its own: one that waited for the lock would bring along the
    # settings as they were before it waited.
    list(Game.objects.select_for_update(no_key=True).filter(pk=game_id).values_list("pk"))
    game = Game.objects.with_settings().filter(pk=game_id).first()
    viewer = actor.viewer_of(game) if game is not None else None
    if game is None or viewer is None or not viewer.may_see_game(game):
        raise Refused(Refusal("unknown_game", wording.UNKNOWN_GAME))
    return game, viewer


def managed_game(action: str, game_id: int, actor: Actor, now: datetime) -> tuple[Game, Viewer]:
    """Lock a game for an action of those who manage it. Raises Refused."""
    game, viewer = locked_game(game_id, actor)
    require_manager(game, viewer)
    require_state(game, action, now)
    return game, viewer


def locked_game_for(action: str, game_id: int, who: User, actor: Actor, now: datetime) -> tuple[Game, Viewer]:
    """Lock a game for an action about a person, by themselves or by those who manage it. Raises Refused."""
    game, viewer = locked_game(game_id, actor)
    if actor.user != who:
        require_manager(game, viewer)
    require_state(game, action, now)
    return game, viewer


def require_state(game: Game, action: str, now: datetime) -> State:
    """Raise Refused where a game's state does not allow this action; return the state."""
    state = game.state(now)
    if not is_allowed(action, state):
        raise Refused(Refusal("closed", state_wording.not_allowed(action, state, game.cancel_reason)))
    return state


def require_manager(game: Game, viewer: Viewer) -> None:
    """Raise Refused for those who may not manage the game."""
    if not viewer.may_manage(game):
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))


def on_behalf_of(game: Game, who: User, actor: Actor) -> dict[str, str]:
    """For the record: whose place it is, where somebody else acted."""
    return {} if actor.user == who else {"for": display_names(game.guild_id, [who.pk])[who.pk].text}


def record_change(game: Game, actor: Actor, action: str, changes: dict[str, Any], now: datetime) -> None:
    """End of every verb that changed something: count it, have it shown, and write down who did it."""
    bump_revision(game, now, POST_UPDATE_DELAY if actor.source == "button" else timedelta())
    AuditEntry.objects.create(
        guild_id=game.guild_id, game=game, actor=actor.user, source=actor.source, action=action, changes=changes, at=now
    )


def dry_run(action: Callable[[], T]) -> T:
    """What a verb would do, undone again. Raises what it would raise."""
    with transaction.atomic():
        result = action()
        transaction.set_rollback(True)
    return result
