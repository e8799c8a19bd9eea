"""Who follows a guild or a template for its new games."""

from django.db import models
from django.utils.translation import gettext_lazy

from games.models.template import GameTemplate


class Follow(models.Model):
    """A user who is notified of new games of a guild or one template, at once or in a daily digest.

    A follow of the template counts before one of its guild.
    """

    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="follows")
    guild = models.ForeignKey(
        "guilds.Guild", models.PROTECT, related_name="follows", verbose_name=gettext_lazy("server")
    )
    template = models.ForeignKey(GameTemplate, models.CASCADE, null=True, blank=True, related_name="follows")
    digest = models.BooleanField(default=False, help_text=gettext_lazy("Once a day instead of at once."))

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["guild", "user", "template"], nulls_distinct=False, name="one_follow_per_user_and_what"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.template or self.guild}"
