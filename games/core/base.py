"""What every verb shares: who acts, the lock, and writing down what must be told later."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import TextChoices

from games.core import state_wording, wording
from games.core.permissions import guild_permissions
from games.core.scheduling import POST_UPDATE_DELAY, bump_revision
from games.core.states import GameAction, State, is_allowed
from games.models import AuditEntry, Game
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import Guild, User
from guilds.permissions import get_membership

T = TypeVar("T")


class Source(TextChoices):
    """The entry point through which somebody acts, as the audit stores it."""

    BUTTON = "button"
    PAGE = "page"
    ADMIN = "admin"
    COMMAND = "command"
    DISCORD = "discord"  # something happened there
    CLOCK = "clock"  # a time has come


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which entry point, a Source.

    An operator (the admin, a shell) may do everything to any game, with or without being a person.
    """

    user: User | None
    source: str
    operator: bool = False

    def may_see(self, guild_id: int) -> bool:
        """Whether the guild exists for them."""
        return self.operator or (self.user is not None and get_membership(self.user, guild_id) is not None)

    def may_manage(self, game: Game) -> bool:
        """Whether they may edit and cancel the game: its hosts, while members, and managers of the guild."""
        if self.operator:
            return True
        permissions = guild_permissions(self.user, game.guild_id) if self.user else None
        return permissions is not None and (game.is_hosted_by(permissions.member.user_id) or permissions.manages)

    def may_host(self, guild_id: int, host_role_ids: tuple[int, ...]) -> bool:
        """Whether they may schedule games that such roles may host."""
        if self.operator:
            return True
        permissions = guild_permissions(self.user, guild_id) if self.user else None
        return permissions is not None and permissions.may_host(host_role_ids)

    def may_ping(self, guild: Guild) -> frozenset[int] | None:
        """The roles that they may have pinged in a guild; None means any."""
        if self.operator:
            return None
        permissions = guild_permissions(self.user, guild.pk) if self.user else None
        if permissions is not None and permissions.manages:
            return None
        defaults = getattr(guild, "defaults", None)
        return frozenset(defaults.pingable_role_ids if defaults else ())


CLOCK_ACTOR = Actor(None, Source.CLOCK, operator=True)  # what nobody does: a time has come


@dataclass(frozen=True)
class ActionResult:
    """What a verb did: the game as it now is, whether anything changed, and a sentence for whoever asked."""

    game: Game
    changed: bool
    text: str


def locked_game(game_id: int, actor: Actor) -> Game:
    """Lock a game that exists for the actor; first in the one lock order. Raises Refused for others."""
    # Read after the lock is held, in a statement of its own: one that waited for the lock would bring along the
    # levels as they were before it waited.
    list(Game.objects.select_for_update(no_key=True).filter(pk=game_id).values_list("pk"))
    game = Game.objects.with_settings().select_related("guild", "channel", "host").filter(pk=game_id).first()
    hidden = game is not None and game.announced_at is None and not actor.may_manage(game)
    if game is None or hidden or not actor.may_see(game.guild_id):
        raise Refused(Refusal("unknown_game", wording.UNKNOWN_GAME))
    return game


def require_state(game: Game, action: GameAction, now: datetime) -> State:
    """Raise Refused where a game does not stand so that this may be done; return where it stands."""
    state = game.state(now)
    if not is_allowed(action, state):
        raise Refused(Refusal("closed", state_wording.not_allowed(action, state, game.cancel_reason)))
    return state


def require_manager(game: Game, actor: Actor) -> None:
    """Raise Refused for those who may not manage the game."""
    if not actor.may_manage(game):
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))


def locked_game_for(action: GameAction, game_id: int, who: User, actor: Actor, now: datetime) -> Game:
    """Lock a game for a verb about a person, by themselves or by those who manage it. Raises Refused."""
    game = locked_game(game_id, actor)
    if actor.user != who:
        require_manager(game, actor)
    require_state(game, action, now)
    return game


def on_behalf_of(game: Game, who: User, actor: Actor) -> dict[str, str]:
    """For the record: whose place it is, where somebody else acted."""
    return {} if actor.user == who else {"for": display_names(game.guild_id, [who.pk])[who.pk].text}


def record_change(game: Game, actor: Actor, action: str, changes: dict[str, Any], now: datetime) -> None:
    """End of every verb that changed something: count it, have it shown, and write down who did it."""
    bump_revision(game, now, POST_UPDATE_DELAY if actor.source == Source.BUTTON else timedelta())
    AuditEntry.objects.create(
        guild_id=game.guild_id, game=game, actor=actor.user, door=actor.source, verb=action, changes=changes, at=now
    )


def dry_run(action: Callable[[], T]) -> T:
    """What a verb would do, undone again. Raises what it would raise."""
    with transaction.atomic():
        result = action()
        transaction.set_rollback(True)
    return result
