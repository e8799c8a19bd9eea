"""A person's calendar addresses: making one, replacing it, deleting it, and how often it may be fetched."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from games.feeds import wording
from games.feeds.choices import OWN_GAMES, FeedChoice
from games.models import CalendarFeed
from guilds.models import User

# Calendars fetch every few minutes at most. Somebody who presses "refresh" again and again finds out that it is no use.
FETCHES_A_MINUTE = 10
MINUTE = timedelta(minutes=1)


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
    # One that is ahead began before the clock was set back: held to it, nobody could fetch until then. Of two at once
    # the later one may come first, so a minute ahead still counts.
    counted = Q(minute_began_at__gt=now - MINUTE, minute_began_at__lt=now + MINUTE)
    # On the row, so that all web processes count together; of two at once the second waits and counts anew.
    feeds = CalendarFeed.objects.filter(~counted | Q(fetches__lt=FETCHES_A_MINUTE), pk=feed.pk)
    noted = feeds.update(
        fetched_at=now,
        fetches=Case(When(counted, then=F("fetches") + 1), default=1),
        minute_began_at=Case(When(counted, then="minute_began_at"), default=Value(now)),
    )
    return noted == 1
