"""Giving and taking seats by the one rule, and planning who is told: every verb that can move anybody ends here."""

from datetime import datetime, timedelta

from games import seats
from games.actions.planning import AT_ONCE_WITHIN, MOVES_SETTLE, plan_own_reminders
from games.levels import Method
from games.models import Game, Signup
from notifications.actions import schedule
from notifications.models import Delivery, Notification, Status


def moves(game: Game, now: datetime) -> seats.Moves:
    """Who would move now, by order key."""
    held = game.effective
    hosts = {game.host_id}
    if held.method is not Method.OPEN:
        hosts |= set(game.cohosts.values_list("pk", flat=True))
    places = [
        seats.Place(
            key=one.order_key,
            seated=one.seated_at is not None,
            rank=one.rank,
            waits=one.waits,
            fresh=one.joined_at == now,
            fixed=one.put_in or one.user_id is None or one.user_id in hosts,
            reachable=one.user_id is not None,
            offered=one.offered_at is not None,
            passed=one.passed_at is not None,
        )
        for one in game.signups.current()
    ]
    return seats.reseat(places, held.seats, held.method, offering(game, now))


def offering(game: Game, now: datetime) -> bool:
    """Whether free seats are offered by now, not given."""
    within = game.effective.offer_within
    return within > 0 and not game.state(now).hidden and game.starts_at - now <= timedelta(minutes=within)


def reseat(game: Game, now: datetime) -> None:
    """Bring seats and offers in step with the rule. Under the game's lock."""
    found = moves(game, now)
    signups = {s.order_key: s for s in game.signups.filter(order_key__in=[*found.up, *found.down, *found.offer])}
    for keys, seated_at in ((found.up, now), (found.down, None)):
        for key in keys:
            move(game, signups[key], seated_at, now)
    for key in found.offer:
        _offer(game, signups[key], now)
    plan_own_reminders(game, now)


def move(game: Game, signup: Signup, seated_at: datetime | None, now: datetime) -> None:
    """Give a seat or take it, and plan to tell whoever it is; a seat ends an offer."""
    signup.seated_at, signup.offered_at, signup.offered_until = seated_at, None, None
    if seated_at is None:
        signup.asked = 0  # who has no seat is not asked whether they keep it
    signup.save(update_fields=["seated_at", "offered_at", "offered_until", "asked"])
    # Whoever takes a free seat by joining is told by the answer, not by a letter.
    if signup.user_id and signup.joined_at != now:
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
            facts=facts,
            useless_after=useless,
        )


def offer_number(signup: Signup) -> int:
    """Tells a person's offers apart; 0 where there is none."""
    return int(signup.offered_at.timestamp()) if signup.offered_at is not None else 0


def _tell_of_move(game: Game, user_id: int, was_seated: bool, now: datetime) -> None:
    """Plan to tell what, in sum, became of a person's seat; a letter not yet on its way will say this too."""
    rows = Notification.objects.open().filter(game=game, kind="moved", recipient_id=user_id)
    letters = Delivery.objects.filter(
        notification__game=game,
        notification__kind="moved",
        recipient_id=user_id,
        status=Status.PENDING,
        leased_until=None,
    )
    # Locked, so that notifyd cannot render it before this is to be seen.
    if rows.exists() or letters.select_for_update(skip_locked=True, no_key=True, of=("self",)).exists():
        return
    if game.announced_at is None:
        return
    soon = game.starts_at - now < AT_ONCE_WITHIN
    schedule(
        "moved",
        game_id=game.pk,
        recipient_id=user_id,
        due_at=now if soon else now + MOVES_SETTLE,
        revision=game.revision,
        facts={"was_seated": was_seated},
        useless_after=game.starts_at,
    )
