"""Pages for answering a question, for scheduling a game again, and for making a template of it."""

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from games import messages
from games.actions import cloning, questions, templates
from games.actions.overlaps import Overlap
from games.again_forms import AgainForm
from games.models import Game
from games.standing import certainly, may_schedule
from games.views import AT_ONCE, _answer, _form, _game, _refused, actor
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory import confirm
from guilds.http import ViewerRequest
from guilds.names import role_names


@login_required
@require_POST
def answer(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Whether the viewer still comes."""
    number, choice = parse_id(request.POST.get("number", "")) or 0, request.POST.get("choice", "")
    return _answer(request, game_id, lambda now: questions.answer(game_id, number, choice, actor(request), now))


@login_required
@require_POST
def make_template(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save a game as a template."""
    name, by = request.POST.get("name", ""), actor(request)
    return _answer(request, game_id, lambda now: templates.save_game_as_template(game_id, name, by, now), AT_ONCE)


@login_required
@require_http_methods(["GET", "POST"])
def again(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Schedule a game again."""
    found = Game.objects.with_levels().get(pk=_game(request, game_id).pk)
    by, guild = actor(request), found.guild
    if not certainly(request.user, guild.pk, lambda: may_schedule(request.user, guild.pk)):
        hosts = getattr(getattr(guild, "defaults", None), "host_role_ids", None) or ()
        sentence = messages.only_hosts(role_names(guild.pk, hosts))
        return render(request, "403.html", {"sentence": sentence}, status=403)
    begun: dict[str, Any] = {"guild": guild, "pingable": by.may_ping(guild)}
    if request.method == "GET":
        initial = AgainForm.initial_again(found, by, db_now())
        return _form(request, AgainForm(template=found.living_template, initial=initial, **begun))
    form = AgainForm(request.POST, **begun)
    if not form.is_valid():
        return _form(request, form)
    try:
        confirm(guild.pk, request.user.pk, db_now(), grace=AT_ONCE)
        carry = cloning.Carry(form.cleaned_data["carry"])
        overlap = Overlap.ANYWAY if "anyway" in request.POST else Overlap.ASK
        named, announce = form.judged.named, form.announcing()
        done = cloning.clone(game_id, form.plan(), carry, by, db_now(), named, announce, overlap)
    except Refused as refused:
        return _refused(request, form, refused)
    flash.success(request, done.text + form.completed_text)
    return redirect(done.game)
