"""The pages on which a guild's settings, a channel's and a template's are read and edited, by rows or all at once.

Each calls an action; the rules are elsewhere. If saving would change upcoming games, the first attempt saves nothing
and shows which games change and how; the button below that list saves what was shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from games.core.base import dry_run
from games.core.permissions import load_viewer
from games.models import Agenda, GameTemplate
from games.models.settings import GuildDefaults
from games.pages.shortcuts import FRESH_ROLES, actor, redirect_once
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings import wording as settings_wording
from games.server_settings.actions import SettingsResult
from games.server_settings.base_forms import conflicting_fields
from games.server_settings.forms import ChannelForm, GuildForm, SettingsForm, TemplateForm
from games.server_settings.previews import describe_changes
from games.server_settings.table import find_row, group_to_open, setting_groups
from games.server_settings.views import for_managers
from games.signups.mention_lookup import look_up_mentions
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.models import Channel, Guild
from guilds.sent_forms.idempotency import FormResult, perform_once
from guilds.sent_forms.resubmission import offer_resubmission

EVERYTHING = "all"  # `edit` of the form of all rows
WHOLE, TABLE, ROW = (f"games/settings_{name}.html" for name in ("layer", "table", "row"))


@dataclass
class LayerPage:
    """The page of one layer: the form it shows, how it saves, and where it leads."""

    request: ViewerRequest
    address: str  # of the page; '' for a layer that does not exist yet, which has a form and no table
    saved_address: str  # after the form of everything
    make_form: Callable[..., SettingsForm]
    save: Callable[[Any], SettingsResult]
    context: dict[str, Any] = field(default_factory=dict)

    def respond(self) -> HttpResponse:
        """Show the table, one row's form or the form of everything; or save one of these."""
        request = self.request
        sent = (request.POST or None, request.FILES or None)
        # A form says in itself which row it is: sent without that, it would empty all others.
        name = (request.POST if request.method == "POST" else request.GET).get("edit", "")
        if not self.address or name == EVERYTHING or (request.method == "POST" and not name):
            return self._respond_with(self.make_form(*sent), WHOLE, {})
        closed = request.GET.get("close", "")
        form = self.make_form(*sent, row=name)
        groups = setting_groups(form)
        row_name = name or closed
        shown = {"groups": groups, "row": find_row(groups, row_name), "open": name}
        shown["open_group"] = group_to_open(groups, row_name)
        if shown["row"] is None:
            if request.method == "POST":
                raise Http404
            return self._render(TABLE, {**shown, "open": ""})
        if closed and not name:
            return self._render(ROW if request.htmx else TABLE, {**shown, "focused": True})
        form.keep_row(name, inherit="inherit" in request.POST)
        if request.method == "POST" and "preview" in request.POST:
            return HttpResponse(self._preview(form))
        return self._respond_with(form, ROW if request.htmx else TABLE, shown)

    def _render(self, template: str, page: Mapping[str, Any], status: int = 200) -> HttpResponse:
        found = {"problem": "", "conflict": [], "changes": [], **self.context, **page}
        found |= {"address": self.address, "saved_address": self.saved_address}
        return render(self.request, template, found, status=status)

    def _respond_with(self, form: SettingsForm, template: str, shown: dict[str, Any]) -> HttpResponse:
        """Show a form, what saving it would change, or what is wrong with it; or save it."""
        request, page = self.request, {"form": form, **shown}
        if request.method == "GET":
            return self._render(template, page)
        if not form.is_valid():
            return self._render(template, page, 422)
        try:
            ensure_fresh_roles(form.guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
            preview = dry_run(partial(self.save, form))
            page["confirmation_token"] = preview.confirmation_token
            if preview.game_changes and request.POST.get("confirmed") != page["confirmation_token"]:
                changes = describe_changes(load_viewer(request.user, form.guild.pk), form.guild, preview.game_changes)
                count = preview.game_count
                page |= {"changes": changes, "count": count, "changes_text": settings_wording.games_change(count)}
                return self._render(template, page)
            texts = [
                form.cleaned_data.get(name) or "" for name in ("description", "location") if name in form.changed_data
            ]
            not_mentioned = look_up_mentions(form.guild.pk, texts)
            anchor = f"{self.address}#row-{form.row}" if form.row else self.saved_address

            def save_once() -> FormResult:
                return FormResult(self.save(form).text + not_mentioned, anchor)

            if template != ROW:
                return redirect_once(request, save_once)
            result = perform_once(request, save_once)
            assert result is not None
            return self._saved_row(form.row, result.text)
        except Refused as refused:
            return self._render_refused(form, refused, template, page)

    def _preview(self, form: SettingsForm) -> str:
        """Return how many upcoming games would change, as a sentence; '' for what could not be saved."""
        if not form.is_valid():
            return ""
        try:
            return settings_wording.would_change(dry_run(partial(self.save, form)).game_count)
        except Refused:
            return ""

    def _saved_row(self, name: str, text: str) -> HttpResponse:
        """Answer a row that was saved in place with the row as it is now."""
        row = find_row(setting_groups(self.make_form(row="")), name)
        return self._render(ROW, {"row": row, "focused": True, "result_text": text})

    def _render_refused(
        self, form: SettingsForm, refused: Refused, template: str, page: dict[str, Any]
    ) -> HttpResponse:
        refusal = refused.refusal
        for name, sentence in refusal.fields.items():
            form.add_error(name if name in form.fields else None, sentence)
        if not refusal.fields:
            page["problem"] = refusal.sentence
        if refusal.code == "stale":
            current = self.make_form(row=form.row or None)
            if form.row:
                current.keep_row(form.row)
            page["conflict"] = conflicting_fields(current, form)
            # Sent once more, the form now overwrites the version that was shown.
            data: Any = form.data.copy()  # type: ignore[attr-defined]
            data["edition"], data["was"] = str(current.initial["edition"]), current.initial.get("was", "")
            form.data = data
        return self._render(template, page, 422)


# --- the layers --------------------------------------------------------------------------------------------


@for_managers
@require_http_methods(["GET", "POST"])
def settings(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Show and edit the settings of the whole guild."""
    viewer, address = load_viewer(request.user, guild.pk), reverse("guild-settings", args=[guild.pk])

    def save(form: GuildForm) -> SettingsResult:
        return server_settings.change_guild_defaults(
            guild.pk,
            form.settings(),
            form.selected_roles("manager_role_ids"),
            form.selected_roles("pingable_role_ids"),
            actor(request),
            db_now(),
            form.edit_version,
            form.value("language"),
        )

    context = {"guild": guild, "heading": gettext(settings_wording.OF_SERVER), "kind": "guild", "part": "server"}
    return LayerPage(request, address, address, partial(GuildForm, guild=guild, viewer=viewer), save, context).respond()


@for_managers
@require_http_methods(["GET", "POST"])
def channel(request: ViewerRequest, guild: Guild, channel_id: int) -> HttpResponse:
    """Show and edit the settings of games announced in one channel."""
    channel_row = get_object_or_404(Channel, pk=channel_id, guild=guild, parent=None)
    viewer = load_viewer(request.user, guild.pk)
    if not viewer.may_view(channel_row):
        raise Http404

    def save(form: ChannelForm) -> SettingsResult:
        return server_settings.change_channel_defaults(
            channel_row.pk,
            form.settings(),
            form.value("for_games"),
            actor(request),
            db_now(),
            form.edit_version,
            form.agenda(),
        )

    warning = settings_wording.channel_deleted(channel_row.name) if channel_row.deleted_at else ""
    agenda = Agenda.objects.select_related("channel").filter(pk=channel_row.pk).first()
    if agenda is not None and not warning:
        warning = settings_wording.agenda_problem(agenda.problem_code, agenda.channel.missing_permissions)
    context = {
        "guild": guild,
        "heading": str(channel_row),
        "kind": "channel",
        "part": "channels",
        "channel": channel_row,
        "agenda": agenda,
        "warning": warning,
    }
    make_form = partial(ChannelForm, channel=channel_row, viewer=viewer)
    address = reverse("guild-channel", args=[guild.pk, channel_row.pk])
    return LayerPage(request, address, reverse("guild-channels", args=[guild.pk]), make_form, save, context).respond()


TEMPLATE_PRESET_VALUES: dict[str, dict[str, Any]] = {
    "one-shot": {"seats": 5, "duration": 240},
    "raid": {"seats": 20, "duration": 180, "own_notify_roles": True},
    "evening": {"seats": 0, "duration": 180},
}


@for_managers
@require_http_methods(["GET", "POST"])
def new_template(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Create a template, from a preset or from nothing."""
    start = request.GET.get("start", "")
    initial = (
        {**TEMPLATE_PRESET_VALUES[start], "name": gettext(settings_wording.TEMPLATE_PRESETS[start][0])}
        if start in TEMPLATE_PRESET_VALUES
        else {}
    )
    if "own_notify_roles" in initial:
        defaults = GuildDefaults.objects.filter(pk=guild.pk).first()
        initial["notify_role_ids"] = [str(role) for role in (defaults.pingable_role_ids if defaults else ())]
    return _edit_template(request, guild, None, initial)


@for_managers
@require_http_methods(["GET", "POST"])
def template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    """Show and edit a template."""
    game_template = get_object_or_404(GameTemplate, pk=template_id, guild=guild)
    if game_template.deleted_at is not None:
        sentence = gettext(settings_wording.TEMPLATE_DELETED).format(name=game_template.name)
        if request.method == "POST":
            return offer_resubmission(request, sentence, 422)
        flash.error(request, sentence)
        return redirect("guild-templates", guild.pk)
    return _edit_template(request, guild, game_template, {})


def _edit_template(
    request: ViewerRequest, guild: Guild, game_template: GameTemplate | None, initial: Any
) -> HttpResponse:
    viewer, pk = load_viewer(request.user, guild.pk), game_template.pk if game_template is not None else None

    def make_form(data: Any = None, files: Any = None, **kwargs: Any) -> TemplateForm:
        saved = GameTemplate.objects.get(pk=pk) if pk is not None else None
        return TemplateForm(data, files, guild=guild, template=saved, initial=initial, viewer=viewer, **kwargs)

    def save(form: TemplateForm) -> SettingsResult:
        return templates.save_template(
            guild.pk,
            pk,
            form.value("name"),
            form.value("description"),
            form.value("channel"),
            form.settings(),
            form.locked_names,
            actor(request),
            db_now(),
            form.edit_version,
        )

    context = {
        "guild": guild,
        "heading": game_template.name if game_template else gettext(settings_wording.NEW_TEMPLATE),
        "kind": "template",
        "part": "templates",
        "template": game_template,
    }
    its_channel = game_template.channel if game_template is not None else None
    if its_channel is not None and its_channel.deleted_at is not None and viewer.may_view(its_channel):
        context["warning"] = settings_wording.template_channel_deleted(its_channel.name)
    address = reverse("template", args=[guild.pk, pk]) if pk is not None else ""
    return LayerPage(request, address, reverse("guild-templates", args=[guild.pk]), make_form, save, context).respond()
