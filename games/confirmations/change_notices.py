"""Notifying players of edits: all of a minute in one message, which also asks to confirm if the start moved far.

Also notifying, or asking, the players carried over when a game is scheduled again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from games.confirmations import actions as confirmations
from games.confirmations.edits import CHANGES_SHOWN_FOR, diff, merge_earliest, previous_values, snapshot
from games.core.base import Actor
from games.core.codes import GameSkipCode, NotificationKind
from games.core.notification_schedule import SLOW_AFTER, SLOW_DELAY, notify_at
from games.core.payloads import EditPayload, HostActionPayload
from games.core.queue import notify
from games.models import Game, Signup
from notifications.models import Delivery, DeliveryStatus, Notification

NOTIFICATION_KINDS = (NotificationKind.EDITED, NotificationKind.CONFIRMATION)


@dataclass
class PendingNotice:
    """What pending notifications were still to tell one user."""

    previous_values: list[Mapping[str, Any]] = field(default_factory=list)
    confirmation_numbers: set[int] = field(default_factory=set)  # of the confirmations that they ask for
    rescheduled: bool = False
    due_at: list[datetime] = field(default_factory=list)


def notify_edited(
    game: Game, changes: Mapping[str, Any], actor: Actor, now: datetime, drop_unconfirmed: bool | None = None
) -> list[int]:
    """Schedule notices of an edit to everyone seated or waiting, about what players care for. Needs the game's lock.

    Returns whom it asks to confirm.
    `drop_unconfirmed`: whether a player who does not confirm loses the seat; None: as the game's settings say.
    """
    before = previous_values(changes)
    if game.announced_at is None or not before:
        return []
    if game.ends_at > now + CHANGES_SHOWN_FOR:  # otherwise the end of the game already updates the post
        notify(game, NotificationKind.CHANGES_END, now + CHANGES_SHOWN_FOR)
    asked: list[Signup] = []
    if "start" in before:
        asked = confirmations.request_confirmation_if_moved(game, actor, drop_unconfirmed, now)
    by = actor.user.pk if actor.user else None
    people = [signup for signup in game.signups.current() if signup.user_id and signup.user_id != by]
    starts = [game.starts_at, *(datetime.fromisoformat(start) for start in [before.get("start")] if start)]
    due_at = notify_at(min(starts), now)
    schedule_edit_notices(game, people, before, due_at, now, confirming="start" in before)
    return [signup.user_id for signup in asked if signup.user_id]


def notify_carried(game: Game, now: datetime) -> None:
    """Notify the players carried over from an earlier game, or ask them to confirm. Needs the game's lock.

    They did not choose this game, so who is asked and does not answer loses the place, seated or waiting. Does
    nothing before the game is announced; the announcement calls it again.
    """
    if game.announced_at is None:
        return
    carried = game.signups.current().people().filter(carried=True)
    people = list(carried.exclude(user__in=[game.host_id, game.carried_by_id or 0]))
    if people and game.confirm_carried:
        confirmations.request_confirmation(game, people, True, now)
        due_at = notify_at(game.starts_at, now)
        confirming = game.signups.current().filter(pk__in=[carried_signup.pk for carried_signup in people])
        schedule_edit_notices(game, confirming, {}, due_at, now, confirming=True, rescheduled=True)
        return
    for signup in people:
        notify(game, NotificationKind.ADDED, now, to=signup.user_id, payload=HostActionPayload(game.carried_by_id))


def schedule_edit_notices(
    game: Game,
    people: Iterable[Signup],
    before: Mapping[str, Any],
    due_at: datetime,
    now: datetime,
    *,
    confirming: bool = False,
    rescheduled: bool = False,
) -> None:
    """Schedule one notification for each of these people, with all that they were not notified of yet.

    `confirming`: they have just been asked to confirm; `rescheduled`: because the game was scheduled again.
    """
    recipients = list(people)
    current = snapshot(game)
    pending = _withdraw_pending(game, [recipient.user_id for recipient in recipients if recipient.user_id], now)
    notified_today = _notified_today(game, [recipient.user_id for recipient in recipients if recipient.user_id], now)
    for signup in recipients:
        pending_notice = pending.get(signup.user_id or 0, PendingNotice())
        payload = EditPayload(merge_earliest([*pending_notice.previous_values, before]))
        must_confirm = signup.open_confirmation > 0 and (
            confirming or signup.open_confirmation in pending_notice.confirmation_numbers
        )
        if not must_confirm and not diff(payload.before, current):
            continue
        if must_confirm:
            payload = EditPayload(payload.before, signup.open_confirmation, rescheduled or pending_notice.rescheduled)
        n_notified = notified_today.get(signup.user_id or 0, 0)
        slow = n_notified >= SLOW_AFTER and (not must_confirm or (game.confirm_by or now) - now > 2 * SLOW_DELAY)
        due = max(due_at, notify_at(game.starts_at, now, notified_today=n_notified)) if slow else due_at
        notify(
            game,
            NotificationKind.CONFIRMATION if must_confirm else NotificationKind.EDITED,
            min([due, *pending_notice.due_at]),
            to=signup.user_id,
            payload=payload,
            expires_at=game.confirm_by if must_confirm else game.ends_at,
        )


def _notified_today(game: Game, people: Iterable[int], now: datetime) -> dict[int, int]:
    """Return how many notices of edits of the game each of these users got within a day."""
    sent = Delivery.objects.filter(
        notification__game=game,
        notification__kind__in=NOTIFICATION_KINDS,
        notification__due_at__gt=now - timedelta(days=1),
        recipient__in=people,
        status=DeliveryStatus.SENT,
    )
    return dict(sent.order_by().values_list("recipient_id").annotate(n=Count("pk")))


def _withdraw_pending(game: Game, people: Iterable[int], now: datetime) -> dict[int, PendingNotice]:
    """Withdraw these users' notices that are not being sent yet; return what they were to tell, by user."""
    rows = Notification.objects.open().filter(game=game, kind__in=NOTIFICATION_KINDS, recipient__in=people)
    deliveries = Delivery.objects.filter(
        notification__game=game,
        notification__kind__in=NOTIFICATION_KINDS,
        recipient__in=people,
        status=DeliveryStatus.PENDING,
        leased_until=None,
    )
    # Locked, so that notifyd cannot render them before this transaction is visible.
    locked = deliveries.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("notification")
    locked_deliveries = list(locked.order_by("pk"))
    by_user: dict[int, PendingNotice] = {}
    for row in [*(delivery.notification for delivery in locked_deliveries), *rows.order_by("pk")]:
        notice = by_user.setdefault(row.recipient_id or 0, PendingNotice())
        payload = EditPayload.of(row)
        notice.previous_values.append(payload.before)
        if payload.confirmation_number:
            notice.confirmation_numbers.add(payload.confirmation_number)
        notice.rescheduled = notice.rescheduled or payload.rescheduled
        if row.closed_at is None:
            notice.due_at.append(row.due_at)
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in locked_deliveries]).update(
        status=DeliveryStatus.DROPPED,
        error_code=GameSkipCode.SUPERSEDED,
        error=GameSkipCode.SUPERSEDED.label,
    )
    rows.update(closed_at=now, skip_code=GameSkipCode.SUPERSEDED, skip_reason=GameSkipCode.SUPERSEDED.label)
    return by_user
