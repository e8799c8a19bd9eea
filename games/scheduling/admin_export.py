"""The export of games as CSV."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse

from games.core import state_wording
from games.core.csv_files import csv_response
from games.models import Game, Signup
from guilds.names import without_isolates

CSV_HEADER = (
    "id", "title", "server", "channel", "template", "host", "start (UTC)", "time zone", "minutes", "status", "seats",
    "seated", "waiting", "cancelled because",
)  # fmt: skip


def games_csv(games: QuerySet[Game], now: datetime) -> HttpResponse:
    """Return a response that downloads the games and their players as CSV, one game a line."""
    people = Prefetch("signups", Signup.objects.current().select_related("user"), to_attr="current")
    return csv_response(
        "games.csv", CSV_HEADER, (_row(game, game.current, now) for game in games.prefetch_related(people))
    )


def _row(game: Game, signups: Iterable[Signup], now: datetime) -> Iterable[Any]:
    def names(these: Iterable[Signup]) -> str:
        return "; ".join(without_isolates(str(one.user or one.guest_name)) for one in these)

    settings = game.settings
    return (
        game.pk, game.title, game.guild, game.channel, game.template or "", game.host,
        f"{game.starts_at:%Y-%m-%d %H:%M}", game.zone, game.minutes, state_wording.STATE_TEXT[game.state(now)],
        settings.seats or "unlimited", names(s for s in signups if s.seated_at),
        names(s for s in signups if not s.seated_at), game.cancel_reason,
    )  # fmt: skip
