"""Settings that inherit: guild, channel, template, game; each level says nothing, or something, of each setting.

`null` inherits. What means "none" is a value of its own: 0 seats (unlimited), no reminders, an empty text, no roles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from guilds.models import Channel, Guild, check_zone


class ReminderPlace(models.TextChoices):
    """Where people are reminded."""

    DM = "dm", "by direct message"
    CHANNEL = "channel", "by one mention in the channel"


class Level(models.Model):
    """The settings, as one level has them."""

    seats = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0 for unlimited.")
    duration = models.PositiveIntegerField(null=True, blank=True, help_text="In minutes.")
    reminders = ArrayField(
        models.PositiveIntegerField(), null=True, blank=True, help_text="Minutes before the start, separated by commas."
    )
    zone = models.CharField(
        max_length=64, null=True, blank=True, validators=[check_zone], help_text="In which starts are meant."
    )
    location = models.CharField(max_length=200, null=True, blank=True, help_text="Where it is played.")
    instructions = models.TextField(
        max_length=1000, null=True, blank=True, help_text="What those who signed up are to know or do."
    )
    player_role_ids = ArrayField(
        models.BigIntegerField(), null=True, blank=True, help_text="Roles that may sign up. None: every member."
    )
    host_role_ids = ArrayField(
        models.BigIntegerField(), null=True, blank=True, help_text="Roles that may schedule. None: managers only."
    )
    notify_role_ids = ArrayField(
        models.BigIntegerField(), null=True, blank=True, help_text="Roles that a new announcement pings."
    )
    confirm_by_dm = models.BooleanField(null=True, blank=True, help_text="Send a copy of the answer to keep.")
    reminder_place = models.CharField(
        max_length=8, null=True, blank=True, choices=ReminderPlace.choices, help_text="Where people are reminded."
    )

    class Meta:
        abstract = True


BUILT_IN: Mapping[str, Any] = {
    "seats": 0,
    "duration": 120,
    "reminders": (1440, 60),
    "zone": "UTC",
    "location": "",
    "instructions": "",
    "player_role_ids": (),
    "host_role_ids": (),
    "notify_role_ids": (),
    "confirm_by_dm": False,
    "reminder_place": ReminderPlace.DM.value,
}
NAMES = tuple(BUILT_IN)
# What a game says itself, and a template can lock: its zone is always its own, and who may host is decided above it.
OWN = tuple(name for name in NAMES if name not in {"zone", "host_role_ids"})
ROLES = ("player_role_ids", "host_role_ids", "notify_role_ids")


@dataclass(frozen=True)
class Setting:
    """A setting as it holds, and the level it comes from, in words: `this game`, `Campaign`, `#raids`, `the server`."""

    value: Any
    source: str
    locked: bool = False  # by the template: the game cannot say otherwise


@dataclass(frozen=True)
class Says:
    """What one level says: its name in words, and its own values, where None inherits."""

    source: str
    values: Mapping[str, Any]


THIS_GAME, THE_SERVER, BUILT_IN_SOURCE = "this game", "the server", "the product"


def resolve(levels: Iterable[Says], locked: Iterable[str] = ()) -> dict[str, Setting]:
    """Each setting by name, from the nearest of the levels (the game first) that says something of it.

    What the template has locked, the game does not say; where the template itself is silent, its lock holds what
    the template inherits.
    """
    shut = frozenset(locked)
    chain = [*levels, Says(BUILT_IN_SOURCE, BUILT_IN)]

    def one(name: str) -> Setting:
        says = chain[1:] if name in shut and chain[0].source == THIS_GAME else chain
        nearest = next(level for level in says if level.values.get(name) is not None)
        value = nearest.values[name]
        return Setting(tuple(value) if isinstance(value, list) else value, nearest.source, name in shut)

    return {name: one(name) for name in NAMES}


def own(level: Level | None) -> dict[str, Any]:
    """What a row of any level says by itself."""
    return {name: getattr(level, name) for name in NAMES} if level is not None else {}


@dataclass(frozen=True)
class Effective:
    """The settings of one game as they hold, and where each comes from."""

    seats: int
    duration: int
    reminders: tuple[int, ...]
    zone: str
    location: str
    instructions: str
    player_role_ids: tuple[int, ...]
    host_role_ids: tuple[int, ...]
    notify_role_ids: tuple[int, ...]
    confirm_by_dm: bool
    reminder_place: str
    sources: Mapping[str, Setting]

    @classmethod
    def of(cls, settings: Mapping[str, Setting]) -> "Effective":
        return cls(**{name: setting.value for name, setting in settings.items()}, sources=settings)


# --- the levels above a game -----------------------------------------------------------------------------


class GuildDefaults(Level):
    """What holds in the whole guild, and who manages its games besides those whom Discord lets manage it."""

    guild = models.OneToOneField("guilds.Guild", models.PROTECT, primary_key=True, related_name="defaults")
    manager_role_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Roles whose holders manage every game."
    )
    pingable_role_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Roles that hosts may have pinged."
    )
    edition = models.PositiveIntegerField(default=1, help_text="Counts edits; tells a form that it is stale.")

    class Meta:
        verbose_name = "server's settings"
        verbose_name_plural = "servers' settings"

    def __str__(self) -> str:
        return "the server"


class ChannelDefaults(Level):
    """What holds for games announced in one channel."""

    channel = models.OneToOneField("guilds.Channel", models.PROTECT, primary_key=True, related_name="defaults")
    for_games = models.BooleanField(default=True, help_text="Whether hosts may announce games here.")
    edition = models.PositiveIntegerField(default=1, help_text="Counts edits; tells a form that it is stale.")

    class Meta:
        verbose_name = "channel's settings"
        verbose_name_plural = "channels' settings"

    def __str__(self) -> str:
        return str(self.channel)


class GameTemplate(Level):
    """A kind of game that a guild plays again and again."""

    guild = models.ForeignKey("guilds.Guild", models.PROTECT, related_name="templates", verbose_name="server")
    name = models.CharField(max_length=80)
    description = models.TextField(max_length=2000, blank=True, help_text="What a new game's description begins with.")
    channel = models.ForeignKey(
        "guilds.Channel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where its games are announced unless the host chooses otherwise.",
    )
    locked = ArrayField(
        models.CharField(max_length=32), default=list, blank=True, help_text="Settings that its games cannot change."
    )
    position = models.PositiveIntegerField(default=0)
    is_default = models.BooleanField(default=False, help_text="Chosen where nobody chooses.")
    edition = models.PositiveIntegerField(default=1, help_text="Counts edits; tells a form that it is stale.")
    gone_at = models.DateTimeField(null=True, blank=True, help_text="When it was deleted; its games keep its values.")

    class Meta:
        verbose_name = "template"
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["guild"], condition=models.Q(is_default=True, gone_at=None), name="one_default_template"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="template_has_a_name"),
        )

    def __str__(self) -> str:
        return self.name


# --- what a game would inherit ---------------------------------------------------------------------------


def above(guild: Guild, channel: Channel | None, template: GameTemplate | None) -> list[Says]:
    """What the levels above a game of this kind say, the nearest first."""
    levels = []
    if template is not None:
        levels.append(Says(template.name, own(template)))
    if channel is not None and channel.gone_at is None:
        home = channel.home
        levels.append(Says(str(home), own(getattr(home, "defaults", None))))
    return [*levels, Says(THE_SERVER, own(getattr(guild, "defaults", None)))]


def inherited(guild: Guild, channel: Channel | None, template: GameTemplate | None) -> dict[str, Setting]:
    """What holds for a game that says nothing itself, and what of it the template has locked."""
    nothing = Says(THIS_GAME, {})
    return resolve([nothing, *above(guild, channel, template)], template.locked if template is not None else ())


def open_channels(guild_id: int) -> models.QuerySet[Channel]:
    """The channels in which hosts may announce games."""
    return Channel.objects.for_announcements().filter(guild_id=guild_id).exclude(defaults__for_games=False)


def places(guild_id: int) -> models.QuerySet[Channel]:
    """Where hosts may announce games: the open channels, each with the threads in it."""
    channels = open_channels(guild_id).order_by().values("pk")
    threads = Channel.objects.open_threads().filter(parent__in=channels).order_by().values("pk")
    return Channel.objects.with_homes().filter(models.Q(pk__in=channels) | models.Q(pk__in=threads))


def is_set_up(guild: Guild) -> bool:
    """Whether somebody decided who may schedule in a guild, or made a template."""
    defaults = GuildDefaults.objects.filter(pk=guild.pk).first()
    decided = defaults is not None and defaults.host_role_ids is not None
    return decided or GameTemplate.objects.filter(guild=guild, gone_at=None).exists()
