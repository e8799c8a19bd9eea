"""Settings that inherit through the layers guild, channel, template and game.

`null` inherits. "None" is a value of its own: 0 seats (unlimited), no reminders, an empty text, no roles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from guilds.models import check_zone


class ReminderPlace(models.TextChoices):
    """Where reminders are sent."""

    DM = "dm", "by direct message"
    CHANNEL = "channel", "by one mention in the channel"


class SeatMethod(models.TextChoices):
    """How seats are given."""

    OPEN = "open", "whoever asks first"
    PRIORITY = "priority", "by role, then whoever asks first"
    PICKS_WAITING = "picks_waiting", "the host picks from those who asked"
    PICKS = "picks", "the host picks, nobody asks"

    @property
    def by_host(self) -> bool:
        """Return whether only the host gives seats."""
        return self in {SeatMethod.PICKS, SeatMethod.PICKS_WAITING}


class DeletedPostPolicy(models.TextChoices):
    """What to do when somebody deletes an announcement in Discord."""

    PUT_BACK = "put_back", "put it back"
    ASK = "ask", "ask the host"


class SettingsFields(models.Model):
    """The columns of the settings, for each layer that can set them."""

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
    method = models.CharField(
        max_length=16, null=True, blank=True, choices=SeatMethod.choices, help_text="How seats are given."
    )
    priority_role_ids = ArrayField(
        models.BigIntegerField(),
        null=True,
        blank=True,
        help_text="Roles that come before others, in order.",
    )
    answers = models.BooleanField(null=True, blank=True, help_text="People may also answer Maybe and Can't make it.")
    plus_one = models.BooleanField(null=True, blank=True, help_text="Players may bring one person, by name.")
    signups_close = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes before the start when sign-ups close; 0 for at the start."
    )
    offer_within = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Minutes before the start from when a free seat is offered instead of given; 0 for never.",
    )
    offer_for = models.PositiveIntegerField(null=True, blank=True, help_text="Minutes to take an offered seat.")
    minimum = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Players it takes; 0 for any number.")
    minimum_by = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes before the start when the host is asked, if fewer signed up."
    )
    ask_if_moved = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Minutes by which a start may move before everyone seated is asked again; 0 for never asking.",
    )
    silence_frees = models.BooleanField(
        null=True, blank=True, help_text="Who is asked again and does not answer loses the seat."
    )
    if_deleted = models.CharField(
        max_length=8,
        null=True,
        blank=True,
        choices=DeletedPostPolicy.choices,
        help_text="When somebody deletes the post.",
    )
    ask_rewards = models.BooleanField(null=True, blank=True, help_text="Remind the host to write down the rewards.")
    archive_channel_id = models.BigIntegerField(
        null=True, blank=True, help_text="Where the post goes when the game is over; 0 for nowhere."
    )
    archive_after = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes after its end when the post goes there."
    )

    class Meta:
        abstract = True


BUILT_IN_VALUES: Mapping[str, Any] = {
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
    "method": SeatMethod.OPEN.value,
    "priority_role_ids": (),
    "answers": False,
    "plus_one": False,
    "signups_close": 0,
    "offer_within": 120,
    "offer_for": 15,
    "minimum": 0,
    "minimum_by": 1440,
    "ask_if_moved": 30,
    "silence_frees": False,
    "if_deleted": DeletedPostPolicy.PUT_BACK.value,
    "ask_rewards": False,
    "archive_channel_id": 0,
    "archive_after": 1440,
}
ALL_SETTINGS = tuple(BUILT_IN_VALUES)
# What a game can set, and a template can lock. A game's zone is always its own; the layers above it decide who
# may host.
GAME_SETTINGS = tuple(name for name in ALL_SETTINGS if name not in {"zone", "host_role_ids"})
ROLE_SET_SETTINGS = ("player_role_ids", "host_role_ids", "notify_role_ids")  # a layer may choose any number of them
ROLE_SETTINGS = (*ROLE_SET_SETTINGS, "priority_role_ids")
YES_NO_SETTINGS = ("confirm_by_dm", "answers", "plus_one", "silence_frees", "ask_rewards")
CHOICE_SETTINGS = {"reminder_place": ReminderPlace, "method": SeatMethod, "if_deleted": DeletedPostPolicy}


@dataclass(frozen=True)
class Setting:
    """A resolved setting and the layer it comes from: `this game`, `Campaign`, `#raids` or `the server`."""

    value: Any
    source: str
    locked: bool = False  # by the template: the game cannot change it


@dataclass(frozen=True)
class SettingsLayer:
    """One layer: its name for people, and its own values, where None inherits."""

    source: str
    values: Mapping[str, Any]


THIS_GAME, THE_SERVER, BUILT_IN_SOURCE = "this game", "the server", "the product"


def resolve_settings(layers: Iterable[SettingsLayer], locked: Iterable[str] = ()) -> dict[str, Setting]:
    """Return each setting by name, from the nearest layer that sets it; the game's layer comes first.

    The game's own value of a locked setting is ignored. If the template locks a setting without a value,
    the value that the template inherits is locked.
    """
    locked_names = frozenset(locked)
    chain = [*layers, SettingsLayer(BUILT_IN_SOURCE, BUILT_IN_VALUES)]

    def resolve_one(name: str) -> Setting:
        candidates = chain[1:] if name in locked_names and chain[0].source == THIS_GAME else chain
        nearest = next(layer for layer in candidates if layer.values.get(name) is not None)
        value = nearest.values[name]
        return Setting(tuple(value) if isinstance(value, list) else value, nearest.source, name in locked_names)

    return {name: resolve_one(name) for name in ALL_SETTINGS}


@dataclass(frozen=True)
class ResolvedSettings:
    """The resolved settings of one game, and the source of each."""

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
    method: SeatMethod
    priority_role_ids: tuple[int, ...]
    answers: bool
    plus_one: bool
    signups_close: int
    offer_within: int
    offer_for: int
    minimum: int
    minimum_by: int
    ask_if_moved: int
    silence_frees: bool
    if_deleted: str
    ask_rewards: bool
    archive_channel_id: int
    archive_after: int
    sources: Mapping[str, Setting]

    @classmethod
    def from_settings(cls, settings: Mapping[str, Setting]) -> "ResolvedSettings":
        values = {name: setting.value for name, setting in settings.items()}
        return cls(**values | {"method": SeatMethod(values["method"])}, sources=settings)


# --- the layers above a game -----------------------------------------------------------------------------


class GuildDefaults(SettingsFields):
    """The settings of a whole guild, and the roles that manage its games besides Discord's own permissions."""

    guild = models.OneToOneField("guilds.Guild", models.PROTECT, primary_key=True, related_name="defaults")
    manager_role_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Roles whose holders manage every game."
    )
    pingable_role_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Roles that hosts may have pinged."
    )
    edit_version = models.PositiveIntegerField(default=1, help_text="Counts edits; tells a form that it is stale.")

    class Meta:
        verbose_name = "server's settings"
        verbose_name_plural = "servers' settings"

    def __str__(self) -> str:
        return "the server"


class ChannelDefaults(SettingsFields):
    """The settings of games that are announced in one channel."""

    channel = models.OneToOneField("guilds.Channel", models.PROTECT, primary_key=True, related_name="defaults")
    for_games = models.BooleanField(default=True, help_text="Whether hosts may announce games here.")
    edit_version = models.PositiveIntegerField(default=1, help_text="Counts edits; tells a form that it is stale.")

    class Meta:
        verbose_name = "channel's settings"
        verbose_name_plural = "channels' settings"

    def __str__(self) -> str:
        return str(self.channel)
