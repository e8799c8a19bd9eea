"""Announcing a game that only its hosts saw so far, and undoing a cancellation."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from games.confirmations.change_notices import notify_carried
from games.core import rules
from games.core.base import CLOCK_ACTOR, ActionResult, Actor, locked_game, record_change, require_manager, require_state
from games.core.kinds import GameSkipCode, NotificationKind
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

NEW_GAME_DELAY = timedelta(minutes=2)  # within which a host mends what they notice on the first look
RECEIVED = (
    Q(status__in=[DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN])
    # Nothing is known of a try that was under way, or that another followed.
    | Q(status=DeliveryStatus.PENDING, attempts__gte=1)
    | Q(status=DeliveryStatus.DROPPED, attempts__gt=1)
)


# --- announcing ------------------------------------------------------------------------------------------


@transaction.atomic
def announce_game(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Announce a draft, or a game that was to be announced later. Raises Refused once its start is past."""
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require_state(game, GameAction.ANNOUNCE, now)
    if game.starts_at <= now:
        raise Refused(Refusal("past", schedule_wording.START_PAST))
    announce_now(game, actor, now)
    return ActionResult(game, True, schedule_wording.ANNOUNCED)


def announce_on_schedule(game: Game, now: datetime) -> None:
    """The time of announcing has come. Where the start is past, nobody is helped by it: the host is told."""
    if game.starts_at > now:
        announce_now(game, CLOCK_ACTOR, now)
        return
    game.announce_at = None
    record_change(game, CLOCK_ACTOR, "announced", {"past": True}, now)
    notify(game, NotificationKind.NOT_ANNOUNCED, now, to=game.host_id)


def announce_now(game: Game, actor: Actor, now: datetime) -> None:
    """Let players see the game, and tell those whom it concerns. Under the game's lock."""
    game.announced_at, game.announce_at = now, None
    close_notifications(game, [NotificationKind.ANNOUNCE], GameSkipCode.ANNOUNCED, now)
    record_change(game, actor, "announced", {}, now)
    schedule_game_times(game, now)
    notify_followers(game, now)
    notify_carried(game, now)
    # Whom its hosts put in was not told while nobody else was to know.
    for signup in game.signups.current().filter(put_in=True, user__isnull=False, asked=0):
        by_id = actor.user.pk if actor.user and not actor.operator else game.host_id
        if signup.user_id not in {game.host_id, by_id}:
            notify(game, NotificationKind.ADDED, now, to=signup.user_id, payload=HostActionPayload(by_id))


def notify_followers(game: Game, now: datetime) -> None:
    """Plan to tell those who follow the guild, a little later, so that they see what the host mends at once."""
    if game.announced_at is not None and Follow.objects.filter(guild_id=game.guild_id).exists():
        due_at = notify_at(game.starts_at, now, NEW_GAME_DELAY)
        notify(game, NotificationKind.NEW_GAME, due_at, expires_at=game.starts_at)


# --- undoing a cancellation ------------------------------------------------------------------------------


@transaction.atomic
def undo_cancellation(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Take a cancellation back: the game is as it was, and whoever heard of the cancellation hears of this.

    Raises Refused ten minutes later, and where the game would be over by now. That it has begun meanwhile is no reason.
    """
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require_state(game, GameAction.UNDO_CANCELLATION, now)
    cancelled_at = game.cancelled_at
    assert cancelled_at is not None
    if now > cancelled_at + rules.UNDO_WINDOW:
        raise Refused(Refusal("too_late", schedule_wording.UNDO_TOO_LATE))
    if game.announced_at is not None and game.ends_at <= now:
        raise Refused(Refusal("over", schedule_wording.UNDO_OVER))
    game.cancelled_at, game.cancel_reason = None, ""
    close_notifications(game, [NotificationKind.CANCELLED], GameSkipCode.CANCELLATION_UNDONE, now)
    _reopen_notifications(game, cancelled_at)
    record_change(game, actor, "undo", {}, now)
    schedule_game_times(game, now)
    # Nothing was given or taken, nor anybody's seat freed, while the game was cancelled.
    for user_id in game.signups.current().filter(user__isnull=False).values_list("user_id", flat=True):
        drop_ineligible_signup(game.pk, user_id or 0, now)
    game = locked_game(game_id, actor)
    if pending_moves(game, now) != SeatMoves():
        assign_seats(game, now)
        bump_revision(game, now)
    was_notified = cancellation_deliveries(game.pk, cancelled_at).exists() or bool(
        users_last_notified_of_cancellation(game.pk)
    )
    if was_notified:
        # What is being sent at this moment arrives or not until then.
        notify(game, NotificationKind.ON_AGAIN, now + settings.NOTIFY_LEASE)
    return ActionResult(game, True, schedule_wording.undone(was_notified, game.announced_at is None))


def _reopen_notifications(game: Game, cancelled_at: datetime) -> None:
    """Open again what cancelling closed; what is out of date by now is judged when it is due, as always."""
    rows = Notification.objects.filter(game=game)
    closed = rows.filter(closed_at=cancelled_at, skip_code=GameSkipCode.CANCELLED)
    for row in closed:
        if not rows.open().filter(kind=row.kind, recipient=row.recipient_id, dedupe_key=row.dedupe_key).exists():
            row.closed_at, row.skip_code, row.skip_reason = None, "", ""
            row.save(update_fields=["closed_at", "skip_code", "skip_reason"])


def cancellation_deliveries(game_id: int, cancelled_at: datetime) -> DeliveryQuerySet:
    """The letters that tell of this one cancellation."""
    about = {
        "notification__kind": NotificationKind.CANCELLED,
        "notification__payload__contains": CancellationPayload(cancelled_at=cancelled_at).to_json(),
    }
    deliveries: DeliveryQuerySet = Delivery.objects.filter(notification__game=game_id, **about)
    return deliveries


def users_last_notified_of_cancellation(game_id: int) -> set[int]:
    """Who heard that the game is cancelled, and nothing of that since."""
    kinds = (NotificationKind.CANCELLED, NotificationKind.ON_AGAIN)
    about = Delivery.objects.filter(notification__game=game_id, notification__kind__in=kinds)
    last = dict(about.filter(RECEIVED).order_by("pk").values_list("recipient_id", "notification__kind"))
    return {person for person, kind in last.items() if kind == NotificationKind.CANCELLED}
