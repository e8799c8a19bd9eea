"""The schedule of notifications, and the record of deliveries.

A `Notification` is due at a time. If it is a message (a reminder, a promotion), notifyd expands it at that time into
one `Delivery` per recipient. If it is a synced post (an announcement), it stays one row, leased while the post is
edited, and closed when the post shows the game's current state.
"""

import secrets
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Func, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from notifications.policy import is_quiet


class NotificationQuerySet(models.QuerySet["Notification"]):
    def open(self) -> "NotificationQuerySet":
        """Return rows that are not closed."""
        return self.filter(closed_at=None)

    def deliverable(self) -> "NotificationQuerySet":
        """Return open rows, without those of guilds that the bot was removed from: they pause until it returns."""
        return self.open().filter(Q(game=None) | Q(game__guild__bot_removed_at=None))


class Notification(models.Model):
    """What is due when. Written by `notifications.queue.schedule`, in the transaction of its cause."""

    kind = models.CharField(max_length=32)
    game = models.ForeignKey("games.Game", models.CASCADE, null=True, blank=True, related_name="notifications")
    recipient = models.ForeignKey("guilds.User", models.PROTECT, null=True, blank=True, related_name="+")
    dedupe_key = models.CharField(
        max_length=64,
        blank=True,
        help_text=gettext_lazy("Tells apart open rows of one kind: a person's id, a message's."),
    )
    minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text=gettext_lazy("How long before the start a reminder is.")
    )
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When nobody is helped by it any more.")
    )
    payload = models.JSONField(default=dict, blank=True, help_text=gettext_lazy("What will be gone by then."))
    post_version = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("The version of the game that asked for this.")
    )
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Since when the post may be there.")
    )
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    skip_code = models.CharField(
        max_length=32, blank=True, help_text=gettext_lazy("The same as a code: SkipCode, or an app's own.")
    )
    skip_reason = models.CharField(
        max_length=200, blank=True, help_text=gettext_lazy("Why nothing was said, where nothing was.")
    )

    objects: ClassVar[models.Manager["Notification"]] = models.Manager.from_queryset(NotificationQuerySet)()

    class Meta:
        constraints = (
            # Changes to one game merge into one open row; a null recipient is a value here, hence
            # nulls_distinct=False: without it the announcement's row would never conflict with itself.
            models.UniqueConstraint(
                fields=["game", "kind", "recipient", "dedupe_key"],
                condition=Q(closed_at=None),
                nulls_distinct=False,
                name="one_open_notification_of_a_kind",
            ),
        )
        indexes = (
            # Read by notifyd: what is due, and how long it may sleep. Partial, so that history costs nothing.
            models.Index(fields=["due_at"], condition=Q(closed_at=None), name="open_notification_due"),
            # Read by a notifyd that takes over: the few that are leased, not all that are open.
            models.Index(
                fields=["leased_until"],
                condition=Q(closed_at=None, leased_until__isnull=False),
                name="open_notification_leased",
            ),
            # Read where one is due: the nearer ones of its game, whatever else was said of that.
            models.Index(fields=["game", "minutes"], condition=Q(minutes__isnull=False), name="reminder_of_a_game"),
        )

    def __str__(self) -> str:
        return f"{self.kind} for game {self.game_id}" if self.game_id else self.kind


class DeliveryStatus(models.TextChoices):
    """The status of a delivery."""

    PENDING = "pending", gettext_lazy("to be sent")
    SENT = "sent", gettext_lazy("sent")
    FAILED = "failed", gettext_lazy("failed")
    UNCERTAIN = "uncertain", gettext_lazy("may have arrived")
    DROPPED = "dropped", gettext_lazy("dropped")


def new_nonce() -> str:
    """Return 22 random characters: Discord takes 25, and an id would repeat after a restored backup."""
    return secrets.token_urlsafe(16)


class PushUse(models.TextChoices):
    """Whether a delivery goes to its recipient's devices. Decided before the first attempt."""

    NONE = "", "no"
    CHOSEN = "chosen", "to their devices"
    REFUSED = "refused", "refused by their devices"


class LedgerKey(Func):
    """The key of a new delivery: the month, as 202611, and ten digits that count up."""

    function = "notifications_ledger_key"
    output_field = models.BigIntegerField()


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def deliverable(self) -> "DeliveryQuerySet":
        """Return pending deliveries that carry a message, without those of guilds that the bot was removed from."""
        in_present_guild = Q(notification__game=None) | Q(notification__game__guild__bot_removed_at=None)
        return self.filter(in_present_guild, status=DeliveryStatus.PENDING, sent_with=None)

    def unbegun(self) -> "DeliveryQuerySet":
        """Return pending deliveries of which nothing can have arrived."""
        return self.filter(status=DeliveryStatus.PENDING, leased_until=None, first_attempt_at=None)


