"""Keeps a companion of a game in Discord as it should be: what all kinds share, from the due row to its outcome.

A kind says what is wanted just now (`wanted`) and when that changes by itself (`next_change`). What differs from what
was last shown goes to Discord, with at most PEOPLE_AT_A_TIME people at once; the row stays open as long as the game
needs it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from games.core.base import DISCORD_ACTOR, record
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.companions import missing_permissions, switched_on
from games.core.notification_schedule import refresh_pages
from games.core.notifications import game_of_notification, own_application_id
from games.core.settings import DiscordChangePolicy
from games.models import CompanionKind, CompanionProblem, Game, GameCompanion
from guilds.directory.upsert import forget_place
from guilds.languages import in_language_of_guild
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Notification
from notifications.policy import earlier_attempt_at
from notifications.types import BuiltPost, Skip, SyncedPost, register

PEOPLE_AT_A_TIME = 20  # each is a request of its own, and one lease has to last for them
TRIED_AGAIN_AFTER = timedelta(hours=1)  # where the server had no room
LEAST_WAIT = timedelta(minutes=1)  # until the next look, so that a time which has passed is not looked at without end


@dataclass(frozen=True, kw_only=True)
class CompanionView:
    """What one companion should be. Each kind adds its fields, which are what `GameCompanion.shown` keeps.

    `member_ids` are those who should be in it; of them `add` and `remove` are to be changed by this request, and
    `changed` names the kind's fields that differ from what was last shown. Nobody is removed where the bot may not:
    `may_remove`.
    """

    guild_id: int
    member_ids: tuple[int, ...] = ()
    may_remove: bool = True
    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """Return the fields of the kind, as JSON keeps them: there, a tuple is a list."""
        shared = {field.name for field in fields(CompanionView)}
        own = {name: value for name, value in asdict(self).items() if name not in shared}
        kept: dict[str, Any] = json.loads(json.dumps(own, cls=DjangoJSONEncoder))
        return kept

    @property
    def is_final(self) -> bool:
        """Return whether Discord takes no more changes once it shows this: then it is as good as deleted."""
        return False


def no_obstacle(game: Game, now: datetime) -> CompanionProblem | None:
    """Return None: every game may have one."""
    return None


def of_guild(game: Game, companion: GameCompanion) -> CompanionView:
    """Return what deleting needs to know of most kinds: its guild."""
    return CompanionView(guild_id=game.guild_id)


def nobody_minds(game: Game, now: datetime) -> None:
    """Do nothing: nothing else shows this kind."""


@dataclass(frozen=True)
class CompanionType:
    """A kind of companion.

    `wanted(game, companion, now)` returns what it should be now, or None if it should not exist. `next_change(game,
    companion, now)` returns when that may change by itself, None if never. `on_other_id(game, now)` is called, under
    the game's lock, once it was made or is gone. `obstacle(game, now)` returns why a game may not have what it wants.
    `is_place`: it is a role or channel of the guild's directory. `outlives_setting`: one that is there is asked for
    its `wanted` also when it was switched off.
    `last_view(game, companion)` returns what deleting it needs to know.
    """

    kind: CompanionKind
    wanted: Callable[[Game, GameCompanion, datetime], CompanionView | None]
    next_change: Callable[[Game, GameCompanion, datetime], datetime | None]
    on_other_id: Callable[[Game, datetime], None] = nobody_minds
    obstacle: Callable[[Game, datetime], CompanionProblem | None] = no_obstacle
    is_place: bool = False
    outlives_setting: bool = False
    last_view: Callable[[Game, GameCompanion], CompanionView] = of_guild


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
    """Return the companion that a row keeps, with the game that was read; a new one, unsaved, if there is none."""
    found = GameCompanion.objects.filter(game_id=game.pk, kind=row.kind).first()
    companion = found if found is not None else GameCompanion(kind=row.kind)
    companion.game = game
    return companion


def _wanted(kind: CompanionType, game: Game, companion: GameCompanion, now: datetime) -> CompanionView | None:
    """Return what a companion should be; None for nothing, also where the game may not have it."""
    view = _wanted_view(kind, game, companion, now)
    return view if view is not None and kind.obstacle(game, now) is None else None


def _wanted_view(kind: CompanionType, game: Game, companion: GameCompanion, now: datetime) -> CompanionView | None:
    if not _is_looked_after(kind, game, companion):
        return None
    with in_language_of_guild(game.guild):
        return kind.wanted(game, companion, now)


def _is_looked_after(kind: CompanionType, game: Game, companion: GameCompanion) -> bool:
    """Return whether the kind says what is wanted; otherwise nothing is."""
    if game.announced_at is None or _is_let_go(companion):
        return False
    return kind.kind in switched_on(game.settings) or (kind.outlives_setting and companion.discord_id is not None)


def _obstacle(kind: CompanionType, game: Game, companion: GameCompanion, now: datetime) -> CompanionProblem | None:
    """Return why a game may not have the companion that it wants."""
    return kind.obstacle(game, now) if _wanted_view(kind, game, companion, now) is not None else None


def _is_wanted(companion: GameCompanion, now: datetime) -> bool:
    return _wanted(_types[companion.kind], companion.game, companion, now) is not None


def _is_let_go(companion: GameCompanion) -> bool:
    """Return whether somebody deleted it, and that still holds by the setting."""
    holds = companion.game.settings.discord_changes == DiscordChangePolicy.TAKE_OVER
    return holds and companion.let_go_at is not None


def _build_message(kind: CompanionType, row: Notification, now: datetime) -> BuiltPost | Skip:
    game = game_of_notification(row)
    companion = companion_of(row, game)
    wanted = _wanted(kind, game, companion, now)
    is_there = companion.discord_id is not None
    if wanted is None and not is_there and companion.tried_at is None:
        if (problem := _obstacle(kind, game, companion, now)) is not None:
            _note_obstacle(companion, problem, now)
        else:
            _forget_unwanted(companion)
        return Skip(GameSkipCode.NOT_WANTED)
    first_attempt_at = earlier_attempt_at(row.first_attempt_at, now)
    if wanted is None and not is_there:  # it may have been made, without our knowing
        first_attempt_at = companion.tried_at
    elif wanted is not None:
        if not is_there and (skip := _why_not_made(kind, game, companion, now)):
            return skip
        wanted = _with_next_people(wanted, companion)
        if is_there and first_attempt_at is not None:
            # What an attempt was to change is forgotten, if the game was changed since.
            wanted = replace(wanted, changed=tuple(wanted.shown))
        elif is_there and not _differs(wanted, companion) and not wanted.is_final:
            _clear_problem(companion)
            return Skip(GameSkipCode.AS_WANTED)
        if not is_there:
            tried = earlier_attempt_at(companion.tried_at, now)
            first_attempt_at = min((at for at in (first_attempt_at, tried) if at is not None), default=None)
        _note_attempt(companion, wanted, now)
    view = wanted if wanted is not None else kind.last_view(game, companion)
    maybe_sent = not is_there and first_attempt_at is not None
    message = OutgoingMessage(
        post=CompanionRequest(kind.kind, view, _taken_ids(kind, game) if maybe_sent else frozenset()),
        message_id=companion.discord_id,
        delete=wanted is None,
        first_attempt_at=first_attempt_at,
        maybe_sent=maybe_sent,
        dedupe_marker=game.url,
    )
    return BuiltPost(message, game.post_version)


def _forget_unwanted(companion: GameCompanion) -> None:
    """Forget the problem with what is not wanted; who switches it off and on again wants it again."""
    is_off = CompanionKind(companion.kind) not in switched_on(companion.game.settings)
    if companion.problem_code or (companion.let_go_at is not None and is_off):
        companion.clear_problem()
        companion.let_go_at = None if is_off else companion.let_go_at
        companion.save(update_fields=["problem_code", "problem", "let_go_at"])


def _note_obstacle(companion: GameCompanion, problem: CompanionProblem, now: datetime) -> None:
    """Save why a game may not have a companion."""
    if companion.problem_code != problem:
        companion.set_problem(problem)
        companion.checked_at = now
        _save_problem(companion)
        refresh_pages(companion.game)


def _save_problem(companion: GameCompanion) -> None:
    """Save a problem only: without the game's lock, others may save meanwhile what was made."""
    if companion.pk is None:
        companion.save()
    else:
        companion.save(update_fields=["problem_code", "problem", "checked_at"])


