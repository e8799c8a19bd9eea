"""The lines of a game's history: each feature's `wording.py` describes the actions that it records."""

from collections.abc import Callable, Mapping
from typing import Any

import games
from games.confirmations.wording import edit_text
from games.core.codes import AuditAction
from gamesched.lib.autodiscovery import import_from_folders

Describer = Callable[[str, str, Mapping[str, Any]], str]  # action, who did it, what changed

DESCRIBERS: dict[str, Describer] = {
    action: wording.describe_action
    for wording in import_from_folders(games, "wording")
    for action in getattr(wording, "AUDIT_ACTIONS", ())
}


def history_text(
    action: str,
    who: str,
    changes: Mapping[str, Any],
    zone: str = "UTC",
    channels: Mapping[int, str] | None = None,
) -> str:
    """Return one line of a game's history; times in the zone, channels by the names given."""
    if action == AuditAction.EDIT:
        return edit_text(who, changes, zone, channels)
    describe = DESCRIBERS.get(action)
    return describe(action, who, changes) if describe is not None else f"{who} {action}"
