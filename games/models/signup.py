"""Sign-ups, and the other answers that people give to a game."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class SignupQuerySet(models.QuerySet["Signup"]):
    def current(self) -> "SignupQuerySet":
        """Those who are in or wait, in their definite order."""
        return self.filter(left_at=None).order_by("rank", "order_key")

    def last_order_key(self) -> int:
        """The last place in the order of asking that was given, 0 for none; who left keeps theirs."""
        return self.aggregate(last=models.Max("order_key"))["last"] or 0


class Signup(models.Model):
    """Somebody who wants to play: seated since `seated_at`, or waiting. Leaving sets `left_at`."""

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="signups")
    user = models.ForeignKey("guilds.User", models.PROTECT, null=True, blank=True, related_name="signups")
    placeholder = models.CharField(max_length=64, blank=True, help_text="A name kept for somebody not in Discord.")
    order_key = models.BigIntegerField(help_text="The order of asking, given under the game's lock.")
    joined_at = models.DateTimeField()
    seated_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    rank = models.PositiveSmallIntegerField(
        default=0, help_text="Before whom they come, by the role they had when they asked; kept whatever roles follow."
    )
    waits = models.BooleanField(default=False, help_text="Waits on purpose: no free seat is given to them.")
    note = models.CharField(max_length=100, blank=True, help_text="What they want others to know.")
    guest_of = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="guests", help_text="Who brings this placeholder."
    )
    asked = models.PositiveIntegerField(
        default=0, help_text="The game's question that they have yet to answer; 0 for none."
    )
    offered_at = models.DateTimeField(null=True, blank=True, help_text="When a seat was offered to them.")
    offered_until = models.DateTimeField(null=True, blank=True)
    offer_number = models.BigIntegerField(
        default=0, help_text="The last seat offered to them, counted within the game; its buttons have this number."
    )
    passed_at = models.DateTimeField(null=True, blank=True, help_text="When they did not take an offered seat.")
    left_late = models.BooleanField(default=False, help_text="Gave a seat up when others could hardly take it.")
    no_show = models.BooleanField(default=False, help_text="Had a seat and did not come.")
    put_in = models.BooleanField(
        default=False, help_text="Somebody else signed them up, so they keep their place whatever their roles are."
    )

    objects: ClassVar[models.Manager["Signup"]] = models.Manager.from_queryset(SignupQuerySet)()

    class Meta:
        verbose_name = "sign-up"
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, placeholder="") | (Q(user__isnull=True) & ~Q(placeholder="")),
                name="signup_is_a_person_or_a_placeholder",
            ),
            models.UniqueConstraint(
                fields=["game", "user"], condition=Q(left_at=None), name="one_current_signup_per_game_and_user"
            ),
            models.UniqueConstraint(fields=["game", "order_key"], name="signups_have_a_definite_order"),
        )

    def __str__(self) -> str:
        return f"{self.user or self.placeholder} in {self.game}"


class GameResponse(models.Model):
    """Somebody who said of a game that they may come, or cannot. Signing up takes it back."""

    class Kind(models.TextChoices):
        TENTATIVE = "tentative", "maybe"
        ABSENT = "absent", "can't make it"

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="other_answers")
    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    note = models.CharField(max_length=100, blank=True, help_text="What they want others to know.")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")
        constraints = (models.UniqueConstraint(fields=["game", "user"], name="one_other_answer_per_game_and_user"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.game}: {self.kind}"
