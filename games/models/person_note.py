"""What a guild's managers note about a person, among themselves."""

from django.db import models
from django.utils.translation import gettext_lazy

NOTE_MAX = 500  # characters


class PersonNote(models.Model):
    """A note about one person in one guild, which only its managers read."""

    guild = models.ForeignKey(
        "guilds.Guild", models.CASCADE, related_name="+", verbose_name=gettext_lazy("server"), db_index=False
    )
    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="+")
    text = models.CharField(max_length=NOTE_MAX)
    at = models.DateTimeField(help_text=gettext_lazy("When it was last written."))

    class Meta:
        verbose_name = gettext_lazy("note about a person")
        verbose_name_plural = gettext_lazy("notes about people")
        constraints = (models.UniqueConstraint(fields=["guild", "user"], name="one_note_per_person_and_guild"),)

    def __str__(self) -> str:
        return f"Note about {self.user_id}"
