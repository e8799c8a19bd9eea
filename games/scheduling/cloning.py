"""Scheduling a game again: with its settings, its co-hosts and, where wanted, its players."""

import enum
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from games.confirmations import wording as confirmation_wording
from games.confirmations.change_notices import tell_carried
from games.core import wording
from games.core.base import Actor, Done, changed, locked_game
from games.core.seating import reseat
from games.hosts.actions import may_choose_hosts, set_cohosts
from games.models import AuditEntry, Game, Signup
from games.offers.overlaps import Overlap
from games.scheduling import actions as scheduling
from games.scheduling.actions import AT_ONCE
from games.scheduling.rules import Announce, Plan
from games.signups.actions import add_named
from games.signups.participants import Named
from guilds.display_names import display_names
from guilds.models import User
from guilds.permissions import is_blocked, may_play, get_membership


class Carry(enum.StrEnum):
    """Whether the players of a game come along to the next."""

    NO = "no"
    YES = "yes"
    ASK = "ask"  # and who does not confirm in time loses the place


@transaction.atomic
def clone(
    game_id: int,
    plan: Plan,
    carry: Carry,
    actor: Actor,
    now: datetime,
    named: Iterable[Named] = (),
    announce: Announce = AT_ONCE,
    overlap: Overlap = Overlap.ANYWAY,
) -> Done:
    """Schedule a game again as the plan says, in whatever state it is, by whoever may schedule such a game.

    Players come along as `carry` says, before those named; who may not sign up any more is left out, and named in the
    answer. Raises Refused as `lifecycle.create` does.
    """
    old = locked_game(game_id, actor)
    host = actor.user or old.host
    made = scheduling.create(old.guild_id, plan, actor, now, host=host, announce=announce, overlap=overlap)
    game = made.game
    AuditEntry.objects.create(
        guild_id=old.guild_id,
        game=old,
        actor=actor.user,
        door=actor.door,
        verb="again",
        changes={"as": game.pk},
        at=now,
    )
    _take_cohosts(old, game, actor, now)
    carried = _carry(old, game, carry is Carry.ASK, actor, now) if carry is not Carry.NO else Carried()
    game.refresh_from_db()
    added = add_named(game, named, actor, now)
    asked = carry is Carry.ASK and bool(carried.people)
    text = confirmation_wording.carried(len(carried.people), carried.left_out, asked)
    return Done(game, True, made.text + text + wording.added(added.names, added.already))


def _take_cohosts(old: Game, game: Game, actor: Actor, now: datetime) -> None:
    there = [one for one in old.cohosts.all() if get_membership(one, game.guild_id) is not None]
    if there and may_choose_hosts(game, actor):
        set_cohosts(game.pk, there, actor, now)


@dataclass(frozen=True)
class Carried:
    """Names of those who came along, and of those who did not."""

    people: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def _carry(old: Game, game: Game, asks: bool, actor: Actor, now: datetime) -> Carried:
    """Take the players over, in their order and with the seats they have, as far as there are some."""
    game = locked_game(game.pk, Actor(None, "clone", operator=True))
    before = list(old.signups.current().select_related("user", "guest_of"))
    names = display_names(game.guild_id, [one.user_id for one in before if one.user_id])
    copies: dict[int, Signup] = {}
    left_out = []
    # Whoever brings somebody stands before them, so that the guest finds their new place.
    for one in sorted(before, key=lambda one: one.guest_of_id is not None):
        name = names[one.user_id].text if one.user_id else one.placeholder
        gone = one.guest_of_id is not None and one.guest_of_id not in copies
        if gone or (one.user is not None and not _may_come(game, one, one.user, now)):
            left_out.append(name)
            continue
        made = copy(one)
        made.pk, made._state.adding = None, True
        made.game, made.joined_at, made.order_key = game, now, before.index(one) + 1
        made.seated_at = now if one.seated_at else None
        made.guest_of = copies[one.guest_of_id] if one.guest_of_id else None
        made.asked, made.offered_at, made.offered_until, made.passed_at = 0, None, None, None
        made.left_late = made.no_show = False
        made.note = ""  # "late by 15 min" was for that evening
        made.save()
        copies[one.pk] = made
    reseat(game, now)
    came = tuple(names[one.user_id].text if one.user_id else one.placeholder for one in copies.values())
    if came or left_out:
        people = [one.user_id for one in copies.values() if one.user_id]
        changes = {"for": ", ".join(came), "left_out": ", ".join(left_out), "asks": asks, "people": people}
        changed(game, actor, "carry", changes, now)
        tell_carried(game, now)
    return Carried(came, tuple(left_out))


def _may_come(game: Game, signup: Signup, user: User, now: datetime) -> bool:
    member = get_membership(user, game.guild_id)
    if member is None or (is_blocked(game.guild_id, user, now) and not game.is_hosted_by(user.pk)):
        return False
    return signup.put_in or game.is_hosted_by(user.pk) or may_play(member, game.effective.player_role_ids)
