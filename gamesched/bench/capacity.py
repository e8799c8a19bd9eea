"""What fills up first as guilds are added, by arithmetic from the figures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gamesched.bench.goals import Run

SIZES = (1_000, 10_000, 100_000)

# What a lively guild does; nothing here is measured.
GAMES_A_WEEK = 3
CLICKS_A_GAME = 14
PAGES_A_GAME = 40
WEEKS_AHEAD = 4  # how far ahead games are scheduled
BUSIEST_HOUR = 0.04  # of a week's work: evenings
PEAK = 3  # the busiest minutes against the mean of their hour, as reminders fall on full hours
ASSUMED = (
    f"A guild is taken to have {GAMES_A_WEEK} games a week, scheduled {WEEKS_AHEAD} weeks ahead, each with the Discord "
    f"calls of goal 16 (ten players, reminders by direct message), {CLICKS_A_GAME} clicks and {PAGES_A_GAME} pages. "
    f"The busiest hour has {BUSIEST_HOUR:.0%} of a week's work, and its busiest minutes {PEAK} times its mean."
)
GAMES_A_SECOND = GAMES_A_WEEK * BUSIEST_HOUR * PEAK / 3600  # of a guild, at its busiest
CONNECTION_GUILDS = 2500  # https://docs.discord.com/developers/events/gateway#sharding


@dataclass(frozen=True)
class Resource:
    """Something that is full when guilds use all of it."""

    name: str
    capacity: float
    use: float  # of one guild, in the capacity's unit
    unit: str

    def share(self, guilds: int) -> float:
        return self.use * guilds / self.capacity

    @property
    def full_at(self) -> float:
        """Return how many guilds fill it."""
        return self.capacity / self.use


def _calls(run: Run) -> Resource:
    allowed = 45 * min(100.0, run["share"]["percent_of_allowed"]) / 100
    return Resource("Discord's limit of requests", allowed, run["calls"]["dm_calls"] * GAMES_A_SECOND, "requests/s")


def _notifyd(run: Run) -> Resource:
    capacity = 1000 / run["drain"]["cpu_ms_a_message"]
    return Resource("notifyd, one core", capacity, run["calls"]["dm_calls"] * GAMES_A_SECOND, "messages/s")


def _bot(run: Run) -> Resource:
    capacity = run["clicks"]["burst_500_on_20_done_per_second"]
    return Resource("one bot's clicks", capacity, CLICKS_A_GAME * GAMES_A_SECOND, "clicks/s")


def _web(run: Run) -> Resource:
    return Resource("one web process", run["pages"]["served_per_second"], PAGES_A_GAME * GAMES_A_SECOND, "pages/s")


def _postgres(run: Run) -> Resource:
    milliseconds = (
        run["calls"]["dm_calls"] * run["drain"]["postgres_cpu_ms_a_message"]
        + CLICKS_A_GAME * run["clicks"]["at_10_postgres_cpu_ms_a_click"]
        + PAGES_A_GAME * run["pages"]["game_many_sql_ms"]
    )
    return Resource("PostgreSQL, one core", 1000, milliseconds * GAMES_A_SECOND, "ms/s")


def _sweep(run: Run) -> Resource:
    figures = run["periodic"]
    if not figures["sweep_ended"]:
        raise KeyError("sweep_s")
    games = figures["games"] / figures["sweep_s"] * 300
    return Resource("the sweep's five minutes", games, GAMES_A_WEEK * WEEKS_AHEAD, "games to come")


def _start(run: Run) -> Resource:
    guilds = max(int(name.split("_")[2]) for name in run["start"] if name.startswith("first_in_"))
    seconds = run["start"][f"first_in_{guilds}_s"] / guilds
    return Resource("two minutes for a bot's first start", 120, seconds, "s")


def _connection(run: Run) -> Resource:
    return Resource("Discord's guilds for one connection", CONNECTION_GUILDS, 1, "guilds")


RESOURCES: tuple[Callable[[Run], Resource], ...] = (
    _connection,
    _calls,
    _notifyd,
    _bot,
    _web,
    _postgres,
    _sweep,
    _start,
)


def find_resources(run: Run) -> list[Resource]:
    """Return the resources whose figures are there, the first to be full first."""
    return sorted(_measured(run), key=lambda each: each.full_at)


def _measured(run: Run) -> Iterator[Resource]:
    for find in RESOURCES:
        try:
            yield find(run)
        except (KeyError, ZeroDivisionError, ValueError):
            continue
