"""The form that schedules and edits a game: it turns typed values into a plan, and a plan into values."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy, pgettext

from games.confirmations import wording as confirmation_wording
from games.core import wording
from games.core.frequent_queries import ANNOUNCEMENT_CHANNELS, ROLES_TO_CHOOSE
from games.core.permissions import Viewer
from games.core.resolved_settings import THIS_GAME, SettingsLayer, resolve_settings
from games.core.setting_kinds import Group, ResolvedSetting
from games.core.settings import GAME_SETTINGS
from games.models import Game, GameTemplate
from games.models.layers import inherited_settings
from games.scheduling import wording as schedule_wording
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, ClockProblem, Plan, resolve_local_time
from games.scheduling.start_form import StartForm
from games.server_settings.base_forms import FieldGroup, GameSettingsForm, archive_choices, channel_label, field_names
from games.signups import participant_lookup
from games.signups.forms import NAMES_TYPED_MAX, ParticipantsForm, names_textarea
from games.signups.mention_lookup import look_up_mentions
from games.signups.participants import Candidate
from gamesched.lib.zones import zone_info
from guilds.models import Channel, Guild, User

ANNOUNCE_FIELDS = ("announce", "announce_date", "announce_time")


class GameForm(StartForm, ParticipantsForm, GameSettingsForm):
    """Everything a person decides about a game; `rules.check_plan` decides whether the plan is good."""

    field_order = (  # as the page has them, so that its list of errors follows it
        "title", "date", "time", "fold", "zone", *field_names([Group.BASICS], GAME_SETTINGS), "description",
        *field_names([Group.PICTURES], GAME_SETTINGS), "channel", "location", "template", "participants", "host",
        "carry", "silence", *ANNOUNCE_FIELDS,
    )  # fmt: skip

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=1000,
        strip=False,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": gettext_lazy(schedule_wording.NO_TITLE)},
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=20000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy(schedule_wording.DESCRIPTION_HELP),
    )
    channel = forms.TypedChoiceField(
        label=gettext_lazy("Channel"),
        coerce=int,
        help_text=gettext_lazy(schedule_wording.CHANNEL_HELP),
        error_messages={
            "required": gettext_lazy(schedule_wording.NO_CHANNEL),
            "invalid_choice": gettext_lazy(wording.UNKNOWN_CHANNEL),
        },
    )
    template = forms.TypedChoiceField(
        label=gettext_lazy("Template"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy(schedule_wording.TEMPLATE_HELP),
    )
    host = forms.CharField(
        required=False, max_length=200, label=gettext_lazy("Host"), widget=forms.TextInput({"autocomplete": "off"})
    )
    participants = forms.CharField(
        label=gettext_lazy("Participants"),
        required=False,
        max_length=NAMES_TYPED_MAX,
        strip=False,
        widget=names_textarea(),
        help_text=gettext_lazy(wording.PARTICIPANTS_HELP),
    )
    announce = forms.ChoiceField(
        required=False,
        label=gettext_lazy("When players see it"),
        choices=[(name, gettext_lazy(label)) for name, label in schedule_wording.ANNOUNCE_CHOICES.items()],
        widget=forms.RadioSelect,
        initial=AnnounceWhen.NOW.value,
        help_text=gettext_lazy(schedule_wording.ANNOUNCE_HELP),
    )
    announce_date = forms.DateField(
        required=False,
        label=gettext_lazy("Announce on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy(schedule_wording.BAD_DATE)},
    )
    announce_time = forms.TimeField(
        required=False,
        label=gettext_lazy("At"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
        help_text=gettext_lazy(schedule_wording.ANNOUNCE_AT_HELP),
        error_messages={"invalid": gettext_lazy(schedule_wording.BAD_TIME)},
    )
    silence = forms.ChoiceField(
        required=False,
        label=gettext_lazy(confirmation_wording.UNCONFIRMED_LABEL),
        help_text=gettext_lazy(confirmation_wording.UNCONFIRMED_HELP),
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        guild: Guild,
        game: Game | None = None,
        template: GameTemplate | None = None,
        viewer: Viewer | None = None,
        **kwargs: Any,
    ) -> None:
        """`viewer`: whom the form is for; it offers only channels and pinged roles that are theirs to choose."""
        self.guild = guild
        self.game = game
        self._host_id: int | None = None
        data = args[0] if args else kwargs.get("data")
        channels = [c for c in ANNOUNCEMENT_CHANNELS.all(guild.pk) if viewer is None or viewer.may_announce_in(c)]
        if game is not None and game.channel not in channels:
            channels.append(game.channel)
        templates = self._offered_templates(viewer)
        self.channels, self.templates = channels, templates
        chosen = self._chosen_template(data, kwargs.get("initial") or {}, templates, template)
        super().__init__(
            *args,
            roles=ROLES_TO_CHOOSE.all(guild.pk),
            archives=archive_choices(guild, self._may_choose_archive(viewer)),
            kept_archive=game.archive_channel_id if game is not None else None,
            viewer=viewer,
            inherited=self._inherited_settings(data, kwargs.get("initial") or {}, channels, chosen),
            **kwargs,
        )
        self._set_choices("channel", [(c.pk, channel_label(c)) for c in channels])
        self._set_choices("template", [("", pgettext("template", "None")), *((t.pk, t.name) for t in templates)])
        if not templates:
            del self.fields["template"]
        self.enable_autocomplete("participants")
        for name in field_names([Group.BASICS], GAME_SETTINGS):
            if not self.fields[name].disabled:
                # Short fields in a row: what an empty one takes stands in it.
                self.fields[name].widget.attrs["placeholder"] = self.inherited_texts[name].removesuffix(" seats")
        pingable = viewer.pingable_role_ids if viewer is not None else None
        if pingable is not None:
            self._set_pingable_roles({*pingable, *((game.notify_role_ids if game else None) or ())})
        if game is not None and game.announced_at is not None:
            for name in ANNOUNCE_FIELDS:
                del self.fields[name]
        if game is None:
            del self.fields["silence"]
            self.enable_autocomplete("host")
            self.fields["host"].help_text = schedule_wording.host_help(viewer is not None and viewer.manages)
        else:
            del self.fields["host"]
            inherits = confirmation_wording.unconfirmed_inherited(game.settings.unconfirmed_lose_seat)
            self.fields["silence"].choices = [  # type: ignore[attr-defined]
                ("", inherits),
                *((name, gettext(label)) for name, label in confirmation_wording.UNCONFIRMED_CHOICES.items()),
            ]
        field = self.fields["participants"]
        if game is not None:
            field.label, field.help_text = gettext("Add participants"), gettext(wording.ADD_PARTICIPANTS_HELP)

    def _may_choose_archive(self, viewer: Viewer | None) -> Callable[[Channel], bool]:
        kept = self.game.archive_channel_id if self.game is not None else None
        return lambda channel: (
            viewer is None or viewer.may_announce_in(channel) or (channel.pk == kept and viewer.may_view(channel))
        )

    def _offered_templates(self, viewer: Viewer | None) -> list[GameTemplate]:
        kept = self.game.active_template if self.game is not None else None
        templates = self.guild.templates.filter(deleted_at=None).select_related("channel")
        return [one for one in templates if viewer is None or one == kept or viewer.may_see_template(one)]

    def _set_choices(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(str(value), label) for value, label in choices]

    def _set_pingable_roles(self, roles: Collection[int]) -> None:
        field = self.fields["notify_role_ids"]
        assert isinstance(field, forms.MultipleChoiceField)
        offered = [role for role in self.roles if role.pk in roles]
        field.choices = [(str(role.pk), self.role_label(role)) for role in offered]
        field.error_messages["invalid_choice"] = gettext(wording.NOT_PINGABLE)
        if not offered and not field.disabled:
            field.help_text = gettext(wording.NONE_PINGABLE)

    def _chosen_template(
        self, data: Any, initial: Any, templates: list[GameTemplate], template: GameTemplate | None
    ) -> GameTemplate | None:
        """Return the template chosen in the form, or the one it starts with."""
        if data is None:
            return template or (self.game.active_template if self.game else None)
        return next((t for t in templates if str(t.pk) == data.get("template")), None)

    def _inherited_settings(
        self, data: Any, initial: Any, channels: list[Channel], template: GameTemplate | None
    ) -> dict[str, ResolvedSetting]:
        """Return what the form's empty fields inherit from the chosen channel and template."""
        if self.game is not None and self.game.settings_frozen_at is not None:
            return resolve_settings([SettingsLayer(THIS_GAME, {})])
        wanted = str((data or initial).get("channel") or "")
        channel = next((c for c in channels if str(c.pk) == wanted), channels[0] if channels else None)
        return inherited_settings(self.guild, channel, template)

    @property
    def chosen_host(self) -> User | None:
        """Return whom a valid form names as the host; None for nobody."""
        return User.objects.filter(pk=self._host_id).first() if self._host_id is not None else None

    def clean_host(self) -> str:
        text: str = self.cleaned_data["host"]
        if text.strip():
            self._host_id = participant_lookup.resolve_one_member(self.guild.pk, text)
        return text

    def clean_participants(self) -> str:
        return self.resolve_field("participants")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("announce") == AnnounceWhen.LATER and not set(ANNOUNCE_FIELDS) & self.errors.keys():
            if not (data["announce_date"] and data["announce_time"]):
                self.add_error("announce_time", gettext(schedule_wording.NO_TIME))
            elif "zone" in data:
                at = resolve_local_time(data["announce_date"], data["announce_time"], data["zone"])
                if isinstance(at, ClockProblem) and at.comes_twice:
                    at = at.choices[0]
                if isinstance(at, ClockProblem):
                    self.add_error("announce_date", at.sentence)
                else:
                    data["announce_at"] = self.keep_seconds(at)
        if not self.errors:
            self.mentions_text = look_up_mentions(self.guild.pk, self._new_texts(data))
        return data

    @property
    def further_groups(self) -> list[FieldGroup]:
        """Return the groups of settings without a place of their own; a game's location stands by its channel."""
        groups = super().further_groups
        return [replace(one, rows=[row for row in one.rows if row.fields[0].name != "location"]) for one in groups]

    @cached_property
    def known_people(self) -> list[Candidate]:
        """Return the members whom the participants as typed name by their ids, to show their faces."""
        return participant_lookup.members_by_ids(self.guild.pk, str(self["participants"].value() or ""))

    def _new_texts(self, data: dict[str, Any]) -> list[str]:
        """Return the texts that a valid form changes, and in which people may be mentioned."""
        before = (self.game.description, self.game.location) if self.game is not None else ("", "")
        return [
            new
            for new, old in zip((data["description"], data.get("location")), before, strict=True)
            if new and new != old
        ]

    def announce_schedule(self) -> AnnounceSchedule:
        """Return when the game of a valid form is announced; at once if the form does not say."""
        return self.changed_announce_schedule() or AnnounceSchedule()

    def changed_announce_schedule(self) -> AnnounceSchedule | None:
        """Return the announcement schedule that a valid form sets; None for none."""
        when = self.cleaned_data.get("announce")
        return AnnounceSchedule(AnnounceWhen(when), self.cleaned_data.get("announce_at")) if when else None

    @property
    def drop_unconfirmed(self) -> bool | None:
        """Return whether a player who does not confirm this edit loses the seat; None as the settings say."""
        return {"yes": True, "no": False}.get(self.cleaned_data.get("silence", ""))

    def plan(self) -> Plan:
        """Return the plan that a valid form describes."""
        data = self.cleaned_data
        return Plan(
            title=data["title"],
            description=data["description"],
            starts_at=data["starts_at"],
            zone=data["zone"],
            channel_id=data["channel"],
            template_id=data.get("template"),
            settings=self.settings(),
        )

    @staticmethod
    def initial_of(game: Game) -> dict[str, Any]:
        """Return the form's initial values for a game."""
        zone = zone_info(game.zone)
        local = game.starts_at.astimezone(zone)
        announced = game.announce_at.astimezone(zone) if game.announce_at else None
        return GameSettingsForm.initial_settings(game) | {
            "title": game.title,
            "description": game.description,
            "date": local.date(),
            "time": local.time(),
            "zone": game.zone,
            "channel": str(game.channel_id),
            "template": str(game.template_id or ""),
            "announce": AnnounceWhen.LATER.value if announced else AnnounceWhen.DRAFT.value,
            "announce_date": announced.date() if announced else None,
            "announce_time": announced.time() if announced else None,
            "edition": game.edit_version,
        }


def form_data(blank: GameForm) -> dict[str, Any]:
    """Return what a browser would send of a form as it is shown first."""
    data = {name: blank[name].value() for name in blank.fields}
    times = {"time", "announce_time"}
    return {name: value.strftime("%H:%M") if value and name in times else value for name, value in data.items()}


class TypedForm(GameForm):
    """The same form while somebody types in it: nobody is looked up in Discord, and no picture's file is read."""

    def clean_host(self) -> str:
        text: str = self.cleaned_data["host"]
        return text

    def clean_participants(self) -> str:
        text: str = self.cleaned_data["participants"]
        return text

    def _new_texts(self, data: dict[str, Any]) -> list[str]:
        return []
