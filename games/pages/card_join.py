"""Joining from a game's card in a list or a day: the page stays, and the card has the viewer's place."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from games.core.base import ActionResult
from games.offers.schedule_conflicts import ConflictPolicy, ScheduleConflict
from games.pages.game_page import game_page_context
from games.pages.game_rows import game_rows
from games.pages.shortcuts import actor, add_result_message, get_visible_game_or_404, number_and_choice
from games.signups import actions as signups
from games.signups import swaps
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ROLES_VALID_FOR, ensure_fresh_roles
from guilds.http import ViewerRequest

WITH_CARDS = {"home", "month", "guild", "guild-month"}  # pages


@login_required
@require_POST
def join(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Sign the viewer up, and show the game's card again or go back to the page it is on."""
    game, _ = get_visible_game_or_404(request, game_id)
    text, overlap, has_won_seat = "", None, False
    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), ROLES_VALID_FOR)
        result = _join(request, game_id, now := db_now())
        text, succeeded, has_won_seat = result.text, True, result.gave_seat(request.user, now)
    except Refused as refused:
        if refused.refusal.code == "unknown_game":
            raise Http404 from None
        text, succeeded = refused.refusal.sentence, False
        overlap = refused if isinstance(refused, ScheduleConflict) else None
    back = _address_of_page(request)
    if not request.htmx:
        if overlap is not None:
            shown = game_page_context(*get_visible_game_or_404(request, game_id), db_now()) | {"overlap": overlap}
            return render(request, "games/game.html", shown, status=422)
        add_result_message(request, text, succeeded=succeeded, has_won_seat=has_won_seat)
        return redirect(f"{back}#game-{game_id}")
    game, viewer = get_visible_game_or_404(request, game_id)
    members = {game.guild_id: viewer.member} if viewer.member is not None else {}
    context: dict[str, Any] = {
        "game": game_rows([game_id], db_now(), request.user, members)[game_id],
        "show_guild": "show_guild" in request.POST,
        "back": back,
        "result_text": text,
        "result_succeeded": succeeded,
        "has_won_seat": has_won_seat,
        "overlap": overlap,
    }
    return render(request, "games/joined_card.html", context, status=200 if succeeded else 422)


def _join(request: ViewerRequest, game_id: int, now: datetime) -> ActionResult:
    number, choice = number_and_choice(request)
    if choice:
        return swaps.answer_conflict(game_id, number, choice, actor(request), now)
    return signups.join(game_id, request.user, actor(request), now, overlap=ConflictPolicy.ASK)


def _address_of_page(request: ViewerRequest) -> str:
    """Return the address that the card's form names; home for that of a page without cards."""
    back = request.POST.get("back", "")
    try:
        page = resolve(urlsplit(back).path).url_name
    except (Resolver404, ValueError):
        page = None
    if page in WITH_CARDS and url_has_allowed_host_and_scheme(back, None):
        return back.partition("#")[0]
    return reverse("home")
