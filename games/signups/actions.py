"""Joining and leaving, and being added and removed by a host."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from games.core import text_rules, wording
from games.core.base import (
    ActionResult,
    Actor,
    Source,
    locked_game,
    locked_game_for,
    on_behalf_of,
    record_change,
    require_manager,
    require_state,
)
from games.core.kinds import GameSkipCode, NotificationKind
from games.core.payloads import HostActionPayload, LostSeatPayload
from games.core.queue import close_notifications, notify
from games.core.ranks import rank_of
from games.core.roster import name_of, place_of_user
from games.core.scheduling import bump_revision
from games.core.seating import assign_seats, has_free_seat, offers_seats
from games.core.states import GameAction, State
from games.core.withdrawals import withdraw
from games.models import Game, Signup
from games.offers import actions as offers
from games.offers import overlaps
from games.offers import wording as offer_wording
from games.offers.overlaps import ConflictPolicy
from games.signups import limits as signup_limits
from games.signups import wording as signup_wording
from games.signups.participants import Participant
from games.signups.rules import signup_block_reason
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names, normalize_name, role_names
from guilds.models import Member, User
from guilds.permissions import get_membership, is_blocked, may_play


@transaction.atomic
def join(
    game_id: int,
    who: User,
    actor: Actor,
    now: datetime,
    *,
    on_standby: bool = False,
    overlap: ConflictPolicy = ConflictPolicy.ANYWAY,
) -> ActionResult:
    """Sign a person up: a seat while one is free, else the end of the wait list; there on purpose with `waits`.

    Whom somebody else signs up is told. Joining twice takes an offered seat, or ends waiting on purpose; else it
    changes nothing. Raises Refused once the game has started, and for others than its hosts once sign-ups are closed;
    and, if it is to be asked, `Overlapping` for who joins by themselves and plays at that time.
    """
    game = locked_game_for(GameAction.JOIN, game_id, who, actor, now)
    own_signups = list(game.signups.filter(user=who))
    current = next((one for one in own_signups if one.left_at is None), None)
    if current is not None and actor.user == who and (result := offers.rejoin(game, current, actor, now)) is not None:
        return result
    already, again = current is not None, bool(own_signups)
    if not already:
        require_player(game, who, actor, now)
        if actor.user == who and (why := signup_block_reason(game, now, who, in_discord=actor.source == Source.BUTTON)):
            raise Refused(Refusal("closed", why))
        if overlap is ConflictPolicy.ASK and actor.user == who and not actor.operator:
            overlaps.require_no_conflict(who, game.starts_at, game.ends_at, now, joining=game)
        # Under the game's lock, so that the order is that of the locks and no two are alike.
        last = game.signups.last_order_key()
        added_by_other = actor.user != who
        rank = rank_of(game, who, added_by_other)
        game.other_answers.filter(user=who).delete()
        Signup.objects.create(
            game=game, user=who, order_key=last + 1, joined_at=now, put_in=added_by_other, rank=rank, waits=on_standby
        )
        _unschedule_edit_notices(game, who.pk, now)
        assign_seats(game, now)
        record_change(game, actor, "join", on_behalf_of(game, who, actor), now)
        if added_by_other:
            _notify_host_action(game, NotificationKind.ADDED, who.pk, actor, now)
        elif game.settings.confirm_by_dm:
            notify(game, NotificationKind.SIGNED_UP, now, to=who.pk)
    elif actor.user == who:
        # The answer says where they are, so a letter that would say the same is not needed any more.
        close_notifications(game, [NotificationKind.SEAT_CHANGE], GameSkipCode.ANSWERED_BY_CLICK, now, to=who.pk)
    number, seated = place_of_user(game, who)
    if actor.user != who:
        name = display_names(game.guild_id, [who.pk])[who.pk].text
        place = wording.place_text(number, game.settings.seats, seated)
        return ActionResult(game, not already, wording.signed_up_by_other(name, place, already))
    if not already and not seated and on_standby:
        return ActionResult(game, True, offer_wording.on_standby(number, gave_up=False))
    if game.settings.method.by_host and not seated:
        return ActionResult(game, not already, signup_wording.waiting_for_host(number, already))
    if not already and not seated and offers_seats(game, now):
        offered = offer_wording.seat_offered_to_another if has_free_seat(game) else offer_wording.offered_in_turn
        return ActionResult(game, True, offered(number))
    return ActionResult(game, not already, wording.joined(number, game.settings.seats, seated, already, again))


def _unschedule_edit_notices(game: Game, user_id: int, now: datetime) -> None:
    """Who comes back a moment after leaving need not hear what was edited before."""
    kinds = [NotificationKind.EDITED, NotificationKind.CONFIRMATION]
    close_notifications(game, kinds, GameSkipCode.JOINED_LATER, now, to=user_id)


def require_player(game: Game, who: User, actor: Actor, now: datetime) -> None:
    """Raise Refused for those who may not take part. Whom its hosts or managers sign up needs no role."""
    member = get_membership(who, game.guild_id)
    if member is None:
        raise Refused(Refusal("not_a_member", wording.NOT_A_MEMBER))
    if game.is_hosted_by(who.pk):
        return
    if is_blocked(game.guild_id, who, now):
        raise Refused(Refusal("blocked", wording.BLOCKED))
    roles = game.settings.player_role_ids
    if actor.user == who and not may_play(member, roles):
        raise Refused(Refusal("not_a_player", wording.role_needed_to_join(role_names(game.guild_id, roles))))


@transaction.atomic
def leave(game_id: int, who: User, actor: Actor, now: datetime) -> ActionResult:
    """Take a person out; whoever has waited longest gets the seat. Raises Refused once the game has started.

    Who said Maybe, or that they cannot come, takes that back by it.
    Taking out somebody else is `remove`, with its rules and its letter.
    """
    if actor.user != who:
        return _remove(game_id, Q(user=who), actor, now)
    game = locked_game_for(GameAction.LEAVE, game_id, who, actor, now)
    if (signup := game.signups.current().filter(user=who).first()) is not None:
        withdraw(game, signup, now)
        assign_seats(game, now)
        record_change(game, actor, "leave", {}, now)
    elif game.other_answers.filter(user=who).delete()[0]:
        record_change(game, actor, "answer", {"kind": ""}, now)
        return ActionResult(game, True, signup_wording.RESPONSE_WITHDRAWN)
    return ActionResult(game, signup is not None, wording.left(signup is not None))


@transaction.atomic
def drop_ineligible_signup(game_id: int, user_id: int, now: datetime) -> bool:
    """Take out of a game whoever left the guild or lost the role to play, and tell the host. Says whether it did.

    Who said Maybe, or that they cannot come, and left the guild is no longer listed; nobody need know.

    Whom somebody else put in needs no role, and so loses none. Coming back does not bring the seat back: by then it is
    another's.
    """
    game = locked_game(game_id, Actor(None, Source.DISCORD, operator=True))
    signup = game.signups.current().filter(user_id=user_id).first()
    state = game.state(now)
    if not (state.hidden or state is State.SCHEDULED):
        return False
    member = get_membership(User.objects.get(pk=user_id), game.guild_id)
    if member is None and game.other_answers.filter(user_id=user_id).delete()[0]:
        bump_revision(game, now)
        return True
    if signup is None:
        return False
    if member is not None and (
        signup.put_in or game.is_hosted_by(user_id) or may_play(member, game.settings.player_role_ids)
    ):
        return False
    signup.left_at, signup.seated_at = now, None
    signup.save(update_fields=["left_at", "seated_at"])
    assign_seats(game, now)
    name = display_names(game.guild_id, [user_id])[user_id].text
    record_change(game, Actor(None, Source.DISCORD), "lost_seat", {"for": name, "left": member is None}, now)
    # Several may go before the next look at the clock, so the row is told apart by the person.
    payload = LostSeatPayload(name, member is None)
    notify(game, NotificationKind.LOST_SEAT, now, to=game.host_id, dedupe_key=user_id, payload=payload)
    return True


def drop_ineligible_signups(guild_id: int, user_id: int, now: datetime) -> int:
    """`free_lost_seat` in every game to come of the guild; for when a member left or has other roles."""
    to_come = Game.objects.filter(guild_id=guild_id, cancelled_at=None, starts_at__gt=now)
    games = to_come.filter(Q(signups__user_id=user_id, signups__left_at=None) | Q(other_answers__user_id=user_id))
    return sum(drop_ineligible_signup(pk, user_id, now) for pk in sorted(set(games.values_list("pk", flat=True))))


def on_member_changed(guild_id: int, user_id: int, now: datetime, **kwargs: object) -> None:
    """Receives `guilds.signals.member_changed`."""
    drop_ineligible_signups(guild_id, user_id, now)


# --- by the host -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AddedNames:
    """Names of those who were added, and of those who were in the game already."""

    names: tuple[str, ...] = ()
    already: tuple[str, ...] = ()


def add_participants(game: Game, participants: Iterable[Participant], actor: Actor, now: datetime) -> AddedNames:
    """Sign up whom the host named, in that order, behind everyone who is in; for verbs that hold the game's lock.

    Those in the game already stay as they are. The people added are told. Raises Refused, changing nothing, where
    somebody is no member or there are too many.
    """
    participants = list(dict.fromkeys(participants))
    current = list(game.signups.current())
    already_in = {s.user_id for s in current if s.user_id} | {
        normalize_name(s.placeholder) for s in current if s.placeholder
    }
    new = [one for one in participants if (normalize_name(one) if isinstance(one, str) else one) not in already_in]
    names = display_names(game.guild_id, [one for one in participants if isinstance(one, int)])
    if new:
        require_state(game, GameAction.ADD, now)
        _check_participants(game, new, current, now)
        game.other_answers.filter(user__in=[one for one in new if isinstance(one, int)]).delete()
        last = game.signups.last_order_key()
        for key, participant in enumerate(new, last + 1):
            who = {"user_id": participant} if isinstance(participant, int) else {"placeholder": participant}
            added_by_other = actor.user is None or actor.user.pk != participant
            Signup.objects.create(game=game, order_key=key, joined_at=now, put_in=added_by_other, **who)
        assign_seats(game, now)
        for participant in new:
            if isinstance(participant, int):
                _unschedule_edit_notices(game, participant, now)
                _notify_host_action(game, NotificationKind.ADDED, participant, actor, now)

    def name(participant: Participant) -> str:
        return names[participant].text if isinstance(participant, int) else participant

    added = AddedNames(tuple(map(name, new)), tuple(name(one) for one in participants if one not in new))
    if new:
        record_change(game, actor, "add", {"for": ", ".join(added.names)}, now)
    return added


def _check_participants(game: Game, new: list[Participant], current: list[Signup], now: datetime) -> None:
    people = [one for one in new if isinstance(one, int)]
    placeholders = [one for one in new if isinstance(one, str)]
    for placeholder in placeholders:
        if sentence := signup_limits.check_placeholder(placeholder):
            raise Refused(Refusal("bad_placeholder", sentence, {"participants": sentence}))
    if Member.objects.filter(guild_id=game.guild_id, user_id__in=people, left_at=None).count() < len(people):
        raise Refused(Refusal("not_a_member", wording.MEMBER_LEFT, {"participants": wording.MEMBER_LEFT}))
    blocked_users = [user for user in User.objects.filter(pk__in=people) if is_blocked(game.guild_id, user, now)]
    if blocked_users:
        names = display_names(game.guild_id, [user.pk for user in blocked_users])
        sentence = wording.blocked_others(sorted(name.text for name in names.values()))
        raise Refused(Refusal("blocked", sentence, {"participants": sentence}))
    placeholder_count = sum(1 for s in current if s.placeholder and s.guest_of_id is None)
    if refusal := signup_limits.check_participant_count(
        placeholder_count + len(placeholders) if placeholders else 0, len(current) + len(new)
    ):
        raise Refused(refusal)


@transaction.atomic
def remove_signup(game_id: int, signup_id: int, actor: Actor, now: datetime, reason: str = "") -> ActionResult:
    """Take a person or placeholder out of a game that is not over. Whoever waited longest gets the seat.

    The person is told, with the host's `word` if there is one. Raises Refused for those who may not manage the game.
    """
    return _remove(game_id, Q(pk=signup_id), actor, now, text_rules.tidy_lines(reason))


def _remove(game_id: int, which: Q, actor: Actor, now: datetime, reason: str = "") -> ActionResult:
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require_state(game, GameAction.REMOVE, now)
    if refusal := text_rules.check_reason(reason):
        raise Refused(refusal)
    signup = game.signups.current().filter(which).first()
    if signup is None:
        return ActionResult(game, False, wording.UNKNOWN_SIGNUP)
    signup.left_at, signup.seated_at = now, None
    signup.save(update_fields=["left_at", "seated_at"])
    assign_seats(game, now)
    name = name_of(signup)
    record_change(game, actor, "remove", {"for": name, **({"word": reason} if reason else {})}, now)
    notified = signup.user_id is not None and _notify_host_action(
        game, NotificationKind.REMOVED, signup.user_id, actor, now, reason
    )
    return ActionResult(game, True, wording.removed(name, notified))


def _notify_host_action(
    game: Game, kind: NotificationKind, user_id: int, actor: Actor, now: datetime, reason: str = ""
) -> bool:
    """Plan to tell a person what was done about them, unless they did it themselves; says whether.

    Of a game that is not announced yet nobody is told anything.
    """
    if game.announced_at is None or (actor.user is not None and actor.user.pk == user_id):
        return False
    by = actor.user.pk if actor.user and not actor.operator else None
    notify(game, kind, now, to=user_id, payload=HostActionPayload(by, reason))
    return True
