"""A person's calendar address: making it, replacing it, deleting it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from games.feeds import wording
from games.models import CalendarFeed
from guilds.models import User


@dataclass(frozen=True)
class FeedChanged:
    """What changed, as a sentence."""

    text: str


@transaction.atomic
def replace_address(user: User, now: datetime) -> FeedChanged:
    """Give a person a new address. One that they had is worth nothing from this moment."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # who makes two at once has the later one
    had_one = CalendarFeed.objects.filter(user=user).delete()[0]
    CalendarFeed.objects.create(user=user, created_at=now)
    return FeedChanged(wording.REPLACED if had_one else wording.NEW_ADDRESS)


def delete_address(user: User) -> FeedChanged:
    """Delete a person's address."""
    had_one = CalendarFeed.objects.filter(user=user).delete()[0]
    return FeedChanged(wording.STOPPED if had_one else wording.NO_ADDRESS)
