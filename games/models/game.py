"""Games, and which of them a person may see."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from games.core.states import State, state
from games.models.layers import explicit_values, parent_layers
from games.models.settings import THIS_GAME, ResolvedSettings, SettingsFields, SettingsLayer, resolve_settings
from games.models.signup import Signup
from games.models.template import GameTemplate
from guilds.models import User, check_zone


def _hosted_or_cohosted(user: User) -> Q:
    return Q(host=user) | Q(pk__in=Game.cohosts.through.objects.filter(user=user).values("game"))


class GameQuerySet(models.QuerySet["Game"]):
    def visible_to_member(self, user: User, managed: Collection[int] = ()) -> "GameQuerySet":
        """The games that exist for this person: announced ones of guilds they are a member of, and those they run.

        `managed`: guilds of which they see all. `games.core.permissions.visible_to` knows which.
        """
        of_member = self.filter(guild__bot_removed_at=None, guild__members__user=user, guild__members__left_at=None)
        return of_member.filter(Q(announced_at__isnull=False) | _hosted_or_cohosted(user) | Q(guild__in=managed))

    def run_by(self, user: User) -> "GameQuerySet":
        """The games that a person hosts or co-hosts."""
        return self.filter(_hosted_or_cohosted(user))

    def announced(self) -> "GameQuerySet":
        """The games that players see."""
        return self.filter(announced_at__isnull=False)

    def drafts(self) -> "GameQuerySet":
        """The games that only those who run them see, the next first."""
        return self.filter(announced_at=None, cancelled_at=None).order_by("starts_at", "pk")

    def hosted_or_joined_by(self, user: User) -> "GameQuerySet":
        """Games that a person hosts, plays or waits for."""
        signups = Signup.objects.current().filter(user=user).values("game_id")
        return self.filter(Q(host=user) | Q(pk__in=signups))

    def with_settings(self) -> "GameQuerySet":
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


class Game(SettingsFields):
    """One game at one time. Verbs lock this row first, before anything else of the game.

    Its columns of settings say what it says itself; `settings` is what holds.
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
    def settings(self) -> ResolvedSettings:
        """The settings as they hold now; `with_levels` reads what it takes along."""
        if self.settled_at is not None:
            return ResolvedSettings.from_settings(resolve_settings([SettingsLayer(THIS_GAME, explicit_values(self))]))
        template = self.active_template
        return ResolvedSettings.from_settings(
            resolve_settings(self.settings_layers, template.locked if template else ())
        )

    @property
    def active_template(self) -> GameTemplate | None:
        """The template, unless it was deleted: then its games fall back on what is above it."""
        return self.template if self.template is not None and self.template.gone_at is None else None

    @property
    def settings_layers(self) -> list[SettingsLayer]:
        """What each level says, this game first."""
        return [
            SettingsLayer(THIS_GAME, explicit_values(self)),
            *parent_layers(self.guild, self.channel, self.active_template),
        ]

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
