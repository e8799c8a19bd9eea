"""The lines of a game's history: each feature's `wording.py` describes the actions that it records."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import games
from games.confirmations.wording import edit_text
from games.core.codes import AuditAction
from gamesched.lib.autodiscovery import import_from_folders
from gamesched.lib.moments import in_zone
from gamesched.lib.zones import zone_info

Describer = Callable[[str, str, Mapping[str, Any]], str]  # action, who did it, what changed

DESCRIBERS: dict[str, Describer] = {
    action: wording.describe_action
    for wording in import_from_folders(games, "wording")
    for action in getattr(wording, "AUDIT_ACTIONS", ())
}


@dataclass(frozen=True)
class HistoryRow:
    """One thing that was done to a game, with the picture of who did it; '' for nobody known."""

    at: datetime
    text: str
    avatar_url: str = ""


@dataclass(frozen=True)
class HistoryDay:
    """What was done in one day of a zone."""

    at: datetime  # of its first row
    rows: Sequence[HistoryRow]


def history_by_day(rows: Iterable[HistoryRow], zone: str) -> list[HistoryDay]:
    """Return rows in their order by the days of a zone."""
    days = [list(group) for _, group in groupby(rows, lambda row: in_zone(row.at, zone_info(zone)).date())]
    return [HistoryDay(group[0].at, group) for group in days]


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
