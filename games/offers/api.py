"""Answering the offer of a seat, for programs."""

from datetime import datetime
from typing import Literal

from games.api.base import answers, run_action
from games.api.caller import PLAY, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id, Sent
from games.core.base import ActionResult
from games.core.choices import outdated_refusal
from games.core.seating import offer_number
from games.models import Signup
from games.offers import actions as offers
from gamesched.lib.refusal import Refused


class OfferAnswer(Sent):
    """Whether you take the seat."""

    choice: Literal["take", "pass"]


@router.post("/games/{id:game_id}/offer", auth=PLAY, response=answers(ActionShape))
def answer_offer(request: ApiRequest, game_id: Id, sent: OfferAnswer) -> object:
    """Take the seat that you're offered, or pass."""

    def act(now: datetime) -> ActionResult:
        own = Signup.objects.current().of(request.user).filter(game=game_id, offered_at__isnull=False).first()
        if own is None:
            raise Refused(outdated_refusal())
        return offers.answer_offer(game_id, offer_number(own), sent.choice, actor(request), now)

    return run_action(request, game_id, act)
