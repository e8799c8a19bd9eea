"""The roster of a game: the seated and the waiting, with their names, in order."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from games.core import wording
from games.core.frequent_queries import RESPONSES
from games.core.seating import current_signups, offer_number
from games.core.states import State
from games.models import Game, GameResponse, Signup
from guilds.display_names import DisplayName, display_names
from guilds.models import User


class RosterEntry(NamedTuple):
    """One line of a roster, numbered from 1 among the seated or among the waiting.

    `name` also tells who brings a guest; `placeholder` is the bare name of a guest who is not in Discord.
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
    on_standby: bool = False  # waits by choice, gets no free seat
    declined_offer: bool = False
    offer_number: int = 0  # the number of the open offer, 0 for none
    offered_until: datetime | None = None
    must_confirm: bool = False  # has not yet confirmed that they still come

    @property
    def initial(self) -> str:
        """Return the letter that stands for a face where there is none; '' for a name without letters."""
        return next(filter(str.isalnum, self.name), "").upper()


@dataclass(frozen=True)
class Roster:
    """The seated and the waiting entries, each in order."""

    seated: tuple[RosterEntry, ...]
    waiting: tuple[RosterEntry, ...]
    seats: int

    @property
    def open_seats(self) -> int | None:
        """Return the number of free seats; None for unlimited seats."""
        return max(self.seats - len(self.seated), 0) if self.seats else None

    @property
    def confirmed_text(self) -> str:
        """Return how many seated players have confirmed; '' if no confirmation is open."""
        unconfirmed = sum(seat.must_confirm for seat in self.seated)
        return wording.confirmed_text(len(self.seated) - unconfirmed, len(self.seated)) if unconfirmed else ""

    @property
    def seats_text(self) -> str:
        return wording.seats_text(len(self.seated), self.seats, len(self.waiting))

    def seats_text_in(self, state: State, *, host_picks: bool = False) -> str:
        return wording.seats_text_in(state, len(self.seated), self.seats, len(self.waiting), host_picks=host_picks)

    @property
    def order_version(self) -> str:
        return order_version((seat.signup_id for seat in self.seated), (seat.signup_id for seat in self.waiting))


@dataclass(frozen=True)
class GamePeople:
    """Who is in a game or waits, in their order, and who answered otherwise; read once."""

    signups: list[Signup]
    responses: list[GameResponse]

    @property
    def user_ids(self) -> list[int]:
        """Return the ids of all users who signed up or responded."""
        return [*(one.user_id for one in self.signups if one.user_id), *(one.user_id for one in self.responses)]


def load_people(game: Game) -> GamePeople:
    """Read who has to do with a game."""
    return GamePeople(current_signups(game), [] if game.has_responses is False else RESPONSES.all(game.pk))


def load_roster(game: Game, viewer_id: int | None = None) -> Roster:
    """Read the game's roster; it takes three queries, however long it is."""
    signups = current_signups(game)
    names = display_names(game.guild_id, [signup.user_id for signup in signups if signup.user_id])
    return roster_of(game, signups, names, viewer_id)


def roster_of(
    game: Game, signups: Sequence[Signup], names: Mapping[int, DisplayName], viewer_id: int | None = None
) -> Roster:
    """Build the roster from sign-ups in order; users missing from `names` get an empty name."""
    inviters = {s.pk: s.user_id for s in signups if s.user_id}

    def entries_of(group: Sequence[Signup]) -> tuple[RosterEntry, ...]:
        entries = []
        for number, signup in enumerate(group, 1):
            name = names.get(signup.user_id or 0)
            inviter = inviters.get(signup.guest_of_id) if signup.guest_of_id else None
            placeholder = signup.guest_name
            inviter_name = names.get(inviter or 0)
            shown = wording.with_inviter(placeholder, inviter_name.text) if inviter_name else placeholder
            entries.append(
                RosterEntry(
                    number,
                    signup.user_id,
                    name.text if name else shown,
                    name.avatar_url if name else "",
                    signup.user_id is not None and signup.user_id == viewer_id,
                    signup.pk,
                    signup.note,
                    placeholder,
                    inviter,
                    on_standby=signup.on_standby,
                    declined_offer=signup.offer_declined_at is not None,
                    offer_number=offer_number(signup),
                    offered_until=signup.offered_until,
                    must_confirm=signup.open_confirmation > 0,
                )
            )
        return tuple(entries)

    return Roster(
        entries_of([s for s in signups if s.seated_at]),
        entries_of([s for s in signups if not s.seated_at]),
        game.settings.seats,
    )


def order_version(seated: Iterable[int], waiting: Iterable[int]) -> str:
    """Return what tells the order of two lists of sign-ups from every other."""
    text = "|".join(",".join(map(str, signup_ids)) for signup_ids in (seated, waiting))
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()


def name_of(signup: Signup) -> str:
    """Return the display name of a sign-up's person or placeholder in the game's guild."""
    if signup.user_id is None:
        return signup.guest_name
    return display_names(signup.game.guild_id, [signup.user_id])[signup.user_id].text


def own_signup(signups: Iterable[Signup], user: User | None) -> Signup | None:
    """Return the person's sign-up among these, or None."""
    return next((one for one in signups if user is not None and one.user_id == user.pk), None)


def place_among(signups: Iterable[Signup], signup: Signup) -> tuple[int, bool]:
    """Return a sign-up's number in its list, and whether that is the seated list."""
    seated = [one.pk for one in signups if one.seated_at is not None]
    if signup.pk in seated:
        return seated.index(signup.pk) + 1, True
    return [one.pk for one in signups if one.seated_at is None].index(signup.pk) + 1, False


def place_of_user(game: Game, user: User) -> tuple[int, bool]:
    """Return a user's number in their list, and whether they are seated."""
    signup = game.signups.current().get(user=user)
    seated = signup.seated_at is not None
    ahead = Q(rank__lt=signup.rank) | Q(rank=signup.rank, order_key__lte=signup.order_key)
    return (game.signups.seated() if seated else game.signups.waiting()).filter(ahead).count(), seated
