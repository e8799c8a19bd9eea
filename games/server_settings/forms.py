"""The forms of a guild's settings, a channel's and a template's."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from games.core import wording
from games.models import GameTemplate
from games.models.layers import inherited, open_channels
from games.models.settings import NAMES, OWN, ROLES, ChannelDefaults, GuildDefaults, Level, Setting, resolve
from games.server_settings import wording as settings_wording
from games.server_settings.fields import LevelForm, archives, channel_label
from guilds.forms import UNKNOWN_ZONE, zone_choices
from guilds.models import Channel, Guild

EVERYONE = "@everyone: every member"


class SettingsForm(LevelForm):
    """A level's own settings, the zone among them, and the edition that the form was made from."""

    zone = forms.ChoiceField(required=False, label="Time zone", error_messages={"invalid_choice": UNKNOWN_ZONE})
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, guild: Guild, level: Level | None, above: Mapping[str, Setting], **kw: Any) -> None:
        self.guild, self.level = guild, level
        # A template's lock binds its games, not the template itself.
        above = {name: Setting(found.value, found.source) for name, found in above.items()}
        initial = {**self.initial_of(level), **kw.pop("initial", {})}
        roles = list(guild.roles.filter(gone_at=None))
        super().__init__(*args, roles=roles, inherited=above, archives=archives(guild), initial=initial, **kw)
        everyone = [(str(r.pk), EVERYONE if r.pk == guild.pk else r.name) for r in roles]
        self.named = [(value, label) for value, label in everyone if value != str(guild.pk)]
        for name in ("player_role_ids", "host_role_ids"):
            self._offer(name, everyone)
        self._offer("notify_role_ids", self.named)
        self._offer("zone", [("", wording.inherits(above["zone"].value)), *zone_choices()[1:]])
        said = wording.inherited(above["zone"].value, above["zone"].source)
        self.fields["zone"].help_text = f"{settings_wording.ZONE_HELP} {said}"
        for name in self.level_fields:
            if name not in ROLES:
                # The script that offers to clear a field looks for this.
                self.fields[name].widget.attrs["data-inherits"] = ""

    def _offer(self, name: str, choices: Iterable[Any]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    @property
    def level_fields(self) -> list[str]:
        """Names of all settings of the form, the zone included."""
        return [name for name in NAMES if name in self.fields]

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "zone": self.cleaned_data.get("zone") or None}

    @classmethod
    def initial_of(cls, level: Any) -> dict[str, Any]:
        """What the form shows of a level; of none, that nothing was ever saved."""
        edition = level.edition if level is not None and level.pk else 0
        return cls.initial_settings(level) | {"edition": edition}


def role_boxes(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, label=label, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


class GuildForm(SettingsForm):
    """What holds in the whole guild."""

    manager_role_ids = role_boxes(
        "Who manages games",
        "Besides the owner and those with Manage Server: they may change and cancel every game, and these settings.",
    )
    pingable_role_ids = role_boxes("Roles that hosts may ping", "None ticked: only managers have roles pinged.")

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        level = GuildDefaults.objects.filter(pk=guild.pk).first()
        # Above a guild is the product alone.
        super().__init__(*args, guild=guild, level=level, above=resolve([]), **kwargs)
        for name in ("manager_role_ids", "pingable_role_ids"):
            self._offer(name, self.named)

    @classmethod
    def initial_of(cls, level: GuildDefaults | None) -> dict[str, Any]:
        shown = super().initial_of(level)
        for name in ("manager_role_ids", "pingable_role_ids"):
            shown[name] = [str(role) for role in getattr(level, name, None) or ()]
        return shown

    def roles_named(self, name: str) -> tuple[int, ...]:
        """Which of the guild's own roles are ticked."""
        return tuple(int(role) for role in self.cleaned_data.get(name) or ())


class ChannelForm(SettingsForm):
    """What holds for games announced in one channel."""

    for_games = forms.BooleanField(
        required=False, label="Hosts may announce games here", help_text="Otherwise the game form does not offer it."
    )

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        self.channel = channel
        level = ChannelDefaults.objects.filter(pk=channel.pk).first()
        above = inherited(channel.guild, None, None)
        super().__init__(*args, guild=channel.guild, level=level, above=above, **kwargs)

    @classmethod
    def initial_of(cls, level: ChannelDefaults | None) -> dict[str, Any]:
        return super().initial_of(level) | {"for_games": level.for_games if level is not None else True}


class TemplateForm(SettingsForm):
    """A kind of game that is played again and again."""

    name = forms.CharField(
        max_length=1000, strip=False, help_text="What hosts choose it by.", error_messages={"required": "Name it."}
    )
    description = forms.CharField(
        required=False,
        max_length=20000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What a new game's description begins with.",
    )
    channel = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Where its games are announced, unless the host chooses another.",
        error_messages={"invalid_choice": wording.UNKNOWN_CHANNEL},
    )
    locked = forms.MultipleChoiceField(
        required=False,
        label="Locked",
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, settings_wording.SETTING_NAMES[name]) for name in OWN],
        help_text="What is ticked, hosts cannot change in games of this template.",
    )

    def __init__(self, *args: Any, guild: Guild, template: GameTemplate | None, **kwargs: Any) -> None:
        channel = template.channel if template is not None else None
        super().__init__(*args, guild=guild, level=template, above=inherited(guild, channel, None), **kwargs)
        choices = [(str(c.pk), channel_label(c)) for c in open_channels(guild.pk)]
        if channel is not None and str(channel.pk) not in dict(choices):
            choices.append((str(channel.pk), settings_wording.channel_off(channel.name, channel.gone_at is not None)))
        self._offer("channel", [("", "The host chooses"), *choices])

    @classmethod
    def initial_of(cls, level: GameTemplate | None) -> dict[str, Any]:
        shown = super().initial_of(level)
        if level is None:
            return shown
        texts = {"name": level.name, "description": level.description, "locked": level.locked}
        return shown | texts | {"channel": str(level.channel_id or "")}


# --- comparing two versions --------------------------------------------------------------------------------
