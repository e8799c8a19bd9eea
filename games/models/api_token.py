"""Tokens by which programs act for a person."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy


class ApiScope(models.TextChoices):
    """What a token lets a program do. Each permits only what its person may do themselves."""

    READ = "read", gettext_lazy("see servers and games")
    PLAY = "play", gettext_lazy("sign up and leave")
    HOST = "host", gettext_lazy("schedule and run games")
    MANAGE = "manage", gettext_lazy("change a server's settings")


class ApiToken(models.Model):
    """A program's key, of which only a hash is kept. It can do no more than its person can at that moment."""

    user = models.ForeignKey("guilds.User", models.CASCADE, related_name="api_tokens")
    guild = models.ForeignKey(
        "guilds.Guild",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="api_tokens",
        verbose_name=gettext_lazy("server"),
        help_text=gettext_lazy("The only server it reaches; its managers see the token. Empty: all of the person's."),
    )
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, help_text=gettext_lazy("The token's SHA-256."))
    scopes = ArrayField(models.CharField(max_length=8, choices=ApiScope.choices))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("Empty: it doesn't expire."))
    last_used_at = models.DateTimeField(null=True, blank=True)
    minute_began_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When the minute began in which requests are counted.")
    )
    requests = models.PositiveIntegerField(default=0, db_default=0, help_text=gettext_lazy("In that minute."))

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def scope_labels(self) -> list[str]:
        """Return what it lets a program do, in words."""
        return [str(ApiScope(scope).label) for scope in self.scopes]
