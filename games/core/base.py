"""What all actions share: the actor, the lock on the game, and the record of the change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction

from games.core import state_wording, wording
from games.core.permissions import guild_permissions
from games.core.scheduling import POST_UPDATE_DELAY, bump_revision
from games.core.states import State, is_allowed
from games.models import AuditEntry, Game
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import Guild, User
from guilds.permissions import get_membership

T = TypeVar("T")


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which entry point: button, page, admin or command.

    An operator (the admin, a shell) may do everything to any game, and need not be a Discord user.
    """

    user: User | None
    source: str
    operator: bool = False

    def may_see(self, guild_id: int) -> bool:
        """Return whether the actor may know of the guild."""
        return self.operator or (self.user is not None and get_membership(self.user, guild_id) is not None)

    def may_manage(self, game: Game) -> bool:
        """Return whether the actor may edit and cancel the game.

        Its hosts may, while they are members, and so may managers of the guild.
        """
        if self.operator:
            return True
        permissions = guild_permissions(self.user, game.guild_id) if self.user else None
        return permissions is not None and (game.is_hosted_by(permissions.member.user_id) or permissions.manages)

    def may_host(self, guild_id: int, host_role_ids: tuple[int, ...]) -> bool:
        """Return whether the actor may host, where hosting needs one of these roles."""
        if self.operator:
            return True
        permissions = guild_permissions(self.user, guild_id) if self.user else None
        return permissions is not None and permissions.may_host(host_role_ids)

    def may_ping(self, guild: Guild) -> frozenset[int] | None:
        """Return the ids of the roles that the actor may have pinged in a guild; None for any role."""
        if self.operator:
            return None
        permissions = guild_permissions(self.user, guild.pk) if self.user else None
        if permissions is not None and permissions.manages:
            return None
        defaults = getattr(guild, "defaults", None)
        return frozenset(defaults.pingable_role_ids if defaults else ())


CLOCK_ACTOR = Actor(None, "clock", operator=True)  # for actions that happen because a time has come
DISCORD_ACTOR = Actor(None, "discord")  # what somebody did in Discord, and Discord does not say who


@dataclass(frozen=True)
class ActionResult:
    """The result of an action: the game as it is now, whether it changed, and a sentence for the actor."""

    game: Game
    changed: bool
    text: str


def locked_game(game_id: int, actor: Actor) -> Game:
    """Lock a game and return it; this is the first lock in the lock order.

    Raises Refused if the game does not exist for the actor.
    """
    # Read in a second statement, once the lock is held: one that waited for the lock would return settings from
    # before it waited.
    list(Game.objects.select_for_update(no_key=True).filter(pk=game_id).values_list("pk"))
    game = Game.objects.with_settings().select_related("guild", "channel", "host").filter(pk=game_id).first()
    hidden = game is not None and game.announced_at is None and not actor.may_manage(game)
    if game is None or hidden or not actor.may_see(game.guild_id):
        raise Refused(Refusal("unknown_game", wording.UNKNOWN_GAME))
    return game


def require_state(game: Game, action: str, now: datetime) -> State:
    """Return the game's state; raise Refused if it does not allow the action."""
    state = game.state(now)
    if not is_allowed(action, state):
        raise Refused(Refusal("closed", state_wording.not_allowed(action, state, game.cancel_reason)))
    return state


def require_manager(game: Game, actor: Actor) -> None:
    """Raise Refused unless the actor may manage the game."""
    if not actor.may_manage(game):
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))


def locked_game_for(action: str, game_id: int, who: User, actor: Actor, now: datetime) -> Game:
    """Lock and return a game for an action on `who`, by themselves or by a manager of the game.

    Raises Refused.
    """
    game = locked_game(game_id, actor)
    if actor.user != who:
        require_manager(game, actor)
    require_state(game, action, now)
    return game


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
