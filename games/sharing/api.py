"""A game's share link, for programs."""

from django.utils.translation import gettext
from ninja import Schema

from games.api.base import answers, managed_guild, run_action, visible_game
from games.api.caller import HOST, MANAGE, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id, Sent
from games.sharing.actions import renew_share_link
from games.sharing.addresses import share_url
from games.sharing.embeds import switch_embed
from gamesched.lib.clock import db_now


class ShareLink(Schema):
    """The address that shows a game to whoever has it."""

    url: str


@router.get("/games/{id:game_id}/share-link", auth=READ, response=answers(ShareLink))
def share_link(request: ApiRequest, game_id: Id) -> ShareLink:
    """Return a game's share link."""
    game, _ = visible_game(request, game_id)
    return ShareLink(url=share_url(game))


@router.post("/games/{id:game_id}/share-link", auth=HOST, response=answers(ActionShape))
def renew(request: ApiRequest, game_id: Id) -> object:
    """Replace a game's share link; the old one stops at once."""
    return run_action(request, game_id, lambda now: renew_share_link(game_id, actor(request), now))


class EmbedSwitch(Sent):
    """Whether other sites may show a server's upcoming games."""

    on: bool


class EmbedSwitched(Schema):
    """What a switch did."""

    text: str


@router.put("/guilds/{id:guild_id}/embed", auth=MANAGE, response=answers(EmbedSwitched))
def embed(request: ApiRequest, guild_id: Id, sent: EmbedSwitch) -> object:
    """Let other sites show a server's upcoming games, or no longer."""
    managed_guild(request, guild_id)
    return EmbedSwitched(text=gettext(switch_embed(guild_id, actor(request), db_now(), on=sent.on)))
