"""Giving and taking seats by the one rule, and planning who is told: every verb that can move anybody ends here."""

from datetime import datetime, timedelta

from games.core import seats
from games.core.ranks import update_ranks
from games.core.scheduling import notify_at, schedule_own_reminders
from games.core.states import State
from games.core.withdrawals import remove_guests_of_left, unseat_guests_of_waiting
from games.models import Game, Signup
from games.models.settings import SeatMethod
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.queue import schedule

OFFER_NUMBER_FACTOR = 10**10  # more than there are since 1970


def pending_moves(game: Game, now: datetime) -> seats.SeatMoves:
    """Who would move now, by order key."""
    return _compute_moves(game, _current_signups(game), now, None)


def _current_signups(game: Game) -> list[Signup]:
    return list(game.signups.current().prefetch_related("guest_of"))


def _compute_moves(game: Game, signups: list[Signup], now: datetime, requester_key: int | None) -> seats.SeatMoves:
    settings = game.settings
    hosts = {game.host_id}
    if settings.method is not SeatMethod.OPEN:
        hosts |= set(game.cohosts.values_list("pk", flat=True))
    offers = offers_seats(game, now)

    def place_of(signup: Signup) -> seats.Place:
        inviter = signup.guest_of
        return seats.Place(
            key=signup.order_key,
            seated=signup.seated_at is not None,
            rank=signup.rank,
            # Nobody plays without the one who brings them, who may yet decline what is offered.
            on_standby=signup.on_standby
            or (inviter is not None and (inviter.on_standby or (offers and inviter.seated_at is None))),
            # Where the host gives the seats, asking for one is not enough.
            just_requested=signup.joined_at == now
            or (signup.order_key == requester_key and not settings.method.by_host),
            keeps_seat=_by_host(signup, hosts) if inviter is None else inviter.user_id in hosts,
            reachable=signup.user_id is not None,
            offered=signup.offered_at is not None,
            declined_offer=signup.offer_declined_at is not None,
        )

    return seats.compute_moves(list(map(place_of, signups)), settings.seats, settings.method, offers)


def _by_host(signup: Signup, hosts: set[int]) -> bool:
    return signup.added_by_other or signup.user_id is None or signup.user_id in hosts


def offers_seats(game: Game, now: datetime) -> bool:
    """Whether free seats are offered by now, not given."""
    within = game.settings.offer_within
    soon = game.starts_at - now <= timedelta(minutes=within)
    return within > 0 and soon and game.state(now) is State.SCHEDULED


def has_free_seat(game: Game) -> bool:
    """Whether a seat is free, be it offered or not."""
    seats = game.settings.seats
    return not seats or game.signups.seated().count() < seats


def assign_seats(game: Game, now: datetime, requester_key: int | None = None) -> None:
    """Bring seats and offers in step with the rule. Under the game's lock.

    `asking`: the order key of whoever asks for a seat at this moment and is told by the answer.
    """
    current = _current_signups(game)
    if remove_guests_of_left(current, now) | unseat_guests_of_waiting(current) | update_ranks(game, current):
        current = _current_signups(game)
    seat_moves = _compute_moves(game, current, now, requester_key)
    signups = {signup.order_key: signup for signup in current}
    for keys, seated_at in ((seat_moves.up, now), (seat_moves.down, None)):
        for key in keys:
            set_seat(game, signups[key], seated_at, now, already_notified=key == requester_key)
    for key in seat_moves.expire:
        end_offer(signups[key])
    for key in seat_moves.offer:
        _offer_seat(game, signups[key], now)
    schedule_own_reminders(game, now)


def set_seat(
    game: Game, signup: Signup, seated_at: datetime | None, now: datetime, already_notified: bool = False
) -> None:
    """Give a seat or take it, and plan to tell whoever it is unless they are `told` by an answer; ends an offer."""
    signup.seated_at, signup.offered_at, signup.offered_until = seated_at, None, None
    if seated_at is None:
        signup.open_confirmation = 0  # who has no seat is not asked whether they keep it
    signup.save(update_fields=["seated_at", "offered_at", "offered_until", "open_confirmation"])
    # Whoever takes a free seat by joining is told by the answer, not by a letter.
    if signup.user_id and signup.joined_at != now and not already_notified:
        _notify_seat_change(game, signup.user_id, was_seated=seated_at is None, now=now)


def _offer_seat(game: Game, signup: Signup, now: datetime) -> None:
    """Ask somebody who waits whether they want a free seat; after a time the next is asked."""
    until = min(now + timedelta(minutes=game.settings.offer_for), game.starts_at)
    signup.offered_at, signup.offered_until = now, until
    signup.save(update_fields=["offered_at", "offered_until"])
    payload = {"offer": offer_number(signup), "until": until.isoformat()}
    person = signup.user_id
    for kind, due_at, expires_at in (("offer", now, until), ("offer_end", until, None)):
        schedule(
            kind,
            game_id=game.pk,
            recipient_id=person,
            due_at=due_at,
            revision=game.post_version,
            payload=payload,
            expires_at=expires_at,
        )


def end_offer(signup: Signup, declined_at: datetime | None = None) -> None:
    """End an offer; `declined_at` where it was answered with no, or not at all."""
    signup.offered_at, signup.offered_until = None, None
    signup.offer_declined_at = declined_at or signup.offer_declined_at
    signup.save(update_fields=["offered_at", "offered_until", "offer_declined_at"])


def end_offers(game: Game) -> None:
    """End all offers of a game that is not to come any more."""
    game.signups.exclude(offered_at=None).update(offered_at=None, offered_until=None)


def offer_number(signup: Signup) -> int:
    """Tells offers of a game apart, also those made at the same moment; 0 where there is none."""
    return signup.pk * OFFER_NUMBER_FACTOR + int(signup.offered_at.timestamp()) if signup.offered_at is not None else 0


def _notify_seat_change(game: Game, user_id: int, was_seated: bool, now: datetime) -> None:
    """Plan to tell what, in sum, became of a person's seat; a letter not yet on its way will say this too."""
    rows = Notification.objects.open().filter(game=game, kind="moved", recipient_id=user_id)
    deliveries = Delivery.objects.filter(
        notification__game=game,
        notification__kind="moved",
        recipient_id=user_id,
        status=DeliveryStatus.PENDING,
        leased_until=None,
    )
    # Locked, so that notifyd cannot render it before this is to be seen.
    if rows.exists() or deliveries.select_for_update(skip_locked=True, no_key=True, of=("self",)).exists():
        return
    if game.announced_at is None:
        return
    schedule(
        "moved",
        game_id=game.pk,
        recipient_id=user_id,
        due_at=notify_at(game.starts_at, now),
        revision=game.post_version,
        payload={"was_seated": was_seated},
        expires_at=game.starts_at,
    )
