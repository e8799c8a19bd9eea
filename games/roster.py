"""Who is in and who waits, read with names, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from games import messages, question_messages
from games.models import Game, Signup
from guilds.models import User
from guilds.names import names_in


@dataclass(frozen=True)
class Seat:
    """One line of a roster, numbered from 1 among the seated or among the waiting."""

    number: int
    user_id: int | None
    name: str
    avatar_url: str
    is_viewer: bool
    signup_id: int
    asked: bool = False  # has yet to say whether they still come


@dataclass(frozen=True)
class Roster:
    """Those seated and those waiting, each in their order."""

    seated: tuple[Seat, ...]
    waiting: tuple[Seat, ...]
    seats: int

    @property
    def open_seats(self) -> int | None:
        """Seats still free; None for unlimited."""
        return max(self.seats - len(self.seated), 0) if self.seats else None

    @property
    def confirmed_text(self) -> str:
        """How many of those seated have said that they still come; '' where nobody is asked."""
        asked = sum(seat.asked for seat in self.seated)
        return question_messages.confirmed_text(len(self.seated) - asked, len(self.seated)) if asked else ""

    @property
    def seats_text(self) -> str:
        return messages.seats_text(len(self.seated), self.seats, len(self.waiting))


def roster(game: Game, viewer_id: int | None = None) -> Roster:
    """The game's roster, in three queries however long it is."""
    signups = list(game.signups.current())
    names = names_in(game.guild_id, [s.user_id for s in signups if s.user_id])

    def lines(these: Sequence[Signup]) -> tuple[Seat, ...]:
        made = []
        for number, signup in enumerate(these, 1):
            name = names[signup.user_id] if signup.user_id else None
            made.append(
                Seat(
                    number,
                    signup.user_id,
                    name.text if name else signup.placeholder,
                    name.avatar_url if name else "",
                    signup.user_id is not None and signup.user_id == viewer_id,
                    signup.pk,
                    asked=signup.asked > 0,
                )
            )
        return tuple(made)

    return Roster(
        lines([s for s in signups if s.seated_at]), lines([s for s in signups if not s.seated_at]), game.effective.seats
    )


def place_of(game: Game, user: User) -> tuple[int, bool]:
    """A person's number and whether they are seated; they must be in the game or waiting."""
    signup = game.signups.current().get(user=user)
    ahead = game.signups.current().filter(order_key__lte=signup.order_key, seated_at__isnull=signup.seated_at is None)
    return ahead.count(), signup.seated_at is not None
