"""The letters that tell players of edits and ask them again, and what the clock ends of both."""

from collections.abc import Iterable
from datetime import datetime

from games.confirmations import actions as confirmations
from games.confirmations import wording as confirmation_wording
from games.confirmations.edits import said, summed
from games.confirmations.summary import discord_lines
from games.core import choices
from games.core.choices import Ask
from games.core.notifications import about, about_game, fitting, game_of, to_recipient
from games.core.scheduling import touch
from games.core.states import State
from games.core.wording import stamp
from games.models import Game, Signup
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip, NotificationType, register

INSTRUCTIONS_SHOWN, LINES_SHOWN = 500, 50  # characters, and lines of them, so that all fits one message


def _signup(game: Game, delivery: Delivery) -> Signup | None:
    return game.signups.current().filter(user_id=delivery.recipient_id).first()


def _changes(delivery: Delivery, game: Game) -> tuple[list[str], str]:
    """What of the game is not as the recipient knows it, in lines, and its instructions where they are others now."""
    changes = summed(delivery.notification.facts["before"], said(game))
    written = changes.get("instructions", ("", ""))[1].split("\n")
    shown = "\n".join([*written[:LINES_SHOWN], *(["…"] if len(written) > LINES_SHOWN else [])])
    return discord_lines(changes), fitting(shown, INSTRUCTIONS_SHOWN)


def _edited(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if game.state(now).over or _signup(game, delivery) is None:
        return Skip("they are no longer in, or the game is over")
    lines, instructions = _changes(delivery, game)
    if not lines:
        return Skip("all is as it was")
    return about_game(delivery, game, confirmation_wording.edited(*about(delivery, game), lines, instructions), now)


def _question(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game, facts = game_of(delivery.notification), delivery.notification.facts
    signup = _signup(game, delivery)
    if game.state(now) is not State.SCHEDULED or signup is None:
        return Skip("they are no longer in, or the game is not to come")
    if signup.asked != facts["number"] or game.answer_by is None:
        return Skip("they answered, or are asked anew")
    text = confirmation_wording.asked(
        *about(delivery, game),
        *_changes(delivery, game),
        until=stamp(game.answer_by),
        ends=game.silence_ends,
        again=facts["again"],
    )
    choices = (("yes", confirmation_wording.YES, "success"), ("no", confirmation_wording.NO, "danger"))
    buttons = [Ask("question", game.pk, signup.asked, choice).button(label, style) for choice, label, style in choices]
    return about_game(delivery, game, text, now, *buttons)


def _silent(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if game.state(now).over or _signup(game, delivery) is not None:
        return Skip("they are in again, or the game is over")
    return about_game(delivery, game, confirmation_wording.lost_by_silence(*about(delivery, game)), now)


def _sum(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if game.state(now).over:
        return Skip("the game is over")
    facts = delivery.notification.facts
    return about_game(delivery, game, confirmation_wording.answered_sum(*about(delivery, game), facts), now)


def _ended(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Nobody is written to by this: who is, has rows of their own."""
    why = confirmations.end(game_of(row), row.facts["number"], row.facts["people"], now)
    return Skip(why) if why else ()


def _shown_long_enough(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """The post no longer shows what changed a day ago."""
    game = game_of(row)
    if game.state(now).over:
        return Skip("the game is over")
    touch(game, now)
    return ()


register(NotificationType("edited", recipients=to_recipient, build_message=_edited))
register(NotificationType("question", recipients=to_recipient, build_message=_question))
register(NotificationType("silent", recipients=to_recipient, build_message=_silent))
register(NotificationType("answered_sum", recipients=to_recipient, build_message=_sum))
register(NotificationType("question_end", recipients=_ended))
register(NotificationType("changed_end", recipients=_shown_long_enough))
choices.register("question", confirmations.answer)
