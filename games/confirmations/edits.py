"""What edits changed that players care for, in total: the value before the first edit, and the current one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from games.core.audit_people import stored_person
from games.core.base import Actor, record_change
from games.core.codes import AuditAction
from games.models import Game, GameEdit
from gamesched.lib.compiled_query import CompiledQuery

# By the words that the audit log uses, in the order in which players read them.
TRACKED_FIELDS = ("title", "start", "duration", "location", "channel", "host", "instructions")
CHANGES_SHOWN_FOR = timedelta(hours=24)

Changes = dict[str, tuple[Any, Any]]  # by word: (before, after)


def snapshot(game: Game) -> dict[str, Any]:
    """Return the current values of all that players care for, as the audit log stores them."""
    settings = game.settings
    return {
        "title": game.title,
        "start": game.starts_at.isoformat(),
        "duration": settings.duration,
        "location": settings.location,
        "channel": game.channel_id,
        "host": stored_person(game.host_id),
        "instructions": settings.instructions,
    }


def merge_earliest(befores: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge the previous values of several edits, the first edit first; the earliest value of a word counts."""
    merged: dict[str, Any] = {}
    for before in befores:
        merged = {**before, **merged}
    return merged


def diff(before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """Return what differs; a value that was changed back is left out."""
    return {word: (before[word], now[word]) for word in TRACKED_FIELDS if word in before and before[word] != now[word]}


def previous_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values before one edit, of what players care for.

    Values that older audit entries only call inherited are left out.
    """
    pairs = {word: changes[word] for word in TRACKED_FIELDS if word in changes}
    return {word: pair[0] for word, pair in pairs.items() if isinstance(pair, list) and pair[0] is not None}


def record_edit(game: Game, actor: Actor, changes: Mapping[str, Any], now: datetime) -> None:
    """Record an edit and the values before it."""
    record_change(game, actor, AuditAction.EDIT, changes, now)
    if previous := previous_values(changes):
        GameEdit.objects.create(game=game, at=now, previous=previous)
    if actor.user is not None:
        game.signups.current().of(actor.user).update(confirmed_at=now)


EDITS = CompiledQuery(
    lambda game_id, since, after: GameEdit.objects.filter(game_id=game_id, at__gte=since, at__gt=after)
)


@dataclass(frozen=True)
class RecentChanges:
    """What changed in the last 24 hours, and since when."""

    since: datetime
    changes: Changes


def recent_changes(game: Game, now: datetime) -> RecentChanges | None:
    """Return the changes to show; None for none, and for games that are over."""
    if game.announced_at is None or game.has_edits is False or game.state(now).over:
        return None
    edits = EDITS.all(game.pk, game.announced_at, now - CHANGES_SHOWN_FOR)
    if not edits:
        return None
    changes = diff(merge_earliest(edit.previous for edit in edits), snapshot(game))
    first = next((edit.at for edit in edits if changes.keys() & edit.previous.keys()), None)
    return RecentChanges(first, changes) if first is not None else None
