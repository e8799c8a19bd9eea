"""Asking players whether they still come: when the start moved, or when a game with them is scheduled again."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from games.confirmations import wording as confirmation_wording
from games.core import choices, rules
from games.core.base import CLOCK_ACTOR, ActionResult, Actor, locked_game, record_change, require_state
from games.core.kinds import GameSkipCode, NotificationKind
from games.core.payloads import ConfirmationEndPayload, ConfirmationSummaryPayload
from games.core.queue import close_notifications, notify
from games.core.seating import assign_seats
from games.core.states import GameAction, State
from games.models import AuditEntry, Game, Signup
from games.signups import actions as signups
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from notifications.models import Notification
from notifications.types import Skip


def request_confirmation(game: Game, people: Iterable[Signup], drop_unconfirmed: bool, now: datetime) -> None:
    """Ask exactly these people, from now on; who is asked still from before is so no more. Under the game's lock.

    The letters are planned by whoever asks.
    """
    recipients = list(people)
    game.question += 1
    game.answer_by = rules.confirmation_deadline(game.starts_at, now) if recipients else None
    game.silence_ends = drop_unconfirmed
    game.save(update_fields=["question", "answer_by", "silence_ends"])
    game.signups.filter(asked__gt=0).update(asked=0)
    game.signups.filter(pk__in=[one.pk for one in recipients]).update(asked=game.question)
    if game.answer_by is None:
        close_notifications(game, [NotificationKind.CONFIRMATION_END], GameSkipCode.NO_CONFIRMATION, now)
        return
    _schedule_end(game, [one.user_id for one in recipients if one.user_id], game.answer_by)


def _schedule_end(game: Game, user_ids: Sequence[int], due_at: datetime) -> None:
    notify(game, NotificationKind.CONFIRMATION_END, due_at, payload=ConfirmationEndPayload(game.question, user_ids))


def request_confirmation_if_moved(game: Game, actor: Actor, silence_frees: bool | None, now: datetime) -> None:
    """After the start moved: ask those seated whom it moved too far, and take back what was asked of an earlier start.

    How far is measured from the start that a person last agreed to. Who was never asked for their will, since the
    game was scheduled again with them, is asked in any case. Under the game's lock.
    """
    if game.state(now) is not State.SCHEDULED:
        return
    by = actor.user.pk if actor.user else None
    current = [one for one in game.signups.current() if one.user_id and one.user_id not in {by, game.host_id}]
    agreed = _agreed_starts(game, current)
    affected = [one for one in current if _moved_too_far(one, game, agreed[one.pk])]
    if affected or any(one.asked for one in current):
        request_confirmation(
            game, affected, game.settings.silence_frees if silence_frees is None else silence_frees, now
        )


def _moved_too_far(signup: Signup, game: Game, agreed: datetime | None) -> bool:
    limit = timedelta(minutes=game.settings.ask_if_moved)
    if agreed is None:
        return True
    return signup.seated_at is not None and bool(limit) and abs(game.starts_at - agreed) > limit


def _agreed_starts(game: Game, people: list[Signup]) -> dict[int, datetime | None]:
    """The start that each of these last agreed to: by taking a seat, saying so, or keeping the seat in silence.

    None for who came along from an earlier game and has yet to say whether they want to.
    """
    entries = AuditEntry.objects.filter(game=game)
    moves = [
        (at, datetime.fromisoformat(changes["start"][0]))
        # What was changed before players saw the game, they agreed to as it was announced.
        for at, changes in entries.filter(verb="edit", changes__has_key="start", at__gte=game.announced_at)
        .order_by("at", "pk")
        .values_list("at", "changes")
    ]
    own = entries.filter(verb__in=["confirm", "edit"], actor__isnull=False).order_by().values("actor")
    last_confirmed = dict(own.annotate(last=Max("at")).values_list("actor", "last"))
    carried = entries.filter(verb="carry", changes__asks=True).values_list("at", flat=True).first()
    last_ended = entries.filter(verb="question_end").order_by().aggregate(last=Max("at"))["last"]

    def agreed_start_of(signup: Signup) -> datetime | None:
        if signup.asked and signup.joined_at == carried and signup.user_id not in last_confirmed:
            return None
        answers = [at for at in (last_confirmed.get(signup.user_id or 0), last_ended) if at is not None]
        seated_at = signup.seated_at or signup.joined_at
        return rules.agreed_start(moves, game.starts_at, seated_at, max(answers, default=None))

    return {signup.pk: agreed_start_of(signup) for signup in people}


@transaction.atomic
def answer_confirmation(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Take somebody's answer: `yes`, they still come; `no`, they leave.

    Raises Refused, `outdated` for an old question.
    """
    game = locked_game(game_id, actor)
    signup = game.signups.current().filter(user=actor.user).first() if actor.user else None
    if signup is None or actor.user is None or number != game.question or choice not in {"yes", "no"}:
        raise Refused(choices.outdated_refusal())
    require_state(game, GameAction.RESPOND, now)
    if choice == "no":
        result = signups.leave(game_id, actor.user, actor, now)
    elif signup.asked == 0:
        return ActionResult(game, False, confirmation_wording.ALREADY_CONFIRMED)
    else:
        game.signups.filter(pk=signup.pk).update(asked=0)
        record_change(game, actor, "confirm", {}, now)
        result = ActionResult(game, True, confirmation_wording.CONFIRMED)
    _end_if_all_answered(game, now)
    return result


def _end_if_all_answered(game: Game, now: datetime) -> None:
    """Once everybody has answered, the host need not wait for what came of it."""
    row = Notification.objects.open().filter(game=game, kind=NotificationKind.CONFIRMATION_END).first()
    if row is not None and not game.signups.current().filter(asked__gt=0).exists():
        _schedule_end(game, ConfirmationEndPayload.of(row).user_ids, now)


def end_confirmation(game: Game, number: int, people: Iterable[int], now: datetime) -> Skip | None:
    """The time to answer is over: who kept silent loses the seat, or keeps it. Under the game's lock.

    The host hears what came of it. Returns why nothing was done; None where it was.
    """
    if number != game.question:
        return Skip(GameSkipCode.NEW_CONFIRMATION)
    unconfirmed = list(game.signups.current().filter(asked=number))
    game.signups.filter(asked__gt=0).update(asked=0)
    state = game.state(now)
    if state not in {State.SCHEDULED, State.IN_PROGRESS}:
        return Skip(GameSkipCode.WRONG_STATE, f"the game is {state}")
    freed = game.silence_ends and state is State.SCHEDULED
    if freed:
        game.signups.filter(pk__in=[one.pk for one in unconfirmed]).update(left_at=now, seated_at=None)
        for signup in unconfirmed:
            notify(game, NotificationKind.DROPPED_UNCONFIRMED, now, to=signup.user_id, expires_at=game.starts_at)
        assign_seats(game, now)
    if unconfirmed:
        names = display_names(game.guild_id, [one.user_id for one in unconfirmed if one.user_id])
        who = sorted(name.text for name in names.values())
        record_change(game, CLOCK_ACTOR, "question_end", {"for": ", ".join(who), "left": freed}, now)
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
    """`answer` to whatever is asked now, for doors that show no older question. Raises Refused where nothing is."""
    game = locked_game(game_id, actor)
    is_open = game.signups.current().filter(user=actor.user, asked__gt=0).exists() if actor.user else False
    if not is_open:
        raise Refused(Refusal("not_asked", confirmation_wording.NO_OPEN_CONFIRMATION))
    return answer_confirmation(game_id, game.question, choice, actor, now)
