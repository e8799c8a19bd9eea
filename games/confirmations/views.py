"""Pages for answering a question, for scheduling a game again, and for making a template of it."""

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from games.confirmations import actions as confirmations
from games.models import Game
from games.offers.overlaps import Overlap
from games.pages.shortcuts import AT_ONCE, actor, form_page, form_refused, game_seen, no_host, press
from games.scheduling import cloning
from games.scheduling.clone_form import AgainForm
from games.server_settings import templates
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory import confirm
from guilds.http import ViewerRequest


@login_required
@require_POST
def answer(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Whether the viewer still comes."""
    number, choice = parse_id(request.POST.get("number", "")) or 0, request.POST.get("choice", "")
    return press(request, game_id, lambda now: confirmations.answer(game_id, number, choice, actor(request), now))


@login_required
@require_POST
def make_template(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save a game as a template."""
    name, by = request.POST.get("name", ""), actor(request)
    return press(request, game_id, lambda now: templates.save_game_as_template(game_id, name, by, now), AT_ONCE)


@login_required
@require_http_methods(["GET", "POST"])
def again(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Schedule a game again."""
    found = Game.objects.with_levels().get(pk=game_seen(request, game_id).pk)
    by, guild = actor(request), found.guild
    if (page := no_host(request, guild)) is not None:
        return page
    begun: dict[str, Any] = {"guild": guild, "pingable": by.may_ping(guild)}
    if request.method == "GET":
        initial = AgainForm.initial_again(found, by, db_now())
        return form_page(request, AgainForm(template=found.living_template, initial=initial, **begun))
    form = AgainForm(request.POST, **begun)
    if not form.is_valid():
        return form_page(request, form)
    try:
        confirm(guild.pk, request.user.pk, db_now(), grace=AT_ONCE)
        carry = cloning.Carry(form.cleaned_data["carry"])
        overlap = Overlap.ANYWAY if "anyway" in request.POST else Overlap.ASK
        named, announce = form.judged.named, form.announcing()
        done = cloning.clone(game_id, form.plan(), carry, by, db_now(), named, announce, overlap)
    except Refused as refused:
        return form_refused(request, form, refused)
    flash.success(request, done.text + form.completed_text)
    return redirect(done.game)
