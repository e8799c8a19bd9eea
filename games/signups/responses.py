"""Answers other than Join and Leave, notes beside names, and whom people bring."""

from datetime import datetime

from django.db import transaction

from games.core.base import Actor, Done, changed, game_for, locked_game, require, whose
from games.core.roster import place
from games.core.seating import reseat
from games.core.states import State
from games.core.withdrawals import give_up
from games.core.wording import place_text
from games.models import Game, OtherAnswer, Signup
from games.signups import limits as signup_limits
from games.signups import wording as signup_wording
from games.signups.actions import require_player
from games.signups.followers import following
from games.signups.rules import why_closed
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User

Kind = OtherAnswer.Kind


@transaction.atomic
def answer(game_id: int, who: User, kind: Kind, actor: Actor, now: datetime) -> Done:
    """Say of a game that one may come, or cannot. It gives up a seat or a place; joining takes it back.

    Raises Refused where the game takes no such answers, and like `join` for those who could not sign up.
    """
    game = locked_game(game_id, actor)
    if actor.user != who and not actor.operator:
        raise Refused(Refusal("not_yours", signup_wording.ONLY_THEY))
    require(game, "answer", now)
    if not game.effective.answers:
        raise Refused(Refusal("no_answers", signup_wording.NO_ANSWERS))
    signup = game.signups.current().filter(user=who).first()
    before = game.other_answers.filter(user=who).first()
    if signup is None:
        require_player(game, who, actor, now)
        if why := why_closed(game, now, who, in_discord=actor.door == "button"):
            raise Refused(Refusal("closed", why))
    if before is not None and before.kind == kind:
        return Done(game, False, signup_wording.answered(kind, False, False, already=True))
    was_seated = signup is not None and signup.seated_at is not None
    if signup is not None:
        give_up(game, signup, now)
    game.other_answers.update_or_create(user=who, defaults={"kind": kind, "note": "", "at": now})
    if signup is not None:
        reseat(game, now)
    changed(game, actor, "answer", {"kind": kind.value, **whose(game, who, actor)}, now)
    return Done(game, True, signup_wording.answered(kind, signup is not None, was_seated, already=False))


def maybe(game_id: int, who: User, actor: Actor, now: datetime) -> Done:
    """`answer` that one may come."""
    return answer(game_id, who, Kind.TENTATIVE, actor, now)


def cant(game_id: int, who: User, actor: Actor, now: datetime) -> Done:
    """`answer` that one cannot come."""
    return answer(game_id, who, Kind.ABSENT, actor, now)


def unanswered(game: Game, now: datetime) -> list[int]:
    """Who was asked about a game to come and said nothing.

    Those in it who have yet to answer its last question, and, while people can sign up, the followers who heard of it.
    """
    if game.state(now) is not State.SCHEDULED:
        return []
    asked = game.signups.current().filter(user__isnull=False, asked__gt=0).values_list("user_id", flat=True)
    found = [pk for pk in asked if pk]
    if not why_closed(game, now, None):
        said = set(game.other_answers.values_list("user_id", flat=True))
        found += [pk for pk in following(game, now) if pk not in said]
    return found


def has_answered(game: Game, user_id: int) -> bool:
    """Whether a person said something to all that they were asked about a game."""
    signup = game.signups.current().filter(user_id=user_id).first()
    return signup.asked == 0 if signup is not None else game.other_answers.filter(user_id=user_id).exists()


# --- notes -----------------------------------------------------------------------------------------------


@transaction.atomic
def note(game_id: int, who: User, text: str, actor: Actor, now: datetime) -> Done:
    """Write a note beside somebody's name, or take it away with an empty one. Raises Refused."""
    game = game_for("note", game_id, who, actor, now)
    text = " ".join(text.split())
    if wrong := signup_limits.check_note(text):
        raise Refused(Refusal("bad_note", wrong, {"note": wrong}))
    found: Signup | OtherAnswer | None = game.signups.current().filter(user=who).first()
    found = found or game.other_answers.filter(user=who).first()
    if found is None:
        raise Refused(Refusal("not_in", signup_wording.NOTHING_TO_NOTE))
    if found.note == text:
        return Done(game, False, signup_wording.NOTE_SAME)
    found.note = text
    found.save(update_fields=["note"])
    changed(game, actor, "note", {"note": text, **whose(game, who, actor)}, now)
    return Done(game, True, signup_wording.noted(text))


# --- whom people bring -----------------------------------------------------------------------------------


@transaction.atomic
def bring(game_id: int, who: User, name: str, actor: Actor, now: datetime) -> Done:
    """Sign up, by name, one person whom somebody in the game brings. They leave with their inviter.

    They come after everyone who is as far in line as their inviter by now. Raises Refused.
    """
    game, mine = _inviter(game_id, who, actor, now)
    if not game.effective.plus_one:
        raise Refused(Refusal("no_plus_one", signup_wording.NO_PLUS_ONE))
    if why := why_closed(game, now, who, in_discord=actor.door == "button"):
        raise Refused(Refusal("closed", why))
    if mine is None:
        raise Refused(Refusal("not_in", signup_wording.JOIN_TO_BRING))
    if (guest := mine.guests.filter(left_at=None).first()) is not None:
        raise Refused(Refusal("brings_already", signup_wording.brings_already(guest.placeholder)))
    name = " ".join(name.split())
    if wrong := signup_limits.check_placeholder(name) if name else signup_wording.NO_NAME:
        raise Refused(Refusal("bad_name", wrong, {"name": wrong}))
    last = game.signups.last_key()
    guest = Signup.objects.create(
        game=game, placeholder=name, guest_of=mine, rank=mine.rank, order_key=last + 1, joined_at=now
    )
    reseat(game, now)
    changed(game, actor, "bring", {"name": name, **whose(game, who, actor)}, now)
    number, seated = place(game, guest)
    return Done(game, True, signup_wording.brought(name, place_text(number, game.effective.seats, seated), seated))


@transaction.atomic
def unbring(game_id: int, who: User, actor: Actor, now: datetime) -> Done:
    """Take back whom somebody brings; whoever has waited longest gets the seat. Raises Refused."""
    game, mine = _inviter(game_id, who, actor, now)
    guest = mine.guests.filter(left_at=None).first() if mine is not None else None
    if guest is None:
        return Done(game, False, signup_wording.NO_GUEST)
    guest.left_at, guest.seated_at = now, None
    guest.save(update_fields=["left_at", "seated_at"])
    reseat(game, now)
    changed(game, actor, "unbring", {"name": guest.placeholder, **whose(game, who, actor)}, now)
    return Done(game, True, signup_wording.taken_back(guest.placeholder))


def _inviter(game_id: int, who: User, actor: Actor, now: datetime) -> tuple[Game, Signup | None]:
    game = game_for("join", game_id, who, actor, now)
    return game, game.signups.current().filter(user=who).first()
