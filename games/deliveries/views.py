"""The page of a server's deliveries, for those who manage it."""

from django.conf import settings
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from games.core.permissions import load_viewer
from games.deliveries import actions as deliveries
from games.deliveries import wording as delivery_wording
from games.deliveries.report import PAGE_SIZE, delivery_counts, delivery_rows, guild_deliveries, undelivered
from games.pages.shortcuts import actor, get_visible_game_or_404, redirect_once, run_action
from games.server_settings.views import for_managers
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.sent_forms.idempotency import FormResult
from notifications.models import Delivery


@for_managers
@require_GET
def guild_deliveries_page(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List the deliveries, the newest first; with `show=undone` those that did not arrive.

    `before` turns the page.
    """
    now, deliveries = db_now(), guild_deliveries(load_viewer(request.user, guild.pk))
    undelivered_only = request.GET.get("show") == "undone"
    rows = (undelivered(deliveries) if undelivered_only else deliveries).order_by("-pk")
    if (before := parse_id(request.GET.get("before", ""))) is not None:
        rows = rows.filter(pk__lt=before)
    # One more than is shown tells whether there is a next page.
    shown = delivery_rows(rows[: PAGE_SIZE + 1], guild.pk, now)
    context = {
        "guild": guild,
        "deliveries": shown[:PAGE_SIZE],
        "older": shown[PAGE_SIZE - 1].recipient.id if len(shown) > PAGE_SIZE else None,
        "before": before,
        "undelivered_only": undelivered_only,
        "counts": delivery_counts(deliveries, now),
        "empty_text": gettext(delivery_wording.ALL_REACHED)
        if undelivered_only
        else gettext(delivery_wording.NO_DELIVERIES).format(days=settings.NOTIFY_KEPT.days),
        "query": request.GET.urlencode(),
    }
    return render(request, "games/guild_deliveries.html", context)


@for_managers
@require_POST
def resend(request: ViewerRequest, guild: Guild, delivery_id: int) -> HttpResponse:
    """Send a failed delivery again, and return to the part of the list where the button was."""
    get_object_or_404(guild_deliveries(load_viewer(request.user, guild.pk)), pk=delivery_id)
    query = request.GET.urlencode()
    address = reverse("guild-messages", args=[guild.pk]) + (f"?{query}" if query else "")
    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now())
        return redirect_once(
            request, lambda: FormResult(deliveries.resend_delivery(delivery_id, actor(request), db_now()).text, address)
        )
    except Refused as refused:
        flash.error(request, refused.refusal.sentence)
        return redirect(address)


@login_required
@require_POST
def resend_from_game(request: ViewerRequest, game_id: int, delivery_id: int) -> HttpResponse:
    """Send a failed delivery about the game again."""
    game, _ = get_visible_game_or_404(request, game_id)
    get_object_or_404(Delivery, pk=delivery_id, notification__game=game)
    return run_action(
        request, game_id, lambda now: deliveries.resend_delivery(delivery_id, actor(request), now), once=True
    )
