"""What all actions share: the actor, the lock on the game, and the record of the change."""

from collections.abc import Callable, Mapping, Sequence
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
    """Who acts, and through which entry point: button, page, admin or command.

    An operator (the admin, a shell) may do everything to any game, and need not be a Discord user.
    """

    user: User | None
    source: str
    operator: bool = False

    def viewer(self, guild_id: int) -> Viewer:
        """Read what the actor is in a guild."""
        return load_viewer(self.user, guild_id, self.operator)

    def viewer_of(self, game: Game) -> Viewer:
        """Read what the actor is in a game's guild."""
        return load_game_viewer(game, self.user, self.operator)


CLOCK_ACTOR = Actor(None, "clock", operator=True)  # for actions that happen because a time has come
DISCORD_ACTOR = Actor(None, "discord")  # for actions in Discord of which Discord names no actor


@dataclass(frozen=True)
class ActionResult:
    """The result of an action: the game as it is now, whether it changed, and a sentence for the actor."""

    game: Game
    changed: bool
    text: str
    signups: Sequence[Signup] | None = None  # who is in or waits by now, where the action has read that


def locked_game(game_id: int, actor: Actor) -> tuple[Game, Viewer]:
    """Lock a game and return it with what the actor is in its guild, each read once.

    This is the first lock in the lock order. Raises Refused if the game does not exist for the actor.
    """
    # Read in a second statement, once the lock is held: one that waited for the lock would return settings from
    # before it waited.
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
    """Return the game's state; raise Refused if it does not allow the action."""
    state = game.state(now)
    if not is_allowed(action, state):
        raise Refused(Refusal("closed", state_wording.not_allowed(action, state, game.cancel_reason)))
    return state


def require_manager(game: Game, viewer: Viewer) -> None:
    """Raise Refused unless the actor may manage the game."""
    if not viewer.may_manage(game):
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))


def on_behalf_of(game: Game, who: User, actor: Actor) -> dict[str, str]:
    """Return the audit log's note of `who`, if somebody else acted for them."""
    return {} if actor.user == who else {"for": display_names(game.guild_id, [who.pk])[who.pk].text}


def record_change(game: Game, actor: Actor, action: str, changes: Mapping[str, Any], now: datetime) -> None:
    """Count a change that people can see, update the post, and write the audit entry."""
    bump_revision(game, now, POST_UPDATE_DELAY if actor.source == "button" else timedelta())
    record(game, actor, action, changes, now)


def record(game: Game, actor: Actor, action: str, changes: Mapping[str, Any], now: datetime) -> None:
    """Write the audit entry of an action on a game."""
    record_in_guild(game.guild_id, actor, action, changes, now, game.pk)


def record_in_guild(
    guild_id: int, actor: Actor, action: str, changes: Mapping[str, Any], now: datetime, game_id: int | None = None
) -> None:
    """Write the audit entry of an action in a guild."""
    AuditEntry.objects.create(
        guild_id=guild_id,
        game_id=game_id,
        actor=actor.user,
        source=actor.source,
        action=action,
        changes=dict(changes),
        at=now,
    )


def dry_run(action: Callable[[], T]) -> T:
    """Run an action, roll it back and return its result. Raises what the action raises."""
    with transaction.atomic():
        result = action()
        transaction.set_rollback(True)
    return result
