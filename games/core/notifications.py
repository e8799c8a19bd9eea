"""What notifications about games share: the game, the nonce, the late notice and the link to the preferences."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_noop

from games.core import notification_wording
from games.core.codes import GameSkipCode
from games.core.escaping import escape_markdown
from games.core.frequent_queries import GAME_WITH_POST
from games.core.payloads import StartPayload
from games.core.push import push_message
from games.core.read_ahead import current_member, game_read_for
from games.core.states import State
from games.models import Game
from games.models.announcement import PostProblem
from guilds.display_names import display_names
from guilds.names import isolated
from guilds.permissions import may_view
from notifications.codes import SkipCode
from notifications.messages import Button, OutgoingMessage, PermanentError
from notifications.models import Delivery, Notification, PushUse
from notifications.policy import LATE_AFTER, earlier_attempt_at, is_maybe_sent
from notifications.types import Skip

# Characters; text full of markup is cut, to leave space for the rest.
TITLE_SHOWN, GUILD_SHOWN, INSTRUCTIONS_SHOWN = 220, 120, 1000


def preferences_url(guild_id: int | None) -> str:
    """Return the absolute URL of the preferences page of a guild; None: of the page that lists the guilds."""
    return settings.PUBLIC_URL + _preferences_path(guild_id)


@lru_cache(1000)
def _preferences_path(guild_id: int | None) -> str:
    return reverse("guild-notifications", args=[guild_id]) if guild_id is not None else reverse("notifications")


def direct_message(delivery: Delivery, text: str, now: datetime) -> OutgoingMessage:
    """Return a direct message to the delivery's recipient, with the delivery's nonce."""
    person = delivery.recipient
    return OutgoingMessage(
        user_id=person.pk,
        channel_id=person.dm_channel_id,
        text=text,
        nonce=delivery.nonce,
        dedupe_marker=delivery.nonce,
        maybe_sent=is_maybe_sent(delivery.first_attempt_at, now),
        first_attempt_at=earlier_attempt_at(delivery.first_attempt_at, now),
    )


def build_message(
    delivery: Delivery,
    text: str,
    guild_id: int | None,
    channel_id: int,
    now: datetime,
    *,
    channel_text: str = "",
    title: str = "",
) -> OutgoingMessage:
    """Return a DM to the recipient or, if the delivery is `in_channel`, a mention of them in the channel.

    To their devices it goes in plain text, under a `title`.

    `channel_text`: what everyone there may read, in place of a text that is meant for the recipient alone.
    """
    if delivery.in_channel and channel_text:
        text = channel_text
    due_at = delivery.notification.due_at
    if now - due_at > LATE_AFTER and delivery.resend_of_id is None:
        text = notification_wording.with_late_notice(text, due_at)
    if delivery.push == PushUse.CHOSEN:
        return push_message(delivery, text, title, now)
    message = direct_message(delivery, notification_wording.with_preferences_link(text, preferences_url(guild_id)), now)
    if not delivery.in_channel:
        return message
    user_id = message.user_id or 0
    return replace(
        message, user_id=None, channel_id=channel_id, text=f"<@{user_id}> {message.text}", ping_users=(user_id,)
    )


# --- about a game ----------------------------------------------------------------------------------------


def own_application_id() -> int | None:
    """Return the id of the application that everything in Discord is made by; None if the token names none."""
    return int(settings.DISCORD_CLIENT_ID) if settings.DISCORD_CLIENT_ID else None


def game_of_notification(row: Notification) -> Game:
    """Return the game of a notification."""
    game = game_read_for(row) or GAME_WITH_POST.first(row.game_id or 0)
    if game is None:
        raise Game.DoesNotExist
    return game


def only_recipient(row: Notification, now: datetime) -> list[int] | Skip:
    """Return the one recipient that the notification names."""
    return [row.recipient_id] if row.recipient_id else Skip(SkipCode.NO_RECIPIENT)


def host_recipient(row: Notification, now: datetime) -> list[int]:
    """Return the person who hosts the game when the notification is due."""
    return [game_of_notification(row).host_id]


def skip_unless_scheduled(game: Game, now: datetime) -> Skip | None:
    """Return why to skip a notification if the game is no longer ahead, else None."""
    state = game.state(now)
    return None if state is State.SCHEDULED else skip_for_state(game, now)


# Stored in English, and translated where they are shown.
_STATE_REASONS = {
    State.DRAFT: gettext_noop("the game is draft"),
    State.UNANNOUNCED: gettext_noop("the game is unannounced"),
    State.SCHEDULED: gettext_noop("the game is scheduled"),
    State.IN_PROGRESS: gettext_noop("the game is in progress"),
    State.COMPLETED: gettext_noop("the game is completed"),
    State.CANCELLED: gettext_noop("the game is cancelled"),
    State.ARCHIVED: gettext_noop("the game is archived"),
}


def skip_for_state(game: Game, now: datetime) -> Skip:
    """Return the Skip that names the game's current state."""
    return Skip(GameSkipCode.WRONG_STATE, _STATE_REASONS[game.state(now)])


