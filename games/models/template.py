"""Templates: kinds of game that a guild schedules again and again."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from games.models.settings import SettingsFields


class GameTemplate(SettingsFields):
    """A kind of game that a guild schedules again and again."""

    guild = models.ForeignKey(
        "guilds.Guild", models.PROTECT, related_name="templates", verbose_name=gettext_lazy("server")
    )
    name = models.CharField(max_length=80)
    description = models.TextField(
        max_length=2000, blank=True, help_text=gettext_lazy("What a new game's description begins with.")
    )
    channel = models.ForeignKey(
        "guilds.Channel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Where its games are announced unless the host chooses otherwise."),
    )
    locked = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        help_text=gettext_lazy("Settings that its games cannot change."),
    )
    position = models.PositiveIntegerField(default=0)
    is_default = models.BooleanField(default=False, help_text=gettext_lazy("Chosen where nobody chooses."))
    edit_version = models.PositiveIntegerField(
        default=1, help_text=gettext_lazy("Counts edits; tells a form that it is stale.")
    )
    deleted_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When it was deleted; its games keep its values.")
    )

    class Meta:
        verbose_name = gettext_lazy("template")
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["guild"], condition=models.Q(is_default=True, deleted_at=None), name="one_default_template"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="template_has_a_name"),
        )

    def __str__(self) -> str:
        return self.name
