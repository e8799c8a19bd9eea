"""Confirmations: asking players whether they still come, when the start moved or the game was scheduled again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from games.confirmations import wording as confirmation_wording
from games.core import choices, rules
from games.core.audit_people import stored_people
from games.core.base import CLOCK_ACTOR, ActionResult, Actor, locked_game, record_change, require_state
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notifications import skip_for_state
from games.core.payloads import ConfirmationEndPayload, ConfirmationSummaryPayload
from games.core.queue import close_notifications, notify
from games.core.seating import assign_seats
from games.core.states import GameAction, State
from games.models import Game, Signup
from games.signups import actions as signups
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User
from notifications.models import Notification
from notifications.types import Skip


def request_confirmation(game: Game, people: Iterable[Signup], drop_unconfirmed: bool, now: datetime) -> None:
    """Ask exactly these people to confirm; earlier confirmations are closed. Needs the game's lock.

    The caller schedules the notifications.
    """
    recipients = list(people)
    game.confirmation_number += 1
    game.confirm_by = rules.confirmation_deadline(game.starts_at, now) if recipients else None
    game.drop_unconfirmed = drop_unconfirmed
    game.save(update_fields=["confirmation_number", "confirm_by", "drop_unconfirmed"])
    game.signups.filter(open_confirmation__gt=0).update(open_confirmation=0)
    game.signups.filter(pk__in=[signup.pk for signup in recipients]).update(open_confirmation=game.confirmation_number)
    if game.confirm_by is None:
        close_notifications(game, [NotificationKind.CONFIRMATION_END], GameSkipCode.NO_CONFIRMATION, now)
        return
    _schedule_end(game, [signup.user_id for signup in recipients if signup.user_id], game.confirm_by)


def _schedule_end(game: Game, user_ids: Sequence[int], due_at: datetime) -> None:
    notify(
        game,
        NotificationKind.CONFIRMATION_END,
        due_at,
        payload=ConfirmationEndPayload(game.confirmation_number, user_ids),
    )


def request_confirmation_if_moved(
    game: Game, actor: Actor, drop_unconfirmed: bool | None, now: datetime
) -> list[Signup]:
    """Ask seated players to confirm if the start moved too far, and return them; close those of an earlier start.

    Needs the game's lock.
    """
    if game.state(now) is not State.SCHEDULED:
        return []
    current = _askable(game, actor.user)
    affected = _asked_of(game, current, game.starts_at)
    if affected or any(one.open_confirmation for one in current):
        request_confirmation(
            game, affected, game.settings.unconfirmed_lose_seat if drop_unconfirmed is None else drop_unconfirmed, now
        )
    return affected


@dataclass(frozen=True)
class AskedByMove:
    """What moving a game's start asks of its players: of how many, and from how far a move on; 0 for of none."""

    asked: int
    askable: int
    beyond: timedelta


def asked_by_move(game: Game, starts_at: datetime, user: User, now: datetime) -> AskedByMove:
    """Return whom an edit by a user that moves the start would ask to confirm, as `request_confirmation_if_moved`."""
    beyond = timedelta(minutes=game.settings.ask_if_moved)
    if game.state(now) is not State.SCHEDULED:
        return AskedByMove(0, 0, beyond)
    current = _askable(game, user)
    moved = [] if starts_at == game.starts_at else [(now, game.starts_at)]
    asked = _asked_of(game, current, starts_at, moved) if moved else []
    return AskedByMove(len(asked), sum(one.seated_at is not None for one in current) if beyond else 0, beyond)


def _askable(game: Game, by: User | None) -> list[Signup]:
    """Return the sign-ups of people whom an edit may ask: not of its host, nor of who makes it."""
    exempt = {game.host_id, by.pk if by is not None else None}
    return [one for one in game.signups.current() if one.user_id and one.user_id not in exempt]


def _asked_of(
    game: Game, people: list[Signup], starts_at: datetime, moved: Iterable[tuple[datetime, datetime]] = ()
) -> list[Signup]:
    """Return who is asked if the game starts then; `moved`: a move that is not stored yet.

    How far it moved is measured from the start that a player last agreed to. Players carried over from an earlier
    game who have never confirmed are asked in any case.
    """
    limit = timedelta(minutes=game.settings.ask_if_moved)
    agreed = _agreed_starts(game, people, starts_at, moved)

    def is_asked(signup: Signup) -> bool:
        before = agreed[signup.pk]
        if before is None:
            return True
        return signup.seated_at is not None and bool(limit) and abs(starts_at - before) > limit

    return [one for one in people if is_asked(one)]


