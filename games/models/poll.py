"""Polls for a time: up to ten times of a game to be, and who can come at which."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from games.models.announcement import PostForm, PostProblem
from games.models.game import Game
from games.models.template import GameTemplate
from notifications.models import new_nonce


class PollState(models.TextChoices):
    """Where a poll is in its life; follows from the clock and stored decisions."""

    OPEN = "open", gettext_lazy("open")
    CLOSED = "closed", gettext_lazy("closed")
    SCHEDULED = "scheduled", gettext_lazy("scheduled")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


class TimePollQuerySet(models.QuerySet["TimePoll"]):
    def open(self, now: datetime) -> "TimePollQuerySet":
        """Return the polls in which people can still tick times, those that close first first."""
        return self.filter(closed_at=None, cancelled_at=None, game=None, closes_at__gt=now).order_by("closes_at", "pk")

    def for_action(self) -> "TimePollQuerySet":
        """Join the rows that say who may see and manage each poll."""
        return self.select_related("guild__defaults", "channel__parent")


class TimePoll(models.Model):
    """A poll for the time of one game.

    Actions lock this row, after people and before notifications, then change its times and votes. Its post is a row of
    its own, which only notifyd writes: notifyd has the notification locked by then.
    """

    guild = models.ForeignKey("guilds.Guild", models.PROTECT, related_name="polls", verbose_name=gettext_lazy("server"))
    channel = models.ForeignKey(
        "guilds.Channel", models.PROTECT, related_name="+", help_text=gettext_lazy("Where people are asked.")
    )
    template = models.ForeignKey(GameTemplate, models.SET_NULL, null=True, blank=True, related_name="+")
    host = models.ForeignKey(
        "guilds.User", models.PROTECT, related_name="polls", help_text=gettext_lazy("Who will host the game.")
    )
    title = models.CharField(max_length=200)
    zone = models.CharField(max_length=64, help_text=gettext_lazy("The zone in which the times are meant."))
    quorum = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=gettext_lazy("How many make the first time that has them a game; empty: the host decides."),
    )
    created_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("When it was closed, by whatever."))
    cancelled_at = models.DateTimeField(null=True, blank=True)
    winner = models.ForeignKey("games.TimePollOption", models.SET_NULL, null=True, blank=True, related_name="+")
    game = models.OneToOneField(Game, models.SET_NULL, null=True, blank=True, related_name="poll")
    post_version = models.PositiveIntegerField(default=1, help_text=gettext_lazy("Counts changes that the post shows."))

    objects: ClassVar[models.Manager["TimePoll"]] = models.Manager.from_queryset(TimePollQuerySet)()

    class Meta:
        verbose_name = gettext_lazy("poll")
        constraints = (models.CheckConstraint(condition=Q(quorum=None) | Q(quorum__gte=1), name="quorum_is_somebody"),)
        indexes = (
            # Read by the server's page: few are open.
            models.Index(
                fields=["guild", "closes_at"], condition=Q(closed_at=None, cancelled_at=None), name="open_poll_of_guild"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("poll", args=[self.pk])

    @property
    def url(self) -> str:
        """Return the absolute address of its page."""
        return settings.PUBLIC_URL + self.get_absolute_url()

    def state(self, now: datetime) -> PollState:
        """Return where the poll is in its life at `now`."""
        if self.game_id is not None:
            return PollState.SCHEDULED
        if self.cancelled_at is not None:
            return PollState.CANCELLED
        return PollState.CLOSED if self.closed_at is not None or self.closes_at <= now else PollState.OPEN


class TimePollOption(models.Model):
    """One time of a poll."""

    poll = models.ForeignKey(TimePoll, models.CASCADE, related_name="options")
    starts_at = models.DateTimeField()

    class Meta:
        verbose_name = gettext_lazy("time of a poll")
        ordering = ("starts_at",)
        constraints = (models.UniqueConstraint(fields=["poll", "starts_at"], name="each_time_once_in_a_poll"),)

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"


class TimePollVote(models.Model):
    """That a person can come at one time of a poll."""

    option = models.ForeignKey(TimePollOption, models.CASCADE, related_name="votes")
    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = gettext_lazy("vote")
        ordering = ("pk",)  # counted under the poll's lock, so in the order in which people ticked
        constraints = (models.UniqueConstraint(fields=["option", "user"], name="one_vote_per_time_and_person"),)

    def __str__(self) -> str:
        return f"{self.user_id} can come {self.option}"


class TimePollPost(models.Model):
    """The message of a poll in Discord: where it is, what it shows, and why it is missing."""

    poll = models.OneToOneField(TimePoll, models.CASCADE, related_name="post")
    message_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    shown_version = models.PositiveIntegerField(default=0)
    nonce = models.CharField(
        max_length=25, default=new_nonce, help_text=gettext_lazy("Makes posting it twice harmless.")
    )
    form = models.CharField(
        max_length=10,
        choices=PostForm.choices,
        default=PostForm.COMPONENTS,
        help_text=gettext_lazy("What its message is made of."),
    )
    problem_code = models.CharField(max_length=20, blank=True, choices=PostProblem.choices)

    class Meta:
        verbose_name = gettext_lazy("post of a poll")

    def __str__(self) -> str:
        return f"Post of {self.poll}"

    @property
    def url(self) -> str | None:
        """Return the message's address in Discord, or None while it is not posted."""
        if self.message_id is None:
            return None
        poll = self.poll
        channel_id = self.message_id if poll.channel.is_forum else poll.channel_id
        return f"{settings.DISCORD_BROWSER_URL}/channels/{poll.guild_id}/{channel_id}/{self.message_id}"
