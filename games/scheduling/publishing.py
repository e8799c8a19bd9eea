"""Announcing a hidden game."""

from datetime import datetime, timedelta

from django.db import transaction

from games.confirmations.change_notices import notify_carried
from games.core import wording
from games.core.base import (
    CLOCK_ACTOR,
    ActionResult,
    Actor,
    managed_game,
    record_change,
)
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notification_schedule import notify_at, schedule_game_times
from games.core.payloads import HostActionPayload
from games.core.permissions import Viewer, load_game_viewer
from games.core.queue import close_notifications, notify
from games.core.states import GameAction
from games.models import Follow, Game
from games.scheduling import wording as schedule_wording
from games.scheduling.limits import count_post, lock_announcer
from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import role_names

NEW_GAME_DELAY = timedelta(minutes=2)  # time for the host to correct what they notice at the first look


def require_host_role(game: Game, viewer: Viewer) -> None:
    """Raise Refused if somebody may not schedule a game with these settings."""
    roles = game.settings.host_role_ids
    if not viewer.may_host(roles):
        raise Refused(Refusal("not_a_host", wording.role_needed_to_host(role_names(game.guild_id, roles))))


def may_announce(game: Game, *people: Viewer) -> bool:
    """Return whether one of these people may schedule the game in its channel."""
    roles = game.settings.host_role_ids
    return any(one.may_announce_in(game.channel) and one.may_host(roles) for one in people)


def require_may_announce(game: Game, viewer: Viewer) -> None:
    """Raise Refused unless the actor, or the game's host, may schedule it in its channel as they are now.

    A draft may be older than their roles, and than what they may do in the channel. A co-host needs no role.
    """
    host = viewer if viewer.operator or viewer.user == game.host else load_game_viewer(game, game.host)
    if may_announce(game, viewer, host):
        return
    require_host_role(game, host)
    raise Refused(Refusal("channel_closed", wording.CHANNEL_NOT_WRITABLE, {"channel": wording.CHANNEL_NOT_WRITABLE}))


@transaction.atomic
def announce_game(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Announce a draft, or a game that was to be announced later. Raises Refused once its start is past."""
    lock_announcer(actor)
    game, viewer = managed_game(GameAction.ANNOUNCE, game_id, actor, now)
    if game.starts_at <= now:
        raise Refused(Refusal("past", schedule_wording.START_PAST))
    require_may_announce(game, viewer)
    if game.announce_at is None:  # otherwise it counts already
        count_post(game, viewer, now)
    announce_now(game, actor, now)
    return ActionResult(game, True, schedule_wording.ANNOUNCED)


def announce_on_schedule(game: Game, now: datetime) -> None:
    """Announce the game at its scheduled time; if its start is past, notify the host instead.

    It stays hidden too if its host left the server, or may not view its channel any more: nobody would run it. So it
    does if neither the host nor who had it announced may schedule it by now.
    """
    past, by, host = game.starts_at <= now, game.announced_by, load_game_viewer(game, game.host)
    announcers = (host, load_game_viewer(game, by)) if by is not None and by != game.host else (host,)
    # An operator needs no role.
    if not past and host.may_view(game.channel) and (by is None or may_announce(game, *announcers)):
        announce_now(game, CLOCK_ACTOR, now)
        return
    game.announce_at = None
    record_change(game, CLOCK_ACTOR, AuditAction.ANNOUNCE, {"past": True} if past else {"no_host": True}, now)
    if past:
        notify(game, NotificationKind.NOT_ANNOUNCED, now, to=game.host_id)


def announce_now(game: Game, actor: Actor, now: datetime) -> None:
    """Announce the game, and notify followers and players. Needs the game's lock."""
    game.announced_at, game.announce_at = now, None
    close_notifications(game, [NotificationKind.AUTO_ANNOUNCE], GameSkipCode.ANNOUNCED, now)
    record_change(game, actor, AuditAction.ANNOUNCE, {}, now)
    schedule_game_times(game, now)
    notify_followers(game, now)
    notify_carried(game, now)
    notify_invited(game, now)
    # Players added by the hosts were not notified while the game was hidden.
    for signup in game.signups.current().people().filter(added_by_other=True, open_confirmation=0):
        by_id = actor.user.pk if actor.user and not actor.operator else game.host_id
        if signup.user_id not in {game.host_id, by_id}:
            notify(game, NotificationKind.ADDED, now, to=signup.user_id, payload=HostActionPayload(by_id))


def notify_invited(game: Game, now: datetime) -> None:
    """Ask the players of the game that it repeats, if its host did not run that one."""
    if game.announced_at is not None and game.repeated_id is not None:
        payload = HostActionPayload(game.carried_by_id)
        notify(game, NotificationKind.INVITED, now, payload=payload, expires_at=game.starts_at)


# One follower of a guild, if it has any.
FOLLOWED = CompiledQuery(lambda guild_id: Follow.objects.filter(guild_id=guild_id).values_list("pk")[:1])


def notify_followers(game: Game, now: datetime) -> None:
    """Schedule the notification of followers, a little later, so that they see the host's first corrections."""
    if game.announced_at is not None and FOLLOWED.all(game.guild_id):
        due_at = notify_at(game.starts_at, now, NEW_GAME_DELAY)
        notify(game, NotificationKind.NEW_GAME, due_at, expires_at=game.starts_at)
