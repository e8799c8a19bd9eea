"""The pages of a guild's settings, channels and templates. Each calls an action; the rules are elsewhere.

If saving would change upcoming games, the first attempt saves nothing and shows which games change and how; the
button below that list saves what was shown.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core import wording
from games.core.base import dry_run
from games.core.permissions import load_viewer, with_role_refresh
from games.models import Agenda, AuditEntry, GameTemplate
from games.models.settings import GuildDefaults
from games.pages.guild_history import history_entries
from games.pages.shortcuts import FRESH_ROLES, actor, forbidden, redirect_once, run_action
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings import wording as settings_wording
from games.server_settings.actions import SettingsResult
from games.server_settings.base_forms import conflicting_fields
from games.server_settings.forms import ChannelForm, GuildForm, SettingsForm, TemplateForm
from games.server_settings.previews import describe_changes
from games.server_settings.rules import KEPT_AFTER_LEAVING
from games.signups.mention_lookup import look_up_mentions
from gamesched.lib.clock import db_now
from gamesched.lib.paging import page_of
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles, ensure_manager_roles
from guilds.http import ViewerRequest
from guilds.models import Channel, Guild
from guilds.sent_forms.idempotency import FormResult
from guilds.sent_forms.resubmission import has_entered_text, offer_resubmission, refused_page

View = Callable[..., HttpResponse]


def for_managers(view: View) -> View:
    """Pass the guild to a view that only its managers may see.

    It does not exist for non-members; other members read who may. Members of a guild that the bot has left read
    that it was removed.
    """

    @login_required
    def wrapper(request: ViewerRequest, guild_id: int, **kwargs: Any) -> HttpResponse:
        guild = Guild.objects.filter(pk=guild_id, members__user=request.user, members__left_at=None).first()
        if guild is None:
            raise Http404
        if guild.bot_removed_at is not None:
            if has_entered_text(request):
                return offer_resubmission(request, bot_removed_text(guild), 404)
            return render(
                request, "games/bot_removed.html", {"guild": guild, "sentence": bot_removed_text(guild)}, status=404
            )
        if not with_role_refresh(load_viewer(request.user, guild_id), lambda viewer: viewer.manages).manages:
            return forbidden(request, settings_wording.MANAGERS_ONLY)
        try:
            ensure_manager_roles(guild_id, request.user.pk, db_now(), writes=request.method == "POST")
        except Refused as refused:
            return refused_page(request, refused.refusal.sentence, 503)
        # Nobody manages by a role that Discord has taken away.
        if not load_viewer(request.user, guild_id).manages:
            return forbidden(request, settings_wording.MANAGERS_ONLY)
        return view(request, guild, **kwargs)

    return wrapper


def bot_removed_text(guild: Guild) -> str:
    return settings_wording.BOT_REMOVED.format(guild=guild.name, days=KEPT_AFTER_LEAVING.days)


# --- the forms -------------------------------------------------------------------------------------------


@for_managers
@require_http_methods(["GET", "POST"])
def settings(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Edit the settings of the whole guild."""
    viewer = load_viewer(request.user, guild.pk)
    form = GuildForm(request.POST or None, request.FILES or None, guild=guild, viewer=viewer)

    def save() -> SettingsResult:
        return server_settings.change_guild_defaults(
            guild.pk,
            form.settings(),
            form.selected_roles("manager_role_ids"),
            form.selected_roles("pingable_role_ids"),
            actor(request),
            db_now(),
            form.cleaned_data["edition"] or 0,
        )

    context = {"guild": guild, "heading": "Settings", "kind": "guild"}
    address = reverse("guild-settings", args=[guild.pk])
    return _edit(request, form, lambda: GuildForm(guild=guild, viewer=viewer), save, address, context)


