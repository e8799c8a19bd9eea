"""Joining and leaving, and being added and removed by a host."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from games.core import text_rules, wording
from games.core.base import Actor, Done, changed, game_for, locked_game, require, require_manager, whose
from games.core.ranks import rank_of
from games.core.roster import name_of, place_of
from games.core.scheduling import touch
from games.core.seating import has_room, offering, reseat
from games.core.states import State
from games.core.withdrawals import give_up
from games.models import Game, Signup
from games.offers import actions as offers
from games.offers import overlaps
from games.offers import wording as offer_wording
from games.offers.overlaps import Overlap
from games.signups import limits as signup_limits
from games.signups import wording as signup_wording
from games.signups.participants import Named
from games.signups.rules import why_closed
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import normalize_name, display_names, role_names
from guilds.models import Member, User
from guilds.permissions import is_blocked, may_play, get_membership
from notifications.queue import schedule, unschedule


@transaction.atomic
def join(
    game_id: int, who: User, actor: Actor, now: datetime, *, waits: bool = False, overlap: Overlap = Overlap.ANYWAY
) -> Done:
    """Sign a person up: a seat while one is free, else the end of the wait list; there on purpose with `waits`.

    Whom somebody else signs up is told. Joining twice takes an offered seat, or ends waiting on purpose; else it
    changes nothing. Raises Refused once the game has started, and for others than its hosts once sign-ups are closed;
    and, if it is to be asked, `Overlapping` for who joins by themselves and plays at that time.
    """
    game = game_for("join", game_id, who, actor, now)
    theirs = list(game.signups.filter(user=who))
    current = next((one for one in theirs if one.left_at is None), None)
    if current is not None and actor.user == who and (done := offers.again(game, current, actor, now)) is not None:
        return done
    already, again = current is not None, bool(theirs)
    if not already:
        require_player(game, who, actor, now)
        if actor.user == who and (why := why_closed(game, now, who, in_discord=actor.door == "button")):
            raise Refused(Refusal("closed", why))
        if overlap is Overlap.ASK and actor.user == who and not actor.operator:
            overlaps.require_free(who, game.starts_at, game.ends_at, now, joining=game)
        # Under the game's lock, so that the order is that of the locks and no two are alike.
        last = game.signups.last_key()
        put_in = actor.user != who
        rank = rank_of(game, who, put_in)
        game.other_answers.filter(user=who).delete()
        Signup.objects.create(
            game=game, user=who, order_key=last + 1, joined_at=now, put_in=put_in, rank=rank, waits=waits
        )
        _knows_it_as_it_is(game, who.pk, now)
        reseat(game, now)
        changed(game, actor, "join", whose(game, who, actor), now)
        if put_in:
            _tell_of_host(game, "added", who.pk, actor, now)
        elif game.effective.confirm_by_dm:
            schedule("confirmed", game_id=game.pk, recipient_id=who.pk, due_at=now, revision=game.revision)
    elif actor.user == who:
        # The answer says where they are, so a letter that would say the same is not needed any more.
        unschedule(["moved"], game.pk, now, "the answer to a click said so", recipient_id=who.pk)
    number, seated = place_of(game, who)
    if actor.user != who:
        name = display_names(game.guild_id, [who.pk])[who.pk].text
        place = wording.place_text(number, game.effective.seats, seated)
        return Done(game, not already, wording.put_in(name, place, already))
    if not already and not seated and waits:
        return Done(game, True, offer_wording.waiting(number, gave_up=False))
    if game.effective.method.by_host and not seated:
        return Done(game, not already, signup_wording.waits_for_host(number, already))
    if not already and not seated and offering(game, now):
        say = offer_wording.held if has_room(game) else offer_wording.asked_in_turn
        return Done(game, True, say(number))
    return Done(game, not already, wording.joined(number, game.effective.seats, seated, already, again))


def _knows_it_as_it_is(game: Game, user_id: int, now: datetime) -> None:
    """Who comes back a moment after leaving need not hear what was edited before."""
    unschedule(["edited", "question"], game.pk, now, "they joined after it", recipient_id=user_id)


def require_player(game: Game, who: User, actor: Actor, now: datetime) -> None:
    """Raise Refused for those who may not take part. Whom its hosts or managers sign up needs no role."""
    member = get_membership(who, game.guild_id)
    if member is None:
        raise Refused(Refusal("not_a_member", wording.NOT_A_MEMBER))
    if game.is_hosted_by(who.pk):
        return
    if is_blocked(game.guild_id, who, now):
        raise Refused(Refusal("blocked", wording.BLOCKED))
    roles = game.effective.player_role_ids
    if actor.user == who and not may_play(member, roles):
        raise Refused(Refusal("not_a_player", wording.only_players(role_names(game.guild_id, roles))))


@transaction.atomic
def leave(game_id: int, who: User, actor: Actor, now: datetime) -> Done:
    """Take a person out; whoever has waited longest gets the seat. Raises Refused once the game has started.

    Who said Maybe, or that they cannot come, takes that back by it.
    Taking out somebody else is `remove`, with its rules and its letter.
    """
    if actor.user != who:
        return _remove(game_id, Q(user=who), actor, now)
    game = game_for("leave", game_id, who, actor, now)
    if (signup := game.signups.current().filter(user=who).first()) is not None:
        give_up(game, signup, now)
        reseat(game, now)
        changed(game, actor, "leave", {}, now)
    elif game.other_answers.filter(user=who).delete()[0]:
        changed(game, actor, "answer", {"kind": ""}, now)
        return Done(game, True, signup_wording.TAKEN_BACK)
    return Done(game, signup is not None, wording.left(signup is not None))


@transaction.atomic
def free_lost_seat(game_id: int, user_id: int, now: datetime) -> bool:
    """Take out of a game whoever left the guild or lost the role to play, and tell the host. Says whether it did.

    Who said Maybe, or that they cannot come, and left the guild is no longer listed; nobody need know.

    Whom somebody else put in needs no role, and so loses none. Coming back does not bring the seat back: by then it is
    another's.
    """
    game = locked_game(game_id, Actor(None, "discord", operator=True))
    signup = game.signups.current().filter(user_id=user_id).first()
    state = game.state(now)
    if not (state.hidden or state is State.SCHEDULED):
        return False
    member = get_membership(User.objects.get(pk=user_id), game.guild_id)
    if member is None and game.other_answers.filter(user_id=user_id).delete()[0]:
        touch(game, now)
        return True
    if signup is None:
        return False
    if member is not None and (
        signup.put_in or game.is_hosted_by(user_id) or may_play(member, game.effective.player_role_ids)
    ):
        return False
    signup.left_at, signup.seated_at = now, None
    signup.save(update_fields=["left_at", "seated_at"])
    reseat(game, now)
    name = display_names(game.guild_id, [user_id])[user_id].text
    changed(game, Actor(None, "discord"), "lost_seat", {"for": name, "left": member is None}, now)
    facts = {"who": name, "left": member is None}
    # Several may go before the next look at the clock, so the row is told apart by the person.
    offset = user_id % 2**31
    schedule(
        "lost_seat",
        game_id=game.pk,
        recipient_id=game.host_id,
        dedupe_key=offset,
        due_at=now,
        revision=game.revision,
        payload=facts,
    )
    return True


def free_lost_seats(guild_id: int, user_id: int, now: datetime) -> int:
    """`free_lost_seat` in every game to come of the guild; for when a member left or has other roles."""
    to_come = Game.objects.filter(guild_id=guild_id, cancelled_at=None, starts_at__gt=now)
    games = to_come.filter(Q(signups__user_id=user_id, signups__left_at=None) | Q(other_answers__user_id=user_id))
    return sum(free_lost_seat(pk, user_id, now) for pk in sorted(set(games.values_list("pk", flat=True))))


def on_member_changed(guild_id: int, user_id: int, now: datetime, **kwargs: object) -> None:
    """Receives `guilds.signals.member_changed`."""
    free_lost_seats(guild_id, user_id, now)


# --- by the host -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Added:
    """Names of those who were added, and of those who were in the game already."""

    names: tuple[str, ...] = ()
    already: tuple[str, ...] = ()


def add_named(game: Game, named: Iterable[Named], actor: Actor, now: datetime) -> Added:
    """Sign up whom the host named, in that order, behind everyone who is in; for verbs that hold the game's lock.

    Those in the game already stay as they are. The people added are told. Raises Refused, changing nothing, where
    somebody is no member or there are too many.
    """
    named = list(dict.fromkeys(named))
    current = list(game.signups.current())
    here = {s.user_id for s in current if s.user_id} | {normalize_name(s.placeholder) for s in current if s.placeholder}
    new = [one for one in named if (normalize_name(one) if isinstance(one, str) else one) not in here]
    names = display_names(game.guild_id, [one for one in named if isinstance(one, int)])
    if new:
        require(game, "add", now)
        _check_named(game, new, current, now)
        game.other_answers.filter(user__in=[one for one in new if isinstance(one, int)]).delete()
        last = game.signups.last_key()
        for key, one in enumerate(new, last + 1):
            who = {"user_id": one} if isinstance(one, int) else {"placeholder": one}
            put_in = actor.user is None or actor.user.pk != one
            Signup.objects.create(game=game, order_key=key, joined_at=now, put_in=put_in, **who)
        reseat(game, now)
        for one in new:
            if isinstance(one, int):
                _knows_it_as_it_is(game, one, now)
                _tell_of_host(game, "added", one, actor, now)

    def name(one: Named) -> str:
        return names[one].text if isinstance(one, int) else one

    added = Added(tuple(map(name, new)), tuple(name(one) for one in named if one not in new))
    if new:
        changed(game, actor, "add", {"for": ", ".join(added.names)}, now)
    return added


def _check_named(game: Game, new: list[Named], current: list[Signup], now: datetime) -> None:
    people = [one for one in new if isinstance(one, int)]
    placeholders = [one for one in new if isinstance(one, str)]
    for one in placeholders:
        if sentence := signup_limits.check_placeholder(one):
            raise Refused(Refusal("bad_placeholder", sentence, {"participants": sentence}))
    if Member.objects.filter(guild_id=game.guild_id, user_id__in=people, left_at=None).count() < len(people):
        raise Refused(Refusal("not_a_member", wording.GONE_MEMBER, {"participants": wording.GONE_MEMBER}))
    kept_out = [user for user in User.objects.filter(pk__in=people) if is_blocked(game.guild_id, user, now)]
    if kept_out:
        names = display_names(game.guild_id, [user.pk for user in kept_out])
        sentence = wording.blocked_others(sorted(name.text for name in names.values()))
        raise Refused(Refusal("blocked", sentence, {"participants": sentence}))
    kept = sum(1 for s in current if s.placeholder and s.guest_of_id is None)
    if refusal := signup_limits.check_named(kept + len(placeholders) if placeholders else 0, len(current) + len(new)):
        raise Refused(refusal)


@transaction.atomic
def remove(game_id: int, signup_id: int, actor: Actor, now: datetime, word: str = "") -> Done:
    """Take a person or placeholder out of a game that is not over. Whoever waited longest gets the seat.

    The person is told, with the host's `word` if there is one. Raises Refused for those who may not manage the game.
    """
    return _remove(game_id, Q(pk=signup_id), actor, now, text_rules.tidy_lines(word))


def _remove(game_id: int, which: Q, actor: Actor, now: datetime, word: str = "") -> Done:
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "remove", now)
    if refusal := text_rules.check_reason(word):
        raise Refused(refusal)
    signup = game.signups.current().filter(which).first()
    if signup is None:
        return Done(game, False, wording.UNKNOWN_SIGNUP)
    signup.left_at, signup.seated_at = now, None
    signup.save(update_fields=["left_at", "seated_at"])
    reseat(game, now)
    name = name_of(signup)
    said = {"word": word} if word else {}
    changed(game, actor, "remove", {"for": name, **said}, now)
    told = signup.user_id is not None and _tell_of_host(game, "removed", signup.user_id, actor, now, said)
    return Done(game, True, wording.removed(name, told))


def _tell_of_host(
    game: Game, kind: str, user_id: int, actor: Actor, now: datetime, said: Mapping[str, str] | None = None
) -> bool:
    """Plan to tell a person what was done about them, unless they did it themselves; says whether.

    Of a game that is not announced yet nobody is told anything.
    """
    if game.announced_at is None or (actor.user is not None and actor.user.pk == user_id):
        return False
    by = actor.user.pk if actor.user and not actor.operator else None
    schedule(
        kind,
        game_id=game.pk,
        recipient_id=user_id,
        due_at=now,
        revision=game.revision,
        payload={"by": by, **(said or {})},
    )
    return True
