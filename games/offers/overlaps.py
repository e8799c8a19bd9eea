"""Games at the same time: who plays or runs one is asked before they join or schedule another."""

import enum
from collections.abc import Callable
from datetime import datetime

from games.core.choices import Choice
from games.core.states import State
from games.models import Game
from games.offers import overlap_wording
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User
from guilds.templatetags.when import when
from notifications.messages import Button


class ConflictPolicy(enum.Enum):
    """What becomes of joining or scheduling while one plays elsewhere: doors that can ask do, until they mean it."""

    ASK = "ask"
    ANYWAY = "anyway"


class ScheduleConflict(Refused):
    """Refused, code `overlap`, until the person says that they mean it. Holds what a door needs to ask that.

    `plays`: the other games that they are in or wait for; `runs`: those that they host; `joining`: the game they want
    to join, None where they want to schedule one.
    """

    def __init__(
        self, who: User, playing: list[Game], hosting: list[Game], joining: Game | None, now: datetime
    ) -> None:
        self.playing, self.hosting, self.joining = playing, hosting, joining
        self.can_swap = bool(playing) and not hosting and all(one.state(now) is State.SCHEDULED for one in playing)
        sentence = self.prompt_text(lambda game: (f"“{game.title}”", when(game.starts_at, who.zone)))
        super().__init__(Refusal("overlap", sentence))

    def prompt_text(self, format_game: Callable[[Game], tuple[str, str]]) -> str:
        """The question; `say` gives a game's title and time as the door shows them."""
        plays, runs = ([format_game(game) for game in games] for games in (self.playing, self.hosting))
        return overlap_wording.conflict_prompt(plays, runs, self.joining is not None, self.can_swap)

    @property
    def number(self) -> int:
        """Tells the question apart: the id of the first of those games."""
        return [*self.playing, *self.hosting][0].pk

    @property
    def buttons(self) -> tuple[Button, ...]:
        """What there is to press under the question whether to join."""
        if self.joining is None:
            return ()
        anyway, swap = (Choice("overlap", self.joining.pk, self.number, word) for word in ("anyway", "swap"))
        buttons = (anyway.button(overlap_wording.ANYWAY, "primary"), swap.button(overlap_wording.SWAP))
        return buttons if self.can_swap else buttons[:1]


def find_conflict(
    who: User, starts_at: datetime, ends_at: datetime, now: datetime, joining: Game | None = None
) -> ScheduleConflict | None:
    """The question that a person's other games of that time raise, in whatever guild; None for none."""
    own_games = Game.objects.visible_to_member(who).upcoming(now).hosted_or_joined_by(who)
    conflicting = list(
        own_games.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exclude(pk=joining.pk if joining else 0)
    )
    if not conflicting:
        return None
    plays, runs = ([one for one in conflicting if (one.host_id == who.pk) is hosting] for hosting in (False, True))
    return ScheduleConflict(who, plays, runs, joining, now)


def require_no_conflict(
    who: User, starts_at: datetime, ends_at: datetime, now: datetime, joining: Game | None = None
) -> None:
    """Raise Overlapping for who plays or runs another game at that time."""
    if (conflict := find_conflict(who, starts_at, ends_at, now, joining)) is not None:
        raise conflict
