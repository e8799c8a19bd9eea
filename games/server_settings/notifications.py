"""What is sent while a guild is set up: the letter to its owner, and test messages. Neither belongs to a game."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from games.core.notifications import with_nonce, direct_message, only_recipient
from games.core.wording import escape_markdown
from games.models.layers import is_set_up
from games.server_settings import wording as settings_wording
from guilds.models import Channel, Guild
from notifications.messages import ForumPost, Letter, Permanent, Sent
from notifications.models import Delivery, Notification
from notifications.policy import in_doubt, tried_before
from notifications.types import Drop, Kind, Post, Rendered, register


def setup_url(guild_id: int) -> str:
    """The setup page's whole address, for Discord."""
    return settings.PUBLIC_URL + reverse("guild-setup", args=[guild_id])


def _welcome_message(delivery: Delivery, now: datetime) -> Letter | Drop:
    guild = Guild.objects.present().filter(pk=int(delivery.notification.facts["guild"])).first()
    if guild is None:
        return Drop("the bot was removed from the server")
    if delivery.in_channel:
        # No channel is chosen yet in which they could be called; the server's page says the same.
        return Drop("their direct messages are closed")
    address = with_nonce(delivery, setup_url(guild.pk))
    return direct_message(delivery, settings_wording.welcome(escape_markdown(guild.name), address, is_set_up(guild)), now)


def _channel_test_message(row: Notification, now: datetime) -> Rendered | Drop:
    channel = Channel.objects.filter(pk=int(row.facts["channel"]), gone_at=None).first()
    if channel is None:
        return Drop("the channel was deleted")
    nonce = row.facts["nonce"]
    message = Letter(
        channel_id=channel.pk,
        text=settings_wording.test_message(f"{setup_url(channel.guild_id)}?d={nonce}"),
        nonce=nonce,
        mark=nonce,
        doubt=in_doubt(row.first_tried_at, now),
        tried_at=tried_before(row.first_tried_at, now),
        forum=ForumPost(settings_wording.TEST_POST) if channel.is_forum else None,
    )
    return Rendered(message, row.revision)


def _on_test_posted(row: Notification, rendered: Rendered, sent: Sent, now: datetime) -> None:
    """Nothing to write down: the row closes."""


def _on_test_failed(row: Notification, error: Permanent, now: datetime) -> bool:
    """The row keeps why; the setup page shows it."""
    return False


def last_channel_tests(guild_id: int) -> dict[int, Notification]:
    """The last test message of each channel of a guild, by the channel's id."""
    rows = Notification.objects.filter(kind="channel_test", facts__guild=str(guild_id)).order_by("pk")
    return {int(row.facts["channel"]): row for row in rows}


register(Kind("welcome", expand=only_recipient, render=_welcome_message))
register(Post("channel_test", render=_channel_test_message, shown=_on_test_posted, failed=_on_test_failed))
