"""Keeps a companion of a game in Discord as it should be: what all kinds share, from the due row to its outcome.

A kind says what is wanted just now (`wanted`) and when that changes by itself (`next_change`). What differs from what
was last shown goes to Discord, with at most PEOPLE_AT_A_TIME people at once; the row stays open as long as the game
needs it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from games.core.codes import GameSkipCode, NotificationKind
from games.core.companions import missing_permissions
from games.core.notifications import game_of_notification
from games.core.settings import DiscordChangePolicy
from games.models import CompanionKind, CompanionProblem, Game, GameCompanion
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Notification
from notifications.policy import earlier_attempt_at
from notifications.types import BuiltPost, Skip, SyncedPost, register

PEOPLE_AT_A_TIME = 20  # each is a request of its own, and one lease has to last for them
TRIED_AGAIN_AFTER = timedelta(hours=1)  # where the server had no room


@dataclass(frozen=True, kw_only=True)
class CompanionView:
    """What one companion should be. Each kind adds its fields, which are what `GameCompanion.shown` keeps.

    `member_ids` are those who should be in it; of them `add` and `remove` are to be changed by this request.
    """

    guild_id: int
    member_ids: tuple[int, ...] = ()
    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """Return the fields of the kind, as JSON keeps them."""
        shared = {field.name for field in fields(CompanionView)}
        return {name: value for name, value in asdict(self).items() if name not in shared}


@dataclass(frozen=True)
class CompanionType:
    """A kind of companion.

    `wanted(game, companion, now)` returns what it should be now, or None if it should not exist. `next_change(game,
    companion, now)` returns when that may change by itself, None if never.
    """

    kind: CompanionKind
    wanted: Callable[[Game, GameCompanion, datetime], CompanionView | None]
    next_change: Callable[[Game, GameCompanion, datetime], datetime | None]


_types: dict[str, CompanionType] = {}


def register_companion(kind: CompanionType) -> None:
    """Register a kind; called when the `notifications` module is imported."""
    _types[kind.kind] = kind
    register(
        SyncedPost(
            NotificationKind(kind.kind),
            build_message=partial(_build_message, kind),
            on_synced=_on_synced,
            on_failed=_on_failed,
            next_at=partial(_next_at, kind),
        )
    )


def companion_of(row: Notification, game: Game) -> GameCompanion:
    """Return the companion that a row keeps, with the game that was read; made if there is none."""
    companion, _ = GameCompanion.objects.get_or_create(game_id=game.pk, kind=row.kind)
    companion.game = game
    return companion


def _wanted(kind: CompanionType, game: Game, companion: GameCompanion, now: datetime) -> CompanionView | None:
    if game.announced_at is None or companion.let_go_at is not None:
        return None
    return kind.wanted(game, companion, now)


def _build_message(kind: CompanionType, row: Notification, now: datetime) -> BuiltPost | Skip:
    game = game_of_notification(row)
    companion = companion_of(row, game)
    wanted = _wanted(kind, game, companion, now)
    if wanted is None and companion.discord_id is None:
        return Skip(GameSkipCode.NOT_WANTED)
    if wanted is not None:
        if companion.discord_id is None and (skip := _why_not_made(kind, game, companion, now)):
            return skip
        wanted = _with_next_people(wanted, companion)
        if companion.discord_id is not None and not _differs(wanted, companion):
            return Skip(GameSkipCode.AS_WANTED)
        companion.touched_ids = sorted({*companion.touched_ids, *wanted.add})
        companion.save(update_fields=["touched_ids"])
    view = wanted if wanted is not None else CompanionView(guild_id=game.guild_id)
    message = OutgoingMessage(
        post=CompanionRequest(kind.kind, view),
        message_id=companion.discord_id,
        delete=wanted is None,
        first_attempt_at=earlier_attempt_at(row.first_attempt_at, now),
        maybe_sent=companion.discord_id is None and earlier_attempt_at(row.first_attempt_at, now) is not None,
        dedupe_marker=game.url,
    )
    return BuiltPost(message, game.post_version)


@dataclass(frozen=True)
class CompanionRequest:
    """What the backend is to make, change or delete: a kind, and what it should be."""

    kind: CompanionKind
    view: CompanionView


def _why_not_made(kind: CompanionType, game: Game, companion: GameCompanion, now: datetime) -> Skip | None:
    """Return why Discord need not be asked for what it would refuse: it counts refusals."""
    if missing_permissions(game.channel, kind.kind):
        companion.set_problem(CompanionProblem.MISSING_PERMISSION)
        companion.save(update_fields=["problem_code", "problem"])
        return Skip(GameSkipCode.MISSING_PERMISSION)
    if _waits_for_room(companion, now):
        return Skip(GameSkipCode.LIMIT_REACHED)
    return None


def _waits_for_room(companion: GameCompanion, now: datetime) -> bool:
    is_full = companion.problem_code == CompanionProblem.LIMIT_REACHED and companion.checked_at is not None
    return is_full and companion.checked_at is not None and companion.checked_at + TRIED_AGAIN_AFTER > now


def _with_next_people(wanted: CompanionView, companion: GameCompanion) -> CompanionView:
    """Return the view with whom this request adds and removes."""
    members = {*companion.member_ids}
    add = [pk for pk in wanted.member_ids if pk not in members][:PEOPLE_AT_A_TIME]
    remove = sorted({*companion.touched_ids, *members} - {*wanted.member_ids})[: PEOPLE_AT_A_TIME - len(add)]
    return replace(wanted, add=tuple(add), remove=tuple(remove))


def _differs(wanted: CompanionView, companion: GameCompanion) -> bool:
    return bool(wanted.add or wanted.remove) or wanted.shown != companion.shown


def _on_synced(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    companion = GameCompanion.objects.get(game=row.game_id, kind=row.kind)
    request: CompanionRequest = rendered.message.post
    if rendered.message.delete:
        companion.forget_made()
    else:
        view = request.view
        companion.discord_id, companion.application_id = sent.message_id, _application_id()
        companion.shown = view.shown
        companion.member_ids = sorted({*companion.member_ids, *view.add} - {*view.remove})
        companion.touched_ids = sorted({*companion.touched_ids} - {*view.remove})
    companion.clear_problem()
    companion.checked_at = now
    companion.save()


PROBLEMS = {
    PermanentError.MISSING_PERMISSION: CompanionProblem.MISSING_PERMISSION,
    PermanentError.LIMIT_REACHED: CompanionProblem.LIMIT_REACHED,
    PermanentError.UNKNOWN_CHANNEL: CompanionProblem.CHANNEL_DELETED,
    PermanentError.UNCERTAIN: CompanionProblem.MAYBE_MADE,
}


def _on_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    game = game_of_notification(row)
    companion = companion_of(row, game)
    if error.code == PermanentError.UNKNOWN_MESSAGE:
        if companion.discord_id is not None:  # otherwise the deletion is recorded already
            record_deletion(companion, now)
        return True
    code = next((code for of, code in PROBLEMS.items() if of == error.code), CompanionProblem.REFUSED)
    companion.set_problem(code, str(error))
    companion.checked_at = now
    companion.save()
    # The page shows the problem, so open pages refresh.
    Game.objects.filter(pk=game.pk).update(post_version=game.post_version)
    return False


def record_deletion(companion: GameCompanion, now: datetime) -> None:
    """Record that it is gone from Discord. If somebody deleted it, by the setting it is made again, or that holds."""
    # What was to go anyway, we deleted ourselves: Discord tells of that too, often before it answers us.
    is_wanted = _wanted(_types[companion.kind], companion.game, companion, now) is not None
    if is_wanted and companion.game.settings.discord_changes == DiscordChangePolicy.TAKE_OVER:
        companion.let_go_at = now
    companion.forget_made()
    companion.checked_at = now
    companion.save()


def _next_at(kind: CompanionType, row: Notification, now: datetime) -> datetime | None:
    """Return when a companion is to be looked at again: people are left, the server had no room, or its time comes."""
    game = game_of_notification(row)
    companion = companion_of(row, game)
    wanted = _wanted(kind, game, companion, now)
    if wanted is not None and _waits_for_room(companion, now):
        assert companion.checked_at is not None
        return companion.checked_at + TRIED_AGAIN_AFTER
    is_there = companion.discord_id is not None and not companion.problem_code
    if is_there and (wanted is None or _differs(_with_next_people(wanted, companion), companion)):
        return now
    return kind.next_change(game, companion, now) if companion.let_go_at is None else None


def _application_id() -> int | None:
    return int(settings.DISCORD_CLIENT_ID) if settings.DISCORD_CLIENT_ID else None
