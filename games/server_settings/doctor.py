"""What the bot needs in a guild for what is switched on there, and lacks. Of what is off: nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from games.core.companions import PERMISSIONS, SWITCHES
from games.models import CompanionKind, Game, GameTemplate
from games.models.agenda import Agenda
from games.models.layers import setting_expression
from games.models.settings import GuildDefaults, SettingsFields
from games.server_settings import wording as settings_wording
from guilds.models import GAME_CHANNEL_TYPES, PIN_MESSAGES, Channel, Guild

PINNED_AGENDA = "pinned_agenda"
# By feature: Discord's permission bits, with the names that its settings show.
NEEDED: Mapping[str, Mapping[int, str]] = {
    **{kind.value: permissions for kind, permissions in PERMISSIONS.items()},
    PINNED_AGENDA: {PIN_MESSAGES: "Pin Messages"},
}


@dataclass(frozen=True)
class Diagnosis:
    """The features that are switched on, by channel, and what the bot lacks for them: everywhere, and by channel."""

    features: Mapping[int, frozenset[str]]
    lacks: Mapping[str, list[str]]
    channel_lacks: Mapping[int, list[str]]

    @property
    def all_features(self) -> list[str]:
        """Return the features that are on in any channel, in the order of settings."""
        on: set[str] = set().union(*self.features.values())
        return [feature for feature in NEEDED if feature in on]

    @property
    def is_lacking(self) -> bool:
        """Return whether the bot lacks something for any of them, anywhere."""
        return any(self.lacks.values()) or any(self.channel_lacks.values())

    @property
    def permissions(self) -> int:
        """Return the permission bits that these features need."""
        return sum({bit for feature in self.all_features for bit in NEEDED[feature]})

    @property
    def lines(self) -> list[tuple[str, list[str]]]:
        """Return each feature by its name for people, with what it lacks in every channel in which it is on."""
        return [(gettext(settings_wording.FEATURES[one]), self.lacks.get(one, [])) for one in self.all_features]


def diagnose(guild: Guild, now: datetime) -> Diagnosis:
    """Read what is switched on in a guild and what the bot may there. Takes five statements."""
    channels = guild.channels.filter(deleted_at=None, parent=None, type__in=GAME_CHANNEL_TYPES)
    by_id = {channel.pk: channel for channel in channels.select_related("defaults")}
    features = {pk: frozenset(on) for pk, on in _switched_on(guild, by_id, now).items() if on}
    missing = {
        (pk, one): [name for bit, name in NEEDED[one].items() if not by_id[pk].bot_has(bit)]
        for pk, on in features.items()
        for one in on
    }
    lacks = {}
    for one in NEEDED:
        of_channels = [set(names) for (_, feature), names in missing.items() if feature == one]
        common = set.intersection(*of_channels) if of_channels else set()
        if common:
            lacks[one] = [name for name in NEEDED[one].values() if name in common]
    channel_lacks: dict[int, list[str]] = {}
    for pk, on in features.items():
        here = [name for one in NEEDED if one in on for name in missing[pk, one] if name not in lacks.get(one, ())]
        if here:
            channel_lacks[pk] = list(dict.fromkeys(here))
    return Diagnosis(features, lacks, channel_lacks)


def _switched_on(guild: Guild, channels: Mapping[int, Channel], now: datetime) -> dict[int, set[str]]:
    """Return by channel which features its settings, its templates or its games to come switch on."""
    guild_layer = GuildDefaults.objects.filter(pk=guild.pk).first()
    found: dict[int, set[str]] = {pk: set() for pk in channels}
    for pk, channel in channels.items():
        layer = getattr(channel, "defaults", None)
        if layer is None or layer.for_games:
            found[pk] |= _kinds_of([layer, guild_layer])
    pinned = Agenda.objects.filter(guild=guild, days__isnull=False, pinned=True)
    for pk in pinned.values_list("channel", flat=True):
        found.setdefault(pk, set()).add(PINNED_AGENDA)
    for template in GameTemplate.objects.filter(guild=guild, deleted_at=None).select_related("channel"):
        at = template.channel.settings_channel.pk if template.channel is not None else None
        for pk, channel in channels.items():
            layer = getattr(channel, "defaults", None)
            if pk == at or (at is None and (layer is None or layer.for_games)):
                found[pk] |= _kinds_of([template])
    names = {kind: f"resolved_{name}" for kind, (name, _) in SWITCHES.items()}
    expressions = {f"resolved_{name}": setting_expression(name) for name, _ in SWITCHES.values()}
    games = Game.objects.upcoming(now).filter(guild=guild).order_by().annotate(**expressions)
    place = Coalesce("channel__parent", "channel")
    for row in games.annotate(place=place).values("place", *expressions).distinct():
        found.setdefault(row["place"], set()).update(
            kind.value for kind, name in names.items() if row[name] != SWITCHES[kind][1]
        )
    # In a forum, each post is a thread of its own, and the bot needs nothing more for that.
    in_posts = {CompanionKind.THREAD.value}
    return {pk: on - in_posts if channels[pk].is_forum else on for pk, on in found.items() if pk in channels}


def _kinds_of(layers: Iterable[SettingsFields | None]) -> set[str]:
    """Return the kinds of companions that the nearest layer which says something switches on."""
    kinds: set[str] = set()
    for kind, (name, off) in SWITCHES.items():
        values = (getattr(layer, name) for layer in layers if layer is not None)
        nearest = next((value for value in values if value is not None), off)
        if nearest != off:
            kinds.add(CompanionKind(kind).value)
    return kinds