class Delivery(models.Model):
    """The record of one message to one recipient of a notification; each resend has its own row.

    The key begins with the month, so that the table can be partitioned into months by ranges of the key.
    """

    id = models.BigIntegerField(primary_key=True, db_default=LedgerKey(), editable=False)
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey("guilds.User", models.PROTECT, related_name="deliveries")
    resend_of = models.OneToOneField(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="resend",
        help_text=gettext_lazy("The one sent anew by this."),
    )
    sent_with = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text=gettext_lazy("Whose message in the channel mentions this recipient too."),
    )
    status = models.CharField(max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    in_channel = models.BooleanField(
        default=False,
        help_text=gettext_lazy("Told by a mention in the game's channel: by choice, or for closed direct messages."),
    )
    # By default in the database too: deliveries are inserted by a statement that names it not.
    push = models.CharField(max_length=7, blank=True, choices=PushUse.choices, default=PushUse.NONE, db_default="")
    nonce = models.CharField(max_length=25, unique=True, default=new_nonce)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When nobody is helped by it any more.")
    )
    leased_until = models.DateTimeField(null=True, blank=True)
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    lateness_ms = models.IntegerField(
        null=True, blank=True, help_text=gettext_lazy("From due to sent, in milliseconds.")
    )
    channel_id = models.BigIntegerField(null=True, blank=True)
    message_id = models.BigIntegerField(null=True, blank=True)
    error_code = models.CharField(
        max_length=32, blank=True, help_text=gettext_lazy("A skip's code where it was dropped, else an error's.")
    )
    error = models.CharField(
        max_length=300, blank=True, help_text=gettext_lazy("Why it failed, was dropped, or is tried again.")
    )

    objects: ClassVar[models.Manager["Delivery"]] = models.Manager.from_queryset(DeliveryQuerySet)()

    class Meta:
        verbose_name_plural = gettext_lazy("deliveries")
        constraints = (
            models.UniqueConstraint(
                fields=["notification", "recipient"], condition=Q(resend_of=None), name="one_delivery_per_recipient"
            ),
        )
        indexes = (
            # Read by notifyd: what is to be sent now.
            models.Index(fields=["next_attempt_at"], condition=Q(status="pending"), name="pending_delivery_due"),
            # The same in the order of the lease, so that a hundred thousand cost it no more than a hundred.
            models.Index(
                fields=["expires_at", "next_attempt_at", "id"],
                condition=Q(status="pending", sent_with=None),
                name="pending_delivery_expiring",
            ),
            # Few share a message, so the others cost nothing here.
            models.Index(fields=["sent_with"], condition=Q(sent_with__isnull=False), name="shared_delivery"),
        )

    def __str__(self) -> str:
        return f"{self.notification} to {self.recipient_id}"

    @property
    def status_text(self) -> str | Promise:
        """Return the status in words for people."""
        return DeliveryStatus(self.status).label


class DeliveryMethod(models.TextChoices):
    """How a person wants to get notifications."""

    DM = "dm", gettext_lazy("by direct message")
    MENTION = "mention", gettext_lazy("by a mention in the game's channel")
    PUSH = "push", gettext_lazy("by a notification on their devices")
    NONE = "none", gettext_lazy("not at all")


class Preference(models.Model):
    """A person's choices about notifications in one guild. Without a row: direct messages, and no extra reminder."""

    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="preferences")
    guild = models.ForeignKey(
        "guilds.Guild", models.PROTECT, related_name="preferences", verbose_name=gettext_lazy("server")
    )
    method = models.CharField(max_length=7, choices=DeliveryMethod.choices, default=DeliveryMethod.DM)
    reminder_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text=gettext_lazy("An own extra reminder, minutes before the start.")
    )
    quiet_from = models.TimeField(
        null=True, blank=True, help_text=gettext_lazy("From here on without a sound, in their zone.")
    )
    quiet_to = models.TimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "guild"], name="one_preference_per_user_and_guild"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None) | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="quiet_hours_have_both_ends",
            ),
        )

    def __str__(self) -> str:
        return f"What {self.user_id} chose in {self.guild_id}"

    def is_quiet(self, now: datetime) -> bool:
        """Return whether it is within their quiet hours, by the clock in their own zone."""
        return is_quiet(now, self.user.tzinfo, self.quiet_from, self.quiet_to)


class PushSubscription(models.Model):
    """A browser that a person has notified. Removed once its push service no longer knows it."""

    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=1000, unique=True, help_text="Where its push service takes messages.")
    p256dh = models.CharField(max_length=100, help_text="The browser's public key.")
    auth = models.CharField(max_length=32, help_text="The secret that it shares with us.")
    vapid_key = models.CharField(max_length=100, help_text="Our public key: with another it takes nothing from us.")
    browser = models.CharField(max_length=60, blank=True, help_text="By which its owner knows it.")
    created_at = models.DateTimeField()
    last_success_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.browser or 'A device'} of {self.user_id}"


class Heartbeat(models.Model):
    """When a program (notifyd, the bot, the worker) last reported that it is running."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    newest_message_id = models.BigIntegerField(
        null=True,
        blank=True,
        help_text=gettext_lazy("The newest message it made and wrote down; a later one is not in this ledger."),
    )

    timer_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=gettext_lazy("notifyd wakes then by itself, so what is due later wakes it not."),
    )
    last_event_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When the bot last heard from Discord.")
    )

    def __str__(self) -> str:
        return self.name


class Pause(models.Model):
    """Nothing is sent while one is open: the database may be older than Discord, as after a restored backup."""

    reason = models.CharField(max_length=300)
    paused_at = models.DateTimeField()
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["resumed_at"], nulls_distinct=False, condition=Q(resumed_at=None), name="one_open_hold"
            ),
        )

    def __str__(self) -> str:
        return self.reason
