"""Games at the same time: a player or host of one must confirm before joining or scheduling another."""

import enum
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext

from games.core.choices import PromptChoice, PromptKind
from games.core.states import State
from games.models import Game
from games.offers import overlap_wording
from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Channel, User
from guilds.names import isolated
from guilds.permissions import hidden_channel_ids
from guilds.templatetags.zoned_times import when
from notifications.messages import Button

Time: TypeAlias = datetime | OuterRef
Id: TypeAlias = int | OuterRef
STATE_FIELDS = ("starts_at", "ends_at", "cancelled_at", "announced_at", "announce_at", "archived_at")


class ConflictPolicy(enum.Enum):
    """What happens to joining or scheduling at the time of another game: ask for confirmation, or go on."""

    ASK = "ask"
    ANYWAY = "anyway"


class ScheduleConflict(Refused):
    """Refused, code `overlap`, until the user confirms; holds what an entry point needs for the prompt.

    `playing`: the other games that they are in or wait for; `hosting`: those that they host; `joining`: the
    game to join, None if they schedule one.
    """

    def __init__(
        self, who: User, playing: list[Game], hosting: list[Game], joining: Game | None, now: datetime
    ) -> None:
        self.playing, self.hosting, self.joining = playing, hosting, joining
        self.can_swap = bool(playing) and not hosting and all(one.state(now) is State.SCHEDULED for one in playing)
        sentence = self.prompt_text(lambda game: (f"“{isolated(game.title)}”", when(game.starts_at, who.zone)))
        super().__init__(Refusal("overlap", sentence))

    def prompt_text(self, format_game: Callable[[Game], tuple[str, str]]) -> str:
        """Return the prompt; `format_game` returns a game's title and time for the entry point."""
        playing, hosting = ([format_game(game) for game in games] for games in (self.playing, self.hosting))
        return overlap_wording.conflict_prompt(playing, hosting, self.joining is not None, self.can_swap)

    @property
    def number(self) -> int:
        """Return the number of the prompt: the id of the first of those games."""
        return [*self.playing, *self.hosting][0].pk

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Return the buttons of the prompt, if it is about joining."""
        if self.joining is None:
            return ()
        anyway, swap = (
            PromptChoice(PromptKind.SCHEDULE_CONFLICT, self.joining.pk, self.number, word)
            for word in ("anyway", "swap")
        )
        buttons = (
            anyway.button(gettext(overlap_wording.ANYWAY), "primary"),
            swap.button(gettext(overlap_wording.SWAP)),
        )
        return buttons if self.can_swap else buttons[:1]


def games_at_that_time(user_id: int, starts_at: Time, ends_at: Time, now: datetime, except_id: Id) -> QuerySet[Game]:
    """Return a user's other games at that time; a value may be one of an outer query."""
    games = Game.objects.announced_to(user_id).upcoming(now).hosted_or_joined_by(user_id)
    games = games.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exclude(pk=except_id)
    # Every join asks this, and hardly ever finds one: narrow, since a game's columns take the most time.
    return games.only("title", "host_id", "channel_id", *STATE_FIELDS)


GAMES_AT_THAT_TIME = CompiledQuery(games_at_that_time)


def find_conflict(
    who: User, starts_at: datetime, ends_at: datetime, now: datetime, joining: Game | None = None
) -> ScheduleConflict | None:
    """Return the conflict with the user's other games at that time in any guild, or None."""
    conflicting = GAMES_AT_THAT_TIME.all(who.pk, starts_at, ends_at, now, joining.pk if joining else 0)
    if conflicting:
        # A game in a channel that Discord no longer shows them does not exist for them.
        hidden = hidden_channel_ids(who, Channel.objects.filter(pk__in={game.channel_id for game in conflicting}))
        conflicting = [game for game in conflicting if game.channel_id not in hidden]
    if not conflicting:
        return None
    plays, runs = ([game for game in conflicting if (game.host_id == who.pk) is hosting] for hosting in (False, True))
    return ScheduleConflict(who, plays, runs, joining, now)


def require_no_conflict(
    who: User, starts_at: datetime, ends_at: datetime, now: datetime, joining: Game | None = None
) -> None:
    """Raise ScheduleConflict if the user plays or hosts another game at that time."""
    if (conflict := find_conflict(who, starts_at, ends_at, now, joining)) is not None:
        raise conflict
