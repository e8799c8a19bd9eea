"""The message in a channel that lists the games to come: where it is, what it shows, and why it is missing."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from notifications.models import new_nonce

AGENDA_DAYS_MAX = 31


class AgendaGames(models.TextChoices):
    """Which games an agenda lists."""

    CHANNEL = "channel", gettext_lazy("this channel's")
    SERVER = "server", gettext_lazy("all of the server that everybody here may see")


class AgendaProblem(models.TextChoices):
    """Why an agenda is missing, out of date or not pinned."""

    MISSING_PERMISSION = "missing_permission"
    CHANNEL_DELETED = "channel_deleted"
    MAYBE_POSTED = "maybe_posted"
    REFUSED = "refused"
    PIN_PERMISSION = "pin_permission"
    PIN_LIMIT = "pin_limit"
    PIN_REFUSED = "pin_refused"


PIN_PROBLEMS = (AgendaProblem.PIN_PERMISSION, AgendaProblem.PIN_LIMIT, AgendaProblem.PIN_REFUSED)


class Agenda(models.Model):
    """The agenda of one channel that ever had one: what it should be, where its message is, and what that shows.

    Actions write the first, notifyd the rest: each saves its own columns. Actions forget a message that was deleted.
    These are no columns of `ChannelDefaults`, of which each is a setting that games inherit.
    """

    channel = models.OneToOneField("guilds.Channel", models.PROTECT, primary_key=True, related_name="agenda")
    guild = models.ForeignKey(
        "guilds.Guild", models.PROTECT, related_name="agendas", verbose_name=gettext_lazy("server")
    )
    days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=gettext_lazy("How many days it shows, from today on; empty: it is switched off."),
    )
    games = models.CharField(max_length=8, choices=AgendaGames.choices, default=AgendaGames.CHANNEL)
    pinned = models.BooleanField(default=False, help_text=gettext_lazy("Whether it is to be pinned."))

    message_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    nonce = models.CharField(
        max_length=25, default=new_nonce, help_text=gettext_lazy("Makes posting it twice harmless.")
    )
    # Written down before Discord is asked: what a crash leaves is found, or taken down if it is unwanted by then.
    attempted_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Since when an unrecorded one may be there.")
    )
    shown = models.CharField(max_length=64, blank=True, help_text=gettext_lazy("A hash of what its message shows."))
    game_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text=gettext_lazy("The games that it lists.")
    )
    edited_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When its message was last made or edited.")
    )
    next_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When it is to be looked at again, although nothing changed.")
    )
    pinned_at = models.DateTimeField(null=True, blank=True)
    pin_refused_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When Discord last refused to pin it.")
    )
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When it was last seen to be there.")
    )
    problem_code = models.CharField(max_length=20, blank=True, choices=AgendaProblem.choices)

    objects: ClassVar[models.Manager["Agenda"]]

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(message_id__isnull=False) | Q(pinned_at=None), name="only_a_message_is_pinned"
            ),
            models.CheckConstraint(
                condition=Q(days=None) | Q(days__range=(1, AGENDA_DAYS_MAX)), name="agenda_shows_some_days"
            ),
        )

    def __str__(self) -> str:
        return f"Agenda of {self.channel}"

    @property
    def url(self) -> str | None:
        """Return the message's address in Discord, or None while it is not posted."""
        if self.message_id is None:
            return None
        return f"{settings.DISCORD_BROWSER_URL}/channels/{self.guild_id}/{self.channel_id}/{self.message_id}"

    def save_message(self) -> None:
        """Save all but what it should be, which an action may have changed meanwhile."""
        self.save(update_fields=MESSAGE_FIELDS)

    def forget_message(self) -> None:
        """Forget the posted message, and take a new nonce. Does not save.

        With the old nonce, Discord would return the old message.
        """
        self.message_id, self.nonce, self.shown, self.game_ids = None, new_nonce(), "", []
        self.attempted_at = self.edited_at = self.pinned_at = self.pin_refused_at = None


MESSAGE_FIELDS = (
    "message_id", "nonce", "attempted_at", "shown", "game_ids", "edited_at", "next_at", "pinned_at", "pin_refused_at",
    "checked_at", "problem_code",
)  # fmt: skip
