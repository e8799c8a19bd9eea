"""The audit log: who did what, through which entry point. It is written and shown; no rule reads it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from games.models.game import Game


class AuditEntry(models.Model):
    """One action: who did what, and through which entry point. Written by `games.core.base.record` and its like."""

    # Its index is the one below.
    guild = models.ForeignKey(
        "guilds.Guild", models.PROTECT, related_name="+", verbose_name=gettext_lazy("server"), db_index=False
    )
    game = models.ForeignKey(
        Game,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="audit",
        help_text=gettext_lazy("Empty: it was about the server."),
    )
    actor = models.ForeignKey(
        "guilds.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Empty: an operator's shell."),
    )
    source = models.CharField(max_length=16)
    action = models.CharField(max_length=16)
    changes = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = gettext_lazy("audit entries")
        ordering = ("-at", "-pk")
        # Read by the history: what was last done in a guild, all of it or in its settings.
        indexes = (
            models.Index(fields=["guild", "-at"], name="audit_of_guild_and_games"),
            models.Index(fields=["guild", "-at"], condition=Q(game=None), name="audit_of_guild"),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.actor or 'an operator'}"
