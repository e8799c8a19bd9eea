"""What edits changed that players care for."""

from django.db import models
from django.utils.translation import gettext_lazy

from games.models.game import Game


class GameEdit(models.Model):
    """One edit of a game: what held before it of what players care for."""

    game = models.ForeignKey(Game, models.CASCADE, related_name="edits")
    at = models.DateTimeField()
    previous = models.JSONField(
        help_text=gettext_lazy("The value before, by the words of games.confirmations.edits.TRACKED_FIELDS.")
    )

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"Edit of {self.game_id} at {self.at:%Y-%m-%d %H:%M}"
