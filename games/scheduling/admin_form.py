"""The admin's form of a game."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Q

from games.admin.base import ActionForm, admin_actor
from games.core.base import ActionResult
from games.models import Game, GameTemplate
from games.scheduling import actions as scheduling
from games.scheduling.actions import plan_from_game
from games.scheduling.rules import Plan
from games.server_settings.fields import RemindersField
from gamesched.lib.clock import db_now
from guilds.forms import zone_choices
from guilds.models import Channel

SETTINGS = ("seats", "duration", "reminders", "location", "instructions")


class GameAdminForm(ActionForm):
    """What a person decides about a game. Only changed fields are passed to the action."""

    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)
    zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        help_text="The zone that the game is meant in; it changes nothing about the time above.",
    )

    # Django's own field reads an emptied list as none, where the game should inherit.
    reminders = RemindersField(
        required=False, max_length=200, help_text="How long before the start: 1d, 1h, 15. Or none. Empty: inherited."
    )

    class Meta:
        model = Game
        fields = ("guild", "host", "channel", "template", "title", "description", "starts_at", "zone", *SETTINGS)
        help_texts = {
            "title": "What will be played.",
            "host": "Who runs it, a member of the server.",
            "template": "Where the settings come from that are left empty.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "starts_at" in self.fields:
            self.fields["starts_at"].help_text = f"In your time zone, {self.user.tzinfo}."
        if not self.instance.pk:
            return
        if "edition" in self.fields:
            self.fields["edition"].initial = self.instance.edit_version
        zone = self.fields.get("zone")
        if isinstance(zone, forms.ChoiceField) and not zone.valid_value(self.instance.zone):
            zone.choices = [(self.instance.zone, self.instance.zone), *zone_choices()]
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
                self.add_error(name, f"That {name} is of another server. Choose another.")
        return super().clean()

    def perform(self) -> ActionResult:
        now, by = db_now(), admin_actor(self.user)
        if self.instance.pk is None:
            data = self.cleaned_data
            plan = Plan(
                channel_id=data["channel"].pk, **self._plan_values(("title", "description", "starts_at", "zone"))
            )
            plan = replace(plan, **self._plan_values(("template", *SETTINGS)))
            return scheduling.create_game(data["guild"].pk, plan, by, now, host=data.get("host"))
        plan = replace(plan_from_game(self.instance), **self._plan_values(self.changed_data))
        return scheduling.edit_game(self.instance.pk, plan, by, now, self.cleaned_data["edition"])

    def _plan_values(self, names: Sequence[str]) -> dict[str, Any]:
        """Return these fields as a plan stores them."""
        values = {}
        for name in names:
            value = self.cleaned_data[name]
            if name in {"channel", "template"}:
                values[f"{name}_id"] = value.pk if value else None
            elif name != "edition":
                values[name] = tuple(value) if isinstance(value, list) else value
        return values

    def saved_meanwhile(self) -> Iterable[tuple[str, str]]:
        names = [name for name in self.changed_data if name != "edition"]
        return [(str(self[name].label), str(getattr(self.instance, name) or "")) for name in names]
