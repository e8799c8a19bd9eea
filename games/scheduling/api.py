"""Scheduling, editing, cancelling and the like, for programs."""

from datetime import datetime
from types import SimpleNamespace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from games.api import wording as api_wording
from games.api.base import (
    action_shape,
    answers,
    expected_version,
    once,
    require_valid,
    run_action,
    visible_game,
    visible_guild,
)
from games.api.caller import HOST, ApiRequest, actor
from games.api.problems import ApiProblem
from games.api.routes import router
from games.api.shapes import ActionShape, GameSettings, Id, Moment, Sent, SentText
from games.core import wording
from games.core.permissions import Viewer
from games.core.settings import GAME_SETTINGS
from games.models import Game
from games.offers.schedule_conflicts import ConflictPolicy
from games.pages.shortcuts import FRESH_ROLES, load_form_viewer
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning, ending, publishing
from games.scheduling.clone_form import CloneForm
from games.scheduling.cloning import CarryPlayers
from games.scheduling.forms import GameForm, form_data
from games.scheduling.rules import AnnounceWhen
from games.server_settings.base_forms import GameSettingsForm, override_field
from gamesched.lib.clock import db_now
from gamesched.lib.zones import find_zone, zone_info
from guilds.directory.lookup import ensure_fresh_roles
from guilds.forms import UNKNOWN_ZONE


def _whole_minute(at: datetime) -> datetime:
    if at.second or at.microsecond:
        raise ValueError("write a whole minute")
    return at


Minute = Annotated[Moment, AfterValidator(_whole_minute)]


class GameFields(Sent):
    """What makes a game; what is left out stays as it is, or as a new game's form has it."""

    title: SentText | None = None
    description: SentText | None = None
    starts_at: Minute | None = None
    zone: SentText | None = Field(None, description="An IANA zone, as Europe/Berlin.", examples=["Europe/Berlin"])
    channel_id: Id | None = None
    template_id: Id | None = Field(None, description="null: none.")
    announce: Literal["now", "draft", "later"] | None = None
    announce_at: Minute | None = Field(None, description="With `later`: when players see it.")
    participants: list[SentText] = Field([], description="Whom to sign up: @ and a name, <@id>, or a guest's name.")
    settings: GameSettings = GameSettings()


class NewGame(GameFields):
    """A game to schedule."""

    title: SentText
    starts_at: Minute
    channel_id: Id
    host_id: Id | None = Field(None, description="Another host, if you manage the server; you, if left out.")
    anyway: bool = Field(False, description="Although you host or play another game at that time.")


class Edit(GameFields):
    """What to change about a game."""

    drop_unconfirmed: bool | None = Field(None, description="Free the seats of players who don't answer.")


class Again(GameFields):
    """How the next one differs from this game: a week later, if you don't say."""

    carry: CarryPlayers = CarryPlayers.NO
    host_id: Id | None = None
    anyway: bool = False


class Cancellation(Sent):
    """Why a game is cancelled; players read it."""

    reason: SentText = ""


AS_BEFORE, NO_REASON = Again.model_validate({}), Cancellation()


