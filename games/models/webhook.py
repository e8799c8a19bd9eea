"""Addresses of other programs that are told what happens to a server's games, and what was sent to each."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy


class WebhookEvent(models.TextChoices):
    """What a webhook can be told. Triggers write them down: migration 0068."""

    ANNOUNCED = "game.announced", gettext_lazy("a game is announced")
    CHANGED = "game.changed", gettext_lazy("a game is edited")
    CANCELLED = "game.cancelled", gettext_lazy("a game is cancelled")
    RESTORED = "game.restored", gettext_lazy("a cancellation is undone")
    STARTED = "game.started", gettext_lazy("a game starts")
    ENDED = "game.ended", gettext_lazy("a game ends")
    JOINED = "signup.joined", gettext_lazy("someone signs up")
    LEFT = "signup.left", gettext_lazy("someone leaves")
    SEATED = "signup.seated", gettext_lazy("someone who waited gets a seat")
    WAITING = "signup.waiting", gettext_lazy("someone loses their seat and waits")


TEST_EVENT = "test"


class PauseCode(models.TextChoices):
    """Why a webhook is paused."""

    BY_HAND = "by_hand", gettext_lazy("paused by a manager")
    FAILING = "failing", gettext_lazy("paused: it took nothing for a day")
    GONE = "gone", gettext_lazy("paused: its address is gone")


class Webhook(models.Model):
    """An address that a server's managers have told of events. `secret` signs what it is sent."""

    guild = models.ForeignKey(
        "guilds.Guild", models.CASCADE, related_name="webhooks", verbose_name=gettext_lazy("server")
    )
    url = models.CharField(max_length=1000)
    secret = models.CharField(max_length=64)
    events = ArrayField(models.CharField(max_length=16, choices=WebhookEvent.choices))
    created_by = models.ForeignKey(
        "guilds.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Who hears that it was paused."),
    )
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("The first attempt that failed since one worked.")
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_code = models.CharField(max_length=8, blank=True, choices=PauseCode.choices)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.url

    @property
    def event_labels(self) -> list[str]:
        """Return what it is told, in words."""
        return [str(WebhookEvent(event).label) for event in self.events]

    @property
    def pause_text(self) -> str:
        """Return why it is paused, in words; '' while it isn't."""
        return str(PauseCode(self.pause_code).label) if self.pause_code else ""


class RequestStatus(models.TextChoices):
    """What became of what a webhook was to be sent."""

    PENDING = "pending", gettext_lazy("to be sent")
    SENT = "sent", gettext_lazy("sent")
    FAILED = "failed", gettext_lazy("failed")
    DROPPED = "dropped", gettext_lazy("not sent")


class WebhookRequest(models.Model):
    """One event for one webhook: its body, which stays the same over all attempts, and how the last one went."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="requests", db_index=False)
    event_id = models.CharField(max_length=36)
    event = models.CharField(max_length=16)
    body = models.TextField(blank=True, help_text=gettext_lazy("Empty once someone in it was forgotten."))
    created_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=RequestStatus.choices, default=RequestStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    attempted_at = models.DateTimeField(null=True, blank=True)
    answer_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text=gettext_lazy("HTTP's."))
    answer = models.CharField(max_length=1000, blank=True, help_text=gettext_lazy("How its answer began."))
    problem_code = models.CharField(max_length=16, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes = (
            models.Index(fields=["webhook", "-id"], name="log_of_a_webhook"),
            # Read by notifyd: what a webhook is to be sent next.
            models.Index(
                fields=["webhook", "next_attempt_at"], condition=Q(status="pending"), name="pending_request_due"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} for webhook {self.webhook_id}"

    @property
    def status_text(self) -> str:
        """Return the status in words."""
        return str(RequestStatus(self.status).label)


class Embed(models.Model):
    """A server whose upcoming games other sites may show; without a row they may not."""

    guild = models.OneToOneField("guilds.Guild", models.CASCADE, primary_key=True, related_name="embed")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Embed of {self.guild_id}"
