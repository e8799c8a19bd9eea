"""Cancelling a game, and undoing that."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from games.core import rules, state_wording, text_rules
from games.core.base import (
    ActionResult,
    Actor,
    lock_guild,
    locked_game,
    managed_game,
    record_change,
    require_manager,
    require_state,
)
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notification_schedule import bump_post_version, schedule_game_times
from games.core.payloads import CancellationPayload
from games.core.queue import close_notifications, notify
from games.core.seat_rules import SeatMoves
from games.core.seating import assign_seats, end_offers, pending_moves
from games.core.states import GameAction, State
from games.models import Announcement, Game
from games.models.announcement import PostProblem
from games.scheduling import rules as schedule_rules
from games.scheduling import wording as schedule_wording
from games.scheduling.limits import lock_counted_people, require_posts_left, require_room_to_schedule
from games.signups.eligibility import drop_ineligible_locked
from gamesched.lib.refusal import Refusal, Refused
from guilds.names import tidy_line
from notifications.models import Delivery, DeliveryQuerySet, DeliveryStatus, Notification
from notifications.queue import unschedule
from notifications.types import Skip

# Notifications of these kinds are still sent about a cancelled game; all others are unscheduled.
KEPT_AFTER_CANCELLATION = (
    NotificationKind.ANNOUNCEMENT,
    NotificationKind.TAKEDOWN,
    NotificationKind.PLAYER_MESSAGE,
    NotificationKind.LOST_SEAT,
)
RECEIVED = (
    Q(status__in=[DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN])
    # An attempt that was under way, or was followed by another, may have arrived.
    | Q(status=DeliveryStatus.PENDING, attempts__gte=1)
    | Q(status=DeliveryStatus.DROPPED, attempts__gt=1)
)


@transaction.atomic
def cancel_game(game_id: int, reason: str, actor: Actor, now: datetime) -> ActionResult:
    """Cancel a game: unschedule its notifications, and notify everyone signed up a little later.

    Nothing is deleted, so that `undo_cancellation` can restore it for a while.
    """
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    return cancel_locked(game, reason, actor, now)


def cancel_locked(game: Game, reason: str, actor: Actor, now: datetime) -> ActionResult:
    """Run `cancel_game` for an action that holds the game's lock and has checked the actor. Raises Refused."""
    reason = tidy_line(reason)
    if refusal := text_rules.check_reason(reason):
        raise Refused(refusal)
    if game.state(now) is State.CANCELLED:
        return ActionResult(game, False, state_wording.ALREADY_CANCELLED)
    state = require_state(game, GameAction.CANCEL, now)
    game.cancelled_at, game.cancel_reason = now, reason
    unanswered = Announcement.objects.filter(game=game, problem_code=PostProblem.DELETED)
    unanswered.update(problem_code="", problem="")
    unschedule(game.pk, Skip(GameSkipCode.CANCELLED), now, keep_kinds=KEPT_AFTER_CANCELLATION)
    end_offers(game)
    record_change(game, actor, AuditAction.CANCEL, {"reason": reason} if reason else {}, now)
    if state.hidden:
        return ActionResult(game, True, schedule_wording.CANCELLED_HIDDEN)
    payload = CancellationPayload(actor.user.pk if actor.user else None, now)
    notify(game, NotificationKind.CANCELLED, now + schedule_rules.CANCELLATION_DELAY, payload=payload)
    return ActionResult(game, True, schedule_wording.CANCELLED)


@transaction.atomic
def undo_cancellation(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Restore a cancelled game as it was; who was notified of the cancellation is notified of this.

    Raises Refused after ten minutes, if the game would be over by now, and if it would be one too many beside those
    that were scheduled meanwhile. A start that has passed meanwhile is no reason.
    """
    lock_counted_people(game_id)
    game, viewer = managed_game(GameAction.UNDO_CANCELLATION, game_id, actor, now)
    cancelled_at = game.cancelled_at
    assert cancelled_at is not None
    if now > cancelled_at + rules.UNDO_WINDOW:
        raise Refused(Refusal("too_late", schedule_wording.UNDO_TOO_LATE))
    if game.announced_at is not None and game.ends_at <= now:
        raise Refused(Refusal("over", schedule_wording.UNDO_OVER))
    notified = Notification.objects.filter(
        game=game, kind=NotificationKind.CANCELLATION_UNDONE, due_at__gt=now - schedule_rules.DAY
    )
    if not viewer.manages and notified.count() >= schedule_rules.NOTIFIED_UNDOS_A_DAY:
        raise Refused(Refusal("too_often", schedule_wording.UNDONE_TOO_OFTEN))
    lock_guild(game.guild_id)  # as whoever schedules a game: both count
    require_room_to_schedule(game.guild_id, game.host_id, now)
    if game.announced_at is None and game.announce_at is not None:
        require_posts_left(game, viewer, now)  # while cancelled it was not counted
    game.cancelled_at, game.cancel_reason = None, ""
    close_notifications(game, [NotificationKind.CANCELLED], GameSkipCode.CANCELLATION_UNDONE, now)
    _reopen_notifications(game, cancelled_at)
    record_change(game, actor, AuditAction.UNDO_CANCELLATION, {}, now)
    schedule_game_times(game, now)
    # While the game was cancelled, no seat was given, taken or freed.
    user_ids = game.signups.current().people().values_list("user_id", flat=True)
    drop_ineligible_locked(game, [user_id for user_id in user_ids if user_id], now)
    if pending_moves(game, now) != SeatMoves():
        assign_seats(game, now)
        bump_post_version(game, now)
    was_notified = cancellation_deliveries(game.pk, cancelled_at).exists() or bool(
        users_last_notified_of_cancellation(game.pk)
    )
    if was_notified:
        # What is being sent right now has arrived or failed by then.
        notify(game, NotificationKind.CANCELLATION_UNDONE, now + settings.NOTIFY_LEASE)
    return ActionResult(game, True, schedule_wording.undone(was_notified, game.announced_at is None))


def _reopen_notifications(game: Game, cancelled_at: datetime) -> None:
    """Reopen the notifications that the cancellation closed; outdated ones are skipped when they are due."""
    rows = Notification.objects.filter(game=game)
    closed = rows.filter(closed_at=cancelled_at, skip_code=GameSkipCode.CANCELLED)
    for row in closed:
        if not rows.open().filter(kind=row.kind, recipient=row.recipient_id, dedupe_key=row.dedupe_key).exists():
            row.closed_at, row.skip_code, row.skip_reason = None, "", ""
            row.save(update_fields=["closed_at", "skip_code", "skip_reason"])


def cancellation_deliveries(game_id: int, cancelled_at: datetime) -> DeliveryQuerySet:
    """Return the deliveries that tell of this one cancellation."""
    about = {
        "notification__kind": NotificationKind.CANCELLED,
        "notification__payload__contains": CancellationPayload(cancelled_at=cancelled_at).to_json(),
    }
    deliveries: DeliveryQuerySet = Delivery.objects.filter(notification__game=game_id, **about)
    return deliveries


def users_last_notified_of_cancellation(game_id: int) -> set[int]:
    """Return the users whose last notification of these kinds told them that the game is cancelled."""
    kinds = (NotificationKind.CANCELLED, NotificationKind.CANCELLATION_UNDONE)
    about = Delivery.objects.filter(notification__game=game_id, notification__kind__in=kinds)
    last = dict(about.filter(RECEIVED).order_by("pk").values_list("recipient_id", "notification__kind"))
    return {person for person, kind in last.items() if kind == NotificationKind.CANCELLED}
