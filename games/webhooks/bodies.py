"""What a webhook is sent, by the shapes of the API. Loaded with the first event that one wants to know."""

import json
from datetime import datetime
from typing import Any

from ninja import Schema

from games.api.shapes import Id, PersonShape, PublicGame, person_shape, public_game
from games.models import TEST_EVENT, Game, Signup
from games.webhooks.rules import BODY_MAX
from guilds.display_names import display_names
from guilds.names import without_isolates


class EventSignup(Schema):
    """The sign-up that an event is about, as it is by now."""

    id: Id
    person: PersonShape | None
    name: str
    seated: bool
    standby: bool
    left: bool
    guest_of: Id | None


class EventBody(Schema):
    """What happened, and the game as it is by now. `id` stays the same over all attempts."""

    id: str
    type: str
    at: datetime
    guild_id: Id
    game: PublicGame | None
    signup: EventSignup | None
    signups_left_out: bool


def event_body(event_id: str, event: str, game: Game, signup_id: int | None, at: datetime, now: datetime) -> str:
    """Return the body about an event; of a game too large for it, without its sign-ups."""
    shown = public_game(game, now)
    signup = Signup.objects.select_related("guest_of").filter(pk=signup_id, game=game).first() if signup_id else None
    body: dict[str, Any] = {
        "id": event_id,
        "type": event,
        "at": at,
        "guild_id": game.guild_id,
        "signup": _signup_shape(signup, game.guild_id) if signup is not None else None,
    }
    text = _text(EventBody(**body, game=shown, signups_left_out=False))
    if len(text.encode()) > BODY_MAX:
        text = _text(EventBody(**body, game=shown.model_copy(update={"signups": []}), signups_left_out=True))
    return text


def test_body(event_id: str, guild_id: int, at: datetime) -> str:
    """Return the body of a request that only shows whether it arrives."""
    body = EventBody(
        id=event_id, type=TEST_EVENT, at=at, guild_id=guild_id, game=None, signup=None, signups_left_out=False
    )
    return _text(body)


def _text(body: EventBody) -> str:
    return json.dumps(body.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def _signup_shape(signup: Signup, guild_id: int) -> EventSignup:
    names = display_names(guild_id, [signup.user_id]) if signup.user_id else {}
    return EventSignup(
        id=signup.pk,
        person=person_shape(signup.user_id, names) if signup.user_id else None,
        name=without_isolates(names[signup.user_id].text if signup.user_id else signup.guest_name),
        seated=signup.seated_at is not None and signup.left_at is None,
        standby=signup.on_standby,
        left=signup.left_at is not None,
        guest_of=signup.guest_of.user_id if signup.guest_of is not None else None,
    )
