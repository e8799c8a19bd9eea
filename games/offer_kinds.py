"""The letter that offers a seat, and the end of the time to take it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from games import asking, offer_messages
from games.actions import offers, swapping
from games.actions.seating import offer_number
from games.asking import Ask
from games.letters import letter
from games.messages import plain, stamp
from games.models import Game, Signup
from games.states import State
from notifications.kinds import Drop, Kind, register
from notifications.letter import Letter
from notifications.models import Delivery, Notification


def register_all() -> None:
    register(Kind("offer", expand=_asked, render=_offer))
    register(Kind("offer_end", expand=_over))
    asking.register("offer", offers.answer)
    asking.register("overlap", swapping.answer)


def _game(row: Notification) -> Game:
    return Game.objects.with_levels().select_related("announcement__channel").get(pk=row.game_id or 0)


def _offered(game: Game, row: Notification) -> Signup | None:
    """The sign-up to which the offer was made that a row is about, while it stands."""
    signup = game.signups.current().filter(user=row.recipient).first()
    return signup if signup is not None and offer_number(signup) == row.facts["offer"] else None


def _asked(row: Notification, now: datetime) -> Iterable[int] | Drop:
    standing = row.recipient_id is not None and _offered(_game(row), row) is not None
    return [row.recipient_id or 0] if standing else Drop("the seat is not offered to them any more")


def _offer(delivery: Delivery, now: datetime) -> Letter | Drop:
    row = delivery.notification
    game = _game(row)
    signup = _offered(game, row)
    if game.state(now) is not State.SCHEDULED or signup is None or signup.offered_until is None:
        return Drop("the seat is not offered to them any more")
    url = f"{game.url}?d={delivery.nonce}"
    until = f"{stamp(signup.offered_until, 't')} ({stamp(signup.offered_until, 'R')})"
    text = offer_messages.offer(plain(game.title), plain(game.guild.name), stamp(game.starts_at), url, until)
    made = letter(delivery, text, game.guild_id, game.announcement.place_id, now)
    number = offer_number(signup)
    take, pass_on = (Ask("offer", game.pk, number, choice) for choice in ("take", "pass"))
    buttons = (take.button(offer_messages.TAKE, "success"), pass_on.button(offer_messages.PASS))
    return replace(made, buttons=buttons)


def _over(row: Notification, now: datetime) -> Iterable[int] | Drop:
    """Nobody is written to: whoever did not answer keeps their place, and the next is asked."""
    game = _game(row)
    signup = _offered(game, row)
    if signup is None:
        return Drop("the offer was answered, or ended")
    offers.let_pass(game, signup, now)
    return ()
