"""A game's share link, and what its page says of it."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from games.core.permissions import Viewer
from games.core.states import State
from games.models import Game
from games.sharing import wording


def share_path(game: Game) -> str:
    return reverse("shared-game", args=[game.pk, game.share_token])


def share_url(game: Game) -> str:
    """Return the absolute address."""
    return settings.PUBLIC_URL + share_path(game)


def who_reads_it(game: Game, viewer: Viewer, state: State) -> str:
    """Return what strangers see under a game's link; '' once it has begun, as its row no longer has that setting."""
    if state is not State.SCHEDULED:
        return ""
    if not game.settings.public_page or viewer.views_by_role(game.channel):
        return gettext(wording.ASKS_TO_LOG_IN)
    return gettext(wording.SHOWS_NAMES) if game.settings.public_names else gettext(wording.SHOWS_COUNTS)
