"""What is chosen about a series under /game series, as custom ids carry it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from gamesched.lib.ids import parse_id

PATTERN = r"^series:(?P<action>show|pause|resume|end|end_it|skip|unskip):(?P<game>[0-9]{1,19}):(?P<number>[0-9]{1,9})$"


class SeriesAction(StrEnum):
    """What is done about a series; END asks first, END_IT ends it."""

    SHOW = "show"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    END_IT = "end_it"
    SKIP = "skip"
    UNSKIP = "unskip"


@dataclass(frozen=True)
class SeriesChoice:
    """What is chosen about the series of a game; `number`: the ordinal of the date that it is about."""

    action: SeriesAction
    game_id: int
    number: int = 0

    @property
    def custom_id(self) -> str:
        return f"series:{self.action}:{self.game_id}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> "SeriesChoice | None":
        """Return what a custom id says; None for one that is none of these."""
        match = re.fullmatch(PATTERN, text)
        return cls(SeriesAction(match["action"]), parse_id(match["game"]) or 0, int(match["number"])) if match else None
