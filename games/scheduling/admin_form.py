"""The admin's form of a game."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from games.admin.base import ActionForm, admin_actor
from games.core.base import ActionResult
from games.core.frequent_queries import ROLES_TO_CHOOSE
from games.core.permissions import Viewer
from games.core.resolved_settings import THIS_GAME, SettingsLayer, resolve_settings
from games.core.setting_kinds import ResolvedSetting
from games.core.settings import GAME_SETTINGS, SETTINGS
from games.models import Game, GameTemplate
from games.models.layers import inherited_settings
from games.scheduling import actions as scheduling
from games.scheduling.actions import plan_from_game
from games.scheduling.rules import Plan, change_plan
from games.server_settings.base_forms import GameSettingsForm, archive_choices, field_text
from games.signups.mention_lookup import look_up_mentions
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from guilds.forms import ZoneField, zone_choices
from guilds.models import Channel, Guild, User

PLAN_FIELDS = ("channel", "template", "title", "description", "starts_at", "zone")


class _GameSettings(GameSettingsForm):
    """The settings of the game in the model form, or of a new one."""

    instance: Game
    user: User

    def __init__(
        self, data: Any, files: Any, auto_id: Any, prefix: Any, initial: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Take the arguments that Django's model form passes on."""
        initial = {**initial, **self.initial_settings(self.instance if self.instance.pk else None)}
        guild, viewer, inherited = self._inherited_settings(data if data is not None else initial)
        super().__init__(
            data,
            files,
            auto_id,
            prefix,
            initial,
            *args,
            # A server's roles and channels are offered once the server is known.
            roles=ROLES_TO_CHOOSE.all(guild.pk) if guild is not None else (),
            archives=archive_choices(guild, viewer.may_view) if guild is not None and viewer is not None else (),
            kept_archive=self.instance.archive_channel_id,
            viewer=viewer,
            inherited=inherited,
            **kwargs,
        )

    def _inherited_settings(self, data: Any) -> tuple[Guild | None, Viewer | None, dict[str, ResolvedSetting]]:
        """Return the game's server, the form's reader there, and what empty fields inherit."""
        game = self.instance
        guild = game.guild if game.pk else self._chosen_guild(data)
        viewer = admin_actor(self.user).viewer(guild.pk) if guild is not None else None
        if guild is None or viewer is None or game.settings_frozen_at is not None:
            return guild, viewer, resolve_settings([SettingsLayer(THIS_GAME, {})])
        channel_id, template_id = (parse_id(str(data.get(name) or "")) or 0 for name in ("channel", "template"))
        channel = Channel.objects.with_settings().filter(pk=channel_id, guild=guild).first()
        if channel is not None and not viewer.may_view(channel):
            channel = None
        template = GameTemplate.objects.filter(pk=template_id, guild=guild, deleted_at=None).first()
        return guild, viewer, inherited_settings(guild, channel, template)

    def _chosen_guild(self, data: Any) -> Guild | None:
        """Return the server chosen for a new game, if the field offers it: never one that the person may not see."""
        field = self.base_fields.get("guild")
        if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
            return None
        guild: Guild | None = field.queryset.filter(pk=parse_id(str(data.get("guild") or "")) or 0).first()
        return guild


class GameAdminForm(ActionForm, _GameSettings):
    """What a person decides about a game. Only changes are passed to the action."""

    mentions_text = ""  # which names in its texts mention nobody
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)
    zone = ZoneField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        help_text=gettext_lazy("The game's own zone. The time above stays as it is."),
    )

    class Meta:
        model = Game
        fields = ("guild", "host", *PLAN_FIELDS)
        help_texts = {
            "title": gettext_lazy("What you play."),
            "host": gettext_lazy("A member of the server; we notify them. Empty: you host."),
            "template": gettext_lazy("Fills in what you leave empty."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "starts_at" in self.fields:
            self.fields["starts_at"].help_text = gettext("In your time zone, %(zone)s.") % {"zone": self.user.tzinfo}
        if not self.instance.pk:
            self.fields["host"].required = False  # empty, the action takes the actor
            return
        if "edition" in self.fields:
            self.fields["edition"].initial = self.instance.edit_version
        self._limit_to_guild()

    def _limit_to_guild(self) -> None:
        """Offer only what is of the game's guild, and a kept channel or template that is no longer offered."""
        game = self.instance
        for name, kept in (("channel", Channel.objects.all()), ("template", GameTemplate.objects.all())):
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField):
                offered = field.queryset.filter(guild=game.guild_id) if field.queryset is not None else kept.none()
                current = getattr(game, f"{name}_id")
                field.queryset = kept.filter(Q(pk__in=offered.order_by().values("pk")) | Q(pk=current))

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        guild = self.instance.guild if self.instance.pk else data.get("guild")
        for name in ("channel", "template"):
            chosen = data.get(name)
            if guild is not None and chosen is not None and chosen.guild_id != guild.pk:
                self.add_error(name, f"That {name} belongs to another server. Choose another.")
        if guild is not None and not self.errors:
            changed = (data.get(name) for name in ("description", "location") if name in self.changed_data)
            # Before the action is rehearsed, which takes locks.
            self.mentions_text = look_up_mentions(guild.pk, filter(None, changed))
        return super().clean()

    def perform(self) -> ActionResult:
        now, by, data = db_now(), admin_actor(self.user), self.cleaned_data
        values = self._plan_values()
        if self.instance.pk is None:
            names = ("title", "description", "starts_at", "zone", "channel_id")
            plan = change_plan(Plan(**{name: values[name] for name in names}), **values)
            return scheduling.create_game(data["guild"].pk, plan, by, now, host=data.get("host"))
        return scheduling.edit_game(
            self.instance.pk, change_plan(plan_from_game(self.instance), **values), by, now, data["edition"]
        )

    def _plan_values(self) -> dict[str, Any]:
        """Return the values of a plan, by name; a setting that the template locks stays as it is."""
        values: dict[str, Any] = {}
        names = PLAN_FIELDS if self.instance.pk is None else [name for name in PLAN_FIELDS if name in self.changed_data]
        for name in names:
            value = self.cleaned_data[name]
            if name in {"channel", "template"}:
                values[f"{name}_id"] = value.pk if value else None
            else:
                values[name] = value
        return values | {name: value for name, value in self.settings().items() if not self.inherited[name].locked}

    def saved_meanwhile(self) -> Iterable[tuple[str, str]]:
        saved = type(self)(instance=self.instance)
        for name in self.changed_data:
            if name in GAME_SETTINGS:
                yield gettext(SETTINGS[name].label), field_text(saved, name)
            elif name in PLAN_FIELDS:
                yield str(self[name].label), str(getattr(self.instance, name) or "")
