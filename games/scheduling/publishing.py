"""Announcing a hidden game."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

from games.confirmations.change_notices import notify_carried
from games.core import wording
from games.core.base import (
    CLOCK_ACTOR,
    ActionResult,
    Actor,
    lock_people,
    lock_person,
    managed_game,
    record_change,
)
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notification_schedule import notify_at, schedule_game_times
from games.core.payloads import HostActionPayload
from games.core.permissions import Viewer, load_game_viewer
from games.core.queue import close_notifications, notify
from games.core.states import GameAction
from games.models import Follow, Game, GameEdit
from games.scheduling import wording as schedule_wording
from games.scheduling.rules import DAY, check_game_limits, check_posts
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import role_names
from guilds.models import User

NEW_GAME_DELAY = timedelta(minutes=2)  # time for the host to correct what they notice at the first look


def require_room_to_schedule(guild_id: int, host_id: int, now: datetime) -> None:
    """Raise Refused if a host, or their guild, has as many games to come as it may have."""
    to_come = Game.objects.filter(guild=guild_id, cancelled_at=None, ends_at__gt=now)
    counts = to_come.aggregate(of_host=Count("pk", filter=Q(host=host_id)), of_guild=Count("pk"))
    if refusal := check_game_limits(counts["of_host"], counts["of_guild"]):
        raise Refused(refusal)


def count_post(game: Game, viewer: Viewer, now: datetime) -> None:
    """Count a game's announcement among those of whoever has it announced; the caller saves the game.

    Raises Refused after too many within a day; those who manage the guild have no limit. What others announce for a
    host uses up nothing of the host's.
    """
    _require_posts_left_of(game, viewer.user, viewer, now)
    game.announced_by = viewer.user


def require_posts_left(game: Game, viewer: Viewer, now: datetime) -> None:
    """Raise Refused if who announced a game had too many posts within a day, for one more of it.

    One in another channel pings anew; one of a game that is on again may come beside others scheduled meanwhile.
    """
    _require_posts_left_of(game, game.announced_by or game.host, viewer, now)


def _require_posts_left_of(game: Game, announcer: User | None, viewer: Viewer, now: datetime) -> None:
    if not viewer.manages and (refusal := check_posts(_posts_within_a_day(game, announcer, now))):
        raise Refused(refusal)


def _posts_within_a_day(game: Game, announcer: User | None, now: datetime) -> int:
    """Return how many games a person announced in the game's guild, and how often one of these, or it, moved."""
    to_be_announced = Q(announced_at=None, cancelled_at=None, announce_at__isnull=False)
    games = Game.objects.filter(Q(announced_at__gt=now - DAY) | to_be_announced, guild=game.guild_id)
    moves = GameEdit.objects.filter(
        Q(game__announced_by=announcer) | Q(game=game.pk),
        game__guild=game.guild_id,
        at__gt=now - DAY,
        at__gte=F("game__announced_at"),  # before, there was no post to move
        previous__has_key="channel",
    )
    return games.filter(announced_by=announcer).count() + moves.count()


def lock_announcer(actor: Actor) -> None:
    """Lock who is about to announce a game, before the game: their announcements are counted."""
    lock_person(actor.user.pk if actor.user is not None else 0)


def lock_announcer_of(game_id: int) -> None:
    """Lock who announced a game that is about to be moved, before the game: its posts count as theirs."""
    people = Game.objects.filter(pk=game_id).values_list(Coalesce("announced_by", "host"), flat=True)
    lock_person(people.first() or 0)


def lock_counted_people(game_id: int) -> None:
    """Lock a game's host and who announced it, before a game that is to be on again: it counts as theirs."""
    people = Game.objects.filter(pk=game_id).values_list("host_id", "announced_by_id").first() or ()
    lock_people(filter(None, people))


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


def notify_followers(game: Game, now: datetime) -> None:
    """Schedule the notification of followers, a little later, so that they see the host's first corrections."""
    if game.announced_at is not None and Follow.objects.filter(guild_id=game.guild_id).exists():
        due_at = notify_at(game.starts_at, now, NEW_GAME_DELAY)
        notify(game, NotificationKind.NEW_GAME, due_at, expires_at=game.starts_at)
