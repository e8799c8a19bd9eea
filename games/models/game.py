"""Games, and which of them a user may see."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Func, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from games.core.resolved_settings import (
    THE_SERVER,
    THIS_GAME,
    Layer,
    ResolvedSettings,
    SettingsLayer,
    StoredSettings,
    resolve_settings,
    stored_sources,
    stored_values,
)
from games.core.setting_kinds import ResolvedSetting
from games.core.settings import ALL_SETTINGS
from games.core.states import State, state
from games.models.game_conditions import earliest_start, is_past, is_to_come
from games.models.layers import explicit_values, parent_layers
from games.models.settings import SettingsFields
from games.models.signup import Signup
from games.models.template import GameTemplate
from guilds.models import User, check_zone

if TYPE_CHECKING:
    from games.core.read_ahead import ReadAhead


def _hosted_or_cohosted(user: User | int) -> Q:
    return Q(host=user) | Q(pk__in=Game.cohosts.through.objects.filter(user=user).values("game"))


class GameQuerySet(models.QuerySet["Game"]):
    def visible_to_member(self, user: User, managed: Collection[int] = ()) -> "GameQuerySet":
        """Return the announced games of the user's guilds, and the games that the user runs.

        `managed`: ids of guilds in which the user sees every game; `games.core.permissions.visible_to`
        finds them.
        """
        of_member = self.filter(guild__bot_removed_at=None, guild__members__user=user, guild__members__left_at=None)
        runs = _hosted_or_cohosted(user) | Q(next_host=user)
        return of_member.filter(Q(announced_at__isnull=False) | runs | Q(guild__in=managed))

    def existing_for(self, user: User | int, guilds: Collection[int], managed: Collection[int] = ()) -> "GameQuerySet":
        """Return the same of these guilds, of which the user is known to be a member."""
        runs = _hosted_or_cohosted(user) | Q(next_host=user)
        shown = Q(announced_at__isnull=False) | runs
        return self.filter(shown | Q(guild__in=managed) if managed else shown, guild__in=guilds)

    def one_of(self, field: str) -> models.Subquery:
        """Return, for a query of channels or templates, the id of one of these games that has each, or NULL.

        Looked up for each, and by the index: for `Exists`, PostgreSQL reads all games; for an equality too where few
        channels have them, since it expects to find one soon.
        """
        pk = models.OuterRef("pk")
        found = self.filter(**{f"{field}__gte": pk, f"{field}__lte": pk}).order_by(f"{field}_id")
        return models.Subquery(found.values("pk")[:1])

    def announced_to(self, user: User | int) -> "GameQuerySet":
        """Return the announced games of the guilds that a person is a member of."""
        return self.announced().filter(
            guild__bot_removed_at=None, guild__members__user=user, guild__members__left_at=None
        )

    def run_by(self, user: User) -> "GameQuerySet":
        """Return the games that a user hosts or co-hosts."""
        return self.filter(_hosted_or_cohosted(user))

    def announced(self) -> "GameQuerySet":
        """Return the games that players see."""
        return self.filter(announced_at__isnull=False)

    def drafts(self) -> "GameQuerySet":
        """Return unannounced games that are not cancelled, the next first; only hosts and managers see them."""
        return self.filter(announced_at=None, cancelled_at=None).order_by("starts_at", "pk")

    def hosted_or_joined_by(self, user: User | int) -> "GameQuerySet":
        """Return the games that a user hosts, plays or waits for."""
        # Together, so that each is found by its index; an OR would have every game looked at.
        signups = Signup.objects.current().of(user).order_by().values_list("game_id")
        return self.filter(pk__in=Game.objects.filter(host=user).order_by().values_list("pk").union(signups))

    def with_guild_and_channel(self) -> "GameQuerySet":
        """Join the rows that say who may see and manage each game."""
        games = self.select_related("guild__defaults", "channel__parent")
        # The game has its settings itself. Who may host says what a viewer may do in the guild.
        return games.defer(*(f"guild__defaults__{name}" for name in ALL_SETTINGS if name != "host_role_ids"))

    def with_other_settings(self) -> "GameQuerySet":
        """Return the games whose stored settings are not what their layers say."""
        # A started game keeps what held when it started, and is frozen soon.
        differ = Func(template="games_settings_differ(games_game)", output_field=models.BooleanField())
        return self.filter(differ, settings_frozen_at=None)

    def upcoming(self, now: datetime) -> "GameQuerySet":
        """Return announced games that are not over, the next first."""
        return (
            self.announced()
            .filter(cancelled_at=None, ends_at__gt=now, starts_at__gt=earliest_start(now))
            .order_by("starts_at", "pk")
        )

    def listed_to_come(self, now: datetime) -> "GameQuerySet":
        """Return the games of lists to come, the next first: `upcoming`, and cancelled ones until their start."""
        return self.announced().filter(is_to_come(now)).order_by("starts_at", "pk")

    def past(self, now: datetime) -> "GameQuerySet":
        """Return all other announced games, the last first."""
        return self.announced().filter(is_past(now)).order_by("-starts_at", "-pk")


class Game(SettingsFields):
    """One game at one time.

    Actions lock this row before any other row of the game. Its settings columns hold the game's own values;
    `settings` resolves them with the inherited ones.
    """

    read_ahead: "ReadAhead | None" = None  # for messages of a turn of notifyd: what was read of their recipients
    # Read along for a page (`GAME_OF_PAGE`); None where they were not.
    read_at: datetime | None = None
    cohosts_read: Collection[int] | None = None
    has_responses: bool | None = None
    has_edits: bool | None = None
    _saved: Mapping[str, Any] = MappingProxyType({})  # the columns as the row has them

    guild = models.ForeignKey("guilds.Guild", models.PROTECT, related_name="games", verbose_name=gettext_lazy("server"))
    channel = models.ForeignKey(
        "guilds.Channel", models.PROTECT, related_name="games", help_text=gettext_lazy("Where it is announced.")
    )
    host = models.ForeignKey("guilds.User", models.PROTECT, related_name="hosted_games")
    cohosts = models.ManyToManyField("guilds.User", blank=True, related_name="cohosted_games")
    template = models.ForeignKey(GameTemplate, models.PROTECT, null=True, blank=True, related_name="games")
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=2000, blank=True)
    starts_at = models.DateTimeField()
    zone = models.CharField(
        max_length=64, validators=[check_zone], help_text=gettext_lazy("The time zone in which the start was meant.")
    )
    host_role_ids = None  # the layers above the game decide who may host
    ends_at = models.DateTimeField(
        help_text=gettext_lazy("Start and duration added up, kept for queries; earlier if its hosts ended it.")
    )
    announce_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When to announce it; empty with no announcement: a draft.")
    )
    announced_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Since when players see it; until then only those who run it do.")
    )
    announced_by = models.ForeignKey(
        "guilds.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Who had it announced: it counts among their announcements of that day."),
    )
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When its hosts closed the sign-ups.")
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    rewards = models.TextField(
        max_length=2000, blank=True, help_text=gettext_lazy("What players got; hidden until they look.")
    )
    confirmation_number = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Counts how often players were asked whether they still come.")
    )
    confirm_by = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Until when they may answer the last question.")
    )
    drop_unconfirmed = models.BooleanField(
        default=False, help_text=gettext_lazy("Who has not answered the last question by then is taken out.")
    )
    confirmation_expired_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When the time to confirm last ran out on somebody.")
    )
    carried_by = models.ForeignKey(
        "guilds.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Who scheduled it again with the players of an earlier game."),
    )
    repeated = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Somebody else's game whose players are asked to join this one."),
    )
    next_host = models.ForeignKey(
        "guilds.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Who was asked to run it, and has not answered."),
    )
    handover_number = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Counts how often somebody was asked to run it.")
    )
    series = models.ForeignKey(
        "games.Series",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="games",
        help_text=gettext_lazy("The series that it is one of."),
    )
    series_date = models.DateField(
        null=True, blank=True, help_text=gettext_lazy("The date that it stands for there, wherever it is moved to.")
    )
    series_start = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Its start there, before it was moved.")
    )
    confirm_carried = models.BooleanField(
        default=False, help_text=gettext_lazy("The players of that game lose their place unless they confirm.")
    )
    kept_starts = ArrayField(
        models.DateTimeField(),
        default=list,
        blank=True,
        help_text=gettext_lazy("The starts for which its hosts kept it with too few players."),
    )
    player_messages_at = ArrayField(
        models.DateTimeField(),
        default=list,
        blank=True,
        help_text=gettext_lazy("When its players were last written to."),
    )
    post_version = models.PositiveIntegerField(
        default=1, help_text=gettext_lazy("Counts every change that people can see.")
    )
    edit_version = models.PositiveIntegerField(
        default=1, help_text=gettext_lazy("Counts edits; tells a form that it is stale.")
    )
    settings_frozen_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=gettext_lazy("When all that it inherited was written into it; nothing above counts since."),
    )
    # By triggers of the database, whatever changes the game or a layer. None: not read since this object changed.
    resolved_settings = models.JSONField(
        null=True,
        editable=False,
        help_text=gettext_lazy("The settings that hold, each with its layer; others are built in."),
    )
    share_token = models.UUIDField(
        editable=False,
        db_default=RandomUUID(),
        help_text=gettext_lazy("What its share link has; another ends the link."),
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=gettext_lazy("Since when it is as it is now: of `post_version`. Empty: since it was made."),
    )

    objects: ClassVar[models.Manager["Game"]] = models.Manager.from_queryset(GameQuerySet)()

    class Meta:
        indexes = (
            models.Index(fields=["guild", "starts_at"], name="game_by_guild_and_start"),
            # Read by pages (upcoming) and the sweep: cancelled games never matter there.
            models.Index(fields=["ends_at"], condition=Q(cancelled_at=None), name="game_by_end"),
            # Few at any time: drafts, and what is announced later.
            models.Index(fields=["guild", "starts_at"], condition=Q(announced_at=None), name="game_not_announced"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="game_ends_after_start"),
            models.CheckConstraint(condition=~Q(title=""), name="game_has_a_title"),
            models.UniqueConstraint(fields=["series", "series_date"], name="one_game_per_series_and_date"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("game", args=[self.pk])

    @property
    def url(self) -> str:
        """Return the absolute URL of the game's page, for use in Discord."""
        return settings.PUBLIC_URL + self.get_absolute_url()

    @cached_property
    def settings(self) -> ResolvedSettings:
        """Return the resolved settings, as the row has them.

        Call `drop_cached_settings` after changing what they come from on this object: until it is read again, they are
        resolved from the layers, which takes queries.
        """
        stored = self.resolved_settings
        if stored is None:
            return ResolvedSettings.of(self.resolve_settings())
        return ResolvedSettings(stored_values(stored), lambda: self._stored_sources(stored))

    def resolve_settings(self) -> dict[str, ResolvedSetting]:
        """Return each setting from the nearest layer that sets it."""
        if self.settings_frozen_at is not None:
            return resolve_settings([SettingsLayer(THIS_GAME, explicit_values(self))])
        template = self.active_template
        return resolve_settings(self.settings_layers, template.locked if template else ())

    def _stored_sources(self, stored: StoredSettings) -> dict[str, ResolvedSetting]:
        template = self.active_template if self.settings_frozen_at is None else None
        names: dict[str, str] = {
            Layer.GAME: THIS_GAME,
            Layer.TEMPLATE: str(template),
            Layer.CHANNEL: str(self.channel.settings_channel),
            Layer.GUILD: THE_SERVER,
        }
        return stored_sources(stored, names, template.locked if template else ())

    def drop_cached_settings(self) -> None:
        """Resolve the settings again: a setting, the channel, the template or `settings_frozen_at` changed."""
        self.resolved_settings = None
        self.__dict__.pop("settings", None)

    def refresh_from_db(self, using: Any = None, fields: Any = None, *args: Any, **kwargs: Any) -> None:
        if fields is None or {*fields} & {*ALL_SETTINGS, "resolved_settings"}:
            self.drop_cached_settings()
        super().refresh_from_db(using, fields, *args, **kwargs)
        self._remember_columns(fields)

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        game = super().from_db(*args, **kwargs)
        game._remember_columns()
        return game

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row; of one that was read, only the columns that changed since: it has many."""
        if not args and not kwargs and not self._state.adding and self._saved.get("id") == self.pk:
            saved = self._saved
            columns = self._columns().items()
            kwargs["update_fields"] = [name for name, value in columns if name not in saved or saved[name] != value]
        super().save(*args, **kwargs)
        self._remember_columns(kwargs.get("update_fields"))

    def _columns(self) -> dict[str, Any]:
        own = self.__dict__
        return {field.attname: own[field.attname] for field in self._meta.concrete_fields if field.attname in own}

    def _remember_columns(self, fields: Collection[str] | None = None) -> None:
        """Remember what the row has, in these fields or in all. Lists may be changed in place."""
        columns = {name: value.copy() if isinstance(value, list) else value for name, value in self._columns().items()}
        if fields is not None:
            names = {one.attname for one in self._meta.concrete_fields if {one.name, one.attname} & {*fields}}
            columns = {**self._saved, **{name: value for name, value in columns.items() if name in names}}
        self._saved = columns

    @property
    def active_template(self) -> GameTemplate | None:
        """Return the template, or None if it was deleted; its games then inherit from the layers above it."""
        return self.template if self.template is not None and self.template.deleted_at is None else None

    @property
    def settings_layers(self) -> list[SettingsLayer]:
        """Return the layers of settings, this game's own first."""
        return [
            SettingsLayer(THIS_GAME, explicit_values(self)),
            *parent_layers(self.guild, self.channel, self.active_template),
        ]

    @property
    def minutes(self) -> int:
        """Return how long it lasts, in whole minutes; less than planned if its hosts ended it."""
        return min(self.settings.duration, -(-(self.ends_at - self.starts_at) // timedelta(minutes=1)))

    def is_hosted_by(self, user_id: int) -> bool:
        """Return whether the user is the game's host or a co-host."""
        return self.host_id == user_id or user_id in self.cohost_ids

    @property
    def cohost_ids(self) -> frozenset[int]:
        """Return the co-hosts' ids, cached on this instance."""
        if self.cohosts_read is not None:
            return frozenset(self.cohosts_read)
        models.prefetch_related_objects([self], "cohosts")
        return frozenset(user.pk for user in self.cohosts.all())

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
