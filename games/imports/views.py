"""The pages on which a server's managers bring games from other programs."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages as flash
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from games.imports import wording
from games.imports.actions import (
    ImportResult,
    Outcome,
    delete_file,
    import_games,
    keep_file,
    preview_import,
    undo_import,
)
from games.imports.files import read_file
from games.imports.forms import ChoicesForm, FileForm, content_of
from games.imports.found import Reading, ReadingOptions, Source
from games.imports.restoring import store_pictures
from games.models import GameImport
from games.pages.shortcuts import actor, add_refusal, load_form_viewer, redirect_once
from games.pictures.actions import place_to_read
from games.series.wording import repeats as repeats_text
from games.server_settings.views import for_managers
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.sent_forms.idempotency import FormResult

SHOWN_MAX = 50  # imports of a guild, the latest


@for_managers
@require_http_methods(["GET", "POST"])
def imports(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List a guild's imports, and take a file."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():

        def act() -> FormResult:
            kept = keep_file(guild.pk, form.content, actor(request), db_now())
            return FormResult("", reverse("guild-import", args=[guild.pk, kept.pk]))

        try:
            return redirect_once(request, act)
        except Refused as refused:
            add_refusal(form, refused)
    found = GameImport.objects.filter(guild=guild).defer("file").annotate(made=Count("games"))[:SHOWN_MAX]
    rows = [(one, gettext(wording.SOURCES.get(one.source, ""))) for one in found]
    context = {"guild": guild, "form": form, "rows": rows}
    return render(request, "games/imports.html", context, status=422 if form.errors else 200)


def _kept_file(guild: Guild, import_id: int) -> GameImport:
    return get_object_or_404(GameImport, guild=guild, pk=import_id)


@for_managers
@require_http_methods(["GET", "POST"])
def import_file(request: ViewerRequest, guild: Guild, import_id: int) -> HttpResponse:
    """Show what would become of a file, make its games, and show what was made of it."""
    file, now = _kept_file(guild, import_id), db_now()
    if file.imported_at is not None:
        made = [one.game for one in file.games.select_related("game").order_by("game__starts_at", "game_id")]
        return render(request, "games/import_done.html", {"guild": guild, "file": file, "games": made, "now": now})
    viewer = load_form_viewer(request, guild.pk)
    content, options = content_of(file), ReadingOptions()
    try:
        reading = read_file(content, now, options)
        data = request.POST if request.method == "POST" else None
        form = ChoicesForm(data, guild=guild, viewer=viewer, user=request.user, reading=reading)
        form.is_valid()
        if form.options != options:
            reading = read_file(content, now, form.options)
    except Refused as refused:  # in time its last game is over, or we read it otherwise by now
        flash.error(request, refused.refusal.sentence)
        return redirect("guild-imports", guild.pk)
    problem, result = "", None
    try:
        plan = form.plan() if not form.errors else None
        if plan is not None and request.POST.get("do") == "import":
            address = reverse("guild-import", args=[guild.pk, file.pk])

            with place_to_read() if reading.archive is not None else nullcontext():
                chosen = replace(plan, pictures=store_pictures(reading))

            def act() -> FormResult:
                return FormResult(import_games(guild.pk, reading, chosen, actor(request), db_now(), file).text, address)

            return redirect_once(request, act)
        if plan is not None:
            result = preview_import(guild.pk, reading, plan, actor(request), now)
    except Refused as refused:
        problem = refused.refusal.sentence
    context = {"guild": guild, "file": file, "form": form, "problem": problem}
    context |= _preview_context(reading, result, now)
    return render(request, "games/import.html", context, status=422 if form.errors or problem else 200)


def _preview_context(reading: Reading, result: ImportResult | None, now: datetime) -> dict[str, Any]:
    rows = []
    for row in result.rows if result is not None else ():
        notes = [gettext(wording.NOTES[note]) for note in row.found.notes]
        repeats = repeats_text(row.found.repeats.recurrence) if row.found.repeats is not None else ""
        rows.append({"row": row, "is_made": row.outcome is Outcome.MADE, "notes": notes, "repeats": repeats})
    made = result.count(Outcome.MADE) if result is not None else 0
    return {
        "rows": rows,
        "dropped": [(one.label, gettext(wording.WHY_DROPPED[one.why])) for one in reading.dropped],
        "made": made,
        "import_text": wording.import_button(made),
        "summary": result.text if result is not None else "",
        "needs_columns": reading.source is Source.CSV and not (reading.games or reading.dropped),
        "no_columns": gettext(wording.NO_COLUMNS),
        "now": now,
    }


@for_managers
@require_POST
def undo(request: ViewerRequest, guild: Guild, import_id: int) -> HttpResponse:
    """Cancel what a file became; delete one of which nothing was made."""
    file, address = _kept_file(guild, import_id), reverse("guild-imports", args=[guild.pk])
    action = delete_file if file.imported_at is None else undo_import
    try:
        return redirect_once(
            request, lambda: FormResult(action(guild.pk, import_id, actor(request), db_now()), address)
        )
    except Refused as refused:
        flash.error(request, refused.refusal.sentence)
        return redirect(address)
