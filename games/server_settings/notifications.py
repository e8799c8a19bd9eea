"""The messages of setting up a guild: the welcome message and test messages. Neither belongs to a game."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notifications import direct_message, only_recipient, with_nonce
from games.core.payloads import ChannelTestPayload, GuildPayload
from games.models.layers import is_set_up
from games.server_settings import wording as settings_wording
from guilds.languages import in_language_of_guild
from guilds.models import Channel, Guild
from notifications.messages import ForumPost, OutgoingMessage, PermanentError, SentMessage
from notifications.models import Delivery, Notification
from notifications.policy import earlier_attempt_at, is_maybe_sent
from notifications.types import BuiltPost, NotificationType, Skip, SyncedPost, register


def setup_url(guild_id: int) -> str:
    """Return the absolute URL of the setup page, for use in Discord."""
    return settings.PUBLIC_URL + reverse("guild-setup", args=[guild_id])


def _welcome_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    guild = Guild.objects.present().filter(pk=GuildPayload.of(delivery.notification).guild_id).first()
    if guild is None:
        return Skip(GameSkipCode.BOT_REMOVED)
    if delivery.in_channel:
        # No channel is chosen yet in which to mention them; the server's page says the same.
        return Skip(GameSkipCode.CLOSED_DMS)
    address = with_nonce(delivery, setup_url(guild.pk))
    return direct_message(
        delivery, settings_wording.welcome(escape_markdown(guild.name), address, is_set_up(guild)), now
    )


def _channel_test_message(row: Notification, now: datetime) -> BuiltPost | Skip:
    payload = ChannelTestPayload.of(row)
    channel = Channel.objects.select_related("guild").filter(pk=payload.channel_id, deleted_at=None).first()
    if channel is None:
        return Skip(GameSkipCode.CHANNEL_DELETED)
    with in_language_of_guild(channel.guild):
        return _test_post(row, channel, payload.nonce, now)


def _test_post(row: Notification, channel: Channel, nonce: str, now: datetime) -> BuiltPost:
    message = OutgoingMessage(
        channel_id=channel.pk,
        text=settings_wording.test_message(f"{setup_url(channel.guild_id)}?d={nonce}"),
        nonce=nonce,
        dedupe_marker=nonce,
        maybe_sent=is_maybe_sent(row.first_attempt_at, now),
        first_attempt_at=earlier_attempt_at(row.first_attempt_at, now),
        forum=ForumPost(gettext(settings_wording.TEST_POST)) if channel.is_forum else None,
    )
    return BuiltPost(message, row.post_version)


def _on_test_posted(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    """Do nothing: the row is closed."""


def _on_test_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    """Do nothing: the row keeps the error, and the setup page shows it."""
    return False


def last_channel_tests(guild_id: int) -> dict[int, Notification]:
    """Return the last test notification of each channel of a guild, by channel id."""
    rows = Notification.objects.filter(
        kind=NotificationKind.CHANNEL_TEST, payload__contains=GuildPayload(guild_id).to_json()
    ).order_by("pk")
    return {ChannelTestPayload.of(row).channel_id: row for row in rows}


register(NotificationType(NotificationKind.WELCOME, recipients=only_recipient, build_message=_welcome_message))
register(
    SyncedPost(
        NotificationKind.CHANNEL_TEST,
        build_message=_channel_test_message,
        on_synced=_on_test_posted,
        on_failed=_on_test_failed,
    )
)
