"""Joining and leaving, and being added and removed by a host."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from games.core import text_rules, wording
from games.core.audit_people import stored_participant, stored_people
from games.core.base import (
    ActionResult,
    Actor,
    EntryPoint,
    lock_person,
    locked_game_for,
    managed_game,
    on_behalf_of,
    record_change,
    require_state,
)
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notifications import instructions_text
from games.core.payloads import HostActionPayload
from games.core.permissions import Viewer
from games.core.queue import close_notifications, drop_place_notifications, notify
from games.core.ranks import rank_of
from games.core.roster import name_of, own_signup, place_among
from games.core.seating import assign_seats, current_signups, has_free_seat, offers_seats
from games.core.states import GameAction
from games.core.withdrawals import guests_of, withdraw
from games.models import Game, GameResponse, Signup
from games.offers import actions as offers
from games.offers import schedule_conflicts
from games.offers import wording as offer_wording
from games.offers.schedule_conflicts import ConflictPolicy
from games.signups import limits as signup_limits
from games.signups import wording as signup_wording
from games.signups.participants import Participant
from games.signups.rules import blocked_reason, signup_closed_reason
from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names, normalize_name, role_names
from guilds.models import Block, Member, User
from guilds.names import shown_name
from guilds.permissions import get_membership, is_blocked, may_play, may_view
from notifications.models import Notification

# The highest order key, None before the first; whether the user signed up before, responded otherwise, is blocked, and
# has another game at that time, announced to them. Nothing is joined: beside an aggregate of the sign-ups, all the rest
# was looked up once for each of them, half a second in a game of four hundred.
BEFORE_JOINING = CompiledQuery(
    lambda game_id, user_id, now: (
        Game.objects.filter(pk=game_id)
        .order_by()
        .values("pk")
        .annotate(
            last=Subquery(Signup.objects.filter(game=OuterRef("pk")).order_by("-order_key").values("order_key")[:1]),
            again=Exists(Signup.objects.filter(game=OuterRef("pk"), user_id=user_id)),
            responded=Exists(GameResponse.objects.filter(game_id=OuterRef("pk"), user_id=user_id)),
            blocked=Exists(Block.objects.in_force(now).filter(guild_id=OuterRef("guild_id"), user_id=user_id)),
            overlaps=Exists(
                schedule_conflicts.games_at_that_time(
                    user_id, OuterRef("starts_at"), OuterRef("ends_at"), now, OuterRef("pk")
                )
            ),
        )
        .values_list("last", "again", "responded", "blocked", "overlaps")
    )
)


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
    """Sign a person up: into a free seat, else at the end of the wait list; with `on_standby`, to stay there.

    Somebody signed up by another person is notified. Joining twice takes an offered seat or ends standby;
    otherwise it changes nothing. Raises Refused once the game has started, and once sign-ups are closed for
    all but the hosts. With `ConflictPolicy.ASK`, raises ScheduleConflict for a person who joins by
    themselves and plays or hosts at that time.
    """
    asks = overlap is ConflictPolicy.ASK and actor.user == who and not actor.operator
    if asks:
        lock_person(who.pk)  # who joins two games in the same instant is asked for the second
    game, viewer = locked_game_for(GameAction.JOIN, game_id, who, actor, now)
    return join_locked(game, viewer, current_signups(game), who, actor, now, on_standby=on_standby, asks=asks)


def join_locked(
    game: Game,
    viewer: Viewer,
    signups: list[Signup],
    who: User,
    actor: Actor,
    now: datetime,
    *,
    on_standby: bool = False,
    asks: bool = False,
) -> ActionResult:
    """Run `join` for an action that holds the game's lock, and has checked its state and the actor.

    `signups`: the current ones. `asks`: whether to raise ScheduleConflict for a person who is locked.
    """
    signup = own_signup(signups, who)
    by_other = on_behalf_of(who, actor)
    result = offers.rejoin(game, signup, signups, actor, now) if signup is not None and actor.user == who else None
    if result is not None:
        return result
    already, again = signup is not None, False
    if signup is None:
        # Under the game's lock, so that the order is that of the locks and no two keys are equal.
        last, again, responded, blocked, overlaps = BEFORE_JOINING.all(game.pk, who.pk, now)[0]
        member = require_player(game, who, viewer, blocked)
        if actor.user == who and (
            why := signup_closed_reason(game, now, who, in_discord=actor.source == EntryPoint.BUTTON)
        ):
            raise Refused(Refusal("closed", why))
        if asks and overlaps:
            schedule_conflicts.require_no_conflict(who, game.starts_at, game.ends_at, now, joining=game)
        added_by_other = actor.user != who
        rank = rank_of(game, who, added_by_other, member)
        if responded:
            game.responses.filter(user=who).delete()
        signup = Signup(
            game=game,
            user=who,
            order_key=(last or 0) + 1,
            joined_at=now,
            added_by_other=added_by_other,
            rank=rank,
            on_standby=on_standby,
        )
        if again:
            _unschedule_earlier_notices(game, who.pk, now, answered=not added_by_other)
        signups = assign_seats(game, now, signups=sorted([*signups, signup], key=lambda one: (one.rank, one.order_key)))
        record_change(game, actor, AuditAction.JOIN, by_other, now)
        if added_by_other:
            _notify_host_action(game, NotificationKind.ADDED, [who.pk], actor, now)
        elif game.settings.confirm_by_dm:
            notify(game, NotificationKind.SIGNED_UP, now, to=who.pk)
    elif actor.user == who:
        # The reply tells the place, so a notification of the same is no longer needed.
        drop_place_notifications(game, who.pk, now)
    text = _joined_text(game, signup, signups, already, again, by_other.get("for", ""), now)
    private_text = instructions_text(game) if actor.user == who else ""
    return ActionResult(game, not already, text, signups, private_text)


def _joined_text(
    game: Game, signup: Signup, signups: Sequence[Signup], already: bool, again: bool, name: str, now: datetime
) -> str:
    """Return the reply to a join; `name` is set if somebody else signed them up."""
    number, seated = place_among(signups, signup)
    if name:
        place = wording.place_text(number, game.settings.seats, seated)
        return wording.signed_up_by_other(name, place, already)
    if not already and not seated and signup.on_standby:
        return offer_wording.on_standby(number, gave_up=False)
    if game.settings.method.by_host and not seated:
        return signup_wording.waiting_for_host(number, already)
    if not already and not seated and offers_seats(game, now):
        free = has_free_seat(game, signups)
        return (offer_wording.seat_offered_to_another if free else offer_wording.offered_in_turn)(number)
    return wording.joined(number, game.settings.seats, seated, already, again)


def _unschedule_earlier_notices(game: Game, user_id: int, now: datetime, answered: bool = False) -> None:
    """Unschedule what a person who joins again was to hear of their earlier stay: they see the game as it is.

    `answered`: whether a reply to them tells their place.
    """
    kinds = [NotificationKind.EDITED, NotificationKind.CONFIRMATION]
    if answered:
        drop_place_notifications(game, user_id, now, also=kinds)
        return
    close_notifications(game, [*kinds, NotificationKind.SEAT_CHANGE], GameSkipCode.JOINED_LATER, now, to=user_id)


def require_player(game: Game, who: User, viewer: Viewer, blocked: bool) -> Member:
    """Raise Refused for a person who may not take part; `blocked`: whether the guild blocks them.

    People whom a host or manager signs up need no role.
    """
    member = viewer.member if viewer.user == who else get_membership(who, game.guild_id)
    if member is None:
        raise Refused(Refusal("not_a_member", wording.NOT_A_MEMBER))
    if not may_view(member, game.channel):
        raise Refused(Refusal("channel_hidden", wording.cannot_see_channel(who.display_name)))
    if blocked_reason(game, who.pk, blocked):
        raise Refused(Refusal("blocked", wording.BLOCKED))
    roles = game.settings.player_role_ids
    if viewer.user != who or may_play(member, roles) or game.is_hosted_by(who.pk):
        return member
    raise Refused(Refusal("not_a_player", wording.role_needed_to_join(role_names(game.guild_id, roles))))


@transaction.atomic
def leave(game_id: int, who: User, actor: Actor, now: datetime) -> ActionResult:
    """Take a person out; whoever has waited longest gets the seat. Raises Refused once the game has started.

    A response Maybe or Can't make it is withdrawn. Taking out somebody else is `remove_signup`, with its
    rules and its notification.
    """
    if actor.user != who:
        return _remove(game_id, Q(user=who), actor, now)
    game, _ = locked_game_for(GameAction.LEAVE, game_id, who, actor, now)
    return leave_locked(game, who, actor, now)


def leave_locked(game: Game, who: User, actor: Actor, now: datetime) -> ActionResult:
    """Take out the actor themselves, for an action that holds the game's lock and has checked its state."""
    signups = current_signups(game)
    signup = own_signup(signups, who)
    guests = guests_of(signup, signups) if signup is not None else []
    if signup is not None:
        withdraw(game, signup, now)
        signups = assign_seats(game, now, signups=[one for one in signups if one != signup])
        record_change(game, actor, AuditAction.LEAVE, {}, now)
    elif game.responses.filter(user=who).delete()[0]:
        record_change(game, actor, AuditAction.RESPOND, {"kind": ""}, now)
        return ActionResult(game, True, signup_wording.RESPONSE_WITHDRAWN, signups)
    text = signup_wording.with_guest_left(wording.left(signup is not None), guests)
    return ActionResult(game, signup is not None, text, signups)