def _clear_problem(companion: GameCompanion) -> None:
    """Save that nothing is wrong with what is as it should be, as when a refused change was undone."""
    if companion.problem_code:
        companion.clear_problem()
        companion.save(update_fields=["problem_code", "problem"])
        refresh_pages(companion.game)


def _note_attempt(companion: GameCompanion, wanted: CompanionView, now: datetime) -> None:
    """Save, before Discord is asked, that it may be made, as what, and who may be in it."""
    noted: dict[str, Any] = {"touched_ids": sorted({*companion.touched_ids, *wanted.add}), "tried_at": None}
    if companion.discord_id is None:
        noted |= {"tried_at": companion.tried_at or now, "shown": wanted.shown}
    elif wanted.is_final:
        noted["shown"] = wanted.shown  # whether Discord answers or not, it is not changed any more
    changed = {name: value for name, value in noted.items() if getattr(companion, name) != value}
    for name, value in changed.items():
        setattr(companion, name, value)
    if companion.pk is None:
        companion.save()
    elif changed:
        companion.save(update_fields=list(changed))


@dataclass(frozen=True)
class CompanionRequest:
    """What the backend is to make, change or delete: a kind, and what it should be.

    `taken_ids` belong to other games, and so are not what an earlier attempt made for this one.
    """

    kind: CompanionKind
    view: CompanionView
    taken_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class SentCompanion(SentMessage):
    """A companion as Discord has it now.

    `done_ids` are those of the request's people who are changed, if not all: the rest has its turn next. `is_adopted`:
    it was made by an earlier attempt, and may show something else. `answer`: what Discord says that it shows; of that,
    the request was to change what `asked` names, if not all.
    """

    done_ids: tuple[int, ...] | None = None
    is_adopted: bool = False
    answer: Mapping[str, Any] = field(default_factory=dict)
    asked: frozenset[str] | None = None


