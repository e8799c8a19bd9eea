"""Who is shown on open pages of games, looked up at Discord, which tells no bot that somebody is called otherwise."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from games.models import Game, GameResponse, Signup
from guilds.directory.lookup import refresh_displayed_in

FIRST_WAIT = 30.0  # seconds after a page was opened, or its game changed
TIMES_LONGER = 4  # each wait than the one before, as long as nothing happens
LONGEST_WAIT = 900.0  # seconds


class PeopleSchedule:
    """When the people of each open game are looked up next: soon after something happened, then ever more rarely.

    Times are seconds of the event loop's clock.
    """

    def __init__(self) -> None:
        self._next: dict[int, tuple[float, float]] = {}  # by game: when, and the wait before it

    def expect(self, game_id: int, at: float) -> None:
        """Look this game's people up soon: somebody opened it, or it changed."""
        due, _ = self._next.get(game_id, (at + FIRST_WAIT, 0.0))
        self._next[game_id] = (min(due, at + FIRST_WAIT), FIRST_WAIT)

    def take_due(self, open_ids: Collection[int], at: float) -> list[int]:
        """Return the open games whose people are to be looked up now, and plan their next time."""
        self._next = {pk: planned for pk, planned in self._next.items() if pk in open_ids}
        due = [pk for pk, (when, _) in self._next.items() if when <= at]
        for pk in due:
            wait = min(self._next[pk][1] * TIMES_LONGER, LONGEST_WAIT)
            self._next[pk] = (at + wait, wait)
        return due


def refresh_people_of(viewers: Mapping[int, Iterable[tuple[int, int]]], now: datetime) -> None:
    """Refresh, in the background, the people on the pages of games, given with (guild, viewer) of each open page.

    Takes two queries, however many games there are.
    """
    hosts = Game.objects.filter(pk__in=viewers).order_by().values_list("guild_id", "host_id")
    signups = Signup.objects.current().filter(game__in=viewers, user__isnull=False).order_by()
    responses = GameResponse.objects.filter(game__in=viewers).order_by()
    shown = hosts.union(
        signups.values_list("game__guild_id", "user_id"), responses.values_list("game__guild_id", "user_id")
    )
    refresh_displayed_in({*shown, *(pair for pairs in viewers.values() for pair in pairs)}, now)
