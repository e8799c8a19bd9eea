"""Setting up a guild: the welcome message to its owner, and test messages in its channels."""

from datetime import datetime

from django.db import transaction

from games.core.base import Actor
from games.core.codes import NotificationKind
from games.core.payloads import ChannelTestPayload, GuildPayload
from games.core.wording import UNKNOWN_CHANNEL
from games.server_settings.actions import require_guild_manager
from gamesched.lib.refusal import Refusal, Refused
from guilds.directory.upsert import mark_guild_welcomed
from guilds.models import Channel
from notifications.models import new_nonce
from notifications.queue import schedule


@transaction.atomic
def welcome_guild(guild_id: int, owner_id: int, now: datetime) -> bool:
    """Schedule the DM that leads a guild's owner to the setup page, once for each stay of the bot.

    Returns whether it did.
    """
    first = mark_guild_welcomed(guild_id, now)
    if first:
        # One person may own several guilds, so the guild distinguishes the rows.
        schedule(
            NotificationKind.WELCOME,
            game_id=None,
            recipient_id=owner_id,
            dedupe_key=guild_id,
            due_at=now,
            payload=GuildPayload(guild_id),
        )
    return first


@transaction.atomic
def send_channel_test(channel_id: int, actor: Actor, now: datetime) -> None:
    """Schedule a test message in a channel.

    Raises Refused if no game can be announced there, or the actor does not see it in Discord.
    """
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise Refused(Refusal("unknown_channel", UNKNOWN_CHANNEL))
    viewer = require_guild_manager(channel.guild_id, actor, now)
    if not viewer.may_view(channel) or not Channel.objects.for_announcements().filter(pk=channel_id).exists():
        raise Refused(Refusal("unknown_channel", UNKNOWN_CHANNEL))
    payload = ChannelTestPayload(channel.guild_id, channel_id, new_nonce())
    schedule(NotificationKind.CHANNEL_TEST, game_id=None, dedupe_key=channel_id, due_at=now, payload=payload)
