"""The pages about what is kept of people, the download of it, and being forgotten."""

from django import forms
from django.contrib import messages as flash
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from games.core.permissions import refresh_list_roles, visible_to
from games.privacy import wording
from games.privacy.actions import forget_person, prospect
from games.privacy.export import export_text
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.http import ViewerRequest
from guilds.personal_data import described_tables


class ForgetForm(forms.Form):
    """One box, so that no single press forgets anybody."""

    sure = forms.BooleanField(
        label=gettext_lazy(wording.CONFIRM_LABEL), error_messages={"required": gettext_lazy(wording.NOT_CONFIRMED)}
    )


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """Show what is kept of people, why, for how long, and what forgetting does."""
    return render(request, "games/privacy.html", {"tables": list(described_tables())})


@login_required
@require_GET
def download(request: ViewerRequest) -> HttpResponse:
    """Send the viewer everything that is kept of them, as a file."""
    now = db_now()
    refresh_list_roles(request.user, now)
    response = HttpResponse(export_text(request.user, now), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="game-scheduler-{request.user.pk}.json"'
    return response


@login_required
@require_http_methods(["GET", "POST"])
def forget(request: ViewerRequest) -> HttpResponse:
    """Show what forgetting the viewer will do, and do it once they ticked the box."""
    now = db_now()
    form = ForgetForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            forget_person(request.user.pk, now)
        except Refused as refused:
            form.add_error(None, refused.refusal.sentence)
        else:
            logout(request)
            flash.success(request, gettext(wording.FORGOTTEN))
            return redirect("privacy")
    ahead = prospect(request.user, now)
    hosted = visible_to(request.user, refresh_list_roles(request.user, now)).filter(
        pk__in=[game.pk for game in ahead.handed_over]
    )
    context = {"form": form, "prospect": ahead, "hosted": hosted.order_by("starts_at", "pk")}
    return render(request, "games/forget.html", context, status=422 if form.errors else 200)
