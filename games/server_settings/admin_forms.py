"""The admin's forms of a guild's, a channel's and a template's settings: the pages' forms, saved by actions.

A row is created by a short form that names its guild or channel; the long form needs that, because it offers
the guild's roles.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from games.admin.base import ActionForm, admin_actor
from games.core.permissions import Viewer
from games.models import GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings import wording as settings_wording
from games.server_settings.actions import SettingsResult, values_of
from games.server_settings.base_forms import conflicting_fields
from games.server_settings.forms import ChannelForm, GuildForm, TemplateForm
from games.server_settings.previews import describe_changes
from gamesched.lib.clock import db_now
from guilds.models import Guild


class SettingsActionForm(ActionForm):
    """What the three forms share. Only changed settings are passed to the action."""

    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    guild: Guild

    def reader(self: Any, guild: Guild) -> Viewer:
        """Return what the form's user is in the server: an operator, or a manager from whom channels may be hidden."""
        return admin_actor(self.user).viewer(guild.pk)

    def changed_settings(self: Any) -> dict[str, Any]:
        """Return the settings whose value in the form differs from the row's."""
        saved = values_of(self.instance)
        return {name: value for name, value in self.settings().items() if value != saved[name]}

    @property
    def form_version(self) -> int:
        """Return the edit version that the form was made from."""
        return self.cleaned_data["edition"] or 0

    def check_result(self, done: SettingsResult) -> None:
        """Show, as the pages do, which upcoming games change before anything is saved."""
        if not done.game_changes or self.cleaned_data["confirmed"] == done.confirmation_token:
            return
        again = gettext("Save again to do it.")
        self.add_error(None, f"{gettext(settings_wording.PREVIEW)} {again}")
        for game, rows in describe_changes(self.reader(self.guild), self.guild, done.game_changes):
            text = "; ".join(f"{name}: {before} becomes {after}" for name, before, after in rows)
            self.add_error(None, f"{game}: {text}.")
        self.set_data("confirmed", done.confirmation_token)

    def saved_meanwhile(self) -> Iterable[tuple[str, str]]:
        saved: Any = type(self)(instance=self.instance)
        typed: Any = self
        return [(label, saved_value) for label, saved_value, _ in conflicting_fields(saved, typed)]


class _PageFormAdapter:
    """Adapts a page's form, which computes its own initial values, to Django's model form."""

    def __init__(self: Any, data: Any = None, files: Any = None, auto_id: Any = "id_%s", *args: Any, **kw: Any) -> None:
        super().__init__(data, files, auto_id, **self.page_form_kwargs())  # type: ignore[call-arg]


class GuildDefaultsForm(SettingsActionForm, _PageFormAdapter, GuildForm):
    def page_form_kwargs(self) -> dict[str, Any]:
        return {"guild": self.instance.guild, "viewer": self.reader(self.instance.guild)}

    def perform(self) -> SettingsResult:
        managers, pingable = self.selected_roles("manager_role_ids"), self.selected_roles("pingable_role_ids")
        return server_settings.change_guild_defaults(
            self.guild.pk,
            self.changed_settings(),
            managers,
            pingable,
            admin_actor(self.user),
            db_now(),
            self.form_version,
            language=self.cleaned_data["language"],
        )


class ChannelDefaultsForm(SettingsActionForm, _PageFormAdapter, ChannelForm):
    def page_form_kwargs(self) -> dict[str, Any]:
        return {"channel": self.instance.channel, "viewer": self.reader(self.instance.channel.guild)}

    def perform(self) -> SettingsResult:
        for_games = self.cleaned_data["for_games"]
        return server_settings.change_channel_defaults(
            self.instance.pk,
            self.changed_settings(),
            for_games,
            admin_actor(self.user),
            db_now(),
            self.form_version,
            self.agenda(),
        )


class GameTemplateForm(SettingsActionForm, _PageFormAdapter, TemplateForm):
    def page_form_kwargs(self) -> dict[str, Any]:
        guild = self.instance.guild
        return {"guild": guild, "template": self.instance, "viewer": self.reader(guild)}

    def perform(self) -> SettingsResult:
        data = self.cleaned_data
        texts = (data["name"], data["description"], data["channel"])
        return templates.save_template(
            self.guild.pk,
            self.instance.pk,
            *texts,
            self.changed_settings(),
            data["locked"],
            admin_actor(self.user),
            db_now(),
            self.form_version,
        )


# --- the short ones --------------------------------------------------------------------------------------


class NewGuildDefaultsForm(ActionForm):
    """The choice of a server; if it has settings already, nothing changes."""

    class Meta:
        model = GuildDefaults
        fields = ("guild",)
        labels = {"guild": gettext_lazy("Server")}

    def perform(self) -> SettingsResult:
        guild = self.cleaned_data["guild"]
        now = GuildDefaults.objects.filter(pk=guild.pk).first() or GuildDefaults(edit_version=0)
        roles = (now.manager_role_ids, now.pingable_role_ids)
        return server_settings.change_guild_defaults(
            guild.pk, {}, *roles, admin_actor(self.user), db_now(), now.edit_version
        )


class NewChannelDefaultsForm(ActionForm):
    """The choice of a channel; if it has settings already, nothing changes."""

    class Meta:
        model = ChannelDefaults
        fields = ("channel",)

    def perform(self) -> SettingsResult:
        channel = self.cleaned_data["channel"]
        now = ChannelDefaults.objects.filter(pk=channel.pk).first() or ChannelDefaults(edit_version=0)
        return server_settings.change_channel_defaults(
            channel.pk, {}, now.for_games, admin_actor(self.user), db_now(), now.edit_version
        )


class NewGameTemplateForm(ActionForm):
    """A new template's server and name."""

    class Meta:
        model = GameTemplate
        fields = ("guild", "name")

    def perform(self) -> SettingsResult:
        data = self.cleaned_data
        return templates.save_template(
            data["guild"].pk, None, data["name"], "", None, {}, (), admin_actor(self.user), db_now()
        )
