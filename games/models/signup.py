"""Sign-ups, and the responses of people who do not sign up."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy

from guilds.models import User
from guilds.names import shown_name


class SignupQuerySet(models.QuerySet["Signup"]):
    def current(self) -> "SignupQuerySet":
        """Return the sign-ups that are seated or waiting, in their definite order."""
        return self.filter(left_at=None).order_by("rank", "order_key")

    def seated(self) -> "SignupQuerySet":
        """Return the sign-ups that have a seat."""
        return self.filter(left_at=None, seated_at__isnull=False)

    def waiting(self) -> "SignupQuerySet":
        """Return the sign-ups that wait for a seat."""
        return self.filter(left_at=None, seated_at=None)

    def of(self, user: User | int | None) -> "SignupQuerySet":
        """Return one user's sign-ups; none if the user is None."""
        return self.filter(user=user) if user is not None else self.none()

    def people(self) -> "SignupQuerySet":
        """Return the sign-ups of users, without placeholders."""
        return self.filter(user__isnull=False)

    def per_game(self) -> Coalesce:
        """Return how many of these each game of a query has, as an expression for `annotate` and `filter`."""
        per_game = self.filter(game=models.OuterRef("pk")).order_by().values("game").annotate(n=models.Count("pk"))
        return Coalesce(models.Subquery(per_game.values("n")), 0)

    def last_order_key(self) -> int:
        """Return the highest order key given so far, 0 for none; sign-ups that left keep theirs."""
        return self.aggregate(last=models.Max("order_key"))["last"] or 0


class Signup(models.Model):
    """A person or placeholder who wants to play: seated since `seated_at`, or waiting. Leaving sets `left_at`."""

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="signups")
    user = models.ForeignKey("guilds.User", models.PROTECT, null=True, blank=True, related_name="signups")
    placeholder = models.CharField(
        max_length=100, blank=True, help_text=gettext_lazy("A name kept for somebody not in Discord.")
    )
    order_key = models.BigIntegerField(help_text=gettext_lazy("The order of asking, given under the game's lock."))
    joined_at = models.DateTimeField()
    seated_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    rank = models.PositiveSmallIntegerField(
        default=0,
        help_text=gettext_lazy(
            "Before whom they come, by the role they had when they asked; kept whatever roles follow."
        ),
    )
    on_standby = models.BooleanField(
        default=False, help_text=gettext_lazy("Waits on purpose: no free seat is given to them.")
    )
    note = models.CharField(max_length=100, blank=True, help_text=gettext_lazy("What they want others to know."))
    guest_of = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="guests",
        help_text=gettext_lazy("Who brings this placeholder."),
    )
    open_confirmation = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("The game's question that they have yet to answer; 0 for none.")
    )
    confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When they last confirmed, or edited the game themselves.")
    )
    carried = models.BooleanField(
        default=False, help_text=gettext_lazy("Came along when an earlier game was scheduled again.")
    )
    offered_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("When a seat was offered to them."))
    offered_until = models.DateTimeField(null=True, blank=True)
    offer_number = models.BigIntegerField(
        default=0,
        help_text=gettext_lazy("The last seat offered to them, counted within the game; its buttons have this number."),
    )
    offer_declined_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When they did not take an offered seat.")
    )
    left_late = models.BooleanField(
        default=False, help_text=gettext_lazy("Gave a seat up when others could hardly take it.")
    )
    no_show = models.BooleanField(default=False, help_text=gettext_lazy("Had a seat and did not come."))
    added_by_other = models.BooleanField(
        default=False,
        help_text=gettext_lazy("Somebody else signed them up, so they keep their place whatever their roles are."),
    )

    objects: ClassVar[models.Manager["Signup"]] = models.Manager.from_queryset(SignupQuerySet)()

    class Meta:
        verbose_name = gettext_lazy("sign-up")
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
        return f"{self.user or self.guest_name} in {self.game}"

    @property
    def guest_name(self) -> str:
        """Return a placeholder's name as it is shown, or ''."""
        return shown_name(self.placeholder) if self.placeholder else ""


class GameResponse(models.Model):
    """The response Maybe or Can't make it of a user to a game; signing up withdraws it."""

    class Kind(models.TextChoices):
        TENTATIVE = "tentative", gettext_lazy("maybe")
        ABSENT = "absent", gettext_lazy("can't make it")

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="responses")
    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    note = models.CharField(max_length=100, blank=True, help_text=gettext_lazy("What they want others to know."))
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")
        constraints = (models.UniqueConstraint(fields=["game", "user"], name="one_other_answer_per_game_and_user"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.game}: {self.kind}"
