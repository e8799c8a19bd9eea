"""The buttons and forms about attendance and rewards, and the server's attendance file."""

from copy import copy
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.attendance import actions as attendance
from games.attendance import rewards
from games.attendance import wording as attendance_wording
from games.attendance.summary import CSV_HEADER, parse_day_range
from games.attendance.summary import attendance_rows as attendance_of
from games.core import wording
from games.core.csv_files import csv_response
from games.core.permissions import load_viewer
from games.pages.shortcuts import (
    FRESH_ROLES,
    actor,
    add_refusal,
    forbidden,
    get_visible_game_or_404,
    redirect_once,
    render_game_with_form,
    run_action,
)
from games.server_settings.views import for_managers
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.sent_forms.idempotency import FormResult


@login_required
@require_POST
def mark_attendance(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Mark a player as not having come, or undo that."""
    no_show = request.POST.get("no_show") == "yes"
    return run_action(
        request, game_id, lambda now: attendance.mark_attendance(game_id, signup_id, no_show, actor(request), now)
    )


class RewardsForm(forms.Form):
    """The rewards; `before` is the text when the form was opened."""

    text = forms.CharField(
        # No max_length: the action refuses a long text with a sentence, where a browser would cut it off.
        required=False,
        strip=False,
        label=gettext_lazy("Rewards"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(attendance_wording.REWARDS_HELP),
    )
    before = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)


@login_required
@require_http_methods(["GET", "POST"])
def write_rewards(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save the rewards; a refused form is shown again on the game's page as it was typed."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(wording.NOT_YOURS))
    form = RewardsForm(request.POST or None, initial={"text": game.rewards, "before": game.rewards})
    if request.method == "POST" and form.is_valid():
        text, before = (form.cleaned_data[name] for name in ("text", "before"))
        try:
            ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
            save = partial(rewards.set_rewards, game_id, text, actor(request))
            return redirect_once(request, lambda: FormResult(save(db_now(), before).text, game.get_absolute_url()))
        except Refused as refused:
            add_refusal(form, refused)
            if refused.refusal.code == "stale":
                # Sent once more, the form now overwrites the text that was shown.
                game, _ = get_visible_game_or_404(request, game_id)
                typed: Any = copy(form.data)
                typed["before"] = game.rewards
                form.data = typed
    return render_game_with_form(request, game_id, form, rewards_form=form)


DAY_SHOWN_MAX = 100  # characters of a day that is none


@for_managers
@require_GET
def attendance_csv(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Download the attendance of a server's games as CSV."""
    try:
        since, until = parse_day_range(request.GET.get("from", ""), request.GET.get("to", ""))
    except ValueError:
        flash.error(request, gettext(attendance_wording.BAD_DAY))
        typed = urlencode({name: request.GET.get(name, "")[:DAY_SHOWN_MAX] for name in ("from", "to")})
        return redirect(f"{reverse('guild-people', args=[guild.pk])}?{typed}")
    rows = attendance_of(load_viewer(request.user, guild.pk), since, until, db_now())
    return csv_response("attendance.csv", CSV_HEADER, (row.cells for row in rows))
