"""Responses other than Join and Leave, notes beside names, and guests."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from games.core.base import (
    ActionResult,
    Actor,
    EntryPoint,
    locked_game,
    locked_game_for,
    on_behalf_of,
    record_change,
    require_state,
)
from games.core.codes import AuditAction
from games.core.roster import GamePeople, load_people, own_signup, place_among
from games.core.seating import assign_seats, current_signups
from games.core.states import GameAction, State
from games.core.withdrawals import guests_of, withdraw
from games.core.wording import place_text
from games.models import Game, GameResponse, Signup
from games.signups import limits as signup_limits
from games.signups import wording as signup_wording
from games.signups.actions import require_player
from games.signups.followers import follows_by_user
from games.signups.rules import signup_closed_reason
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User
from guilds.names import tidy_line
from guilds.permissions import is_blocked

Kind = GameResponse.Kind


@transaction.atomic
def respond(game_id: int, who: User, kind: Kind, actor: Actor, now: datetime) -> ActionResult:
    """Save the response Maybe or Can't make it; it gives up a seat or a place, and joining withdraws it.

    Raises Refused if the game takes no such responses, and like `join` for people who could not sign up.
    """
    game, viewer = locked_game(game_id, actor, now)
    if actor.user != who and not actor.operator:
        raise Refused(Refusal("not_yours", signup_wording.ONLY_THEY))
    require_state(game, GameAction.RESPOND, now)
    if not game.settings.answers:
        raise Refused(Refusal("no_answers", signup_wording.NO_RESPONSES))
    signups = current_signups(game)
    signup = own_signup(signups, who)
    response = game.responses.filter(user=who).first()
    if signup is None:
        require_player(game, who, viewer, is_blocked(game.guild_id, who, now))
        if why := signup_closed_reason(game, now, who, in_discord=actor.source == EntryPoint.BUTTON):
            raise Refused(Refusal("closed", why))
    if response is not None and response.kind == kind:
        return ActionResult(game, False, signup_wording.responded(kind, False, False, already=True))
    was_seated = signup is not None and signup.seated_at is not None
    guests = guests_of(signup, signups) if signup is not None else []
    if signup is not None:
        withdraw(game, signup, now)
    game.responses.update_or_create(user=who, defaults={"kind": kind, "note": "", "at": now})
    if signup is not None:
        signups = assign_seats(game, now, signups=[one for one in signups if one != signup])
    record_change(game, actor, AuditAction.RESPOND, {"kind": kind.value, **on_behalf_of(who, actor)}, now)
    text = signup_wording.responded(kind, signup is not None, was_seated, already=False)
    return ActionResult(game, True, signup_wording.with_guest_left(text, guests), signups)


def respond_maybe(game_id: int, who: User, actor: Actor, now: datetime) -> ActionResult:
    """Respond Maybe; see `respond`."""
    return respond(game_id, who, Kind.TENTATIVE, actor, now)


def respond_absent(game_id: int, who: User, actor: Actor, now: datetime) -> ActionResult:
    """Respond Can't make it; see `respond`."""
    return respond(game_id, who, Kind.ABSENT, actor, now)


def users_without_response(game: Game, now: datetime, people: GamePeople | None = None) -> list[int]:
    """Return the users who were asked about an upcoming game and have not responded.

    These are players with an open confirmation and, while sign-ups are open, the followers who may join.
    """
    if game.state(now) is not State.SCHEDULED:
        return []
    people = people or load_people(game)
    user_ids = [one.user_id for one in people.signups if one.user_id and one.open_confirmation]
    if not signup_closed_reason(game, now, None):
        responded = {one.user_id for one in people.responses}
        user_ids += [pk for pk in follows_by_user(game, now, people.signups) if pk not in responded]
    return user_ids


def has_responded(game: Game, user_id: int) -> bool:
    """Return whether a user has responded to all that they were asked about a game."""
    signup = game.signups.current().of(user_id).first()
    return signup.open_confirmation == 0 if signup is not None else game.responses.filter(user_id=user_id).exists()


