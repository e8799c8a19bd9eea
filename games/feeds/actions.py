"""A person's calendar addresses: making one, replacing it, deleting it, and how often it may be fetched."""

from datetime import datetime

from django.db import transaction

from games.feeds import wording
from games.feeds.choices import OWN_GAMES, FeedChoice
from games.models import CalendarFeed
from gamesched.lib.minute_limits import count_in_minute
from guilds.models import User

# Calendars fetch every few minutes at most. Somebody who presses "refresh" again and again finds out that it is no use.
FETCHES_A_MINUTE = 10


@transaction.atomic
def replace_address(user: User, now: datetime, choice: FeedChoice = OWN_GAMES) -> str:
    """Give a person a new address of what they chose, and return what to say.

    One of the same that they had is worth nothing from this moment.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # who makes two at once has the later one
    had_one = CalendarFeed.objects.filter(user=user, **choice.columns).delete()[0]
    CalendarFeed.objects.create(user=user, created_at=now, **choice.columns)
    return wording.REPLACED if had_one else wording.NEW_ADDRESS


def delete_address(user: User, choice: FeedChoice = OWN_GAMES) -> str:
    """Delete a person's address of what they chose, and return what to say."""
    had_one = CalendarFeed.objects.filter(user=user, **choice.columns).delete()[0]
    return wording.STOPPED if had_one else wording.NO_ADDRESS


def count_fetch(feed: CalendarFeed, now: datetime) -> bool:
    """Note a fetch; return False, and note nothing, where there were too many in this minute."""
    rows = CalendarFeed.objects.filter(pk=feed.pk)
    return count_in_minute(rows, "fetches", FETCHES_A_MINUTE, now, fetched_at=now)
