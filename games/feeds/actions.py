"""A person's calendar addresses: making one, replacing it, deleting it, and how often it may be fetched."""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction

from games.feeds import wording
from games.feeds.choices import OWN_GAMES, FeedChoice
from games.models import CalendarFeed
from guilds.models import User

# Calendars fetch every few minutes at most. Somebody who presses "refresh" again and again finds out that it is no use.
FETCHES_A_MINUTE = 10
NOTED_EVERY = timedelta(minutes=5)  # so that not every fetch writes a row


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


def note_fetch(feed: CalendarFeed, now: datetime) -> None:
    """Note that a feed was fetched, unless that was noted a moment ago."""
    if feed.fetched_at is None or now - feed.fetched_at >= NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(fetched_at=now)


def is_fetched_too_often(feed: CalendarFeed) -> bool:
    """Count a fetch, and return whether there were too many in this minute; without a cache there are none."""
    key = f"calendar-fetches:{feed.pk}"
    cache.add(key, 0, 60)
    try:
        return cache.incr(key) > FETCHES_A_MINUTE
    except ValueError:
        return False
