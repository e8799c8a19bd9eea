"""A server's upcoming games as other sites show them, where its managers let them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from games.core.base import Actor, record_in_guild
from games.core.codes import AuditAction
from games.core.permissions import bits_of_everyone, everyone_sees
from games.core.wording import free_seats_text
from games.models import Embed, Game, Signup
from games.server_settings.actions import require_guild_manager
from games.sharing.addresses import share_url
from games.sharing.wording import EMBED_OFF, EMBED_ON
from gamesched.lib.zones import zone_info
from guilds.models import Channel, Guild

GAMES_MAX = 10


@dataclass(frozen=True)
class EmbeddedGame:
    """A game as other sites show it: nobody's name."""

    id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    seats: int  # 0 for unlimited
    seated: int
    url: str

    @property
    def seats_text(self) -> str:
        return free_seats_text(self.seated, self.seats, 0)


@transaction.atomic
def switch_embed(guild_id: int, actor: Actor, now: datetime, *, on: bool) -> str:
    """Let other sites show a guild's upcoming games, or no longer. Raises Refused."""
    require_guild_manager(guild_id, actor, now)
    if on:
        _, changed = Embed.objects.get_or_create(guild_id=guild_id, defaults={"created_at": now})
    else:
        changed = Embed.objects.filter(guild=guild_id).delete()[0] > 0
    if changed:
        record_in_guild(guild_id, actor, AuditAction.EMBED_ON if on else AuditAction.EMBED_OFF, {}, now)
    return EMBED_ON if on else EMBED_OFF


def is_embeddable(guild_id: int) -> bool:
    """Return whether other sites may show a guild's games."""
    return Embed.objects.filter(guild=guild_id).exists()


def embeddable_guild(guild_id: int) -> Guild | None:
    """Return a guild that other sites may show; None for any other."""
    return Guild.objects.present().filter(pk=guild_id, embed__isnull=False).first()


def embedded_games(guild_id: int, now: datetime) -> list[EmbeddedGame]:
    """Return the next games that all members of a guild see."""
    hidden = hidden_channels(guild_id)
    games = Game.objects.with_guild_and_channel().upcoming(now).filter(guild=guild_id).exclude(channel__in=hidden)
    return [_shown(game) for game in games.annotate(seated=Signup.objects.seated().per_game())[:GAMES_MAX]]


def hidden_channels(guild_id: int) -> set[int]:
    """Return the channels of a guild that are gone, or that not all its members see."""
    everyone = bits_of_everyone(guild_id)
    channels = Channel.objects.filter(guild=guild_id).select_related("parent")
    return {channel.pk for channel in channels if not everyone_sees(channel, everyone)}


def embed_content(guild: Guild, now: datetime) -> dict[str, Any]:
    """Return a guild's upcoming games as other sites' scripts read them."""

    def local(game: EmbeddedGame, at: datetime) -> str:
        return at.astimezone(zone_info(game.zone)).isoformat()

    games = [
        {
            "id": str(game.id),
            "title": game.title,
            "starts_at": local(game, game.starts_at),
            "ends_at": local(game, game.ends_at),
            "zone": game.zone,
            "seats": game.seats or None,
            "seated": game.seated,
            "url": game.url,
        }
        for game in embedded_games(guild.pk, now)
    ]
    return {"id": str(guild.pk), "name": guild.name, "games": games}


def _shown(game: Any) -> EmbeddedGame:
    return EmbeddedGame(
        id=game.pk,
        title=game.title,
        starts_at=game.starts_at,
        ends_at=game.ends_at,
        zone=game.zone,
        seats=game.settings.seats,
        seated=game.seated,
        url=share_url(game),
    )
