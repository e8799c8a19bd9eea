"""A message that was sent to a person, to read on the game's page where Discord or a device shows less of it."""

import re
from datetime import datetime

from django.db.models import Q

from games.core.notifications import with_nonce
from games.core.permissions import Viewer
from games.core.text import GuildTexts
from games.models import Game
from notifications.models import Delivery, PushUse
from notifications.types import Skip, get_message_type

_SMALL_PRINT = re.compile(r"^-# .*$\n?", re.MULTILINE)


def own_message_html(game: Game, viewer: Viewer, nonce: str, now: datetime) -> str:
    """Return the text of the viewer's own delivery with this nonce; '' for any other, and once it is of no use."""
    if not nonce:
        return ""
    rows = Delivery.objects.select_related("notification", "recipient").filter(
        Q(in_channel=True) | Q(push=PushUse.CHOSEN), nonce=nonce, recipient=viewer.person, notification__game=game
    )
    delivery = rows.first()
    if delivery is None:
        return ""
    delivery.in_channel, delivery.push = False, PushUse.NONE  # the text for their eyes
    build = get_message_type(delivery.notification.kind).build_message
    message = build(delivery, now) if build is not None else None
    if message is None or isinstance(message, Skip):
        return ""
    text = _SMALL_PRINT.sub("", message.text.replace(with_nonce(delivery, game.url), ""))
    return GuildTexts(game.guild_id, viewer=viewer, now=now).message_as_html(text.strip())
