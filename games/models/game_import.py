"""Files of games from other programs, and which games were made of them."""

from django.db import models
from django.utils.translation import gettext_lazy


class GameImport(models.Model):
    """A file that a manager sent: kept until its games are made, at most for a day; then what was made of it."""

    guild = models.ForeignKey(
        "guilds.Guild", models.CASCADE, related_name="imports", verbose_name=gettext_lazy("server")
    )
    user = models.ForeignKey(
        "guilds.User", models.SET_NULL, null=True, related_name="+", help_text=gettext_lazy("Who sent it.")
    )
    source = models.CharField(max_length=16, help_text=gettext_lazy("What kind of file it is."))
    file = models.BinaryField(null=True, help_text=gettext_lazy("What it holds, until its games are made."))
    created_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("When its games were made."))

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"Import {self.pk}"


class ImportedGame(models.Model):
    """A game made of something in a file, which is made once, however often the file comes."""

    of = models.ForeignKey(GameImport, models.CASCADE, related_name="games")
    guild = models.ForeignKey("guilds.Guild", models.CASCADE, related_name="+", verbose_name=gettext_lazy("server"))
    game = models.OneToOneField("games.Game", models.CASCADE, related_name="imported")
    key = models.CharField(max_length=64, help_text=gettext_lazy("The SHA-256 of what its source knows it by."))

    class Meta:
        constraints = (models.UniqueConstraint(fields=["guild", "key"], name="imported_once"),)

    def __str__(self) -> str:
        return f"Game {self.game_id} of import {self.of_id}"
