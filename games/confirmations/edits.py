"""What edits changed that players care for, in sum: the earliest value before, and what holds now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from games.models import AuditEntry, Game
from guilds.display_names import display_names

# By the words of the record of edits, in the order in which players are told.
CARED = ("title", "start", "duration", "location", "channel", "host", "instructions")
SHOWN_FOR = timedelta(hours=24)

Changes = dict[str, tuple[Any, Any]]  # by word: before, after


def said(game: Game) -> dict[str, Any]:
    """What holds of everything that players care for, as the record of edits writes it down."""
    held = game.effective
    return {
        "title": game.title,
        "start": game.starts_at.isoformat(),
        "duration": held.duration,
        "location": held.location,
        "channel": game.channel_id,
        "host": display_names(game.guild_id, [game.host_id])[game.host_id].text,
        "instructions": held.instructions,
    }


def earliest(befores: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What held before several edits, the earliest first, each of which names what held before it."""
    found: dict[str, Any] = {}
    for before in befores:
        found = {**before, **found}
    return found


def summed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """What became different; what ended up as it was is left out."""
    return {word: (before[word], now[word]) for word in CARED if word in before and before[word] != now[word]}


def before_of(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What held before one edit, of what players care for; but for what older records only call inherited."""
    pairs = {word: changes[word] for word in CARED if word in changes}
    return {word: pair[0] for word, pair in pairs.items() if isinstance(pair, list) and pair[0] is not None}


@dataclass(frozen=True)
class Recent:
    """What changed in the last 24 hours, and since when."""

    since: datetime
    changes: Changes


def recent(game: Game, now: datetime) -> Recent | None:
    """What is shown as changed; None for nothing, and for games that are over."""
    if game.announced_at is None or game.state(now).over:
        return None
    found = AuditEntry.objects.filter(game=game, verb="edit", at__gt=now - SHOWN_FOR, at__gte=game.announced_at)
    entries = list(found.order_by("at", "pk"))
    befores = [(entry.at, before) for entry in entries if (before := before_of(entry.changes))]
    if not befores:
        return None
    changes = summed(earliest(before for _, before in befores), said(game))
    first = next((at for at, before in befores if changes.keys() & before.keys()), None)
    return Recent(first, changes) if first is not None else None
