"""Saying whether one can still come, for programs."""

from typing import Literal

from games.api.base import answers, run_action
from games.api.caller import PLAY, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id, Sent
from games.confirmations import actions as confirmations


class ConfirmationAnswer(Sent):
    """Whether you can still come."""

    choice: Literal["yes", "no"]


@router.post("/games/{id:game_id}/confirm", auth=PLAY, response=answers(ActionShape))
def confirm(request: ApiRequest, game_id: Id, sent: ConfirmationAnswer) -> object:
    """Say whether you can still come, where you're asked."""
    return run_action(
        request,
        game_id,
        lambda now: confirmations.answer_open_confirmation(game_id, sent.choice, actor(request), now),
    )
