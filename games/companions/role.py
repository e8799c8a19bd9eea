"""The role of a game's players: made with the first seat, given and taken with each, deleted when the game is over."""

from dataclasses import dataclass
from datetime import datetime

from games.companions.base import CompanionType, CompanionView
from games.core.codes import NotificationKind
from games.core.companions import switched_on
from games.core.queue import notify
from games.models import CompanionKind, Game, GameCompanion, Signup

NAME_MAX = 100  # characters
# What Discord reads as a mention of everybody, whichever role is called so.
RESERVED_NAMES = {"everyone", "here"}


@dataclass(frozen=True, kw_only=True)
class RoleView(CompanionView):
    """A game's role and, as its `member_ids`, who has it."""

    name: str


def role_name(title: str) -> str:
    """Return the name of a game's role: its title within Discord's limit, which mentions nobody else."""
    name = title.replace("@", "＠")[:NAME_MAX].strip()
    return f"{name} (game)" if name.casefold().lstrip("＠") in RESERVED_NAMES else name


def wanted_role(game: Game, companion: GameCompanion, now: datetime) -> RoleView | None:
    """Return the role as it should be. It stays while a game is ahead, once somebody had a seat.

    What Discord did not answer to is tried again under the same name, by which it is found.
    """
    if not game.settings.player_role or game.state(now).over:
        return None
    seated = Signup.objects.seated().filter(game=game.pk, user__isnull=False).order_by("seated_at", "pk")
    member_ids = tuple(seated.values_list("user", flat=True))
    if companion.discord_id is None and not member_ids:
        return None
    name = role_name(game.title)
    if companion.discord_id is None:
        name = companion.shown.get("name", name)
    return RoleView(guild_id=game.guild_id, name=name, member_ids=member_ids)


def last_role(game: Game, companion: GameCompanion) -> RoleView:
    """Return the role by which an attempt that nobody heard of is found, although none is wanted any more."""
    return RoleView(guild_id=game.guild_id, name=companion.shown.get("name", ""))


def role_gone_at(game: Game, companion: GameCompanion, now: datetime) -> datetime | None:
    """Return when the role goes by itself: when the game ends."""
    return game.ends_at if game.ends_at > now and game.settings.player_role else None


def open_channel_for(game: Game, now: datetime) -> None:
    """Have the voice channel looked at: its players enter it by their role."""
    if CompanionKind.VOICE in switched_on(game.settings):
        notify(game, NotificationKind.VOICE_CHANNEL, now, keep_earlier=True)


ROLE = CompanionType(
    CompanionKind.ROLE, wanted_role, role_gone_at, open_channel_for, is_place=True, last_view=last_role
)
