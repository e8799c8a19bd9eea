"""When a host leaves the guild: its managers and the game's co-hosts are asked to take the games over."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from games.core import choices
from games.core.base import ActionResult, Actor, locked_game, require_state
from games.core.codes import NotificationKind
from games.core.payloads import HostLeftPayload
from games.core.permissions import Viewer
from games.core.queue import notify
from games.core.states import GameAction
from games.hosts import wording as host_wording
from games.hosts.actions import make_host
from games.models import Game
from games.models.settings import GuildDefaults
from games.signups import wording as signup_wording
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import ADMINISTRATOR, MANAGE_GUILD, Guild, Member, Role
from guilds.permissions import get_membership

MAX_MANAGERS_NOTIFIED = 10
TAKE = "take"


def on_member_changed(guild_id: int, user_id: int, now: datetime, **kwargs: object) -> None:
    """Receive `guilds.signals.member_changed`. Locks no game, so it may run after receivers that do."""
    if Member.objects.filter(guild_id=guild_id, user_id=user_id, left_at=None).exists():
        return
    games = Game.objects.filter(guild_id=guild_id, host_id=user_id, cancelled_at=None, ends_at__gt=now)
    for game in games.order_by("pk"):
        notify(game, NotificationKind.HOST_LEFT, now, payload=HostLeftPayload(user_id), expires_at=game.ends_at)


def host_has_left(game: Game) -> bool:
    """Return whether the host is no longer in the guild, while the bot is."""
    return game.guild.bot_removed_at is None and get_membership(game.host, game.guild_id) is None


def may_take_over(game: Game, viewer: Viewer) -> bool:
    """Return whether the actor may take over a game whose host has left: managers and co-hosts may."""
    return viewer.user is not None and viewer.user.pk != game.host_id and viewer.may_manage(game)


@transaction.atomic
def answer_take_over(game_id: int, host_id: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Make the actor the host of a game whose host, the one the prompt is about, has left. Raises Refused."""
    game, viewer = locked_game(game_id, actor, now)
    if game.host_id != host_id:
        name = display_names(game.guild_id, [game.host_id])[game.host_id].text
        return ActionResult(game, False, signup_wording.has_host_already(name, actor.user == game.host))
    require_state(game, GameAction.CHOOSE_HOSTS, now)
    if not host_has_left(game) or choice != TAKE:
        raise Refused(choices.outdated_refusal())
    if actor.user is None or not may_take_over(game, viewer):
        raise Refused(Refusal("not_yours", host_wording.MAY_NOT_TAKE_OVER))
    return make_host(game, actor.user, actor, now)


def take_over(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Take over from the current host. Raise Refused."""
    host_id = Game.objects.filter(pk=game_id).values_list("host_id", flat=True).first()
    return answer_take_over(game_id, host_id or 0, TAKE, actor, now)


def known_manager_ids(guild: Guild) -> list[int]:
    """Return the ids of known members who manage the guild, its owner first; at most as many as are notified."""
    roles = tuple(GuildDefaults.objects.filter(pk=guild.pk).values_list("manager_role_ids", flat=True).first() or ())
    role_permissions = Role.objects.filter(guild=guild, deleted_at=None).values_list("pk", "permissions")
    managing_roles = {pk for pk, bits in role_permissions if bits & (ADMINISTRATOR | MANAGE_GUILD)} | set(roles)
    members = Member.objects.filter(guild=guild, left_at=None, user__is_active=True).select_related(
        "guild__defaults", "user"
    )
    if guild.pk not in managing_roles:  # @everyone
        members = members.filter(Q(user=guild.owner_id) | Q(role_ids__overlap=list(managing_roles)))
    sorted_members = sorted(members.order_by("-member_read_at", "pk"), key=lambda one: one.user_id != guild.owner_id)
    manager_ids: list[int] = []
    for member in sorted_members:
        if len(manager_ids) < MAX_MANAGERS_NOTIFIED and Viewer(member.user, guild.pk, member).manages:
            manager_ids.append(member.user_id)
    return manager_ids
