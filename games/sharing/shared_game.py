"""What strangers read of a game under its share link."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext

from games.core import state_wording
from games.core.permissions import is_public
from games.core.resolved_settings import ResolvedSettings
from games.core.roster import Roster, RosterEntry, roster_of
from games.core.seating import current_signups
from games.core.states import State
from games.models import Game
from games.models.layers import inherited_settings
from games.pictures.addresses import ShownPicture, cover_of
from guilds.display_names import DisplayName, display_names
from guilds.models import Role


@dataclass(frozen=True)
class SharedGame:
    """A game as strangers may see it; without host and players where its guild does not name them."""

    title: str
    guild_name: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    state: State
    cover: ShownPicture
    seats: int  # 0 for unlimited
    host_picks: bool
    seated: int
    roster: Roster
    host: DisplayName | None
    players: tuple[RosterEntry, ...]

    @property
    def is_open(self) -> bool:
        """Return whether people may still sign up, as far as its state says."""
        return self.state is State.SCHEDULED

    @property
    def seats_text(self) -> str:
        return self.roster.seats_text_in(self.state, host_picks=self.host_picks)

    @property
    def state_text(self) -> str:
        return gettext(state_wording.STATE_TEXT[self.state])

    @property
    def open_seats(self) -> int | None:
        """Return the number of free seats; None for unlimited seats."""
        return max(self.seats - self.seated, 0) if self.seats else None


def find_shared_game(game_id: int, token: UUID) -> Game | None:
    """Return the game that a share link leads to, whoever may see it; None for one that leads nowhere."""
    everyone = Role.objects.filter(pk=OuterRef("guild_id"), deleted_at=None).values("permissions")
    games = Game.objects.select_related(
        "guild__defaults", "template", "channel__defaults", "channel__parent__defaults"
    ).annotate(everyone=Subquery(everyone))
    return games.filter(pk=game_id, share_token=token, guild__bot_removed_at=None).first()


def shown_to_strangers(game: Any, now: datetime) -> SharedGame | None:
    """Return what strangers may see of a game that `find_shared_game` read; None for nothing at all."""
    if not is_public(game, game.everyone or 0):
        return None
    # Not those on its row: a game that has started keeps what held then, and this must end when it is switched off.
    settings = ResolvedSettings.of(inherited_settings(game.guild, game.channel, game.active_template))
    return _shown(game, now, with_names=settings.public_names) if settings.public_page else None


def _shown(game: Game, now: datetime, with_names: bool) -> SharedGame:
    signups = current_signups(game)
    people = [game.host_id, *(one.user_id for one in signups if one.user_id)] if with_names else []
    names = display_names(game.guild_id, people) if people else {}
    roster = roster_of(game, signups, names)
    return SharedGame(
        title=game.title,
        guild_name=game.guild.name,
        starts_at=game.starts_at,
        ends_at=game.ends_at,
        zone=game.zone,
        state=game.state(now),
        cover=cover_of(game),
        seats=roster.seats,
        host_picks=game.settings.method.by_host,
        seated=len(roster.seated),
        roster=roster,
        host=names.get(game.host_id),
        players=roster.seated if with_names else (),
    )