def _agreed_starts(
    game: Game, people: list[Signup], starts_at: datetime, moved: Iterable[tuple[datetime, datetime]]
) -> dict[int, datetime | None]:
    """Return the start that each sign-up last agreed to: by taking a seat, confirming, or keeping it unconfirmed.

    None for a player who was carried over from an earlier game and has not confirmed yet.
    """
    # A start changed before the game was announced was agreed to as announced.
    edits = game.edits.filter(previous__has_key="start", at__gte=game.announced_at)
    moves = [*((edit.at, datetime.fromisoformat(edit.previous["start"])) for edit in edits), *moved]

    def agreed_start_of(signup: Signup) -> datetime | None:
        if signup.open_confirmation and signup.carried and game.confirm_carried and signup.confirmed_at is None:
            return None
        answers = [at for at in (signup.confirmed_at, game.confirmation_expired_at) if at is not None]
        seated_at = signup.seated_at or signup.joined_at
        return rules.agreed_start(moves, starts_at, seated_at, max(answers, default=None))

    return {signup.pk: agreed_start_of(signup) for signup in people}


@transaction.atomic
def answer_confirmation(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Handle a player's choice: `yes`, they still come; `no`, they leave.

    Raises Refused, `outdated` for an old confirmation.
    """
    game, _ = locked_game(game_id, actor, now)
    return _answer(game, number, choice, actor, now)


def _answer(game: Game, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    signup = game.signups.current().of(actor.user).first()
    if signup is None or actor.user is None or number != game.confirmation_number or choice not in {"yes", "no"}:
        raise Refused(choices.outdated_refusal())
    require_state(game, GameAction.RESPOND, now)
    if choice == "no":
        require_state(game, GameAction.LEAVE, now)
        result = signups.leave_locked(game, actor.user, actor, now)
    elif signup.open_confirmation == 0:
        return ActionResult(game, False, confirmation_wording.ALREADY_CONFIRMED)
    else:
        game.signups.filter(pk=signup.pk).update(open_confirmation=0, confirmed_at=now)
        record_change(game, actor, AuditAction.CONFIRM, {}, now)
        result = ActionResult(game, True, confirmation_wording.CONFIRMED)
    _end_if_all_answered(game, now)
    return result


def _end_if_all_answered(game: Game, now: datetime) -> None:
    """End the confirmation at once if everyone has answered, so that the host need not wait for the result."""
    row = Notification.objects.open().filter(game=game, kind=NotificationKind.CONFIRMATION_END).first()
    if row is not None and not game.signups.current().filter(open_confirmation__gt=0).exists():
        _schedule_end(game, ConfirmationEndPayload.of(row).user_ids, now)


def end_confirmation(game: Game, number: int, people: Iterable[int], now: datetime) -> Skip | None:
    """End a confirmation: who did not answer loses the seat or keeps it. Needs the game's lock.

    The host is notified of the result. Returns why nothing was done; None where it was.
    """
    if number != game.confirmation_number:
        return Skip(GameSkipCode.NEW_CONFIRMATION)
    unconfirmed = list(game.signups.current().filter(open_confirmation=number))
    game.signups.filter(open_confirmation__gt=0).update(open_confirmation=0)
    state = game.state(now)
    if state not in {State.SCHEDULED, State.IN_PROGRESS}:
        return skip_for_state(game, now)
    freed = game.drop_unconfirmed and state is State.SCHEDULED
    if freed:
        game.signups.filter(pk__in=[one.pk for one in unconfirmed]).update(left_at=now, seated_at=None)
        for signup in unconfirmed:
            notify(game, NotificationKind.DROPPED_UNCONFIRMED, now, to=signup.user_id, expires_at=game.starts_at)
        assign_seats(game, now)
    if unconfirmed:
        game.confirmation_expired_at = now
        changes = {"for": stored_people(one.user_id for one in unconfirmed if one.user_id), "left": freed}
        record_change(game, CLOCK_ACTOR, AuditAction.CONFIRMATION_ENDED, changes, now)
    requested = set(people)
    unconfirmed_ids = {one.user_id for one in unconfirmed}
    confirmed_ids = (
        set(game.signups.current().filter(user__in=requested).values_list("user_id", flat=True)) - unconfirmed_ids
    )
    counts = ConfirmationSummaryPayload(
        confirmed=len(confirmed_ids),
        left=len(requested - confirmed_ids - unconfirmed_ids),
        unconfirmed=len(unconfirmed_ids),
        dropped=freed,
    )
    notify(game, NotificationKind.CONFIRMATION_SUMMARY, now, to=game.host_id, payload=counts, expires_at=game.ends_at)
    return None


@transaction.atomic
def answer_open_confirmation(game_id: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Run `answer_confirmation` on the open confirmation, for entry points that show no older one.

    Raises Refused if none is open.
    """
    game, _ = locked_game(game_id, actor, now)
    if not game.signups.current().of(actor.user).filter(open_confirmation__gt=0).exists():
        raise Refused(Refusal("not_prompted", confirmation_wording.NO_OPEN_CONFIRMATION))
    return _answer(game, game.confirmation_number, choice, actor, now)