def _taken_ids(kind: CompanionType, game: Game) -> frozenset[int]:
    others = GameCompanion.objects.filter(kind=kind.kind, game__guild=game.guild_id, discord_id__isnull=False)
    return frozenset(pk for pk in others.values_list("discord_id", flat=True) if pk is not None)


def _why_not_made(kind: CompanionType, game: Game, companion: GameCompanion, now: datetime) -> Skip | None:
    """Return why Discord need not be asked for what it would refuse: it counts refusals."""
    if missing_permissions(game.channel, kind.kind):
        if companion.problem_code != CompanionProblem.MISSING_PERMISSION:
            companion.set_problem(CompanionProblem.MISSING_PERMISSION)
            _save_problem(companion)  # Discord was not asked, so once it is permitted there is nothing to wait for
            refresh_pages(game)
        return Skip(GameSkipCode.MISSING_PERMISSION)
    if _waits_for_room(companion, now):
        return Skip(GameSkipCode.LIMIT_REACHED)
    return None


def _waits_for_room(companion: GameCompanion, now: datetime) -> bool:
    is_full = companion.problem_code == CompanionProblem.LIMIT_REACHED and companion.checked_at is not None
    return is_full and companion.checked_at is not None and companion.checked_at + TRIED_AGAIN_AFTER > now


def _with_next_people(wanted: CompanionView, companion: GameCompanion) -> CompanionView:
    """Return the view with what this request changes, and whom it adds and removes."""
    members = {*companion.member_ids}
    add = [pk for pk in wanted.member_ids if pk not in members][:PEOPLE_AT_A_TIME]
    gone = sorted({*companion.touched_ids, *members} - {*wanted.member_ids}) if wanted.may_remove else []
    remove = gone[: PEOPLE_AT_A_TIME - len(add)]
    changed = tuple(name for name, value in wanted.shown.items() if companion.shown.get(name, ...) != value)
    return replace(wanted, add=tuple(add), remove=tuple(remove), changed=changed)


def _differs(wanted: CompanionView, companion: GameCompanion) -> bool:
    return bool(wanted.add or wanted.remove) or wanted.shown != companion.shown


