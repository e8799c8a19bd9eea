"""Setting up a guild: telling its owner how, once, and trying whether the bot can post in a channel."""

from datetime import datetime

from django.db import transaction

from games.core.base import Actor
from games.core.kinds import NotificationKind
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
    """The bot came to a guild: plan the letter by which its owner finds the setup page. Once for each stay.

    Says whether it did.
    """
    first = mark_guild_welcomed(guild_id, now)
    if first:
        # One person may own several, so the row is told apart by the guild.
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
    """Plan a short message in a channel, to see whether it arrives. Raises Refused where no game can be announced."""
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise Refused(Refusal("unknown_channel", UNKNOWN_CHANNEL))
    require_guild_manager(channel.guild_id, actor)
    if not Channel.objects.for_announcements().filter(pk=channel_id).exists():
        raise Refused(Refusal("unknown_channel", UNKNOWN_CHANNEL))
    payload = ChannelTestPayload(channel.guild_id, channel_id, new_nonce())
    schedule(NotificationKind.CHANNEL_TEST, game_id=None, dedupe_key=channel_id, due_at=now, payload=payload)
