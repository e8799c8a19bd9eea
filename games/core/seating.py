"""Giving and taking seats by the rule, and notifying people: every action that can move somebody ends here."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max, Q, prefetch_related_objects

from games.core import seat_rules
from games.core.codes import NotificationKind
from games.core.frequent_queries import CURRENT_SIGNUPS
from games.core.notification_schedule import notify_at, schedule_own_reminders
from games.core.payloads import OfferPayload, SeatChangePayload
from games.core.queue import notify
from games.core.ranks import update_ranks
from games.core.settings import SeatMethod
from games.core.states import State
from games.core.withdrawals import remove_guests_of_left, unseat_guests_of_waiting
from games.models import Game, Signup
from notifications.models import Delivery, DeliveryStatus, Notification


def pending_moves(game: Game, now: datetime) -> seat_rules.SeatMoves:
    """Return the moves that the rule would make now, by order key."""
    return _compute_moves(game, current_signups(game), now, None)


def current_signups(game: Game) -> list[Signup]:
    """Read those who are in or wait, in their definite order, each guest with whoever brings them."""
    signups = CURRENT_SIGNUPS.all(game.pk)
    for signup in signups:
        signup.game = game
    by_id = {signup.pk: signup for signup in signups}
    for signup in signups:
        if signup.guest_of_id in by_id:
            signup.guest_of = by_id[signup.guest_of_id]
    # Who brought a guest may have left a moment ago.
    prefetch_related_objects([one for one in signups if one.guest_of_id and one.guest_of_id not in by_id], "guest_of")
    return signups


def _compute_moves(game: Game, signups: list[Signup], now: datetime, requester_key: int | None) -> seat_rules.SeatMoves:
    settings = game.settings
    hosts = {game.host_id}
    if settings.method is not SeatMethod.OPEN:
        hosts |= game.cohost_ids
    offers = offers_seats(game, now)

    def place_of(signup: Signup) -> seat_rules.Place:
        inviter = signup.guest_of
        return seat_rules.Place(
            key=signup.order_key,
            seated=signup.seated_at is not None,
            rank=signup.rank,
            # A guest never plays without their inviter, who may yet decline an offered seat.
            on_standby=signup.on_standby
            or (inviter is not None and (inviter.on_standby or (offers and inviter.seated_at is None))),
            # Where the host gives the seats, requesting one is not enough.
            just_requested=signup.joined_at == now
            or (signup.order_key == requester_key and not settings.method.by_host),
            keeps_seat=_by_host(signup, hosts) if inviter is None else inviter.user_id in hosts,
            reachable=signup.user_id is not None,
            offered=signup.offered_at is not None,
            declined_offer=signup.offer_declined_at is not None,
        )

    return seat_rules.compute_moves(list(map(place_of, signups)), settings.seats, settings.method, offers)


def _by_host(signup: Signup, hosts: set[int]) -> bool:
    return signup.added_by_other or signup.user_id is None or signup.user_id in hosts


def offers_seats(game: Game, now: datetime) -> bool:
    """Return whether free seats are offered at this time, and no longer given."""
    within = game.settings.offer_within
    soon = game.starts_at - now <= timedelta(minutes=within)
    return within > 0 and soon and game.state(now) is State.SCHEDULED


def has_free_seat(game: Game, signups: Iterable[Signup]) -> bool:
    """Return whether a seat is free beside these sign-ups, offered or not."""
    seats = game.settings.seats
    return not seats or sum(signup.seated_at is not None for signup in signups) < seats


def assign_seats(
    game: Game, now: datetime, requester_key: int | None = None, signups: list[Signup] | None = None
) -> list[Signup]:
    """Give, take and offer seats by the rule, and return who is in or waits now. Needs the game's lock.

    `requester_key`: the order key of the person who requests a seat right now and reads the result.
    `signups`: who is in or waits, if they were read under this lock already. A new one need not be saved, and is saved
    with its seat.
    """
    current = current_signups(game) if signups is None else signups
    if remove_guests_of_left(current, now) | unseat_guests_of_waiting(current) | update_ranks(game, current):
        _save_new(current)
        current = current_signups(game)
    seat_moves = _compute_moves(game, current, now, requester_key)
    by_key = {signup.order_key: signup for signup in current}
    for keys, seated_at in ((seat_moves.promoted, now), (seat_moves.demoted, None)):
        for key in keys:
            set_seat(game, by_key[key], seated_at, now, already_notified=key == requester_key)
    for key in seat_moves.expire:
        end_offer(by_key[key])
    for key in seat_moves.offer:
        _offer_seat(game, by_key[key], now)
    _save_new(current)
    if any(signup.seated_at == now for signup in current):
        schedule_own_reminders(game, now)
    if game.series_id is not None:
        _look_for_substitute(game, current, now)
    return current


def _look_for_substitute(game: Game, current: list[Signup], now: datetime) -> None:
    """Have a substitute of its series asked, if a regular has left and a seat is free."""
    if game.state(now) is not State.SCHEDULED or not has_free_seat(game, current):
        return
    if game.signups.filter(carried=True, left_at__isnull=False).exists():
        due_at = notify_at(game.starts_at, now)
        notify(game, NotificationKind.SUBSTITUTE, due_at, expires_at=game.starts_at, keep_earlier=True)


def _save_new(signups: Iterable[Signup]) -> None:
    """Save those sign-ups that are not saved yet."""
    for signup in signups:
        if signup._state.adding:
            signup.save()


def set_seat(
    game: Game, signup: Signup, seated_at: datetime | None, now: datetime, already_notified: bool = False
) -> None:
    """Give or take a seat, end its offer, and notify the person unless they are `already_notified` by a reply."""
    signup.seated_at, signup.offered_at, signup.offered_until = seated_at, None, None
    if seated_at is None:
        signup.open_confirmation = 0  # without a seat there is nothing to confirm
    _save(signup, "seated_at", "offered_at", "offered_until", "open_confirmation")
    # Joining into a free seat is answered by the reply, not by a notification.
    if signup.user_id and signup.joined_at != now and not already_notified:
        notify_seat_change(game, signup.user_id, was_seated=seated_at is None, now=now)


def _save(signup: Signup, *columns: str) -> None:
    """Save columns of a sign-up; all of one that is new."""
    signup.save(update_fields=None if signup._state.adding else columns)


def _offer_seat(game: Game, signup: Signup, now: datetime) -> None:
    """Offer a free seat to a waiting person for a limited time; then it goes to the next."""
    until = min(now + timedelta(minutes=game.settings.offer_for), game.starts_at)
    last_number = game.signups.aggregate(last=Max("offer_number"))["last"] or 0
    signup.offered_at, signup.offered_until, signup.offer_number = now, until, last_number + 1
    _save(signup, "offered_at", "offered_until", "offer_number")
    payload = OfferPayload(signup.offer_number, until)
    notify(game, NotificationKind.OFFER, now, to=signup.user_id, payload=payload, expires_at=until)
    notify(game, NotificationKind.OFFER_END, until, to=signup.user_id, payload=payload)


def end_offer(signup: Signup, declined_at: datetime | None = None) -> None:
    """End an offer; give `declined_at` if it was declined or expired."""
    signup.offered_at, signup.offered_until = None, None
    signup.offer_declined_at = declined_at or signup.offer_declined_at
    signup.save(update_fields=["offered_at", "offered_until", "offer_declined_at"])


def end_offers(game: Game) -> None:
    """End all offers of a game that is no longer upcoming."""
    game.signups.exclude(offered_at=None).update(offered_at=None, offered_until=None)


def offer_number(signup: Signup) -> int:
    """Return the number of the open offer, which no other offer of the game has; 0 without one."""
    return signup.offer_number if signup.offered_at is not None else 0


def notify_seat_change(game: Game, user_id: int, was_seated: bool, now: datetime) -> None:
    """Schedule the notification of a seat change; a pending one will include this change."""
    rows = Notification.objects.open().filter(game=game, kind=NotificationKind.SEAT_CHANGE, recipient_id=user_id)
    deliveries = Delivery.objects.filter(
        Q(status=DeliveryStatus.PENDING, leased_until=None)
        | Q(status=DeliveryStatus.SENT, notification__due_at__gt=now - timedelta(days=1)),
        notification__game=game,
        notification__kind=NotificationKind.SEAT_CHANGE,
        recipient_id=user_id,
    )
    if rows.exists():
        return
    # Locked, so that notifyd cannot render it before this transaction is visible.
    locked = deliveries.select_for_update(skip_locked=True, no_key=True, of=("self",))
    statuses = list(locked.values_list("status", flat=True))
    if DeliveryStatus.PENDING in statuses or game.announced_at is None:
        return
    notify(
        game,
        NotificationKind.SEAT_CHANGE,
        notify_at(game.starts_at, now, notified_today=len(statuses)),
        to=user_id,
        payload=SeatChangePayload(was_seated),
        expires_at=game.starts_at,
    )
