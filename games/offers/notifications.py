"""The letter that offers a seat, and the end of the time to take it."""

from collections.abc import Iterable
from datetime import datetime

from games.core import choices
from games.core.choices import Ask
from games.core.notifications import about, about_game, game_of
from games.core.seating import offer_number
from games.core.states import State
from games.core.wording import stamp
from games.models import Game, Signup
from games.offers import actions as offers
from games.offers import wording as offer_wording
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip, NotificationType, register


def _offered(game: Game, row: Notification) -> Signup | None:
    """The sign-up to which the offer was made that a row is about, while it stands."""
    signup = game.signups.current().filter(user=row.recipient).first()
    return signup if signup is not None and offer_number(signup) == row.facts["offer"] else None


def _asked(row: Notification, now: datetime) -> Iterable[int] | Skip:
    standing = row.recipient_id is not None and _offered(game_of(row), row) is not None
    return [row.recipient_id or 0] if standing else Skip("the seat is not offered to them any more")


def _offer(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    row = delivery.notification
    game = game_of(row)
    signup = _offered(game, row)
    if game.state(now) is not State.SCHEDULED or signup is None or signup.offered_until is None:
        return Skip("the seat is not offered to them any more")
    until = f"{stamp(signup.offered_until, 't')} ({stamp(signup.offered_until, 'R')})"
    number = offer_number(signup)
    take, pass_on = (Ask("offer", game.pk, number, choice) for choice in ("take", "pass"))
    buttons = (take.button(offer_wording.TAKE, "success"), pass_on.button(offer_wording.PASS))
    return about_game(delivery, game, offer_wording.offer(*about(delivery, game), until), now, *buttons)


def _over(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Nobody is written to: whoever did not answer keeps their place, and the next is asked."""
    game = game_of(row)
    signup = _offered(game, row)
    if signup is None:
        return Skip("the offer was answered, or ended")
    offers.let_pass(game, signup, now)
    return ()


register(NotificationType("offer", recipients=_asked, build_message=_offer))
register(NotificationType("offer_end", recipients=_over))
choices.register("offer", offers.answer)
