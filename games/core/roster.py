"""Who is in and who waits, read with names, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from games.core import wording
from games.core.seating import offer_number
from games.models import Game, Signup
from guilds.display_names import display_names
from guilds.models import User


@dataclass(frozen=True)
class Seat:
    """One line of a roster, numbered from 1 among the seated or among the waiting.

    The name says with whom somebody is; `placeholder` is the bare name of who is not in Discord.
    """

    number: int
    user_id: int | None
    name: str
    avatar_url: str
    is_viewer: bool
    signup_id: int
    note: str = ""
    placeholder: str = ""
    inviter_id: int | None = None
    waits: bool = False  # on purpose
    passed: bool = False
    offer: int = 0  # the number of the offer made to them
    offered_until: datetime | None = None
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
        return wording.confirmed_text(len(self.seated) - asked, len(self.seated)) if asked else ""

    @property
    def seats_text(self) -> str:
        return wording.seats_text(len(self.seated), self.seats, len(self.waiting))


def roster(game: Game, viewer_id: int | None = None) -> Roster:
    """The game's roster, in three queries however long it is."""
    signups = list(game.signups.current())
    inviters = {s.pk: s.user_id for s in signups if s.user_id}
    names = display_names(game.guild_id, list(inviters.values()))

    def lines(these: Sequence[Signup]) -> tuple[Seat, ...]:
        made = []
        for number, signup in enumerate(these, 1):
            name = names[signup.user_id] if signup.user_id else None
            inviter = inviters.get(signup.guest_of_id) if signup.guest_of_id else None
            alone = signup.placeholder
            shown = wording.with_inviter(alone, names[inviter].text) if inviter else alone
            made.append(
                Seat(
                    number,
                    signup.user_id,
                    name.text if name else shown,
                    name.avatar_url if name else "",
                    signup.user_id is not None and signup.user_id == viewer_id,
                    signup.pk,
                    signup.note,
                    signup.placeholder,
                    inviter,
                    waits=signup.waits,
                    passed=signup.passed_at is not None,
                    offer=offer_number(signup),
                    offered_until=signup.offered_until,
                    asked=signup.asked > 0,
                )
            )
        return tuple(made)

    return Roster(
        lines([s for s in signups if s.seated_at]), lines([s for s in signups if not s.seated_at]), game.effective.seats
    )


def name_of(signup: Signup) -> str:
    """What one person, or placeholder, is called in the game's guild."""
    if signup.user_id is None:
        return signup.placeholder
    return display_names(signup.game.guild_id, [signup.user_id])[signup.user_id].text


def place_of(game: Game, user: User) -> tuple[int, bool]:
    """A person's number and whether they are seated; they must be in the game or waiting."""
    return _place(game, user_id=user.pk)


def place(game: Game, signup: Signup) -> tuple[int, bool]:
    """A sign-up's number as it now is, and whether it is seated."""
    return _place(game, pk=signup.pk)


def _place(game: Game, **which: int) -> tuple[int, bool]:
    found = game.signups.current().get(**which)
    seated = found.seated_at is not None
    ahead = Q(rank__lt=found.rank) | Q(rank=found.rank, order_key__lte=found.order_key)
    return game.signups.current().filter(ahead, seated_at__isnull=not seated).count(), seated
