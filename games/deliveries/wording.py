"""All wording about deliveries: who was notified, who was not and why."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from games.core.codes import AuditAction, NotificationKind
from games.core.named_places import who_did
from games.core.notification_wording import error_text
from games.hosts.wording import AUDIENCES
from gamesched.lib.durations import minutes_text, time_span
from gamesched.lib.sentences import within_sentence
from notifications.codes import ErrorCode
from notifications.models import Delivery, DeliveryStatus

NOTIFICATION_TITLES: Mapping[str, str] = {
    NotificationKind.CANCELLED: gettext_noop("Cancellation"),
    NotificationKind.SEAT_CHANGE: gettext_noop("Seat changes"),
    NotificationKind.SIGNED_UP: gettext_noop("Sign-up receipts"),
    NotificationKind.LOST_SEAT: gettext_noop("A seat is free"),
    NotificationKind.LOST_ACCESS: gettext_noop("Lost the channel"),
    NotificationKind.LOST_ROLE: gettext_noop("Lost the role"),
    NotificationKind.ADDED: gettext_noop("Added to the game"),
    NotificationKind.REMOVED: gettext_noop("Removed from the game"),
    NotificationKind.NUDGE: gettext_noop("Asked whether they come"),
    NotificationKind.TOO_FEW_PLAYERS: gettext_noop("Too few players"),
    NotificationKind.HOST_LEFT: gettext_noop("The host left the server"),
    NotificationKind.HOST_CHOSEN: gettext_noop("New host"),
    NotificationKind.HAND_OVER: gettext_noop("Asked to run it"),
    NotificationKind.HAND_OVER_ANSWERED: gettext_noop("Answer to handing over"),
    NotificationKind.INVITED: gettext_noop("Asked to play again"),
    NotificationKind.REWARDS: gettext_noop("Rewards to write down"),
    NotificationKind.REWARDED: gettext_noop("Rewards"),
    NotificationKind.PLAYER_MESSAGE: gettext_noop("Message to the players"),
    NotificationKind.NOT_ANNOUNCED: gettext_noop("Not announced after all"),
    NotificationKind.CANCELLATION_UNDONE: gettext_noop("On again"),
    NotificationKind.POST_DELETED: gettext_noop("The announcement was deleted"),
    NotificationKind.DROPPED_OUT: gettext_noop("Someone you added left"),
    NotificationKind.OFFER: gettext_noop("Offered seats"),
    NotificationKind.EDITED: gettext_noop("Changes"),
    NotificationKind.CONFIRMATION: gettext_noop("Asked again"),
    NotificationKind.CONFIRMATION_SUMMARY: gettext_noop("Answers of everyone asked again"),
    NotificationKind.DROPPED_UNCONFIRMED: gettext_noop("Places lost without an answer"),
    NotificationKind.SERIES_ASK_HOST: gettext_noop("Asked to run the next game"),
    NotificationKind.SERIES_NOT_MADE: gettext_noop("Not scheduled again after all"),
    NotificationKind.SUBSTITUTE: gettext_noop("Asked to step in"),
    NotificationKind.INTERESTED: gettext_noop("Interested in Discord's event"),
    NotificationKind.WELCOME: gettext_noop("How to set the server up"),
    NotificationKind.TIME_POLL_END: gettext_noop("A poll for a time closed"),
    NotificationKind.TIME_POLL_GAME: gettext_noop("A poll with enough people"),
    NotificationKind.WEBHOOK_PAUSED: gettext_noop("A paused webhook"),
}


def notification_title(kind: str, minutes: int | None) -> str:
    """Return what a notification was about: `Reminder 1 hour before`, `Cancellation`."""
    if kind == NotificationKind.REMINDER and minutes is not None:
        return _("Reminder %(time)s before") % {"time": minutes_text(minutes)}
    return gettext(NOTIFICATION_TITLES.get(kind) or kind.replace("_", " ").capitalize())


CALLED_IN_CHANNEL = gettext_noop("mentioned in the channel instead of by direct message")
CALLED_IN_CHANNEL_TEXTS: Mapping[str, str] = {
    ErrorCode.CLOSED_DMS: gettext_noop("mentioned in the channel, as their direct messages are closed"),
    ErrorCode.NO_SHARED_GUILD: gettext_noop("mentioned in the channel, as they take no direct messages from bots"),
    ErrorCode.BOT_FLAGGED: gettext_noop("mentioned in the channel, as Discord stops our direct messages"),
}
# Discord's error texts, in words for people who do not know them.
DISCORD_ERROR_TEXTS = {
    "Cannot send messages to this user": gettext_noop("they take no direct messages from the bot"),
    "Cannot send messages to this user due to having no mutual guilds": gettext_noop(
        "they take no direct messages from the bot"
    ),
    "They left the server": gettext_noop("they left the server"),
    "Missing Access": gettext_noop("the bot can't see the channel"),
    "Missing Permissions": gettext_noop("the bot can't write in the channel"),
    "Unknown Channel": gettext_noop("the channel was deleted"),
}


def delivery_outcome(delivery: Delivery) -> str:
    """Return the outcome of one delivery in words, which stand behind a name: `Frank: reached`."""
    known = DISCORD_ERROR_TEXTS.get(delivery.error.rstrip("."))
    why = (gettext(known) if known else error_text(delivery.error)).rstrip(".")
    match delivery.status:
        case DeliveryStatus.SENT if delivery.in_channel:
            return gettext(CALLED_IN_CHANNEL_TEXTS.get(delivery.error_code, CALLED_IN_CHANNEL))
        case DeliveryStatus.SENT:
            return _("reached")
        case DeliveryStatus.PENDING:
            return _("we're still trying: %(why)s") % {"why": why} if why else _("on its way")
        case DeliveryStatus.FAILED:
            return _("failed: %(why)s") % {"why": why} if why else _("failed")
        case DeliveryStatus.UNCERTAIN:
            return why if why else _("may have arrived")
    return not_sent(why) if why else _("not sent")


def reached_text(count: int, recipients: int) -> str:
    if not recipients:
        return _("nobody to notify")
    return _("%(count)d of %(recipients)d reached") % {"count": count, "recipients": recipients}


def first_named(count: int) -> str:
    return _("Here are the first %(count)d people. The numbers count everyone.") % {"count": count}


def not_sent(why: str) -> str:
    return _("not sent: %(why)s") % {"why": why}


def sent_again(outcome: str) -> str:
    return _("%(outcome)s; sent again") % {"outcome": outcome}


OUTCOME_LABELS = {
    "reached": gettext_noop("reached"),
    "channel": gettext_noop("mentioned in the channel instead"),
    "undone": gettext_noop("failed or in doubt"),
    "dropped": gettext_noop("not sent: no longer useful"),
    "pending": gettext_noop("on their way"),
}
NO_DELIVERIES = gettext_noop("We sent nothing here in the last {days} days.")
ALL_REACHED = gettext_noop("We reached everyone.")


# --- sending again, giving up ----------------------------------------------------------------------------


def unknown_delivery(delivery_id: int) -> str:
    return f"There is no message {delivery_id}, or it's too old. `notifications list` shows what didn't arrive."


NO_GUILD_OF_DELIVERY = gettext_noop("This message belongs to no server, so nobody can decide about it.")


def resent(name: str) -> str:
    return _("We send the message to %(name)s again.") % {"name": name}


def already_resent(name: str, status: str) -> str:
    return _("We already sent the message to %(name)s again: it is %(status)s.") % {"name": name, "status": status}


def not_failed(name: str, status: str) -> str:
    return _("The message to %(name)s is %(status)s. You can only resend what failed or may not have arrived.") % {
        "name": name,
        "status": status,
    }


def given_up(name: str) -> str:
    return _("You gave up the message to %(name)s.") % {"name": name}


def nothing_to_give_up(name: str, status: str) -> str:
    return _("The message to %(name)s is %(status)s, so you can't give it up.") % {"name": name, "status": status}


GIVEN_UP = gettext_noop("Given up by hand. See the history for who did it.")


# Translators: what follows a name, as in “Ann wrote to everyone”.
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.MESSAGE_PLAYERS: gettext_noop("wrote to {to}"),
    AuditAction.RESEND: gettext_noop("sent again the message to {for}"),
    AuditAction.DROP_MESSAGE: gettext_noop("gave up the message to {for}"),
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history: who wrote to players, sent something again, or gave it up."""
    what = gettext(str(changes.get("what") or "")) or changes.get("text")
    audience = AUDIENCES.get(str(changes.get("to")))
    values = {**changes, "to": within_sentence(audience) if audience else ""}
    return f"{who_did(who, AUDIT_ACTIONS[action], values)}{f': {what}' if what else ''}"


# --- for operators ---------------------------------------------------------------------------------------


def no_events(silence: timedelta) -> str:
    """Return for how long the bot has heard nothing."""
    return f"It has heard nothing from Discord for {time_span(silence)}. Look at its log."


def ago(time: timedelta) -> str:
    return f"{time_span(time)} ago"


NOT_PAUSED = "Nothing was held."


def resumed(dropped: int) -> str:
    messages = "1 message that was" if dropped == 1 else f"{dropped} messages that were"
    return f"Released. {messages} due meanwhile {'is' if dropped == 1 else 'are'} dropped; the rest will be sent."


def chart_text(sent: int, failed: int, worst: float | None) -> str:
    """Return what the chart shows, for people who cannot see it."""
    if not sent and not failed:
        return "In the last 48 hours nothing was sent and nothing failed."
    messages = "1 message was" if sent == 1 else f"{sent:,} messages were"
    text = f"In the last 48 hours {messages} sent and {failed:,} failed."
    if worst is None:
        return text
    late = f"{worst:.1f} seconds" if worst < 60 else time_span(timedelta(seconds=worst))
    return f"{text} In the worst hour, 99 of 100 were at most {late} late."
