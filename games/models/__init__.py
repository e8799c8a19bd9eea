"""What: games, their sign-ups, the post in Discord that announces them, and who did what.

Written by the verbs in `games.core` only. What follows from the clock (scheduled, in progress, completed)
is never stored; decisions (a seat, a cancellation) are, with their time.
"""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from games.core.states import State, state
from games.models.settings import THIS_GAME, Effective, GameTemplate, Level, Says, above, own, resolve
from guilds.models import User, check_zone
from notifications.models import new_nonce

THREAD_NAME = 100  # characters, Discord's limit


def _run_by(user: User) -> Q:
    return Q(host=user) | Q(pk__in=Game.cohosts.through.objects.filter(user=user).values("game"))


class GameQuerySet(models.QuerySet["Game"]):
    def seen_by(self, user: User, managed: Collection[int] = ()) -> "GameQuerySet":
        """The games that exist for this person: announced ones of guilds they are a member of, and those they run.

        `managed`: guilds of which they see all. `games.core.permissions.visible_to` knows which.
        """
        theirs = self.filter(guild__gone_at=None, guild__members__user=user, guild__members__left_at=None)
        return theirs.filter(Q(announced_at__isnull=False) | _run_by(user) | Q(guild__in=managed))

    def run_by(self, user: User) -> "GameQuerySet":
        """The games that a person hosts or co-hosts."""
        return self.filter(_run_by(user))

    def announced(self) -> "GameQuerySet":
        """The games that players see."""
        return self.filter(announced_at__isnull=False)

    def drafts(self) -> "GameQuerySet":
        """The games that only those who run them see, the next first."""
        return self.filter(announced_at=None, cancelled_at=None).order_by("starts_at", "pk")

    def of(self, user: User) -> "GameQuerySet":
        """Games that a person hosts, plays or waits for."""
        signups = Signup.objects.current().filter(user=user).values("game_id")
        return self.filter(Q(host=user) | Q(pk__in=signups))

    def with_levels(self) -> "GameQuerySet":
        """Read along what the settings of each game come from."""
        return self.select_related("guild__defaults", "channel__defaults", "channel__parent__defaults", "template")

    def upcoming(self, now: datetime) -> "GameQuerySet":
        """Announced games that are not over, the next first."""
        return self.announced().filter(cancelled_at=None, ends_at__gt=now).order_by("starts_at", "pk")

    def past(self, now: datetime) -> "GameQuerySet":
        """Announced games that are over or were cancelled, the last first."""
        return (
            self.announced().filter(Q(ends_at__lte=now) | Q(cancelled_at__isnull=False)).order_by("-starts_at", "-pk")
        )


