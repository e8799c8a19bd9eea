"""Scheduling a game again: with its settings, its co-hosts and, if wanted, its players."""

import enum
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from games.confirmations import wording as confirmation_wording
from games.confirmations.change_notices import notify_carried
from games.core import wording
from games.core.audit_people import stored_people
from games.core.base import ActionResult, Actor, lock_person, locked_game, record, record_change
from games.core.codes import AuditAction
from games.core.permissions import Viewer
from games.core.seating import assign_seats
from games.hosts.actions import set_cohosts
from games.models import Game, Signup
from games.offers.schedule_conflicts import ConflictPolicy
from games.scheduling import actions as scheduling
from games.scheduling import wording as schedule_wording
from games.scheduling.actions import ANNOUNCE_NOW
from games.scheduling.publishing import notify_invited
from games.scheduling.rules import AnnounceSchedule, Plan
from games.signups.actions import add_participants
from games.signups.eligibility import may_sign_up
from games.signups.participants import Participant
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import User
from guilds.permissions import get_membership, is_blocked, may_play, may_view


class CarryPlayers(enum.StrEnum):
    """Whether the players of a game are carried over to the next."""

    NO = "no"
    YES = "yes"
    ASK = "ask"  # and who does not confirm in time loses the place


def may_clone(game: Game, viewer: Viewer, now: datetime) -> bool:
    """Return whether somebody who may schedule may schedule this again: who runs it, and anyone once it is over."""
    return viewer.may_manage(game) or game.state(now).over


def require_may_clone(game: Game, viewer: Viewer, now: datetime) -> None:
    """Raise Refused unless `may_clone`."""
    if not may_clone(game, viewer, now):
        raise Refused(Refusal("not_over", schedule_wording.CLONED_ONCE_OVER))


@transaction.atomic
def clone_game(
    game_id: int,
    plan: Plan,
    carry: CarryPlayers,
    actor: Actor,
    now: datetime,
    participants: Iterable[Participant] = (),
    announce: AnnounceSchedule = ANNOUNCE_NOW,
    overlap: ConflictPolicy = ConflictPolicy.ANYWAY,
    host: User | None = None,
) -> ActionResult:
    """Schedule a game again by a new plan, by an actor who may schedule such a game and `may_clone` this one.

    Players are carried over as `carry` says, before the participants. Players who may no longer sign up are
    left out, and the reply names them. Of a game that the actor does not run nobody is carried over: its players are
    asked. Raises Refused as `create_game` does.
    """
    # Who is to be the host; `create_game` alone would lock them after the game.
    host_id, guild_id = Game.objects.filter(pk=game_id).values_list("host_id", "guild_id").first() or (0, 0)
    to_lock, _ = scheduling.choose_host(guild_id, host, actor)
    lock_person(to_lock.pk if to_lock is not None else host_id)
    old, viewer = locked_game(game_id, actor, now)
    require_may_clone(old, viewer, now)
    runs_it = viewer.may_manage(old)
    host = host or actor.user or old.host
    result = scheduling.create_game(old.guild_id, plan, actor, now, host=host, announce=announce, overlap=overlap)
    game = result.game
    record(old, actor, AuditAction.CLONE, {"as": game.pk}, now)
    invited, carried = 0, CarriedPlayers()
    if runs_it:
        copy_cohosts(old, game, actor, now)
    if carry is not CarryPlayers.NO and runs_it:
        carried = _carry_players(old, game, carry is CarryPlayers.ASK, actor, now)
    elif carry is not CarryPlayers.NO:
        game.repeated, game.carried_by = old, actor.user
        game.save(update_fields=["repeated", "carried_by"])
        invited = len(users_to_invite(game, now))
        notify_invited(game, now)
    game.refresh_from_db()
    added = add_participants(game, participants, actor, now)
    confirming = carry is CarryPlayers.ASK and bool(carried.people)
    text = confirmation_wording.carried(len(carried.people), carried.left_out, confirming)
    text += schedule_wording.invited(invited)
    return ActionResult(game, True, result.text + text + wording.added(added.names, added.already))


