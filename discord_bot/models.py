"""The bot's own tables: the interaction log, and the rate limit of look-ups."""

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Outcome(models.TextChoices):
    """How an interaction ended for the person."""

    DONE = "done", gettext_lazy("done")
    NOTHING = "nothing", gettext_lazy("changed nothing")
    REFUSED = "refused", gettext_lazy("refused")
    FAILED = "failed", gettext_lazy("failed by our fault")
    UNANSWERED = "unanswered", gettext_lazy("Discord did not take the answer")


class Interaction(models.Model):
    """One click or command, logged for support and as evidence that people are answered in time.

    https://docs.discord.com/developers/interactions/receiving-and-responding
    """

    id = models.BigIntegerField(primary_key=True, help_text=gettext_lazy("Discord's own id."))
    at = models.DateTimeField(help_text=gettext_lazy("When it reached the bot."))
    # Without constraint: the log must accept a click from a guild that the bot has just been removed from.
    guild = models.ForeignKey(
        "guilds.Guild",
        models.CASCADE,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=gettext_lazy("server"),
    )
    person_id = models.BigIntegerField(db_index=True)
    person = models.CharField(max_length=64, help_text=gettext_lazy("Their Discord username then."))
    name = models.CharField(max_length=100, help_text=gettext_lazy("The button's id, or the command."))
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    detail = models.CharField(
        max_length=300, blank=True, help_text=gettext_lazy("What they were told, or what went wrong.")
    )
    milliseconds = models.IntegerField(
        null=True, blank=True, help_text=gettext_lazy("From reaching the bot to the first answer; Discord waits 3000.")
    )
    milliseconds_since_click = models.IntegerField(
        null=True,
        blank=True,
        help_text=gettext_lazy("The same from the time in Discord's id: right as far as both clocks agree."),
    )

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (
            # Read by the admin's list and the command, newest first, and by the purge.
            models.Index(fields=["-at"], name="interaction_newest_first"),
        )

    def __str__(self) -> str:
        return f"{self.name} by {self.person}"


class LookupLimit(models.Model):
    """The one row by which all processes share their look-up limit; see `http.lookup_limit`.

    Times are the database's.
    """

    next_at = models.DateTimeField(default=LONG_AGO, help_text=gettext_lazy("When the next one may begin."))
    paused_until = models.DateTimeField(default=LONG_AGO, help_text=gettext_lazy("Until then nothing is asked."))
    pause_reason = models.CharField(max_length=100, blank=True, help_text=gettext_lazy("Why it is closed."))
    refused_count = models.IntegerField(default=0, help_text=gettext_lazy("Answers 401, 403 and 429 since that time."))
    refused_since = models.DateTimeField(default=LONG_AGO)

    def __str__(self) -> str:
        return "The pace of look-ups"