@for_managers
@require_GET
def channels(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List the channels that games can be announced in."""
    viewer = load_viewer(request.user, guild.pk)
    shown = [row for row in guild.channels.for_announcements().select_related("defaults") if viewer.may_view(row)]
    return render(request, "games/channels.html", {"guild": guild, "channels": shown})


@for_managers
@require_http_methods(["GET", "POST"])
def channel(request: ViewerRequest, guild: Guild, channel_id: int) -> HttpResponse:
    """Edit the settings of games announced in one channel."""
    channel_row = get_object_or_404(Channel, pk=channel_id, guild=guild, parent=None)
    viewer = load_viewer(request.user, guild.pk)
    if not viewer.may_view(channel_row):
        raise Http404
    form = ChannelForm(request.POST or None, request.FILES or None, channel=channel_row, viewer=viewer)

    def save() -> SettingsResult:
        data = form.cleaned_data
        settings, edition = form.settings(), data["edition"] or 0
        return server_settings.change_channel_defaults(
            channel_row.pk, settings, data["for_games"], actor(request), db_now(), edition, form.agenda()
        )

    warning = settings_wording.channel_deleted(channel_row.name) if channel_row.deleted_at else ""
    agenda = Agenda.objects.select_related("channel").filter(pk=channel_row.pk).first()
    context = {
        "guild": guild,
        "heading": str(channel_row),
        "kind": "channel",
        "channel": channel_row,
        "agenda": agenda,
        "warning": warning or (_agenda_problem(agenda)),
    }
    return _edit(
        request,
        form,
        lambda: ChannelForm(channel=channel_row, viewer=viewer),
        save,
        reverse("guild-channels", args=[guild.pk]),
        context,
    )


def _agenda_problem(agenda: Agenda | None) -> str:
    if agenda is None:
        return ""
    return settings_wording.agenda_problem(agenda.problem_code, agenda.channel.missing_permissions)


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
        {**TEMPLATE_PRESET_VALUES[start], "name": settings_wording.TEMPLATE_PRESETS[start][0]}
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
    """Edit a template."""
    game_template = get_object_or_404(GameTemplate, pk=template_id, guild=guild)
    if game_template.deleted_at is not None:
        sentence = settings_wording.TEMPLATE_DELETED.format(name=game_template.name)
        if request.method == "POST":
            return offer_resubmission(request, sentence, 422)
        flash.error(request, sentence)
        return redirect("guild-templates", guild.pk)
    return _edit_template(request, guild, game_template, {})


def _edit_template(
    request: ViewerRequest, guild: Guild, game_template: GameTemplate | None, initial: Any
) -> HttpResponse:
    viewer = load_viewer(request.user, guild.pk)
    form = TemplateForm(
        request.POST or None, request.FILES or None, guild=guild, template=game_template, initial=initial, viewer=viewer
    )

    def save() -> SettingsResult:
        data = form.cleaned_data
        return templates.save_template(
            guild.pk,
            game_template.pk if game_template else None,
            data["name"],
            data["description"],
            data["channel"],
            form.settings(),
            data["locked"],
            actor(request),
            db_now(),
            data["edition"] or 0,
        )

    context = {
        "guild": guild,
        "heading": game_template.name if game_template else "New template",
        "kind": "template",
        "template": game_template,
    }
    its_channel = game_template.channel if game_template is not None else None
    if its_channel is not None and its_channel.deleted_at is not None and viewer.may_view(its_channel):
        context["warning"] = settings_wording.template_channel_deleted(its_channel.name)

    def saved() -> TemplateForm:
        assert game_template is not None
        return TemplateForm(guild=guild, template=GameTemplate.objects.get(pk=game_template.pk), viewer=viewer)

    return _edit(request, form, saved, save, reverse("guild-templates", args=[guild.pk]), context)


def _edit(
    request: ViewerRequest,
    form: SettingsForm,
    saved_form: Callable[[], SettingsForm],
    save: Callable[[], SettingsResult],
    success_url: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show the form, what saving it would change, or what is wrong with it; or save it."""
    page = {"problem": "", "conflict": [], "changes": [], "form": form, **context}
    if request.method == "GET":
        return render(request, "games/settings_layer.html", page)
    if not form.is_valid():
        return render(request, "games/settings_layer.html", page, status=422)
    try:
        ensure_fresh_roles(form.guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
        preview = dry_run(save)
        page["confirmation_token"] = preview.confirmation_token
        if preview.game_changes and request.POST.get("confirmed") != page["confirmation_token"]:
            changes = describe_changes(load_viewer(request.user, form.guild.pk), form.guild, preview.game_changes)
            page |= {"changes": changes, "count": preview.game_count}
            return render(request, "games/settings_layer.html", page)
        texts = [form.cleaned_data.get(name) or "" for name in ("description", "location") if name in form.changed_data]
        not_mentioned = look_up_mentions(form.guild.pk, texts)
        return redirect_once(request, lambda: FormResult(save().text + not_mentioned, success_url))
    except Refused as refused:
        return _render_refused(request, form, saved_form, refused, page)


def _render_refused(
    request: ViewerRequest,
    form: SettingsForm,
    saved_form: Callable[[], SettingsForm],
    refused: Refused,
    page: dict[str, Any],
) -> HttpResponse:
    refusal = refused.refusal
    for name, sentence in refusal.fields.items():
        form.add_error(name if name in form.fields else None, sentence)
    if not refusal.fields:
        page["problem"] = refusal.sentence
    if refusal.code == "stale":
        current_form = saved_form()
        page["conflict"] = conflicting_fields(current_form, form)
        # Sent once more, the form now overwrites the version that was shown.
        data: Any = form.data.copy()  # type: ignore[attr-defined]
        data["edition"] = str(current_form.initial["edition"])
        form.data = data
    return render(request, "games/settings_layer.html", page, status=422)


# --- the list of templates ---------------------------------------------------------------------------------


@for_managers
@require_GET
def template_list(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List the guild's templates, in the order in which hosts see them."""
    templates_shown = list(guild.templates.filter(deleted_at=None).select_related("channel__parent"))
    viewer = load_viewer(request.user, guild.pk)
    context = {
        "guild": guild,
        "hidden_templates": {
            row.pk for row in templates_shown if row.channel is not None and not viewer.may_view(row.channel)
        },
        "hidden_channel": wording.HIDDEN_CHANNEL,
        "templates": templates_shown,
        "presets": settings_wording.TEMPLATE_PRESETS.items(),
        "empty_text": settings_wording.NO_TEMPLATES,
    }
    return render(request, "games/templates.html", context)


def _run_template_action(request: ViewerRequest, guild: Guild, action: Callable[[], SettingsResult]) -> HttpResponse:
    address = reverse("guild-templates", args=[guild.pk])
    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
        return redirect_once(request, lambda: FormResult(action().text, address))
    except Refused as refused:
        flash.error(request, refused.refusal.sentence)
        return redirect(address)


@for_managers
@require_POST
def move_template(request: ViewerRequest, guild: Guild, template_id: int, way: str) -> HttpResponse:
    """Move a template one place up or down."""
    order = list(guild.templates.filter(deleted_at=None).values_list("pk", flat=True))
    if template_id in order:
        at = order.index(template_id)
        to = min(max(at + (1 if way == "down" else -1), 0), len(order) - 1)
        order.insert(to, order.pop(at))
    return _run_template_action(
        request, guild, lambda: templates.reorder_templates(guild.pk, order, actor(request), db_now())
    )


@for_managers
@require_POST
def default_template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    return _run_template_action(
        request, guild, lambda: templates.make_default(guild.pk, template_id, actor(request), db_now())
    )


@for_managers
@require_POST
def duplicate_template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    return _run_template_action(
        request, guild, lambda: templates.duplicate_template(guild.pk, template_id, actor(request), db_now())
    )


@for_managers
@require_http_methods(["GET", "POST"])
def delete_template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    """Ask whether to delete a template, with what that changes; then delete it."""
    game_template = get_object_or_404(guild.templates.filter(deleted_at=None), pk=template_id)

    def delete() -> SettingsResult:
        return templates.delete_template(guild.pk, template_id, actor(request), db_now())

    if request.method == "POST":
        return _run_template_action(request, guild, delete)
    context: dict[str, Any] = {"guild": guild, "template": game_template}
    try:
        preview = dry_run(delete)
        context["changes"] = describe_changes(load_viewer(request.user, guild.pk), guild, preview.game_changes)
    except Refused as refused:
        context["problem"] = refused.refusal.sentence
    return render(request, "games/template_delete.html", context)


# --- history ---------------------------------------------------------------------------------------------


@for_managers
@require_GET
def history(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Show who changed what of the guild's settings, the latest first."""
    page = page_of(AuditEntry.objects.filter(guild=guild, game=None), 30, request.GET.get("page"))
    entries = history_entries(load_viewer(request.user, guild.pk), page.object_list, request.user.zone)
    return render(request, "games/history.html", {"guild": guild, "page": page, "entries": entries})


@login_required
@require_POST
def make_template(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save a game as a template."""
    name, by = request.POST.get("name", ""), actor(request)
    return run_action(
        request,
        game_id,
        lambda now: templates.save_game_as_template(game_id, name, by, now),
        FRESH_ROLES,
        once=True,
        text_field="name",
    )
