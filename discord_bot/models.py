"""What the bot remembers by itself: how each interaction went."""

from django.db import models


class Outcome(models.TextChoices):
    """How an interaction ended for the person."""

    DONE = "done", "done"
    NOTHING = "nothing", "changed nothing"
    REFUSED = "refused", "refused"
    FAILED = "failed", "failed by our fault"
    UNANSWERED = "unanswered", "Discord did not take the answer"


class Interaction(models.Model):
    """One click or command, for whoever must explain what happened; the evidence that people are answered in time.

    https://docs.discord.com/developers/interactions/receiving-and-responding
    """

    id = models.BigIntegerField(primary_key=True, help_text="Discord's own id.")
    at = models.DateTimeField(help_text="When it reached the bot.")
    # Without constraint: the log must not refuse a click from where the bot has just been removed.
    guild = models.ForeignKey(
        "guilds.Guild",
        models.CASCADE,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name="server",
    )
    person_id = models.BigIntegerField(db_index=True)
    person = models.CharField(max_length=64, help_text="Their Discord username then.")
    name = models.CharField(max_length=100, help_text="The button's id, or the command.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    detail = models.CharField(max_length=300, blank=True, help_text="What they were told, or what went wrong.")
    milliseconds = models.IntegerField(
        null=True, blank=True, help_text="From reaching the bot to the first answer; Discord waits 3000."
    )
    since_click = models.IntegerField(
        null=True, blank=True, help_text="The same from the time in Discord's id: right as far as both clocks agree."
    )

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (
            # Read by the admin's list and the command, newest first, and by the purge.
            models.Index(fields=["-at"], name="interaction_newest_first"),
        )

    def __str__(self) -> str:
        return f"{self.name} by {self.person}"
