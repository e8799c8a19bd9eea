"""The pages of a guild's settings, its channels and templates. Each calls a verb; no rule lives here.

Where saving would change games to come, the first attempt shows which and how, and saves nothing; the button under
that list saves what was shown.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core.base import rehearsed
from games.core.permissions import certainly, manages
from games.models import AuditEntry, GameTemplate
from games.models.settings import GuildDefaults
from games.pages.guild_history import told
from games.pages.shortcuts import AT_ONCE, actor, forbidden, press
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings import wording as settings_wording
from games.server_settings.actions import Saved
from games.server_settings.fields import conflict
from games.server_settings.forms import ChannelForm, GuildForm, SettingsForm, TemplateForm
from games.server_settings.previews import shown_changes
from games.server_settings.rules import KEPT_AFTER_LEAVING
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.models import Channel, Guild

View = Callable[..., HttpResponse]


def for_managers(view: View) -> View:
    """Find the guild for a view that takes it, for those who manage it.

    It does not exist for others; members get told who may. Who was in a guild that the bot is no longer in reads so.
    """

    @login_required
    def found(request: ViewerRequest, guild_id: int, **kwargs: Any) -> HttpResponse:
        guild = Guild.objects.filter(pk=guild_id, members__user=request.user, members__left_at=None).first()
        if guild is None:
            raise Http404
        if guild.gone_at is not None:
            return render(request, "games/bot_gone.html", {"guild": guild, "sentence": bot_gone(guild)}, status=404)
        if not certainly(request.user, guild_id, lambda: manages(request.user, guild_id)):
            return forbidden(request, settings_wording.MANAGERS_ONLY)
        return view(request, guild, **kwargs)

    return found


def bot_gone(guild: Guild) -> str:
    return settings_wording.BOT_GONE.format(guild=guild.name, days=KEPT_AFTER_LEAVING.days)


# --- the forms -------------------------------------------------------------------------------------------


@for_managers
@require_http_methods(["GET", "POST"])
def settings(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """What holds in the whole guild."""
    form = GuildForm(request.POST or None, guild=guild)

    def verb() -> Saved:
        return server_settings.change_guild_defaults(
            guild.pk,
            form.settings(),
            form.roles_named("manager_role_ids"),
            form.roles_named("pingable_role_ids"),
            actor(request),
            db_now(),
            form.cleaned_data["edition"] or 0,
        )

    context = {"guild": guild, "heading": "Settings", "kind": "guild"}
    return _edit(
        request, form, lambda: GuildForm(guild=guild), verb, reverse("guild-settings", args=[guild.pk]), context
    )


@for_managers
@require_GET
def channels(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """The channels that games can be announced in."""
    found = guild.channels.for_announcements().select_related("defaults")
    return render(request, "games/channels.html", {"guild": guild, "channels": found})


@for_managers
@require_http_methods(["GET", "POST"])
def channel(request: ViewerRequest, guild: Guild, channel_id: int) -> HttpResponse:
    """What holds for games announced in one channel."""
    found = get_object_or_404(Channel, pk=channel_id, guild=guild, parent=None)
    form = ChannelForm(request.POST or None, channel=found)

    def verb() -> Saved:
        data = form.cleaned_data
        settings, edition = form.settings(), data["edition"] or 0
        return server_settings.change_channel_defaults(
            found.pk, settings, data["for_games"], actor(request), db_now(), edition
        )

    warning = settings_wording.channel_deleted(found.name) if found.gone_at else ""
    context = {"guild": guild, "heading": str(found), "kind": "channel", "channel": found, "warning": warning}
    return _edit(
        request, form, lambda: ChannelForm(channel=found), verb, reverse("guild-channels", args=[guild.pk]), context
    )


STARTS: dict[str, dict[str, Any]] = {
    "one-shot": {"seats": 5, "duration": 240},
    "raid": {"seats": 20, "duration": 180, "own_notify_roles": True},
    "evening": {"seats": 0, "duration": 180},
}


@for_managers
@require_http_methods(["GET", "POST"])
def new_template(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Make a template, from one of the starting points or from nothing."""
    start = request.GET.get("start", "")
    initial = {**STARTS[start], "name": settings_wording.STARTING_POINTS[start][0]} if start in STARTS else {}
    if "own_notify_roles" in initial:
        defaults = GuildDefaults.objects.filter(pk=guild.pk).first()
        initial["notify_role_ids"] = [str(role) for role in (defaults.pingable_role_ids if defaults else ())]
    return _template(request, guild, None, initial)


@for_managers
@require_http_methods(["GET", "POST"])
def template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    """Change a template."""
    found = get_object_or_404(GameTemplate, pk=template_id, guild=guild)
    if found.gone_at is not None:
        flash.error(request, settings_wording.TEMPLATE_GONE.format(name=found.name))
        return redirect("guild-templates", guild.pk)
    return _template(request, guild, found, {})


