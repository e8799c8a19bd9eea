"""What edits changed that players care for, in sum: the earliest value before, and what holds now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from games.models import AuditEntry, Game
from guilds.display_names import display_names

# By the words of the record of edits, in the order in which players are told.
TRACKED_WORDS = ("title", "start", "duration", "location", "channel", "host", "instructions")
CHANGES_SHOWN_FOR = timedelta(hours=24)

Changes = dict[str, tuple[Any, Any]]  # by word: before, after


def snapshot(game: Game, host_name: str = "") -> dict[str, Any]:
    """What holds of everything that players care for, as the record of edits writes it down.

    `host_name`: what the host is called in the guild, where that was read already.
    """
    settings = game.settings
    return {
        "title": game.title,
        "start": game.starts_at.isoformat(),
        "duration": settings.duration,
        "location": settings.location,
        "channel": game.channel_id,
        "host": host_name or display_names(game.guild_id, [game.host_id])[game.host_id].text,
        "instructions": settings.instructions,
    }


def merge_earliest(befores: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What held before several edits, the earliest first, each of which names what held before it."""
    merged: dict[str, Any] = {}
    for before in befores:
        merged = {**before, **merged}
    return merged


def diff(before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """What became different; what ended up as it was is left out."""
    return {word: (before[word], now[word]) for word in TRACKED_WORDS if word in before and before[word] != now[word]}


def previous_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What held before one edit, of what players care for; but for what older records only call inherited."""
    pairs = {word: changes[word] for word in TRACKED_WORDS if word in changes}
    return {word: pair[0] for word, pair in pairs.items() if isinstance(pair, list) and pair[0] is not None}


@dataclass(frozen=True)
class RecentChanges:
    """What changed in the last 24 hours, and since when."""

    since: datetime
    changes: Changes


def recent_changes(game: Game, now: datetime, host_name: str = "") -> RecentChanges | None:
    """What is shown as changed; None for nothing, and for games that are over."""
    if game.announced_at is None or game.state(now).over:
        return None
    audit_entries = AuditEntry.objects.filter(
        game=game, action="edit", at__gt=now - CHANGES_SHOWN_FOR, at__gte=game.announced_at
    )
    entries = list(audit_entries.order_by("at", "pk"))
    befores = [(entry.at, before) for entry in entries if (before := previous_values(entry.changes))]
    if not befores:
        return None
    changes = diff(merge_earliest(before for _, before in befores), snapshot(game, host_name))
    first = next((at for at, before in befores if changes.keys() & before.keys()), None)
    return RecentChanges(first, changes) if first is not None else None
