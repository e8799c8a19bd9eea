"""How a game repeats, for its page and its post."""

from games.models import Game, Series
from games.series import wording


def repeats_text(game: Game) -> str:
    """Return `Repeats weekly on Friday`; '' for a game that does not, or no longer."""
    series = running_series(game)
    return wording.repeats_by(series.rule) if series is not None else ""


def running_series(game: Game) -> Series | None:
    """Return the series of a game; None for none, or one that ended."""
    series = game.series if game.series_id is not None else None
    return series if series is not None and series.ended_at is None else None