# --- by the host -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AddedNames:
    """The names of the people added, and of those who were in the game already."""

    names: tuple[str, ...] = ()
    already: tuple[str, ...] = ()


def add_participants(game: Game, participants: Iterable[Participant], actor: Actor, now: datetime) -> AddedNames:
    """Sign up the people whom the host named, in that order, behind everyone who is in. Needs the game's lock.

    People already in the game stay as they are. The people added are notified. Raises Refused and changes
    nothing if one is not a member or there are too many.
    """
    participants = list(dict.fromkeys(participants))
    if not participants:
        return AddedNames()
    current = list(game.signups.current())
    already_in = {s.user_id for s in current if s.user_id} | {
        normalize_name(s.placeholder) for s in current if s.placeholder
    }
    new = [one for one in participants if (normalize_name(one) if isinstance(one, str) else one) not in already_in]
    names = display_names(game.guild_id, [one for one in participants if isinstance(one, int)])
    if new:
        require_state(game, GameAction.ADD, now)
        _check_participants(game, new, current, now)
        game.responses.filter(user__in=[one for one in new if isinstance(one, int)]).delete()
        last = game.signups.last_order_key()
        for key, participant in enumerate(new, last + 1):
            who = {"user_id": participant} if isinstance(participant, int) else {"placeholder": participant}
            added_by_other = actor.user is None or actor.user.pk != participant
            Signup.objects.create(game=game, order_key=key, joined_at=now, added_by_other=added_by_other, **who)
        assign_seats(game, now)
        user_ids = [participant for participant in new if isinstance(participant, int)]
        for user_id in user_ids:
            _unschedule_earlier_notices(game, user_id, now)
        _notify_host_action(game, NotificationKind.ADDED, user_ids, actor, now)

    def name(participant: Participant) -> str:
        return names[participant].text if isinstance(participant, int) else shown_name(participant)

    added = AddedNames(tuple(map(name, new)), tuple(name(one) for one in participants if one not in new))
    if new:
        record_change(game, actor, AuditAction.ADD, {"for": stored_people(new)}, now)
    return added


