"""Telling players what was edited: in sum, a minute later, in one letter that also asks where the start moved far.

And telling, or asking, those who came along when a game was scheduled again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from games.confirmations import actions as confirmations
from games.confirmations.edits import SHOWN_FOR, before_of, earliest, said, summed
from games.core.base import Actor
from games.core.scheduling import told_at
from games.models import AuditEntry, Game, Signup
from notifications.models import Delivery, Notification, DeliveryStatus
from notifications.queue import schedule

KINDS = ("edited", "question")
SAID_BY_ANOTHER = "a newer letter says it too"


@dataclass
class Unsaid:
    """What is still to be said to one person by letters not yet on their way."""

    befores: list[Mapping[str, Any]] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)  # of the questions among them
    again: bool = False
    due_at: list[datetime] = field(default_factory=list)


def tell_edited(
    game: Game, changes: Mapping[str, Any], actor: Actor, now: datetime, silence_frees: bool | None = None
) -> None:
    """Plan to tell those in the game, and those waiting, what of an edit they care for. Under the game's lock.

    `silence_frees`: whether who is asked again and does not answer loses the seat; None as the game's settings say.
    """
    before = before_of(changes)
    if game.announced_at is None or not before:
        return
    if game.ends_at > now + SHOWN_FOR:  # else its end lets the post show no more changes
        schedule("changed_end", game_id=game.pk, due_at=now + SHOWN_FOR, revision=game.revision)
    if "start" in before:
        confirmations.ask_again(game, actor, silence_frees, now)
    by = actor.user.pk if actor.user else None
    people = [one for one in game.signups.current() if one.user_id and one.user_id != by]
    starts = [game.starts_at, *(datetime.fromisoformat(start) for start in [before.get("start")] if start)]
    due_at = told_at(min(starts), now)
    plan_letters(game, people, before, due_at, now, asks="start" in before)


def tell_carried(game: Game, now: datetime) -> None:
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
        confirmations.ask(game, people, True, now)
        due_at = told_at(game.starts_at, now)
        asked = game.signups.current().filter(pk__in=[one.pk for one in people])
        plan_letters(game, asked, {}, due_at, now, asks=True, again=True)
        return
    for one in people:
        schedule(
            "added",
            game_id=game.pk,
            recipient_id=one.user_id,
            due_at=now,
            revision=game.revision,
            payload={"by": entry.actor_id},
        )


def plan_letters(
    game: Game,
    people: Iterable[Signup],
    before: Mapping[str, Any],
    due_at: datetime,
    now: datetime,
    *,
    asks: bool = False,
    again: bool = False,
) -> None:
    """One letter for each of these people, with all that they were not told yet.

    With `asks`, those asked were so just now; `again`, because the game was scheduled again with them.
    """
    everyone = list(people)
    holds = said(game)
    unsaid = _take_back(game, [one.user_id for one in everyone if one.user_id], now)
    for one in everyone:
        known = unsaid.get(one.user_id or 0, Unsaid())
        facts: dict[str, Any] = {"before": earliest([*known.befores, before])}
        question = one.asked > 0 and (asks or one.asked in known.numbers)
        if not question and not summed(facts["before"], holds):
            continue
        if question:
            facts |= {"number": one.asked, "again": again or known.again}
        schedule(
            "question" if question else "edited",
            game_id=game.pk,
            recipient_id=one.user_id,
            due_at=min([due_at, *known.due_at]),
            revision=game.revision,
            payload=facts,
            expires_at=game.answer_by if question else game.ends_at,
        )


def _take_back(game: Game, people: Iterable[int], now: datetime) -> dict[int, Unsaid]:
    """Close what was planned and is not on its way to these people; what it was to say, by person."""
    rows = Notification.objects.open().filter(game=game, kind__in=KINDS, recipient__in=people)
    letters = Delivery.objects.filter(
        notification__game=game,
        notification__kind__in=KINDS,
        recipient__in=people,
        status=DeliveryStatus.PENDING,
        leased_until=None,
    )
    # Locked, so that notifyd cannot render them before this is to be seen.
    locked = letters.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("notification")
    held = list(locked.order_by("pk"))
    found: dict[int, Unsaid] = {}
    for row in [*(one.notification for one in held), *rows.order_by("pk")]:
        unsaid = found.setdefault(row.recipient_id or 0, Unsaid())
        unsaid.befores.append(row.facts["before"])
        if "number" in row.facts:
            unsaid.numbers.add(row.facts["number"])
        unsaid.again = unsaid.again or row.facts.get("again", False)
        if row.closed_at is None:
            unsaid.due_at.append(row.due_at)
    Delivery.objects.filter(pk__in=[one.pk for one in held]).update(status=DeliveryStatus.DROPPED, error=SAID_BY_ANOTHER)
    rows.update(closed_at=now, dropped=SAID_BY_ANOTHER)
    return found
