"""What follows for agendas from what people do in Discord, and the sweep."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q
from django.db.models.functions import Cast

from games.core.agendas import schedule_agendas
from games.core.codes import NotificationKind
from games.models import Agenda
from guilds.directory.lookup import load_directory
from guilds.shards import WHOLE, Shard
from notifications.models import Notification

TRUSTED_FOR = timedelta(hours=6)  # how long an agenda counts as present without being checked again


@transaction.atomic
def repost_deleted_agendas(message_ids: Collection[int], now: datetime) -> int:
    """Put back agendas whose message was deleted in Discord; return how many."""
    agendas = Agenda.objects.filter(message_id__in=list(message_ids)).order_by("pk")
    schedule_agendas(agendas, now)
    deleted = list(agendas.select_for_update(no_key=True))
    for agenda in deleted:
        agenda.forget_message()
        agenda.save_message()
    return len(deleted)


def recheck_all_agendas(now: datetime, shard: Shard = WHOLE) -> None:
    """Mark every agenda to be checked: the bot was away, and may have missed deletions."""
    Agenda.objects.exclude(checked_at=None).filter(shard.holds("guild_id")).update(checked_at=None)


def verify_agendas(now: datetime, limit: int) -> int:
    """Check in Discord the agendas that were not checked for longest; return how many were deleted.

    Raises DirectoryUnavailable.
    """
    due = Agenda.objects.filter(
        Q(checked_at=None) | Q(checked_at__lt=now - TRUSTED_FOR),
        message_id__isnull=False,
        guild__bot_removed_at=None,
        guild__unavailable=False,
        channel__deleted_at=None,
    ).order_by(F("checked_at").asc(nulls_first=True), "pk")
    discord = load_directory()
    deleted = 0
    for agenda in due[:limit]:
        assert agenda.message_id is not None
        if discord.has_message(agenda.channel_id, agenda.message_id):
            Agenda.objects.filter(pk=agenda.pk).update(checked_at=now)
            is_kept_pinned = agenda.pinned and agenda.pinned_at is not None
            if is_kept_pinned and discord.is_pinned(agenda.channel_id, agenda.message_id) is False:
                _pin_again(agenda, now)
        else:
            deleted += repost_deleted_agendas([agenda.message_id], now)
    return deleted


@transaction.atomic
def _pin_again(agenda: Agenda, now: datetime) -> None:
    """Have an agenda pinned that somebody unpinned in Discord, unless it changed since it was read."""
    schedule_agendas([agenda], now)
    Agenda.objects.filter(pk=agenda.pk, message_id=agenda.message_id, pinned_at=agenda.pinned_at).update(pinned_at=None)


def recheck_pinned_agenda(channel_id: int) -> None:
    """Mark a channel's pinned agenda to be checked: somebody pinned or unpinned something there."""
    Agenda.objects.filter(pk=channel_id, pinned=True).exclude(pinned_at=None).update(checked_at=None)


def handle_channels_changed(guild_ids: Collection[int], now: datetime) -> None:
    """Have the agendas of guilds looked at whose channels, roles or permissions changed.

    A channel may be hidden by now whose games they list, and what failed may work.
    """
    schedule_agendas(Agenda.objects.filter(guild__in=guild_ids, guild__bot_removed_at=None), now)


@transaction.atomic
def repair_agendas(now: datetime) -> int:
    """Have agendas looked at that nothing looks at; return how many.

    A permission was given back, the bot was away, or a backup was restored. The sweep runs it, as `repair_games`.
    """
    rows = Notification.objects.open().filter(
        game=None, kind=NotificationKind.AGENDA, dedupe_key=Cast(OuterRef("pk"), CharField())
    )
    is_wanted = Q(days__isnull=False) | Q(message_id__isnull=False) | Q(attempted_at__isnull=False)
    asleep = Agenda.objects.filter(is_wanted, ~Exists(rows), guild__bot_removed_at=None, channel__deleted_at=None)
    found = [one for one in asleep.select_related("channel") if not one.channel.is_hopeless]
    schedule_agendas(found, now)
    return len(found)
