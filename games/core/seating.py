"""Giving and taking seats by the one rule, and planning who is told: every verb that can move anybody ends here."""

from datetime import datetime, timedelta

from games.core import seats
from games.core.ranks import keep_ranks
from games.core.scheduling import plan_own_reminders, told_at
from games.core.states import State
from games.core.withdrawals import bench_guests, see_guests_out
from games.models import Game, Signup
from games.models.settings import Method
from notifications.models import Delivery, Notification, DeliveryStatus
from notifications.queue import schedule

SECONDS = 10**10  # more than there are since 1970


def moves(game: Game, now: datetime) -> seats.Moves:
    """Who would move now, by order key."""
    return _moves(game, _current(game), now, None)


def _current(game: Game) -> list[Signup]:
    return list(game.signups.current().prefetch_related("guest_of"))


def _moves(game: Game, signups: list[Signup], now: datetime, asking: int | None) -> seats.Moves:
    held = game.effective
    hosts = {game.host_id}
    if held.method is not Method.OPEN:
        hosts |= set(game.cohosts.values_list("pk", flat=True))
    offers = offering(game, now)

    def place(one: Signup) -> seats.Place:
        inviter = one.guest_of
        return seats.Place(
            key=one.order_key,
            seated=one.seated_at is not None,
            rank=one.rank,
            # Nobody plays without the one who brings them, who may yet decline what is offered.
            waits=one.waits or (inviter is not None and (inviter.waits or (offers and inviter.seated_at is None))),
            # Where the host gives the seats, asking for one is not enough.
            fresh=one.joined_at == now or (one.order_key == asking and not held.method.by_host),
            fixed=_by_host(one, hosts) if inviter is None else inviter.user_id in hosts,
            reachable=one.user_id is not None,
            offered=one.offered_at is not None,
            passed=one.passed_at is not None,
        )

    return seats.reseat(list(map(place, signups)), held.seats, held.method, offers)


def _by_host(one: Signup, hosts: set[int]) -> bool:
    return one.put_in or one.user_id is None or one.user_id in hosts


def offering(game: Game, now: datetime) -> bool:
    """Whether free seats are offered by now, not given."""
    within = game.effective.offer_within
    soon = game.starts_at - now <= timedelta(minutes=within)
    return within > 0 and soon and game.state(now) is State.SCHEDULED


def has_room(game: Game) -> bool:
    """Whether a seat is free, be it offered or not."""
    seats = game.effective.seats
    return not seats or game.signups.current().filter(seated_at__isnull=False).count() < seats


def reseat(game: Game, now: datetime, asking: int | None = None) -> None:
    """Bring seats and offers in step with the rule. Under the game's lock.

    `asking`: the order key of whoever asks for a seat at this moment and is told by the answer.
    """
    current = _current(game)
    if see_guests_out(current, now) | bench_guests(current) | keep_ranks(game, current):
        current = _current(game)
    found = _moves(game, current, now, asking)
    signups = {signup.order_key: signup for signup in current}
    for keys, seated_at in ((found.up, now), (found.down, None)):
        for key in keys:
            move(game, signups[key], seated_at, now, told=key == asking)
    for key in found.end:
        end_offer(signups[key])
    for key in found.offer:
        _offer(game, signups[key], now)
    plan_own_reminders(game, now)


def move(game: Game, signup: Signup, seated_at: datetime | None, now: datetime, told: bool = False) -> None:
    """Give a seat or take it, and plan to tell whoever it is unless they are `told` by an answer; ends an offer."""
    signup.seated_at, signup.offered_at, signup.offered_until = seated_at, None, None
    if seated_at is None:
        signup.asked = 0  # who has no seat is not asked whether they keep it
    signup.save(update_fields=["seated_at", "offered_at", "offered_until", "asked"])
    # Whoever takes a free seat by joining is told by the answer, not by a letter.
    if signup.user_id and signup.joined_at != now and not told:
        _tell_of_move(game, signup.user_id, was_seated=seated_at is None, now=now)


def _offer(game: Game, signup: Signup, now: datetime) -> None:
    """Ask somebody who waits whether they want a free seat; after a time the next is asked."""
    until = min(now + timedelta(minutes=game.effective.offer_for), game.starts_at)
    signup.offered_at, signup.offered_until = now, until
    signup.save(update_fields=["offered_at", "offered_until"])
    facts = {"offer": offer_number(signup), "until": until.isoformat()}
    person = signup.user_id
    for kind, due_at, useless in (("offer", now, until), ("offer_end", until, None)):
        schedule(
            kind,
            game_id=game.pk,
            recipient_id=person,
            due_at=due_at,
            revision=game.revision,
            payload=facts,
            expires_at=useless,
        )


def end_offer(signup: Signup, passed_at: datetime | None = None) -> None:
    """End an offer; `passed_at` where it was answered with no, or not at all."""
    signup.offered_at, signup.offered_until = None, None
    signup.passed_at = passed_at or signup.passed_at
    signup.save(update_fields=["offered_at", "offered_until", "passed_at"])


def end_offers(game: Game) -> None:
    """End all offers of a game that is not to come any more."""
    game.signups.exclude(offered_at=None).update(offered_at=None, offered_until=None)


def offer_number(signup: Signup) -> int:
    """Tells offers of a game apart, also those made at the same moment; 0 where there is none."""
    return signup.pk * SECONDS + int(signup.offered_at.timestamp()) if signup.offered_at is not None else 0


def _tell_of_move(game: Game, user_id: int, was_seated: bool, now: datetime) -> None:
    """Plan to tell what, in sum, became of a person's seat; a letter not yet on its way will say this too."""
    rows = Notification.objects.open().filter(game=game, kind="moved", recipient_id=user_id)
    letters = Delivery.objects.filter(
        notification__game=game,
        notification__kind="moved",
        recipient_id=user_id,
        status=DeliveryStatus.PENDING,
        leased_until=None,
    )
    # Locked, so that notifyd cannot render it before this is to be seen.
    if rows.exists() or letters.select_for_update(skip_locked=True, no_key=True, of=("self",)).exists():
        return
    if game.announced_at is None:
        return
    schedule(
        "moved",
        game_id=game.pk,
        recipient_id=user_id,
        due_at=told_at(game.starts_at, now),
        revision=game.revision,
        payload={"was_seated": was_seated},
        expires_at=game.starts_at,
    )