def skip_if_moved(row: Notification, game: Game, now: datetime) -> Skip | None:
    """Return why to skip a notification that was scheduled for another start of the game, else None."""
    moved = StartPayload.of(row).starts_at != game.starts_at
    return skip_unless_scheduled(game, now) or (Skip(GameSkipCode.MOVED) if moved else None)


POST_PROBLEMS: Mapping[str, PostProblem] = {
    PermanentError.MISSING_PERMISSION: PostProblem.MISSING_PERMISSION,
    PermanentError.UNCERTAIN: PostProblem.MAYBE_POSTED,
    PermanentError.UNKNOWN_CHANNEL: PostProblem.CHANNEL_DELETED,
}


def post_problem_of(error: PermanentError) -> PostProblem:
    """Return why a post is missing or out of date, as a code."""
    return POST_PROBLEMS.get(str(error.code), PostProblem.REFUSED)


def with_nonce(delivery: Delivery, url: str) -> str:
    """Add the delivery's nonce to the URL, so that the message can be recognised."""
    return f"{url}?d={delivery.nonce}"


def common_game_texts(delivery: Delivery, game: Game) -> tuple[str, str, datetime, str]:
    """Return the title, guild name, start and URL that every message about a game shows."""
    read = game.read_ahead
    title, guild, url = texts = (read.texts if read is not None else None) or _texts_of(game)
    if read is not None:
        read.texts = texts
    # Whether they turn the writing around them is the reader's language's to say, and others read it in theirs.
    return isolated(title), isolated(guild), game.starts_at, with_nonce(delivery, url)


def _texts_of(game: Game) -> tuple[str, str, str]:
    title, guild = escape_markdown(game.title, TITLE_SHOWN), escape_markdown(game.guild.name, GUILD_SHOWN)
    return title, guild, game.url


def acting_user_name(user_id: int | None, game: Game) -> str:
    """Return the name in the guild of the user whose action is reported; '' for an operator."""
    names = display_names(game.guild_id, [user_id or 0])
    return "".join(escape_markdown(member_name.text) for member_name in names.values())


def instructions_text(game: Game) -> str:
    """Return what the host wrote for those who signed up, for Discord; '' for nothing. It belongs into no channel."""
    return escape_markdown(game.settings.instructions, INSTRUCTIONS_SHOWN)


def game_message(
    delivery: Delivery,
    game: Game,
    text: str,
    now: datetime,
    *buttons: Button,
    public: bool = False,
    public_text: str = "",
) -> OutgoingMessage | Skip:
    """Return a message about a game; with closed DMs its recipient is mentioned next to the game's post.

    Skipped for who left the server, and for a member who may not view the game's channel in Discord: the game does
    not exist for them.

    `public`: the text says only what everyone can read in the post; `public_text` says that much of it. Any other is
    read on the game's page, for a mention of closed DMs once carried an address and a door code into the channel.
    """
    member = current_member(game, delivery.recipient_id)
    if member is None:
        return Skip(GameSkipCode.NOT_A_MEMBER)
    if not may_view(member, game.channel):
        return Skip(GameSkipCode.CHANNEL_HIDDEN)
    if delivery.in_channel and game.announced_at is None:
        return Skip(GameSkipCode.NOT_ANNOUNCED)
    title, _, _, url = common_game_texts(delivery, game)
    channel_text = "" if public else public_text or notification_wording.something_to_read(title, url)
    channel_id = game.announcement.message_channel_id
    message = build_message(delivery, text, game.guild_id, channel_id, now, channel_text=channel_text, title=game.title)
    return replace(message, buttons=buttons)
