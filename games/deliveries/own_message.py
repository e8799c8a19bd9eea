"""A message that was sent to a person, for them to read on the game's page when Discord shows it only as a mention."""

from datetime import datetime

from games.core.notifications import with_nonce
from games.core.plain_text import to_plain_text
from games.models import Game
from guilds.models import User
from notifications.models import Delivery
from notifications.types import Skip, get_message_type


def own_message_text(game: Game, user: User, nonce: str, now: datetime) -> str:
    """Return the text of the user's own delivery with this nonce; '' for any other, and once it is of no use."""
    rows = Delivery.objects.select_related("notification", "recipient").filter(
        nonce=nonce, recipient=user, notification__game=game, in_channel=True
    )
    delivery = rows.first() if nonce else None
    if delivery is None:
        return ""
    delivery.in_channel = False  # the text for their eyes
    build = get_message_type(delivery.notification.kind).build_message
    message = build(delivery, now) if build is not None else None
    if message is None or isinstance(message, Skip):
        return ""
    return to_plain_text(message.text.replace(with_nonce(delivery, game.url), ""), user.zone or "UTC")