def _check_participants(game: Game, new: list[Participant], current: list[Signup], now: datetime) -> None:
    people = [one for one in new if isinstance(one, int)]
    placeholders = [one for one in new if isinstance(one, str)]
    for placeholder in placeholders:
        if sentence := signup_limits.check_placeholder(placeholder):
            raise Refused(Refusal("bad_placeholder", sentence, {"participants": sentence}))
    rows = Member.objects.with_role_permissions().select_related("guild", "user")
    members = list(rows.filter(guild_id=game.guild_id, user_id__in=people, left_at=None))
    if len(members) < len(people):
        raise Refused(Refusal("not_a_member", wording.MEMBER_LEFT, {"participants": wording.MEMBER_LEFT}))
    if hidden_from := [member.display_name for member in members if not may_view(member, game.channel)]:
        sentence = wording.cannot_see_channel(", ".join(sorted(hidden_from)))
        raise Refused(Refusal("channel_hidden", sentence, {"participants": sentence}))
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
    """Take a person or placeholder out of a game that is not over; whoever has waited longest gets the seat.

    The person is notified, with the host's reason if there is one. Raises Refused for actors who may not
    manage the game.
    """
    return _remove(game_id, Q(pk=signup_id), actor, now, text_rules.tidy_lines(reason))


def _remove(game_id: int, which: Q, actor: Actor, now: datetime, reason: str = "") -> ActionResult:
    game, _ = managed_game(GameAction.REMOVE, game_id, actor, now)
    if refusal := text_rules.check_reason(reason):
        raise Refused(refusal)
    signup = game.signups.current().filter(which).first()
    if signup is None:
        return ActionResult(game, False, wording.UNKNOWN_SIGNUP)
    guests = [shown_name(name) for name in signup.guests.current().values_list("placeholder", flat=True)]
    was_seated = signup.seated_at is not None
    signup.left_at, signup.seated_at = now, None
    signup.save(update_fields=["left_at", "seated_at"])
    assign_seats(game, now)
    name = name_of(signup)
    changes = {"for": stored_participant(signup), **({"word": reason} if reason else {})}
    record_change(game, actor, AuditAction.REMOVE, changes, now)
    if signup.user_id is not None:
        _notify_host_action(game, NotificationKind.REMOVED, [signup.user_id], actor, now, reason, was_seated)
    return ActionResult(game, True, signup_wording.with_their_guest_left(wording.removed(name), guests))


def _notify_host_action(
    game: Game,
    kind: NotificationKind,
    user_ids: Collection[int],
    actor: Actor,
    now: datetime,
    reason: str = "",
    was_seated: bool = False,
) -> None:
    """Schedule the notification of a host's action to its people.

    There is none for a person who did it themselves, or for a game that is not announced yet. If the opposite happens
    before it is sent, neither is.
    """
    notified_ids = [user_id for user_id in user_ids if actor.user is None or actor.user.pk != user_id]
    if game.announced_at is None:
        return
    by = actor.user.pk if actor.user and not actor.operator else None
    if kind == NotificationKind.REMOVED:
        # Removed, added and removed again before they hear of it: the seat is the one that they had at first.
        unsent = Notification.objects.open().filter(game=game, kind=kind, recipient__in=notified_ids)
        was_seated = was_seated or any(HostActionPayload.of(row).was_seated for row in unsent)
    for user_id in notified_ids:
        notify(game, kind, now, to=user_id, payload=HostActionPayload(by, reason, was_seated))
