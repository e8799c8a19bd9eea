"""All wording about deliveries: who was notified, who was not and why."""

from collections.abc import Mapping
from datetime import timedelta

from games.core.codes import AuditAction, NotificationKind
from games.hosts.wording import AUDIENCES
from gamesched.lib.durations import minutes_text, time_span
from notifications.codes import ErrorCode
from notifications.models import Delivery, DeliveryStatus

NOTIFICATION_TITLES: Mapping[str, str] = {
    NotificationKind.CANCELLED: "Cancellation",
    NotificationKind.SEAT_CHANGE: "Seat changes",
    NotificationKind.SIGNED_UP: "Sign-up receipts",
    NotificationKind.LOST_SEAT: "A seat is free",
    NotificationKind.LOST_ACCESS: "Lost the channel",
    NotificationKind.LOST_ROLE: "Lost the role",
    NotificationKind.ADDED: "Added to the game",
    NotificationKind.REMOVED: "Removed from the game",
    NotificationKind.NUDGE: "Can you come?",
    NotificationKind.TOO_FEW_PLAYERS: "Too few players",
    NotificationKind.HOST_LEFT: "The host left the server",
    NotificationKind.HOST_CHOSEN: "New host",
    NotificationKind.HAND_OVER: "Asked to run it",
    NotificationKind.HAND_OVER_ANSWERED: "Answer to handing over",
    NotificationKind.INVITED: "Asked to play again",
    NotificationKind.REWARDS: "Rewards to write down",
    NotificationKind.REWARDED: "Rewards",
    NotificationKind.PLAYER_MESSAGE: "Message to the players",
    NotificationKind.NOT_ANNOUNCED: "Not announced after all",
    NotificationKind.CANCELLATION_UNDONE: "On again",
    NotificationKind.POST_DELETED: "The announcement was deleted",
    NotificationKind.DROPPED_OUT: "Someone you added left",
    NotificationKind.OFFER: "Offered seats",
    NotificationKind.EDITED: "Changes",
    NotificationKind.CONFIRMATION: "Do you still come?",
    NotificationKind.CONFIRMATION_SUMMARY: "Answers to “Do you still come?”",
    NotificationKind.DROPPED_UNCONFIRMED: "Places lost without an answer",
    NotificationKind.SERIES_ASK_HOST: "Play again?",
    NotificationKind.SERIES_NOT_MADE: "Not scheduled again after all",
    NotificationKind.SUBSTITUTE: "Step in?",
    NotificationKind.INTERESTED: "Interested in Discord's event",
    NotificationKind.WELCOME: "How to set the server up",
    NotificationKind.TIME_POLL_END: "A poll for a time closed",
    NotificationKind.TIME_POLL_GAME: "A poll with enough people",
}


def notification_title(kind: str, minutes: int | None) -> str:
    """Return what a notification was about: `Reminder 1 hour before`, `Cancellation`."""
    if kind == NotificationKind.REMINDER and minutes is not None:
        return f"Reminder {minutes_text(minutes)} before"
    return NOTIFICATION_TITLES.get(kind) or kind.replace("_", " ").capitalize()


CALLED_IN_CHANNEL = "We mentioned them in the channel instead of by direct message."
CALLED_IN_CHANNEL_TEXTS: Mapping[str, str] = {
    ErrorCode.CLOSED_DMS: "Their direct messages are closed, so we mentioned them in the channel.",
    ErrorCode.NO_SHARED_GUILD: "They take no direct messages from bots, so we mentioned them there.",
    ErrorCode.BOT_FLAGGED: "Discord stops our direct messages, so we mentioned them in the channel.",
}
# Discord's error texts, in words for people who do not know them.
DISCORD_ERROR_TEXTS = {
    "Cannot send messages to this user": "they take no direct messages from the bot",
    "Cannot send messages to this user due to having no mutual guilds": "they take no direct messages from the bot",
    "They left the server": "they left the server",
    "Missing Access": "the bot can't see the channel",
    "Missing Permissions": "the bot can't write in the channel",
    "Unknown Channel": "the channel was deleted",
}


def delivery_outcome(delivery: Delivery) -> str:
    """Return the outcome of one delivery in words."""
    why = delivery.error.rstrip(".")
    why = DISCORD_ERROR_TEXTS.get(why, why)
    match delivery.status:
        case DeliveryStatus.SENT if delivery.in_channel:
            return CALLED_IN_CHANNEL_TEXTS.get(delivery.error_code, CALLED_IN_CHANNEL)
        case DeliveryStatus.SENT:
            return "Reached."
        case DeliveryStatus.PENDING:
            return f"We're still trying: {why}." if why else "On its way."
        case DeliveryStatus.FAILED:
            return f"Failed: {why}." if why else "Failed."
        case DeliveryStatus.UNCERTAIN:
            return f"{why}." if why else "May have arrived."
    return f"Not sent: {why}." if why else "Not sent."


def reached_text(count: int, recipients: int) -> str:
    if not recipients:
        return "nobody to notify"
    return f"{count} of {recipients} reached"


def first_named(count: int) -> str:
    return f"Here are the first {count} people. The numbers count everyone."


def not_sent(why: str) -> str:
    return f"not sent: {why}"


def sent_again(outcome: str) -> str:
    return f"{outcome} We sent it again."


OUTCOME_LABELS = {
    "reached": "reached",
    "channel": "mentioned in the channel instead",
    "undone": "failed or in doubt",
    "dropped": "not sent: no longer useful",
    "pending": "on their way",
}
NO_DELIVERIES = "We sent nothing here in the last {days} days."
ALL_REACHED = "We reached everyone."


# --- sending again, giving up ----------------------------------------------------------------------------


def unknown_delivery(delivery_id: int) -> str:
    return f"There is no message {delivery_id}, or it's too old. `notifications list` shows what didn't arrive."


NO_GUILD_OF_DELIVERY = "This message belongs to no server, so nobody can decide about it."


def resent(name: str) -> str:
    return f"We send the message to {name} again."


def already_resent(name: str, status: str) -> str:
    return f"We already sent the message to {name} again: it is {status}."


def not_failed(name: str, status: str) -> str:
    return f"The message to {name} is {status}. You can only resend what failed or may not have arrived."


def given_up(name: str) -> str:
    return f"You gave up the message to {name}."


def nothing_to_give_up(name: str, status: str) -> str:
    return f"The message to {name} is {status}, so you can't give it up."


GIVEN_UP = "Given up by hand. See the history for who did it."


AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.MESSAGE_PLAYERS: "wrote to {to}",
    AuditAction.RESEND: "sent again the message to {for}",
    AuditAction.DROP_MESSAGE: "gave up the message to {for}",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history: who wrote to players, sent something again, or gave it up."""
    what = changes.get("what") or changes.get("text")
    values = {**changes, "to": str(AUDIENCES.get(str(changes.get("to")), "")).lower()}
    return f"{who} {AUDIT_ACTIONS[action].format(**values)}{f': {what}' if what else ''}"


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
