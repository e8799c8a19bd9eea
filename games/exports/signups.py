"""Who signed up for a game, before it and after, as a table and for programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from games.core.permissions import Viewer
from games.models import Game
from guilds.display_names import display_names
from guilds.names import without_isolates

HEADER = ("game", "title", "start (UTC)", "person", "name", "place", "note", "signed up (UTC)", "left (UTC)", "present")


@dataclass(frozen=True)
class SignupRow:
    """Someone's sign-up; `place`: seated, waiting, standby or left; `present`: None before the start."""

    game_id: int
    title: str
    starts_at: datetime
    user_id: int | None
    name: str
    place: str
    note: str
    joined_at: datetime
    left_at: datetime | None
    present: bool | None

    @property
    def cells(self) -> Sequence[Any]:
        """Return the row of the CSV file."""
        times = (self.starts_at, self.joined_at, self.left_at)
        start, joined, left = (f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else "" for at in times)
        present = {True: "yes", False: "no", None: ""}[self.present]
        return (
            *(self.game_id, self.title, start, self.user_id or "", self.name, self.place),
            *(self.note, joined, left, present),
        )

    @property
    def data(self) -> dict[str, Any]:
        """Return the row as JSON has it; ids are text, as everywhere else."""
        found = asdict(self)
        return {
            name: str(value)
            if name.endswith("_id") and value is not None
            else value.isoformat()
            if isinstance(value, datetime)
            else value
            for name, value in found.items()
        }


def signup_rows(viewer: Viewer, games: Iterable[Game], now: datetime) -> Iterator[SignupRow]:
    """Yield the sign-ups of games whose sign-ups are read along, in order; those who left come last."""
    games = list(games)
    people = {one.user_id for game in games for one in game.signups.all() if one.user_id is not None}
    names = display_names(viewer.guild_id, people)
    for game in games:
        for one in sorted(game.signups.all(), key=lambda one: (one.left_at is not None, one.rank, one.order_key)):
            place = "left" if one.left_at else "seated" if one.seated_at else "standby" if one.on_standby else "waiting"
            has_begun = game.starts_at <= now
            yield SignupRow(
                game.pk,
                game.title,
                game.starts_at,
                one.user_id,
                without_isolates(names[one.user_id].text if one.user_id is not None else one.guest_name),
                place,
                one.note,
                one.joined_at,
                one.left_at,
                not one.no_show if has_begun and place == "seated" else None,
            )
