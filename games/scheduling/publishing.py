"""Announcing a hidden game, and undoing a cancellation."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from games.confirmations.change_notices import notify_carried
from games.core import rules
from games.core.base import CLOCK_ACTOR, ActionResult, Actor, locked_game, managed_game, record_change
from games.core.kinds import AuditAction, GameSkipCode, NotificationKind
from games.core.payloads import CancellationPayload, HostActionPayload
from games.core.queue import close_notifications, notify
from games.core.scheduling import bump_revision, notify_at, schedule_game_times
from games.core.seating import assign_seats, pending_moves
from games.core.seats import SeatMoves
from games.core.states import GameAction
from games.models import Follow, Game
from games.scheduling import wording as schedule_wording
from games.signups.actions import drop_ineligible_signup
from gamesched.lib.refusal import Refusal, Refused
from notifications.models import Delivery, DeliveryQuerySet, DeliveryStatus, Notification

NEW_GAME_DELAY = timedelta(minutes=2)  # time for the host to correct what they notice at the first look
RECEIVED = (
    Q(status__in=[DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN])
    # An attempt that was under way, or was followed by another, may have arrived.
    | Q(status=DeliveryStatus.PENDING, attempts__gte=1)
    | Q(status=DeliveryStatus.DROPPED, attempts__gt=1)
)


# --- announcing ------------------------------------------------------------------------------------------


@transaction.atomic
def announce_game(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Announce a draft, or a game that was to be announced later. Raises Refused once its start is past."""
    game, _ = managed_game(GameAction.ANNOUNCE, game_id, actor, now)
    if game.starts_at <= now:
        raise Refused(Refusal("past", schedule_wording.START_PAST))
    announce_now(game, actor, now)
    return ActionResult(game, True, schedule_wording.ANNOUNCED)


def announce_on_schedule(game: Game, now: datetime) -> None:
    """Announce the game at its scheduled time; if its start is past, notify the host instead."""
    if game.starts_at > now:
        announce_now(game, CLOCK_ACTOR, now)
        return
    game.announce_at = None
    record_change(game, CLOCK_ACTOR, AuditAction.ANNOUNCE, {"past": True}, now)
    notify(game, NotificationKind.NOT_ANNOUNCED, now, to=game.host_id)


def announce_now(game: Game, actor: Actor, now: datetime) -> None:
    """Announce the game, and notify followers and players. Needs the game's lock."""
    game.announced_at, game.announce_at = now, None
    close_notifications(game, [NotificationKind.ANNOUNCE], GameSkipCode.ANNOUNCED, now)
    record_change(game, actor, AuditAction.ANNOUNCE, {}, now)
    schedule_game_times(game, now)
    notify_followers(game, now)
    notify_carried(game, now)
    # Players added by the hosts were not notified while the game was hidden.
    for signup in game.signups.current().people().filter(added_by_other=True, open_confirmation=0):
        by_id = actor.user.pk if actor.user and not actor.operator else game.host_id
        if signup.user_id not in {game.host_id, by_id}:
            notify(game, NotificationKind.ADDED, now, to=signup.user_id, payload=HostActionPayload(by_id))


def notify_followers(game: Game, now: datetime) -> None:
    """Schedule the notification of followers, a little later, so that they see the host's first corrections."""
    if game.announced_at is not None and Follow.objects.filter(guild_id=game.guild_id).exists():
        due_at = notify_at(game.starts_at, now, NEW_GAME_DELAY)
        notify(game, NotificationKind.NEW_GAME, due_at, expires_at=game.starts_at)


# --- undoing a cancellation ------------------------------------------------------------------------------


@transaction.atomic
def undo_cancellation(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Restore a cancelled game as it was; who was notified of the cancellation is notified of this.

    Raises Refused after ten minutes, and if the game would be over by now. A start that has passed meanwhile is
    no reason.
    """
    game, _ = managed_game(GameAction.UNDO_CANCELLATION, game_id, actor, now)
    cancelled_at = game.cancelled_at
    assert cancelled_at is not None
    if now > cancelled_at + rules.UNDO_WINDOW:
        raise Refused(Refusal("too_late", schedule_wording.UNDO_TOO_LATE))
    if game.announced_at is not None and game.ends_at <= now:
        raise Refused(Refusal("over", schedule_wording.UNDO_OVER))
    game.cancelled_at, game.cancel_reason = None, ""
    close_notifications(game, [NotificationKind.CANCELLED], GameSkipCode.CANCELLATION_UNDONE, now)
    _reopen_notifications(game, cancelled_at)
    record_change(game, actor, AuditAction.UNDO_CANCELLATION, {}, now)
    schedule_game_times(game, now)
    # While the game was cancelled, no seat was given, taken or freed.
    for user_id in game.signups.current().people().values_list("user_id", flat=True):
        drop_ineligible_signup(game.pk, user_id or 0, now)
    game, _ = locked_game(game_id, actor, now)
    if pending_moves(game, now) != SeatMoves():
        assign_seats(game, now)
        bump_revision(game, now)
    was_notified = cancellation_deliveries(game.pk, cancelled_at).exists() or bool(
        users_last_notified_of_cancellation(game.pk)
    )
    if was_notified:
        # What is being sent right now has arrived or failed by then.
        notify(game, NotificationKind.ON_AGAIN, now + settings.NOTIFY_LEASE)
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
    kinds = (NotificationKind.CANCELLED, NotificationKind.ON_AGAIN)
    about = Delivery.objects.filter(notification__game=game_id, notification__kind__in=kinds)
    last = dict(about.filter(RECEIVED).order_by("pk").values_list("recipient_id", "notification__kind"))
    return {person for person, kind in last.items() if kind == NotificationKind.CANCELLED}