def _template(request: ViewerRequest, guild: Guild, found: GameTemplate | None, initial: Any) -> HttpResponse:
    form = TemplateForm(request.POST or None, guild=guild, template=found, initial=initial)

    def verb() -> Saved:
        data = form.cleaned_data
        return templates.save_template(
            guild.pk,
            found.pk if found else None,
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
        "heading": found.name if found else "New template",
        "kind": "template",
        "template": found,
    }
    if found is not None and found.channel is not None and found.channel.gone_at is not None:
        context["warning"] = settings_wording.template_channel_gone(found.channel.name)

    def saved() -> TemplateForm:
        assert found is not None
        return TemplateForm(guild=guild, template=GameTemplate.objects.get(pk=found.pk))

    return _edit(request, form, saved, verb, reverse("guild-templates", args=[guild.pk]), context)


def _edit(
    request: ViewerRequest,
    form: SettingsForm,
    saved_form: Callable[[], SettingsForm],
    verb: Callable[[], Saved],
    done: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show the form, what saving it would change, what is wrong with it; or save it."""
    page = {"problem": "", "conflict": [], "changes": [], "form": form, **context}
    if request.method == "GET":
        return render(request, "games/level.html", page)
    if not form.is_valid():
        return render(request, "games/level.html", page, status=422)
    try:
        ensure_fresh_roles(form.guild.pk, request.user.pk, db_now(), max_age=AT_ONCE)
        preview = rehearsed(verb)
        page["confirmed"] = preview.token
        if preview.games and request.POST.get("confirmed") != page["confirmed"]:
            page |= {"changes": shown_changes(form.guild, preview.games), "count": preview.count}
            return render(request, "games/level.html", page)
        answer = verb()
    except Refused as refused:
        return _refused(request, form, saved_form, refused, page)
    flash.success(request, answer.text)
    return redirect(done)


def _refused(
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
        theirs = saved_form()
        page["conflict"] = conflict(theirs, form)
        # Sent once more, the form now knows what it overwrites.
        data = request.POST.copy()
        data["edition"] = str(theirs.initial["edition"])
        form.data = data
    return render(request, "games/level.html", page, status=422)


# --- the list of templates ---------------------------------------------------------------------------------


@for_managers
@require_GET
def template_list(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """The guild's templates, in the order in which hosts see them."""
    found = list(guild.templates.filter(gone_at=None).select_related("channel"))
    context = {
        "guild": guild,
        "templates": found,
        "starts": settings_wording.STARTING_POINTS.items(),
        "empty": settings_wording.NO_TEMPLATES,
    }
    return render(request, "games/templates.html", context)


def _done(request: ViewerRequest, guild: Guild, verb: Callable[[], Saved]) -> HttpResponse:
    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=AT_ONCE)
        flash.success(request, verb().text)
    except Refused as refused:
        flash.error(request, refused.refusal.sentence)
    return redirect("guild-templates", guild.pk)


@for_managers
@require_POST
def move_template(request: ViewerRequest, guild: Guild, template_id: int, way: str) -> HttpResponse:
    """One place up or down."""
    order = list(guild.templates.filter(gone_at=None).values_list("pk", flat=True))
    if template_id in order:
        at = order.index(template_id)
        to = min(max(at + (1 if way == "down" else -1), 0), len(order) - 1)
        order.insert(to, order.pop(at))
    return _done(request, guild, lambda: templates.reorder_templates(guild.pk, order, actor(request), db_now()))


@for_managers
@require_POST
def default_template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    return _done(request, guild, lambda: templates.make_default(guild.pk, template_id, actor(request), db_now()))


@for_managers
@require_POST
def duplicate_template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    return _done(request, guild, lambda: templates.duplicate_template(guild.pk, template_id, actor(request), db_now()))


@for_managers
@require_http_methods(["GET", "POST"])
def delete_template(request: ViewerRequest, guild: Guild, template_id: int) -> HttpResponse:
    """Ask whether to delete it, with what that changes; then do."""
    found = get_object_or_404(guild.templates.filter(gone_at=None), pk=template_id)

    def verb() -> Saved:
        return templates.delete_template(guild.pk, template_id, actor(request), db_now())

    if request.method == "POST":
        return _done(request, guild, verb)
    context: dict[str, Any] = {"guild": guild, "template": found}
    try:
        preview = rehearsed(verb)
        context["changes"] = shown_changes(guild, preview.games)
    except Refused as refused:
        context["problem"] = refused.refusal.sentence
    return render(request, "games/template_delete.html", context)


# --- history ---------------------------------------------------------------------------------------------


@for_managers
@require_GET
def history(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Who changed what of the guild's settings, the latest first."""
    page = Paginator(AuditEntry.objects.filter(guild=guild, game=None), 30).get_page(request.GET.get("page"))
    context = {"guild": guild, "page": page, "entries": told(guild, page.object_list, request.user.zone)}
    return render(request, "games/history.html", context)


@login_required
@require_POST
def make_template(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save a game as a template."""
    name, by = request.POST.get("name", ""), actor(request)
    return press(request, game_id, lambda now: templates.save_game_as_template(game_id, name, by, now), AT_ONCE)