# --- notes -----------------------------------------------------------------------------------------------


@transaction.atomic
def set_note(game_id: int, who: User, text: str, actor: Actor, now: datetime) -> ActionResult:
    """Set the note beside a person's name; an empty note removes it. Raises Refused."""
    game, _ = locked_game_for(GameAction.NOTE, game_id, who, actor, now)
    text = tidy_line(text)
    if problem := signup_limits.check_note(text):
        raise Refused(Refusal("bad_note", problem, {"note": problem}))
    noted_row: Signup | GameResponse | None = game.signups.current().of(who).first()
    noted_row = noted_row or game.responses.filter(user=who).first()
    if noted_row is None:
        raise Refused(Refusal("not_in", signup_wording.NOTHING_TO_NOTE))
    if noted_row.note == text:
        return ActionResult(game, False, signup_wording.NOTE_SAME)
    noted_row.note = text
    noted_row.save(update_fields=["note"])
    record_change(game, actor, AuditAction.NOTE, {"note": text, **on_behalf_of(who, actor)}, now)
    return ActionResult(game, True, signup_wording.note_saved(text))


# --- guests ----------------------------------------------------------------------------------------------


@transaction.atomic
def add_guest(game_id: int, who: User, name: str, actor: Actor, now: datetime) -> ActionResult:
    """Sign up, by name, one guest of somebody in the game; the guest leaves with their inviter.

    The guest comes after everyone who has the inviter's rank now. Raises Refused.
    """
    game, inviter = _locked_game_and_inviter(game_id, who, actor, now)
    if not game.settings.plus_one:
        raise Refused(Refusal("no_plus_one", signup_wording.NO_PLUS_ONE))
    if why := signup_closed_reason(game, now, who, in_discord=actor.source == EntryPoint.BUTTON):
        raise Refused(Refusal("closed", why))
    if inviter is None:
        raise Refused(Refusal("not_in", signup_wording.JOIN_TO_BRING))
    if (guest := inviter.guests.current().first()) is not None:
        raise Refused(Refusal("brings_already", signup_wording.has_guest_already(guest.guest_name)))
    name = tidy_line(name)
    if problem := signup_limits.check_placeholder(name) if name else gettext(signup_wording.NO_NAME):
        raise Refused(Refusal("bad_name", problem, {"name": problem}))
    last = game.signups.last_order_key()
    guest = Signup.objects.create(
        game=game, placeholder=name, guest_of=inviter, rank=inviter.rank, order_key=last + 1, joined_at=now
    )
    signups = assign_seats(game, now)
    record_change(game, actor, AuditAction.ADD_GUEST, {"name": guest.guest_name, **on_behalf_of(who, actor)}, now)
    number, seated = place_among(signups, guest)
    return ActionResult(
        game,
        True,
        signup_wording.guest_added(guest.guest_name, place_text(number, game.settings.seats, seated), seated),
    )


@transaction.atomic
def remove_guest(game_id: int, who: User, actor: Actor, now: datetime) -> ActionResult:
    """Remove a person's guest; whoever has waited longest gets the seat. Raises Refused."""
    game, inviter = _locked_game_and_inviter(game_id, who, actor, now)
    guest = inviter.guests.current().first() if inviter is not None else None
    if guest is None:
        return ActionResult(game, False, signup_wording.NO_GUEST)
    guest.left_at, guest.seated_at = now, None
    guest.save(update_fields=["left_at", "seated_at"])
    assign_seats(game, now)
    record_change(game, actor, AuditAction.REMOVE_GUEST, {"name": guest.guest_name, **on_behalf_of(who, actor)}, now)
    return ActionResult(game, True, signup_wording.guest_removed(guest.guest_name))


def _locked_game_and_inviter(game_id: int, who: User, actor: Actor, now: datetime) -> tuple[Game, Signup | None]:
    game, _ = locked_game_for(GameAction.JOIN, game_id, who, actor, now)
    return game, game.signups.current().of(who).first()
