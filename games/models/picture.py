"""Pictures that hosts chose, and covers that were drawn."""

from django.db import models
from django.utils.translation import gettext_lazy


class Picture(models.Model):
    """A picture as it is served, and small. Who chose it is stored nowhere."""

    name = models.CharField(
        max_length=80, primary_key=True, help_text=gettext_lazy("The SHA-256 of its bytes, its width and its height.")
    )
    content = models.BinaryField(help_text=gettext_lazy("In WebP."))
    small = models.BinaryField(help_text=gettext_lazy("The same for lists, in WebP, without motion."))
    drawn_from = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        help_text=gettext_lazy("What it was drawn from, if it was drawn."),
    )
    unused_since = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When nothing was first found to use it.")
    )

    def __str__(self) -> str:
        return self.name
