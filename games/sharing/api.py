"""A game's share link, for programs."""

from ninja import Schema

from games.api.base import answers, run_action, visible_game
from games.api.caller import HOST, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id
from games.sharing.actions import renew_share_link
from games.sharing.addresses import share_url


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
