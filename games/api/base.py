"""What all operations share: finding a game, calling an action once, and its answer."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Schema, Status

from games.api import wording
from games.api.caller import ApiRequest
from games.api.problems import ApiProblem
from games.api.shapes import ActionShape, GameShape, game_shape
from games.core.base import ActionResult
from games.core.permissions import Viewer, load_memberships, load_viewer
from games.core.wording import NOT_YOURS
from games.models import Game
from games.pages.shortcuts import get_visible_game_or_404
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.text import is_storable
from guilds.directory.lookup import ROLES_VALID_FOR, ensure_fresh_roles
from guilds.models import Guild
from guilds.sent_forms.idempotency import AlreadySent, FormResult, act_once

F = TypeVar("F", bound=forms.Form)
KEY_MAX = 200  # characters


def answers(shape: Any, status: int = 200) -> dict[int, Any]:
    """Return what an operation answers where it does what it's for; `docs` adds the errors, which all of them have."""
    return {status: shape}


def reaches(request: ApiRequest, guild_id: int) -> bool:
    """Return whether a token reaches a guild."""
    return request.token.guild_id in {None, guild_id}


def visible_game(request: ApiRequest, game_id: int) -> tuple[Game, Viewer]:
    """Read a game that the token's person may see, and what they are in its guild; raise Http404 for any other."""
    found = get_visible_game_or_404(request, game_id)
    if not reaches(request, found[0].guild_id):
        raise Http404
    return found


def managed_game(request: ApiRequest, game_id: int) -> tuple[Game, Viewer]:
    """Read a game that the token's person runs, and what they are in its guild; raise ApiProblem for another's."""
    game, viewer = visible_game(request, game_id)
    if not viewer.may_manage(game):
        raise ApiProblem(403, "not_yours", NOT_YOURS)
    return game, viewer


def visible_guild(request: ApiRequest, guild_id: int) -> tuple[Guild, Viewer]:
    """Read a guild that the token's person may see, and what they are in it; raise Http404 for any other."""
    member = load_memberships(request.user, guild_id).by_guild.get(guild_id) if reaches(request, guild_id) else None
    if member is None:
        raise Http404
    return member.guild, Viewer(request.user, guild_id, member)


def managed_guild(request: ApiRequest, guild_id: int) -> tuple[Guild, Viewer]:
    """Read a guild that the token's person manages, by the roles of this minute; raise Http404 for any other."""
    guild, _ = visible_guild(request, guild_id)
    ensure_fresh_roles(guild_id, request.user.pk, request.now)
    viewer = load_viewer(request.user, guild_id)
    if not viewer.manages:
        raise ApiProblem(403, "not_manager", wording.NOT_MANAGER)
    return guild, viewer


def require_valid(form: F, code: str) -> F:
    """Return a valid form; raise Refused with a sentence for each field of any other."""
    if form.is_valid():
        return form
    fields = {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}
    raise Refused(Refusal(code, " ".join(fields.values()), fields))


def etag_of(game: GameShape) -> str:
    """Return what tells this state of a game from every other: its edit version, and all that is shown."""
    shown = hashlib.blake2s(game.model_dump_json().encode(), digest_size=8).hexdigest()
    return f'"{game.edit_version}-{shown}"'


def expected_version(request: HttpRequest) -> int | None:
    """Return the edit version that `If-Match` names; None without one. Sign-ups since then do not matter to it."""
    sent = request.headers.get("If-Match", "").strip()
    if not sent or sent == "*":
        return None
    number = sent.removeprefix("W/").strip('"').split("-")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise ApiProblem(412, "stale", wording.STALE)
    return int(number)


def run_action(
    request: ApiRequest,
    game_id: int,
    action: Callable[[datetime], ActionResult],
    max_age: timedelta = ROLES_VALID_FOR,
) -> Any:
    """Call an action on a game, once for each Idempotency-Key, and answer with the game as it is then."""
    game, _ = visible_game(request, game_id)
    ensure_fresh_roles(game.guild_id, request.user.pk, request.now, max_age)
    return once(request, lambda: action_shape(request, action(db_now())))


def action_shape(request: ApiRequest, result: ActionResult, more_text: str = "") -> ActionShape:
    """Return an action's result, with the game as its actor sees it now."""
    game, viewer = get_visible_game_or_404(request, result.game.pk)
    shown = game_shape(game, viewer, db_now())
    return ActionShape(text=result.text + more_text, changed=result.changed, game=shown)


def once(request: ApiRequest, act: Callable[[], Schema], status: int = 200) -> Any:
    """Call `act` once for each Idempotency-Key; the same request answers with what it answered then."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return Status(status, act())
    if not key.isprintable() or not key.strip() or len(key) > KEY_MAX or not is_storable(key):
        raise ApiProblem(400, "bad_key", wording.BAD_KEY)
    digest, content = _digest(["api", key]), _digest([request.method, request.path, request.body.decode("latin-1")])

    def act_and_keep() -> FormResult:
        # Its answer is kept as it is: no sentence, so nothing to translate.
        return FormResult(act().model_dump_json(), "")

    try:
        kept = act_once(request.user, digest, content, act_and_keep)
    except AlreadySent as sent:
        if sent.earlier.content != content:
            raise ApiProblem(422, "key_reused", wording.KEY_REUSED) from None
        return HttpResponse(sent.earlier.text, status=status, content_type="application/json")
    assert kept is not None
    return HttpResponse(kept.text, status=status, content_type="application/json")


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
