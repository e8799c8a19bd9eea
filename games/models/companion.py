"""What the bot keeps in Discord for a game besides its post: an event, a thread, a voice channel, a role."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from games.models.game import Game


class CompanionKind(models.TextChoices):
    """What stands beside a game's post. Each value is also the kind of the notification that keeps it current."""

    EVENT = "server_event", gettext_lazy("event")
    THREAD = "thread", gettext_lazy("thread")
    VOICE = "voice_channel", gettext_lazy("voice channel")
    ROLE = "player_role", gettext_lazy("role")


class CompanionProblem(models.TextChoices):
    """Why a companion is missing or out of date."""

    MISSING_PERMISSION = "missing_permission"
    LIMIT_REACHED = "limit_reached"
    CHANNEL_DELETED = "channel_deleted"
    CHANNEL_HIDDEN = "channel_hidden"
    MAYBE_MADE = "maybe_made"
    REFUSED = "refused"


class GameCompanion(models.Model):
    """One thing in Discord that belongs to a game: which it is, what it shows, who is in it, and why it is missing.

    A row without `discord_id` stands for nothing in Discord, now or any more.
    """

    game = models.ForeignKey(Game, models.CASCADE, related_name="companions")
    kind = models.CharField(max_length=13, choices=CompanionKind.choices)
    discord_id = models.BigIntegerField(null=True, blank=True)
    application_id = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("The bot that made it."))
    shown = models.JSONField(
        default=dict, blank=True, help_text=gettext_lazy("What it was last made to show, by its kind's fields.")
    )
    answered = models.JSONField(
        default=dict,
        blank=True,
        help_text=gettext_lazy("What Discord last said it shows, to tell a change there from our own."),
    )
    member_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text=gettext_lazy("Who is in it, or has it.")
    )
    # Written down before Discord is asked, so that a crash in between leaves nobody in it for good.
    touched_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text=gettext_lazy("Who may be in it, by an attempt of ours."),
    )
    people_count = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=gettext_lazy("How many are interested in the event, or in the voice channel just now."),
    )
    # Kept here, since the row of the queue that it was tried by may be closed by then.
    tried_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Since when it may have been made without our knowing.")
    )
    let_go_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When somebody deleted it in Discord, and that was to hold.")
    )
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When Discord last answered about it.")
    )
    problem_code = models.CharField(max_length=20, blank=True, choices=CompanionProblem.choices)
    problem = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("What Discord said to it."))

    class Meta:
        verbose_name = gettext_lazy("companion of a game")
        verbose_name_plural = gettext_lazy("companions of games")
        constraints = (
            models.UniqueConstraint(fields=["game", "kind"], name="one_companion_of_a_kind"),
            models.UniqueConstraint(
                fields=["kind", "discord_id"], condition=Q(discord_id__isnull=False), name="one_game_per_companion"
            ),
        )

    objects: ClassVar[models.Manager["GameCompanion"]]

    def __str__(self) -> str:
        return f"{CompanionKind(self.kind).label} of {self.game}"

    def forget_made(self) -> None:
        """Forget what was made. Does not save."""
        self.discord_id, self.shown, self.answered = None, {}, {}
        self.member_ids, self.touched_ids, self.people_count = [], [], None

    def set_problem(self, code: CompanionProblem, text: str = "") -> None:
        """Set why it is missing or out of date, and what Discord said. Does not save."""
        self.problem_code, self.problem = code, text[:300]

    def clear_problem(self) -> None:
        """Set that nothing is wrong. Does not save."""
        self.problem_code = self.problem = ""
