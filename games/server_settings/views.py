"""Who may manage a guild, and the lists of its channels and templates."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core.base import dry_run
from games.core.permissions import load_viewer, with_role_refresh
from games.pages.shortcuts import FRESH_ROLES, actor, forbidden, redirect_once, run_action
from games.server_settings import templates
from games.server_settings import wording as settings_wording
from games.server_settings.actions import SettingsResult
from games.server_settings.previews import describe_changes
from games.server_settings.rules import KEPT_AFTER_LEAVING
from games.server_settings.table import template_cards, template_presets
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles, ensure_manager_roles
from guilds.http import ViewerRequest
from guilds.models import Guild
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
            return forbidden(request, gettext(settings_wording.MANAGERS_ONLY))
        try:
            ensure_manager_roles(guild_id, request.user.pk, db_now(), writes=request.method == "POST")
        except Refused as refused:
            return refused_page(request, refused.refusal.sentence, 503)
        # Nobody manages by a role that Discord has taken away.
        if not load_viewer(request.user, guild_id).manages:
            return forbidden(request, gettext(settings_wording.MANAGERS_ONLY))
        return view(request, guild, **kwargs)

    return wrapper


def bot_removed_text(guild: Guild) -> str:
    return gettext(settings_wording.BOT_REMOVED).format(guild=guild.name, days=KEPT_AFTER_LEAVING.days)


# --- lists -----------------------------------------------------------------------------------------------


@for_managers
@require_GET
def channels(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List the channels that games can be announced in."""
    viewer = load_viewer(request.user, guild.pk)
    shown = [row for row in guild.channels.for_announcements().select_related("defaults") if viewer.may_view(row)]
    return render(request, "games/channels.html", {"guild": guild, "channels": shown})


@for_managers
@require_GET
def template_list(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List the guild's templates, in the order in which hosts see them."""
    rows = list(guild.templates.filter(deleted_at=None).select_related("channel__parent"))
    context = {
        "guild": guild,
        "cards": template_cards(load_viewer(request.user, guild.pk), rows),
        "presets": template_presets(),
        "empty_text": gettext(settings_wording.NO_TEMPLATES),
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