def _on_synced(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    companion = GameCompanion.objects.select_for_update(no_key=True).get(game=row.game_id, kind=row.kind)
    message, id_before = rendered.message, companion.discord_id
    if id_before != message.message_id:
        return  # deleted in Discord meanwhile, by us or by others, which is recorded
    if message.delete or message.post.view.is_final:
        companion.forget_made()
    elif id_before is None and GameCompanion.objects.filter(kind=row.kind, discord_id=sent.message_id).exists():
        return  # another game, which looked for its own, took this one first: of the same name, either is as good
    else:
        view = message.post.view
        done = sent.done_ids if isinstance(sent, SentCompanion) else None
        add, remove = ({pk for pk in people if done is None or pk in done} for people in (view.add, view.remove))
        companion.discord_id, companion.application_id = sent.message_id, own_application_id()
        # What an earlier attempt made may show an older state, so it is changed next.
        is_adopted = sent.is_adopted if isinstance(sent, SentCompanion) else message.maybe_sent
        companion.shown = {} if is_adopted else view.shown
        companion.answered = _answered(companion, sent) if isinstance(sent, SentCompanion) else {}
        companion.member_ids = sorted({*companion.member_ids, *add} - remove)
        companion.touched_ids = sorted({*companion.touched_ids} - remove)
        companion.let_go_at = None
    companion.tried_at = None
    companion.clear_problem()
    if message.delete:
        kind, game = _types[row.kind], game_of_notification(row)
        companion.game = game
        if (problem := _obstacle(kind, game, companion, now)) is not None:
            companion.set_problem(problem)
    companion.checked_at = now
    companion.save()
    if companion.discord_id != id_before:
        _tell_of_other_id(_types[row.kind], game_of_notification(row), id_before, now)


def _answered(companion: GameCompanion, sent: SentCompanion) -> dict[str, Any]:
    """Return what is known of what Discord shows.

    What the request was not to change stays as it was known: if the answer shows something else, people changed it.
    """
    if sent.asked is None:
        return dict(sent.answer)
    return {**sent.answer, **{name: value for name, value in companion.answered.items() if name not in sent.asked}}


PROBLEMS: Mapping[str, CompanionProblem] = {
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
    code = PROBLEMS.get(str(error.code), CompanionProblem.REFUSED)
    companion.set_problem(code, str(error))
    companion.checked_at = now
    if code != CompanionProblem.MAYBE_MADE:  # Discord said no, so nothing was made
        companion.tried_at = None
    companion.save()
    refresh_pages(game)
    return False


def _tell_of_other_id(kind: CompanionType, game: Game, gone_id: int | None, now: datetime) -> None:
    """Have all look again that show what was made, or is gone."""
    if gone_id is not None and kind.is_place:
        forget_place(gone_id)
    refresh_pages(game)
    kind.on_other_id(game, now)


def record_deletion(companion: GameCompanion, now: datetime) -> None:
    """Record that it is gone from Discord. If somebody deleted it, by the setting it is made again, or that holds."""
    # What was to go anyway, we deleted ourselves: Discord tells of that too, often before it answers us. And some that
    # stay are not made again, such as the thread of a game that is over.
    was_wanted, gone_id = _is_wanted(companion, now), companion.discord_id
    companion.forget_made()
    if was_wanted and _is_wanted(companion, now):
        holds = companion.game.settings.discord_changes == DiscordChangePolicy.TAKE_OVER
        companion.let_go_at = now if holds else None
        action = AuditAction.COMPANION_LET_GO if holds else AuditAction.COMPANION_PUT_BACK
        record(companion.game, DISCORD_ACTOR, action, {"companion": companion.kind}, now)
    companion.clear_problem()
    companion.checked_at = now
    companion.save()
    _tell_of_other_id(_types[companion.kind], companion.game, gone_id, now)


def _next_at(kind: CompanionType, row: Notification, now: datetime) -> datetime | None:
    """Return when a companion is to be looked at again: people are left, the server had no room, or its time comes."""
    game = game_of_notification(row)
    companion = companion_of(row, game)
    wanted = _wanted(kind, game, companion, now)
    if wanted is not None and _waits_for_room(companion, now):
        assert companion.checked_at is not None
        return companion.checked_at + TRIED_AGAIN_AFTER
    if wanted is not None and companion.discord_id is None and not companion.problem_code:
        return now
    is_well = companion.discord_id is not None and not companion.problem_code
    if is_well and (wanted is None or _differs(_with_next_people(wanted, companion), companion)):
        return now
    if not _is_looked_after(kind, game, companion):
        return None
    again = kind.next_change(game, companion, now)
    if again is not None and again <= now and companion.problem_code:
        again = None  # what failed is tried again by the sweep, ever so often
    if again is None and not game.state(now).over:
        again = game.ends_at  # so that an open row stands for each that a game wants, and the sweep finds what has none
    return max(again, now + LEAST_WAIT) if again is not None and again <= now else again
