"""A message that was sent to a person, for them to read on the game's page when Discord shows it only as a mention."""

import re
from datetime import datetime

from games.core.notifications import with_nonce
from games.core.permissions import Viewer
from games.core.text import GuildTexts
from games.models import Game
from notifications.models import Delivery
from notifications.types import Skip, get_message_type

_SMALL_PRINT = re.compile(r"^-# .*$\n?", re.MULTILINE)


def own_message_html(game: Game, viewer: Viewer, nonce: str, now: datetime) -> str:
    """Return the text of the viewer's own delivery with this nonce; '' for any other, and once it is of no use."""
    if not nonce:
        return ""
    rows = Delivery.objects.select_related("notification", "recipient").filter(
        nonce=nonce, recipient=viewer.person, notification__game=game, in_channel=True
    )
    delivery = rows.first()
    if delivery is None:
        return ""
    delivery.in_channel = False  # the text for their eyes
    build = get_message_type(delivery.notification.kind).build_message
    message = build(delivery, now) if build is not None else None
    if message is None or isinstance(message, Skip):
        return ""
    text = _SMALL_PRINT.sub("", message.text.replace(with_nonce(delivery, game.url), ""))
    return GuildTexts(game.guild_id, viewer=viewer, now=now).message_as_html(text.strip())
