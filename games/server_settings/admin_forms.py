"""The forms of a server's settings, a channel's and a template's: those of the pages, saved by verbs.

A level is made by a short form that says of what; the long one needs to know that, for it offers that server's roles.
"""

from collections.abc import Iterable
from typing import Any

from django import forms

from games.admin.base import VerbForm, actor
from games.models import GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings import wording as settings_wording
from games.server_settings.actions import Saved, settings_of
from games.server_settings.fields import conflict
from games.server_settings.forms import ChannelForm, GuildForm, TemplateForm
from games.server_settings.previews import shown_changes
from gamesched.lib.clock import db_now
from guilds.models import Guild


class LevelVerbForm(VerbForm):
    """What the three share. Only settings that differ are handed to the verb."""

    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    guild: Guild

    def said(self: Any) -> dict[str, Any]:
        """The settings of which the form says something else than the row does."""
        now = settings_of(self.instance)
        return {name: value for name, value in self.settings().items() if value != now[name]}

    @property
    def seen(self) -> int:
        """The edition that the form was made from."""
        return self.cleaned_data["edition"] or 0

    def consider(self, done: Saved) -> None:
        """As on the pages, what changes games to come is shown before it is saved."""
        if not done.games or self.cleaned_data["confirmed"] == done.token:
            return
        self.add_error(None, f"{settings_wording.PREVIEW} Save again to do it.")
        for game, rows in shown_changes(self.guild, done.games):
            told = "; ".join(f"{name}: {before} becomes {after}" for name, before, after in rows)
            self.add_error(None, f"{game}: {told}.")
        self.send_back("confirmed", done.token)

    def meanwhile(self) -> Iterable[tuple[str, str]]:
        saved: Any = type(self)(instance=self.instance)
        typed: Any = self
        return [(label, theirs) for label, theirs, _ in conflict(saved, typed)]


class _AsOnThePage:
    """Between Django's model form and a page's form, which says itself what it shows of a row."""

    def __init__(self: Any, data: Any = None, files: Any = None, auto_id: Any = "id_%s", *args: Any, **kw: Any) -> None:
        super().__init__(data, files, auto_id, **self.about())  # type: ignore[call-arg]


class GuildDefaultsForm(LevelVerbForm, _AsOnThePage, GuildForm):
    def about(self) -> dict[str, Any]:
        return {"guild": self.instance.guild}

    def verb(self) -> Saved:
        managers, pingable = self.roles_named("manager_role_ids"), self.roles_named("pingable_role_ids")
        return server_settings.change_guild_defaults(
            self.guild.pk, self.said(), managers, pingable, actor(self.user), db_now(), self.seen
        )


class ChannelDefaultsForm(LevelVerbForm, _AsOnThePage, ChannelForm):
    def about(self) -> dict[str, Any]:
        return {"channel": self.instance.channel}

    def verb(self) -> Saved:
        for_games = self.cleaned_data["for_games"]
        return server_settings.change_channel_defaults(
            self.instance.pk, self.said(), for_games, actor(self.user), db_now(), self.seen
        )


class GameTemplateForm(LevelVerbForm, _AsOnThePage, TemplateForm):
    def about(self) -> dict[str, Any]:
        return {"guild": self.instance.guild, "template": self.instance}

    def verb(self) -> Saved:
        data = self.cleaned_data
        texts = (data["name"], data["description"], data["channel"])
        return templates.save_template(
            self.guild.pk,
            self.instance.pk,
            *texts,
            self.said(),
            data["locked"],
            actor(self.user),
            db_now(),
            self.seen,
        )


# --- the short ones --------------------------------------------------------------------------------------


class NewGuildDefaults(VerbForm):
    """Of which server; where there are settings already, nothing changes."""

    class Meta:
        model = GuildDefaults
        fields = ("guild",)
        labels = {"guild": "Server"}

    def verb(self) -> Saved:
        guild = self.cleaned_data["guild"]
        now = GuildDefaults.objects.filter(pk=guild.pk).first() or GuildDefaults(edition=0)
        roles = (now.manager_role_ids, now.pingable_role_ids)
        return server_settings.change_guild_defaults(guild.pk, {}, *roles, actor(self.user), db_now(), now.edition)


class NewChannelDefaults(VerbForm):
    """Of which channel; where there are settings already, nothing changes."""

    class Meta:
        model = ChannelDefaults
        fields = ("channel",)

    def verb(self) -> Saved:
        channel = self.cleaned_data["channel"]
        now = ChannelDefaults.objects.filter(pk=channel.pk).first() or ChannelDefaults(edition=0)
        return server_settings.change_channel_defaults(
            channel.pk, {}, now.for_games, actor(self.user), db_now(), now.edition
        )


class NewGameTemplate(VerbForm):
    """A template by its name."""

    class Meta:
        model = GameTemplate
        fields = ("guild", "name")

    def verb(self) -> Saved:
        data = self.cleaned_data
        return templates.save_template(
            data["guild"].pk, None, data["name"], "", None, {}, (), actor(self.user), db_now()
        )
