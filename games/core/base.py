"""What all actions share: the actor, the lock on the game, and the record of the change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import TextChoices

from games.core import state_wording, wording
from games.core.audit_people import stored_person
from games.core.codes import AuditAction
from games.core.frequent_queries import GAME, LOCKED_GAME, LOCKED_GUILD, LOCKED_PERSON
from games.core.notification_schedule import POST_UPDATE_DELAY, bump_post_version
from games.core.permissions import Viewer, load_game_viewer, load_viewer
from games.core.queue import drop_place_notifications
from games.core.states import GameAction, State, is_allowed
from games.models import AuditEntry, Game, Signup
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.sentences import TranslatedText
from guilds.models import User

T = TypeVar("T")


class EntryPoint(TextChoices):
    """The entry point through which somebody acts, as the audit stores it."""

    BUTTON = "button"
    PAGE = "page"
    ADMIN = "admin"
    COMMAND = "command"
    API = "api"
    DISCORD = "discord"  # something happened there
    CLOCK = "clock"  # a time has come


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which entry point.

    An operator (the admin, a shell) may do everything to any game, and need not be a Discord user.
    """

    user: User | None
    source: EntryPoint
    operator: bool = False

    def viewer(self, guild_id: int) -> Viewer:
        """Read what the actor is in a guild."""
        return load_viewer(self.user, guild_id, self.operator)

    def viewer_of(self, game: Game) -> Viewer:
        """Read what the actor is in a game's guild."""
        return load_game_viewer(game, self.user, self.operator)


CLOCK_ACTOR = Actor(None, EntryPoint.CLOCK, operator=True)  # for actions that happen because a time has come
DISCORD_ACTOR = Actor(None, EntryPoint.DISCORD)  # for actions in Discord of which Discord names no actor


@dataclass(frozen=True)
class ActionResult(TranslatedText):
    """The result of an action: the game as it is now, whether it changed, and a sentence for the actor.

    `private_text` is for the actor's eyes alone, in Discord's markup: an entry point shows it in no channel. The game's
    page has it anyway.
    """

    game: Game
    changed: bool
    text: str
    signups: Sequence[Signup] | None = None  # who is in or waits by now, where the action has read that
    private_text: str = ""

    def gave_seat(self, person: User, now: datetime) -> bool:
        """Return whether the action, run at `now`, is what gave a person their seat."""
        return any(one.user_id == person.pk and one.seated_at == now for one in self.signups or ())


def locked_game(game_id: int, actor: Actor, now: datetime) -> tuple[Game, Viewer]:
    """Lock a game and return it with what the actor is in its guild, each read once.

    Only a person is locked before a game. Raises Refused if the game does not exist for the actor, or Discord
    lets them do nothing.
    """
    # Read in a second statement, once the lock is held: one that waited for the lock would return rights from
    # before it waited.
    LOCKED_GAME.all(game_id)
    game = GAME.first(game_id)
    viewer = actor.viewer_of(game) if game is not None else None
    if game is None or viewer is None or not viewer.may_see_game(game):
        raise Refused(Refusal("unknown_game", wording.UNKNOWN_GAME))
    viewer.require_may_act(now)
    return game, viewer


def lock_person(user_id: int) -> None:
    """Lock a person, for a rule that compares their games. One in a transaction, and before any game."""
    LOCKED_PERSON.all(user_id)


def lock_people(user_ids: Iterable[int]) -> None:
    """Lock people by id, for a transaction of several actions that each lock one; before any game."""
    list(User.objects.select_for_update(no_key=True).filter(pk__in=user_ids).order_by("pk").values_list("pk"))


def lock_guild(guild_id: int) -> None:
    """Lock a guild, for a rule that counts what it has; after games."""
    LOCKED_GUILD.all(guild_id)


def managed_game(action: GameAction, game_id: int, actor: Actor, now: datetime) -> tuple[Game, Viewer]:
    """Lock a game for an action of those who manage it. Raises Refused."""
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    require_state(game, action, now)
    return game, viewer


def locked_game_for(action: GameAction, game_id: int, who: User, actor: Actor, now: datetime) -> tuple[Game, Viewer]:
    """Lock a game for an action about a person, by themselves or by those who manage it. Raises Refused."""
    game, viewer = locked_game(game_id, actor, now)
    if actor.user != who:
        require_manager(game, viewer)
    require_state(game, action, now)
    return game, viewer


def require_state(game: Game, action: GameAction, now: datetime) -> State:
    """Return the game's state; raise Refused if it does not allow the action."""
    state = game.state(now)
    if not is_allowed(action, state):
        raise Refused(Refusal("closed", state_wording.not_allowed(action, state, game.cancel_reason)))
    return state


def require_manager(game: Game, viewer: Viewer) -> None:
    """Raise Refused unless the actor may manage the game."""
    if not viewer.may_manage(game):
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))


def on_behalf_of(who: User, actor: Actor) -> dict[str, Any]:
    """Return the audit log's note of `who`, if somebody else acted for them."""
    return {} if actor.user == who else {"for": stored_person(who.pk)}


def record_change(game: Game, actor: Actor, action: AuditAction, changes: Mapping[str, Any], now: datetime) -> None:
    """Count a change that people can see, update the post, and write the audit entry."""
    bump_post_version(game, now, POST_UPDATE_DELAY if actor.source == EntryPoint.BUTTON else timedelta())
    record(game, actor, action, changes, now)


def record_place_change(game: Game, who: User, actor: Actor, action: AuditAction, now: datetime) -> None:
    """Record that a participant, or somebody for them, changed their place; the reply to it says which they have."""
    record_change(game, actor, action, on_behalf_of(who, actor), now)
    if actor.user == who:
        drop_place_notifications(game, who.pk, now)


def record(game: Game, actor: Actor, action: AuditAction, changes: Mapping[str, Any], now: datetime) -> None:
    """Write the audit entry of an action on a game."""
    record_in_guild(game.guild_id, actor, action, changes, now, game.pk)


def record_in_guild(
    guild_id: int,
    actor: Actor,
    action: AuditAction,
    changes: Mapping[str, Any],
    now: datetime,
    game_id: int | None = None,
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
