"""Signing up, answering, and seats, for programs."""

from typing import Literal

from games.api.base import answers, run_action
from games.api.caller import HOST, PLAY, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id, Sent, SentText
from games.models import GameResponse
from games.offers.schedule_conflicts import ConflictPolicy
from games.signups import actions as signups
from games.signups import closing, manual_seating, responses, standby


class Join(Sent):
    """How to sign up; `anyway`: although you host or play another game at that time."""

    standby: bool = False
    anyway: bool = False


JUST_JOIN = Join()


class Answer(Sent):
    """An answer other than joining."""

    kind: Literal[tuple(GameResponse.Kind.values)]  # type: ignore[valid-type]


class Note(Sent):
    """The note beside your name; empty removes it."""

    text: SentText


class Guest(Sent):
    """A guest's name."""

    name: SentText


class Standby(Sent):
    """Whether to wait without wanting a free seat."""

    on: bool


class Move(Sent):
    """By how many places; negative is up."""

    by: Literal[-1, 1]


@router.post("/games/{id:game_id}/join", auth=PLAY, response=answers(ActionShape))
def join(request: ApiRequest, game_id: Id, sent: Join = JUST_JOIN) -> object:
    """Sign up: take a seat, or wait for one."""
    overlap = ConflictPolicy.ANYWAY if sent.anyway else ConflictPolicy.ASK
    return run_action(
        request,
        game_id,
        lambda now: signups.join(game_id, request.user, actor(request), now, on_standby=sent.standby, overlap=overlap),
    )


@router.post("/games/{id:game_id}/leave", auth=PLAY, response=answers(ActionShape))
def leave(request: ApiRequest, game_id: Id) -> object:
    """Leave, or take an answer back."""
    return run_action(request, game_id, lambda now: signups.leave(game_id, request.user, actor(request), now))


@router.post("/games/{id:game_id}/answer", auth=PLAY, response=answers(ActionShape))
def answer(request: ApiRequest, game_id: Id, sent: Answer) -> object:
    """Answer maybe, or that you can't make it."""
    kind = GameResponse.Kind(sent.kind)
    return run_action(request, game_id, lambda now: responses.respond(game_id, request.user, kind, actor(request), now))


@router.put("/games/{id:game_id}/note", auth=PLAY, response=answers(ActionShape))
def set_note(request: ApiRequest, game_id: Id, sent: Note) -> object:
    """Set or remove the note beside your name."""
    return run_action(
        request, game_id, lambda now: responses.set_note(game_id, request.user, sent.text, actor(request), now)
    )


@router.put("/games/{id:game_id}/guest", auth=PLAY, response=answers(ActionShape))
def bring_guest(request: ApiRequest, game_id: Id, sent: Guest) -> object:
    """Bring a guest."""
    return run_action(
        request, game_id, lambda now: responses.add_guest(game_id, request.user, sent.name, actor(request), now)
    )


@router.delete("/games/{id:game_id}/guest", auth=PLAY, response=answers(ActionShape))
def remove_guest(request: ApiRequest, game_id: Id) -> object:
    """Come without your guest."""
    return run_action(request, game_id, lambda now: responses.remove_guest(game_id, request.user, actor(request), now))


@router.put("/games/{id:game_id}/standby", auth=PLAY, response=answers(ActionShape))
def set_standby(request: ApiRequest, game_id: Id, sent: Standby) -> object:
    """Wait without wanting a free seat, or want one again."""
    return run_action(
        request, game_id, lambda now: standby.set_standby(game_id, request.user, sent.on, actor(request), now)
    )


@router.delete("/games/{id:game_id}/signups/{id:signup_id}", auth=HOST, response=answers(ActionShape))
def remove(request: ApiRequest, game_id: Id, signup_id: Id, reason: SentText = "") -> object:
    """Take somebody out; they read the reason."""
    return run_action(
        request, game_id, lambda now: signups.remove_signup(game_id, signup_id, actor(request), now, reason)
    )


@router.post("/games/{id:game_id}/signups/{id:signup_id}/seat", auth=HOST, response=answers(ActionShape))
def give_seat(request: ApiRequest, game_id: Id, signup_id: Id) -> object:
    """Give a seat to somebody who waits."""
    return run_action(request, game_id, lambda now: manual_seating.give_seat(game_id, signup_id, actor(request), now))


@router.post("/games/{id:game_id}/signups/{id:signup_id}/bench", auth=HOST, response=answers(ActionShape))
def bench(request: ApiRequest, game_id: Id, signup_id: Id) -> object:
    """Move somebody from their seat to the wait list."""
    return run_action(
        request, game_id, lambda now: manual_seating.move_to_wait_list(game_id, signup_id, actor(request), now)
    )


@router.post("/games/{id:game_id}/signups/{id:signup_id}/move", auth=HOST, response=answers(ActionShape))
def move(request: ApiRequest, game_id: Id, signup_id: Id, sent: Move) -> object:
    """Move somebody in their list."""
    return run_action(
        request, game_id, lambda now: manual_seating.reorder(game_id, signup_id, sent.by, actor(request), now)
    )


@router.post("/games/{id:game_id}/close", auth=HOST, response=answers(ActionShape))
def close(request: ApiRequest, game_id: Id) -> object:
    """Close the sign-ups."""
    return run_action(request, game_id, lambda now: closing.close_signups(game_id, actor(request), now))


@router.post("/games/{id:game_id}/reopen", auth=HOST, response=answers(ActionShape))
def reopen(request: ApiRequest, game_id: Id) -> object:
    """Open the sign-ups again."""
    return run_action(request, game_id, lambda now: closing.reopen_signups(game_id, actor(request), now))