class Game(Level):
    """One game at one time. Verbs lock this row first, before anything else of the game.

    Its columns of settings say what it says itself; `effective` is what holds.
    """

    guild = models.ForeignKey("guilds.Guild", models.PROTECT, related_name="games", verbose_name="server")
    channel = models.ForeignKey(
        "guilds.Channel", models.PROTECT, related_name="games", help_text="Where it is announced."
    )
    host = models.ForeignKey("guilds.User", models.PROTECT, related_name="hosted_games")
    cohosts = models.ManyToManyField("guilds.User", blank=True, related_name="cohosted_games")
    template = models.ForeignKey(GameTemplate, models.PROTECT, null=True, blank=True, related_name="games")
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=2000, blank=True)
    starts_at = models.DateTimeField()
    zone = models.CharField(
        max_length=64, validators=[check_zone], help_text="The time zone in which the start was meant."
    )
    host_role_ids = None  # who may host is decided above the game
    ends_at = models.DateTimeField(help_text="Start and duration added up, kept for queries.")
    announce_at = models.DateTimeField(
        null=True, blank=True, help_text="When to announce it; empty with no announcement: a draft."
    )
    announced_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when players see it; until then only those who run it do."
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When its hosts closed the sign-ups.")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    rewards = models.TextField(max_length=2000, blank=True, help_text="What players got; hidden until they look.")
    question = models.PositiveIntegerField(
        default=0, help_text="Counts how often players were asked whether they still come."
    )
    answer_by = models.DateTimeField(null=True, blank=True, help_text="Until when they may answer the last question.")
    silence_ends = models.BooleanField(
        default=False, help_text="Who has not answered the last question by then is taken out."
    )
    revision = models.PositiveIntegerField(default=1, help_text="Counts every change that people can see.")
    edition = models.PositiveIntegerField(default=1, help_text="Counts edits; tells a form that it is stale.")
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When all that it inherited was written into it; nothing above counts since."
    )
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Game"]] = models.Manager.from_queryset(GameQuerySet)()

    class Meta:
        indexes = (
            models.Index(fields=["guild", "starts_at"], name="game_by_guild_and_start"),
            # Read by pages (upcoming) and the sweep: cancelled games never matter there.
            models.Index(fields=["ends_at"], condition=Q(cancelled_at=None), name="game_by_end"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="game_ends_after_start"),
            models.CheckConstraint(condition=~Q(title=""), name="game_has_a_title"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("game", args=[self.pk])

    @property
    def url(self) -> str:
        """The page's whole address, for Discord."""
        return settings.PUBLIC_URL + self.get_absolute_url()

    @property
    def effective(self) -> Effective:
        """The settings as they hold now; `with_levels` reads what it takes along."""
        if self.settled_at is not None:
            return Effective.of(resolve([Says(THIS_GAME, own(self))]))
        template = self.living_template
        return Effective.of(resolve(self.levels, template.locked if template else ()))

    @property
    def living_template(self) -> GameTemplate | None:
        """The template, unless it was deleted: then its games fall back on what is above it."""
        return self.template if self.template is not None and self.template.gone_at is None else None

    @property
    def levels(self) -> list[Says]:
        """What each level says, this game first."""
        return [Says(THIS_GAME, own(self)), *above(self.guild, self.channel, self.living_template)]

    def is_hosted_by(self, user_id: int) -> bool:
        """Whether a person is the game's host or one of its co-hosts."""
        return self.host_id == user_id or self.cohosts.filter(pk=user_id).exists()

    def state(self, now: datetime) -> State:
        return state(
            self.starts_at,
            self.ends_at,
            self.cancelled_at,
            now,
            announced_at=self.announced_at,
            announce_at=self.announce_at,
            archived_at=self.archived_at,
        )


class SignupQuerySet(models.QuerySet["Signup"]):
    def current(self) -> "SignupQuerySet":
        """Those who are in or wait, in their definite order."""
        return self.filter(left_at=None).order_by("rank", "order_key")

    def last_key(self) -> int:
        """The last place in the order of asking that was given, 0 for none; who left keeps theirs."""
        return self.aggregate(last=models.Max("order_key"))["last"] or 0


class Signup(models.Model):
    """Somebody who wants to play: seated since `seated_at`, or waiting. Leaving sets `left_at`."""

    game = models.ForeignKey(Game, models.CASCADE, related_name="signups")
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


class OtherAnswer(models.Model):
    """Somebody who said of a game that they may come, or cannot. Signing up takes it back."""

    class Kind(models.TextChoices):
        TENTATIVE = "tentative", "maybe"
        ABSENT = "absent", "can't make it"

    game = models.ForeignKey(Game, models.CASCADE, related_name="other_answers")
    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    note = models.CharField(max_length=100, blank=True, help_text="What they want others to know.")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")
        constraints = (models.UniqueConstraint(fields=["game", "user"], name="one_other_answer_per_game_and_user"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.game}: {self.kind}"


class Announcement(models.Model):
    """The post that announces a game: where it is, what it shows, and why it is not there."""

    game = models.OneToOneField(Game, models.CASCADE, related_name="announcement")
    channel = models.ForeignKey("guilds.Channel", models.PROTECT, related_name="+")
    message_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    application_id = models.BigIntegerField(null=True, blank=True, help_text="The bot that posted it.")
    shown_revision = models.PositiveIntegerField(default=0)
    nonce = models.CharField(max_length=25, default=new_nonce, help_text="Makes posting it twice harmless.")
    thread_name = models.CharField(max_length=100, blank=True, help_text="What its thread in a forum is called.")
    lost_at = models.DateTimeField(null=True, blank=True, help_text="When it was found deleted in Discord.")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="When it was last seen to be there.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it is missing or out of date.")

    def __str__(self) -> str:
        return f"Announcement of {self.game}"

    @property
    def url(self) -> str | None:
        """Where a browser sees it in Discord."""
        if self.message_id is None:
            return None
        place = f"{self.channel.guild_id}/{self.place_id}/{self.message_id}"
        return f"{settings.DISCORD_BROWSER_URL}/channels/{place}"

    @property
    def archive_id(self) -> int | None:
        """The archive's channel, to which it has yet to move."""
        archive = self.game.effective.archive_channel_id if self.game.archived_at is not None else 0
        return archive if archive and archive != self.channel_id else None

    @property
    def place_id(self) -> int:
        """Where the message stands, and others about the game belong: its channel, or in a forum its own thread."""
        return (self.message_id if self.channel.is_forum else None) or self.channel_id

    @property
    def thread_title(self) -> str:
        """What its thread should be called; '' outside forums."""
        return self.game.title[:THREAD_NAME].strip() if self.channel.is_forum else ""

    def begin_anew(self) -> None:
        """What was posted is no longer the announcement. The old nonce would find it again."""
        self.message_id, self.nonce, self.thread_name = None, new_nonce(), ""


class Follow(models.Model):
    """Somebody who is told of new games of a guild, or of one template there: at once, or in a daily digest.

    What is said of a template counts before what is said of its guild.
    """

    user = models.ForeignKey("guilds.User", models.PROTECT, related_name="follows")
    guild = models.ForeignKey("guilds.Guild", models.PROTECT, related_name="follows", verbose_name="server")
    template = models.ForeignKey(GameTemplate, models.CASCADE, null=True, blank=True, related_name="follows")
    digest = models.BooleanField(default=False, help_text="Once a day instead of at once.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["guild", "user", "template"], nulls_distinct=False, name="one_follow_per_user_and_what"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.template or self.guild}"


class AuditEntry(models.Model):
    """Who did what, through which door."""

    guild = models.ForeignKey("guilds.Guild", models.PROTECT, related_name="+", verbose_name="server")
    game = models.ForeignKey(
        Game, models.CASCADE, null=True, blank=True, related_name="audit", help_text="Empty: it was about the server."
    )
    actor = models.ForeignKey(
        "guilds.User", models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: an operator's shell."
    )
    door = models.CharField(max_length=16)
    verb = models.CharField(max_length=16)
    changes = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ("-at", "-pk")
        # Read by the settings page: what was last changed in a guild.
        indexes = (models.Index(fields=["guild", "-at"], condition=Q(game=None), name="audit_of_guild"),)

    def __str__(self) -> str:
        return f"{self.verb} by {self.actor or 'an operator'}"
