"""A person's calendar address: making it, replacing it, deleting it."""

from datetime import datetime

from django.db import transaction

from games.feeds import wording
from games.models import CalendarFeed
from guilds.models import User


@transaction.atomic
def replace_address(user: User, now: datetime) -> str:
    """Give a person a new address, and return what to say. One that they had is worth nothing from this moment."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # who makes two at once has the later one
    had_one = CalendarFeed.objects.filter(user=user).delete()[0]
    CalendarFeed.objects.create(user=user, created_at=now)
    return wording.REPLACED if had_one else wording.NEW_ADDRESS


def delete_address(user: User) -> str:
    """Delete a person's address, and return what to say."""
    had_one = CalendarFeed.objects.filter(user=user).delete()[0]
    return wording.STOPPED if had_one else wording.NO_ADDRESS
