"""Games that repeat: the rule by which the next ones are made."""

from datetime import date, datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from gamesched.lib.zones import zone_info
from guilds.models import User, check_zone


class Series(models.Model):
    """A game that repeats by a rule, at the same local time in its own zone.

    Each date is made into a game of its own when it is announced. Actions lock this row before people and games.
    """

    guild = models.ForeignKey(
        "guilds.Guild", models.PROTECT, related_name="series", verbose_name=gettext_lazy("server")
    )
    source = models.ForeignKey(
        "games.Game",
        models.CASCADE,
        related_name="+",
        help_text=gettext_lazy("The game whose hosts the next ones have."),
    )
    host = models.ForeignKey(
        "guilds.User",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text=gettext_lazy("Who hosts the next games; empty: who hosts that game."),
    )
    game_values = models.JSONField(
        editable=False,
        help_text=gettext_lazy("Title, description, channel, template and settings of the next games, by name."),
    )
    rule = models.CharField(max_length=300, help_text=gettext_lazy("An RRULE of RFC 5545, without times."))
    first_date = models.DateField(help_text=gettext_lazy("The date from which the rule counts."))
    start_time = models.TimeField(help_text=gettext_lazy("The local time of each start."))
    zone = models.CharField(
        max_length=64, validators=[check_zone], help_text=gettext_lazy("The time zone of dates and times.")
    )
    lead_days = models.PositiveSmallIntegerField(
        help_text=gettext_lazy("How many days before its start each game is announced.")
    )
    host_confirms = models.BooleanField(
        default=False, help_text=gettext_lazy("Its host says of each whether it takes place.")
    )
    asks_regulars = models.BooleanField(
        default=True, help_text=gettext_lazy("Its regulars confirm that they come or lose the seat.")
    )
    skipped = ArrayField(
        models.DateField(), default=list, blank=True, help_text=gettext_lazy("Dates that are left out.")
    )
    paused_until = models.DateField(null=True, blank=True, help_text=gettext_lazy("The first date after a break."))
    ended_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("When its hosts ended it."))
    make_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When the next game is due to be made; empty if there is none.")
    )
    problem_code = models.CharField(
        max_length=32, blank=True, editable=False, help_text=gettext_lazy("Why the game that is due was refused.")
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = gettext_lazy("series")
        indexes = (
            models.Index(fields=["make_at"], condition=models.Q(make_at__isnull=False), name="series_by_next_game"),
        )

    def __str__(self) -> str:
        return f"Series {self.pk}"

    @property
    def next_host(self) -> User:
        """Return who hosts the next games."""
        return self.host or self.source.host

    def today(self, now: datetime) -> date:
        """Return the day in the series' zone."""
        return now.astimezone(zone_info(self.zone)).date()

    def current_break(self, now: datetime) -> date | None:
        """Return the first day after the break that it makes; None while it makes none."""
        return self.paused_until if self.paused_until is not None and self.paused_until > self.today(now) else None


class SeriesPlayer(models.Model):
    """A regular of a series, who is seated in each game; or a substitute, who is asked when one drops out."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="players")
    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    is_substitute = models.BooleanField(default=False)

    class Meta:
        ordering = ("is_substitute", "position", "pk")
        constraints = (models.UniqueConstraint(fields=["series", "user"], name="one_place_in_a_series"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.series_id}"