def copy_cohosts(old: Game, game: Game, actor: Actor, now: datetime) -> None:
    """Make the co-hosts of a game those of another, as far as they may be, if the actor may choose them."""
    members = ((one, get_membership(one, game.guild_id)) for one in old.cohosts.all())
    present = [one for one, member in members if member is not None and may_view(member, game.channel)]
    if present and actor.viewer_of(game).may_choose_hosts(game):
        set_cohosts(game.pk, present, actor, now)


@dataclass(frozen=True)
class CarriedPlayers:
    """The names of the players carried over, and of those left out."""

    people: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def _carry_players(old: Game, game: Game, confirming: bool, actor: Actor, now: datetime) -> CarriedPlayers:
    """Copy the players in their order, with the seats they have as far as the new game has seats."""
    game, _ = locked_game(game.pk, replace(actor, operator=True), now)
    before = list(old.signups.current().select_related("user", "guest_of"))
    names = display_names(game.guild_id, [one.user_id for one in before if one.user_id])
    copies: dict[int, Signup] = {}
    left_out = []
    # Copy inviters before their guests, so that a guest finds the inviter's copy.
    for signup in sorted(before, key=lambda one: one.guest_of_id is not None):
        name = names[signup.user_id].text if signup.user_id else signup.guest_name
        inviter_left_out = signup.guest_of_id is not None and signup.guest_of_id not in copies
        if inviter_left_out or (signup.user is not None and not _may_be_carried(game, signup, signup.user, now)):
            left_out.append(name)
            continue
        new_signup = copy(signup)
        new_signup.pk, new_signup._state.adding = None, True
        new_signup.game, new_signup.joined_at, new_signup.order_key = game, now, before.index(signup) + 1
        new_signup.seated_at = now if signup.seated_at else None
        new_signup.guest_of = copies[signup.guest_of_id] if signup.guest_of_id else None
        new_signup.carried, new_signup.open_confirmation, new_signup.confirmed_at = True, 0, None
        new_signup.offered_at = new_signup.offered_until = new_signup.offer_declined_at = None
        new_signup.left_late = new_signup.no_show = False
        new_signup.note = ""  # "late by 15 min" was about that one evening
        new_signup.save()
        copies[signup.pk] = new_signup
    assign_seats(game, now)
    names_carried = tuple(names[one.user_id].text if one.user_id else one.guest_name for one in copies.values())
    if names_carried or left_out:
        changes = {
            "for": stored_people(one.user_id or one.placeholder for one in copies.values()),
            "left_out": stored_people(one.user_id or one.placeholder for one in before if one.pk not in copies),
            "asks": confirming,
        }
        game.carried_by, game.confirm_carried = actor.user, confirming
        record_change(game, actor, AuditAction.CARRY_PLAYERS, changes, now)
        notify_carried(game, now)
    return CarriedPlayers(names_carried, tuple(left_out))


def users_to_invite(game: Game, now: datetime) -> list[int]:
    """Return the players of the game that this one repeats who may join it and have not, in their order."""
    players = Signup.objects.current().people().filter(game=game.repeated_id or 0)
    ids = list(players.order_by("order_key").values_list("user_id", flat=True))
    may = may_sign_up(game.guild_id, game.channel, game.settings.player_role_ids, ids, now)
    may -= {game.host_id, game.carried_by_id, *game.signups.current().people().values_list("user_id", flat=True)}
    return [user_id for user_id in ids if user_id in may]


def _may_be_carried(game: Game, signup: Signup, user: User, now: datetime) -> bool:
    member = get_membership(user, game.guild_id)
    if (
        member is None
        or not may_view(member, game.channel)
        or (is_blocked(game.guild_id, user, now) and not game.is_hosted_by(user.pk))
    ):
        return False
    return signup.added_by_other or game.is_hosted_by(user.pk) or may_play(member, game.settings.player_role_ids)
