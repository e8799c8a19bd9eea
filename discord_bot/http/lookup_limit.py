"""Limits look-ups with the bot's token: one limit for all processes, stored in a row.

Web, worker and bot share a tenth of the requests that Discord allows the bot; the rest is for messages.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from discord_bot.http.limits import MARGIN
from discord_bot.models import LookupLimit
from gamesched.lib.clock import db_now
from guilds.directory.lookup import DirectoryUnavailable, LookupLimited

log = logging.getLogger(__name__)

SHARE = 0.1  # of the bot's requests a second
MAX_WAIT = 5.0  # seconds that a look-up may wait for its turn
MAX_REFUSED, REFUSAL_WINDOW = 50, timedelta(minutes=10)  # so at most a hundred in any ten minutes, of Discord's 10,000
TOKEN_REFUSED_FOR = timedelta(minutes=1)


def reserve_lookup() -> float:
    """Reserve the next turn and return the seconds until it. Raise DirectoryUnavailable while look-ups are paused."""
    with transaction.atomic():
        row, now = _lock_row()
        begins = max(row.next_at, now)
        if row.paused_until > now:
            raise DirectoryUnavailable(row.pause_reason)
        if begins > now + timedelta(seconds=MAX_WAIT):
            raise LookupLimited((begins - now).total_seconds(), gettext_noop("too many people are being looked up"))
        row.next_at = begins + timedelta(seconds=MARGIN / (settings.DISCORD_REQUESTS_PER_SECOND * SHARE))
        row.save(update_fields=["next_at"])
    return (begins - now).total_seconds()


def record_response(status: int, headers: Mapping[str, str]) -> None:
    """Count a 401, 403 or 429: Discord bans whoever collects many. See `limits.InvalidRequestGuard`."""
    if status not in (401, 403, 429):
        return
    with transaction.atomic():
        row, now = _lock_row()
        if now - row.refused_since > REFUSAL_WINDOW:
            row.refused_since, row.refused_count = now, 0
        row.refused_count += headers.get("X-RateLimit-Scope") != "shared"
        if status == 401:
            _pause_lookups(row, now + TOKEN_REFUSED_FOR, "Discord refuses DISCORD_BOT_TOKEN")
        elif headers.get("X-RateLimit-Scope") == "global" or (status == 429 and "X-RateLimit-Scope" not in headers):
            wait = timedelta(seconds=float(headers.get("Retry-After") or 1.0))
            _pause_lookups(row, now + wait, "Discord limits the bot")
        if row.refused_count >= MAX_REFUSED:
            _pause_lookups(
                row,
                row.refused_since + REFUSAL_WINDOW,
                f"Discord refused {row.refused_count} look-ups within ten minutes",
            )
        row.save()


def _pause_lookups(row: LookupLimit, until: datetime, reason: str) -> None:
    if until > row.paused_until:
        row.paused_until, row.pause_reason = until, reason
        log.error("%s. Looking nobody up until %s.", reason, f"{until:%H:%M:%S}")


def _lock_row() -> tuple[LookupLimit, datetime]:
    row, _ = LookupLimit.objects.select_for_update(no_key=True).get_or_create(pk=1)
    return row, db_now()
