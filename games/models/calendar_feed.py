"""The address under which a calendar program fetches a person's games."""

import secrets

from django.conf import settings
from django.db import models
from django.urls import reverse


def new_token() -> str:
    """Return 32 random characters, 192 bits: whoever has them reads the feed, so nobody may guess them."""
    return secrets.token_urlsafe(24)


class CalendarFeed(models.Model):
    """A secret address that shows a person's games to whoever has it. Without a row there is none.

    The token is all that the address has: which games it shows is decided at each fetch, by what the person may see.
    """

    user = models.ForeignKey("guilds.User", models.CASCADE, related_name="calendar_feeds")
    token = models.CharField(max_length=43, unique=True, default=new_token)
    created_at = models.DateTimeField()

    class Meta:
        # A constraint instead of a one-to-one relation, for feeds of one server or channel beside it.
        constraints = (models.UniqueConstraint(fields=["user"], name="one_calendar_feed_per_user"),)

    def __str__(self) -> str:
        return f"Calendar of {self.user_id}"

    @property
    def url(self) -> str:
        """Return the absolute address."""
        return settings.PUBLIC_URL + reverse("calendar-feed", args=[self.token])

    @property
    def webcal_url(self) -> str:
        """Return the address by which a browser opens a calendar program."""
        return f"webcal://{self.url.partition('://')[2]}"