@router.post("/guilds/{id:guild_id}/games", auth=HOST, response=answers(ActionShape, 201))
def create(request: ApiRequest, guild_id: Id, sent: NewGame) -> object:
    """Schedule a game."""
    guild, _ = visible_guild(request, guild_id)
    viewer = load_form_viewer(request, guild_id)
    if not viewer.may_schedule:
        raise ApiProblem(403, "not_a_host", api_wording.NOT_A_HOST)
    template = next((one for one in viewer.templates if one.pk == sent.template_id), None)
    zone = sent.zone or request.user.zone or "UTC"
    initial = {"zone": zone, "announce": AnnounceWhen.NOW.value}
    initial |= {"description": template.description} if template is not None else {}
    initial |= _initial(sent, zone, None)
    blank = GameForm(guild=guild, template=template, viewer=viewer, initial=initial)
    form = require_valid(GameForm(form_data(blank) | _typed(sent), guild=guild, viewer=viewer), "bad_plan")
    ensure_fresh_roles(guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
    overlap = ConflictPolicy.ANYWAY if sent.anyway else ConflictPolicy.ASK
    plan, named, announce, host = (
        form.plan(),
        form.parsed_names.participants,
        form.announce_schedule(),
        form.chosen_host,
    )

    def act() -> ActionShape:
        result = scheduling.create_game(guild_id, plan, actor(request), db_now(), host, named, announce, overlap)
        return action_shape(request, result, form.completed_text)

    return once(request, act, 201)


@router.patch("/games/{id:game_id}", auth=HOST, response=answers(ActionShape))
def edit(request: ApiRequest, game_id: Id, sent: Edit) -> object:
    """Change a game. Send `If-Match` with its ETag, so that nobody's edit is lost."""
    game, viewer = _managed(request, game_id)
    version = expected_version(request)
    initial = GameForm.initial_of(game) | _initial(sent, sent.zone or game.zone, game)
    blank = GameForm(guild=game.guild, game=game, viewer=viewer, initial=initial)
    data = form_data(blank) | _typed(sent)
    data["silence"] = {None: "", True: "yes", False: "no"}[sent.drop_unconfirmed]
    form = require_valid(GameForm(data, guild=game.guild, game=game, viewer=viewer), "bad_plan")
    ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
    plan, named, announce, drop = (
        form.plan(), form.parsed_names.participants, form.changed_announce_schedule(), form.drop_unconfirmed,
    )  # fmt: skip

    def act() -> ActionShape:
        result = scheduling.edit_game(game_id, plan, actor(request), db_now(), version, named, announce, drop)
        return action_shape(request, result, form.completed_text)

    return once(request, act)


@router.post("/games/{id:game_id}/again", auth=HOST, response=answers(ActionShape, 201))
def again(request: ApiRequest, game_id: Id, sent: Again = AS_BEFORE) -> object:
    """Schedule a game again."""
    game, _ = visible_game(request, game_id)
    viewer = load_form_viewer(request, game.guild_id)
    if not viewer.may_schedule:
        raise ApiProblem(403, "not_a_host", api_wording.NOT_A_HOST)
    cloning.require_may_clone(game, viewer, db_now())
    initial = CloneForm.initial_of_clone(game, viewer, db_now()) | _initial(sent, sent.zone or game.zone, None)
    blank = CloneForm(guild=game.guild, viewer=viewer, template=CloneForm.template_for(game, viewer), initial=initial)
    data = form_data(blank) | _typed(sent) | {"carry": sent.carry.value}
    form = require_valid(CloneForm(data, guild=game.guild, viewer=viewer), "bad_plan")
    ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
    overlap = ConflictPolicy.ANYWAY if sent.anyway else ConflictPolicy.ASK
    plan, named, announce, host = (
        form.plan(),
        form.parsed_names.participants,
        form.announce_schedule(),
        form.chosen_host,
    )

    def act() -> ActionShape:
        result = cloning.clone_game(game_id, plan, sent.carry, actor(request), db_now(), named, announce, overlap, host)
        return action_shape(request, result, form.completed_text)

    return once(request, act, 201)


@router.post("/games/{id:game_id}/announce", auth=HOST, response=answers(ActionShape))
def announce(request: ApiRequest, game_id: Id) -> object:
    """Announce a game that players don't see yet."""
    return run_action(request, game_id, lambda now: publishing.announce_game(game_id, actor(request), now), FRESH_ROLES)


@router.post("/games/{id:game_id}/retry-announcement", auth=HOST, response=answers(ActionShape))
def retry_announcement(request: ApiRequest, game_id: Id) -> object:
    """Try an announcement again that failed."""
    return run_action(
        request, game_id, lambda now: scheduling.retry_announcement(game_id, actor(request), now), FRESH_ROLES
    )


@router.post("/games/{id:game_id}/cancel", auth=HOST, response=answers(ActionShape))
def cancel(request: ApiRequest, game_id: Id, sent: Cancellation = NO_REASON) -> object:
    """Cancel a game."""
    return run_action(
        request, game_id, lambda now: cancellation.cancel_game(game_id, sent.reason, actor(request), now), FRESH_ROLES
    )


@router.post("/games/{id:game_id}/undo", auth=HOST, response=answers(ActionShape))
def undo(request: ApiRequest, game_id: Id) -> object:
    """Undo a cancellation of the last ten minutes."""
    return run_action(
        request, game_id, lambda now: cancellation.undo_cancellation(game_id, actor(request), now), FRESH_ROLES
    )


@router.post("/games/{id:game_id}/end", auth=HOST, response=answers(ActionShape))
def end(request: ApiRequest, game_id: Id) -> object:
    """End a running game now."""
    return run_action(request, game_id, lambda now: ending.end_game(game_id, actor(request), now), FRESH_ROLES)


# --- what a client sends, as the form of a game takes it -------------------------------------------------


def _managed(request: ApiRequest, game_id: int) -> tuple[Game, Viewer]:
    game, _ = visible_game(request, game_id)
    viewer = load_form_viewer(request, game.guild_id)
    if not viewer.may_manage(game):
        raise ApiProblem(403, "not_yours", wording.NOT_YOURS)
    return game, viewer


def _initial(sent: GameFields, zone: str, game: Game | None) -> dict[str, Any]:
    """Return the initial values of a game's form that a client sets."""
    if (known := find_zone(zone)) is None:
        raise ApiProblem(422, "bad_plan", UNKNOWN_ZONE, {"zone": UNKNOWN_ZONE})
    given = sent.model_fields_set
    initial: dict[str, Any] = {"zone": known} if "zone" in given else {}
    initial |= {name: getattr(sent, name) for name in ("title", "description") if getattr(sent, name) is not None}
    if sent.starts_at is not None:
        local = sent.starts_at.astimezone(zone_info(known))
        initial |= {"date": local.date(), "time": local.time(), "fold": str(local.fold)}
    if sent.channel_id is not None:
        initial["channel"] = str(sent.channel_id)
    if "template_id" in given:
        initial["template"] = str(sent.template_id or "")
    if sent.announce is not None:
        initial["announce"] = sent.announce
    if sent.announce_at is not None:
        at = sent.announce_at.astimezone(zone_info(known))
        initial |= {"announce": AnnounceWhen.LATER.value, "announce_date": at.date(), "announce_time": at.time()}
    own = {name: getattr(game, name) for name in GAME_SETTINGS} if game is not None else {}
    settings = {name: getattr(sent.settings, name) for name in sent.settings.model_fields_set}
    return initial | (_settings(own | settings, settings) if settings else {})


def _settings(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the initial values of the fields of the settings that a client sets."""
    layer: Any = SimpleNamespace(**{name: values.get(name) for name in GAME_SETTINGS})
    shown = GameSettingsForm.initial_settings(layer)
    named = {field for name in given for field in (name, override_field(name))}
    return {name: value for name, value in shown.items() if name in named}


def _typed(sent: GameFields) -> dict[str, Any]:
    """Return what a client sends as text, as somebody would type it."""
    data: dict[str, Any] = {"participants": "\n".join(sent.participants)} if sent.participants else {}
    host_id = getattr(sent, "host_id", None)
    return data | ({"host": f"<@{host_id}>"} if host_id is not None else {})
