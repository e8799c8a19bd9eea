"""The addresses under which calendar programs fetch games for a person."""

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from games.models.game import GameQuerySet
from games.models.template import GameTemplate

GOOGLE_SUBSCRIBE_URL = "https://calendar.google.com/calendar/r"
OUTLOOK_SUBSCRIBE_URL = "https://outlook.live.com/calendar/0/addfromweb"


def new_token() -> str:
    """Return 32 random characters, 192 bits: whoever has them reads the feed, so nobody may guess them."""
    return secrets.token_urlsafe(24)


class CalendarFeed(models.Model):
    """A secret address that shows games, as one person may see them, to whoever has it. Without a row there is none.

    With no guild, channel or template, it shows the games that the person hosts, plays or waits for. The token is all
    that the address has: which games it shows is decided at each fetch, by what the person may see.
    """

    # Where it was read for a fetch: the time by the database's clock, and what the person chose in each guild.
    read_at: datetime
    preferences: list[dict[str, Any]]

    user = models.ForeignKey("guilds.User", models.CASCADE, related_name="calendar_feeds")
    token = models.CharField(max_length=43, unique=True, default=new_token)
    guild = models.ForeignKey(
        "guilds.Guild", models.CASCADE, null=True, related_name="+", verbose_name=gettext_lazy("server")
    )
    channel = models.ForeignKey("guilds.Channel", models.CASCADE, null=True, related_name="+")
    template = models.ForeignKey(GameTemplate, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True, help_text=gettext_lazy("When it was last fetched."))
    minute_began_at = models.DateTimeField(
        null=True, help_text=gettext_lazy("Since when fetches are counted, for up to a minute.")
    )
    fetches = models.PositiveSmallIntegerField(default=0, help_text=gettext_lazy("How many there were in that minute."))

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "guild", "channel", "template"],
                nulls_distinct=False,
                name="one_calendar_feed_per_user_and_what",
            ),
            models.CheckConstraint(
                condition=Q(channel=None, template=None) | Q(guild=None, template=None) | Q(guild=None, channel=None),
                name="calendar_feed_of_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"Calendar of {self.user_id}, {self.what or 'own games'}"

    @property
    def what(self) -> str:
        """Return what it is narrowed to, as forms and links name it; '' for the person's own games."""
        for name in ("guild", "channel", "template"):
            if pk := getattr(self, f"{name}_id"):
                return f"{name}-{pk}"
        return ""

    @property
    def only_guild_id(self) -> int | None:
        """Return the guild of all its games; None for the person's own games of all guilds."""
        of = self.channel or self.template
        return of.guild_id if of is not None else self.guild_id

    def narrow(self, games: GameQuerySet) -> GameQuerySet:
        """Return those of these games that it is about, whether or not the person may see them."""
        if self.guild_id:
            return games.filter(guild=self.guild_id)
        if self.channel_id:
            return games.filter(Q(channel=self.channel_id) | Q(channel__parent=self.channel_id))
        if self.template_id:
            return games.filter(template=self.template_id)
        return games.hosted_or_joined_by(self.user_id)

    @property
    def url(self) -> str:
        """Return the absolute address."""
        return settings.PUBLIC_URL + reverse("calendar-feed", args=[self.token])

    @property
    def webcal_url(self) -> str:
        """Return the address by which a browser opens a calendar program."""
        return f"webcal://{self.url.partition('://')[2]}"

    @property
    def google_url(self) -> str:
        """Return the page on which Google Calendar offers to subscribe. It takes no https address."""
        return f"{GOOGLE_SUBSCRIBE_URL}?cid={quote(self.webcal_url, safe='')}"

    @property
    def outlook_url(self) -> str:
        """Return the page on which Outlook.com offers to subscribe. It takes no webcal address."""
        return f"{OUTLOOK_SUBSCRIBE_URL}?{urlencode({'url': self.url})}"
