"""Telling players what was edited: in sum, a minute later, in one letter that also asks where the start moved far.

And telling, or asking, those who came along when a game was scheduled again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from games.confirmations import actions as confirmations
from games.confirmations.edits import CHANGES_SHOWN_FOR, diff, merge_earliest, previous_values, snapshot
from games.core.base import Actor
from games.core.kinds import GameSkipCode, NotificationKind
from games.core.payloads import EditPayload, HostActionPayload
from games.core.queue import notify
from games.core.scheduling import notify_at
from games.models import AuditEntry, Game, Signup
from notifications.models import Delivery, DeliveryStatus, Notification

NOTIFICATION_KINDS = (NotificationKind.EDITED, NotificationKind.CONFIRMATION)


@dataclass
class PendingNotice:
    """What is still to be said to one person by letters not yet on their way."""

    previous_values: list[Mapping[str, Any]] = field(default_factory=list)
    confirmation_numbers: set[int] = field(default_factory=set)  # of the questions among them
    rescheduled: bool = False
    due_at: list[datetime] = field(default_factory=list)


def notify_edited(
    game: Game, changes: Mapping[str, Any], actor: Actor, now: datetime, silence_frees: bool | None = None
) -> None:
    """Plan to tell those in the game, and those waiting, what of an edit they care for. Under the game's lock.

    `silence_frees`: whether who is asked again and does not answer loses the seat; None as the game's settings say.
    """
    before = previous_values(changes)
    if game.announced_at is None or not before:
        return
    if game.ends_at > now + CHANGES_SHOWN_FOR:  # else its end lets the post show no more changes
        notify(game, NotificationKind.CHANGES_END, now + CHANGES_SHOWN_FOR)
    if "start" in before:
        confirmations.request_confirmation_if_moved(game, actor, silence_frees, now)
    by = actor.user.pk if actor.user else None
    people = [one for one in game.signups.current() if one.user_id and one.user_id != by]
    starts = [game.starts_at, *(datetime.fromisoformat(start) for start in [before.get("start")] if start)]
    due_at = notify_at(min(starts), now)
    schedule_edit_notices(game, people, before, due_at, now, confirming="start" in before)


def notify_carried(game: Game, now: datetime) -> None:
    """Tell who came along from an earlier game, or ask them, whether seated or waiting. Under the game's lock.

    Nobody chose this game, so whoever is asked and keeps silent loses the place. Nothing is said before players see
    the game; then this is to be called again.
    """
    entry = AuditEntry.objects.filter(game=game, verb="carry").first()
    if entry is None or game.announced_at is None:
        return
    carried = game.signups.current().filter(joined_at=entry.at, user__in=entry.changes["people"])
    people = list(carried.exclude(user__in=[game.host_id, entry.actor_id or 0]))
    if people and entry.changes["asks"]:
        confirmations.request_confirmation(game, people, True, now)
        due_at = notify_at(game.starts_at, now)
        confirming = game.signups.current().filter(pk__in=[one.pk for one in people])
        schedule_edit_notices(game, confirming, {}, due_at, now, confirming=True, rescheduled=True)
        return
    for signup in people:
        notify(game, NotificationKind.ADDED, now, to=signup.user_id, payload=HostActionPayload(entry.actor_id))


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
    """One letter for each of these people, with all that they were not told yet.

    With `asks`, those asked were so just now; `again`, because the game was scheduled again with them.
    """
    recipients = list(people)
    current = snapshot(game)
    pending = _withdraw_pending(game, [one.user_id for one in recipients if one.user_id], now)
    for signup in recipients:
        pending_notice = pending.get(signup.user_id or 0, PendingNotice())
        payload = EditPayload(merge_earliest([*pending_notice.previous_values, before]))
        must_confirm = signup.asked > 0 and (confirming or signup.asked in pending_notice.confirmation_numbers)
        if not must_confirm and not diff(payload.before, current):
            continue
        if must_confirm:
            payload = EditPayload(payload.before, signup.asked, rescheduled or pending_notice.rescheduled)
        notify(
            game,
            NotificationKind.CONFIRMATION if must_confirm else NotificationKind.EDITED,
            min([due_at, *pending_notice.due_at]),
            to=signup.user_id,
            payload=payload,
            expires_at=game.answer_by if must_confirm else game.ends_at,
        )


def _withdraw_pending(game: Game, people: Iterable[int], now: datetime) -> dict[int, PendingNotice]:
    """Close what was planned and is not on its way to these people; what it was to say, by person."""
    rows = Notification.objects.open().filter(game=game, kind__in=NOTIFICATION_KINDS, recipient__in=people)
    deliveries = Delivery.objects.filter(
        notification__game=game,
        notification__kind__in=NOTIFICATION_KINDS,
        recipient__in=people,
        status=DeliveryStatus.PENDING,
        leased_until=None,
    )
    # Locked, so that notifyd cannot render them before this is to be seen.
    locked = deliveries.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("notification")
    locked_deliveries = list(locked.order_by("pk"))
    by_user: dict[int, PendingNotice] = {}
    for row in [*(one.notification for one in locked_deliveries), *rows.order_by("pk")]:
        notice = by_user.setdefault(row.recipient_id or 0, PendingNotice())
        payload = EditPayload.of(row)
        notice.previous_values.append(payload.before)
        if payload.confirmation_number:
            notice.confirmation_numbers.add(payload.confirmation_number)
        notice.rescheduled = notice.rescheduled or payload.rescheduled
        if row.closed_at is None:
            notice.due_at.append(row.due_at)
    Delivery.objects.filter(pk__in=[one.pk for one in locked_deliveries]).update(
        status=DeliveryStatus.DROPPED,
        error_code=GameSkipCode.SUPERSEDED,
        error=GameSkipCode.SUPERSEDED.label,
    )
    rows.update(closed_at=now, skip_code=GameSkipCode.SUPERSEDED, skip_reason=GameSkipCode.SUPERSEDED.label)
    return by_user
