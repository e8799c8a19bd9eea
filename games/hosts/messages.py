"""Messages from a game's hosts and managers to its players."""

from datetime import datetime, timedelta

from django.db import transaction

from games.core import state_wording, text_rules, wording
from games.core.base import ActionResult, Actor, managed_game, record
from games.core.codes import AuditAction, NotificationKind
from games.core.escaping import escape_markdown
from games.core.payloads import PlayerMessagePayload
from games.core.queue import notify
from games.core.roster import GamePeople, load_people
from games.core.states import GameAction
from games.hosts import rules as host_rules
from games.hosts import wording as host_wording
from games.hosts.rules import Audience
from games.models import Game
from games.signups.responses import users_without_response
from gamesched.lib.refusal import Refusal, Refused
from guilds.templatetags.zoned_times import when
from notifications.models import Notification

MAX_PER_DAY = 3
DAY = timedelta(days=1)


@transaction.atomic
def message_players(game_id: int, text: str, audience: Audience, actor: Actor, now: datetime) -> ActionResult:
    """Send a message to the people of an audience, except its author.

    Raises Refused, with a sentence for each field where possible. The recipients are determined again when it
    is sent.
    """
    game, _ = managed_game(GameAction.MESSAGE_PLAYERS, game_id, actor, now)
    if not can_message_players(game, now):
        hidden = game.announced_at is None
        raise Refused(Refusal("over", state_wording.NOBODY_TO_TELL if hidden else host_wording.MESSAGE_TOO_LATE))
    text = text_rules.tidy_lines(text)
    if problem := host_rules.check_player_message(text, wording.quote(escape_markdown(text))):
        raise Refused(Refusal("bad_text", problem, {"text": problem}))
    author = actor.user.pk if actor.user else None
    count = len(audience_ids(game, audience, author, now))
    if not count:
        raise Refused(Refusal("nobody", host_wording.NO_MESSAGE_RECIPIENTS, {"to": host_wording.NO_MESSAGE_RECIPIENTS}))
    recent_times = [at for at in game.player_messages_at if at > now - DAY]
    if len(recent_times) >= MAX_PER_DAY:
        next_at = recent_times[-MAX_PER_DAY] + DAY
        raise Refused(Refusal("too_often", host_wording.messaged_too_often(when(next_at, _zone(actor)))))
    rows = Notification.objects.filter(game=game, kind=NotificationKind.PLAYER_MESSAGE).order_by("-pk")
    last_key = rows.values_list("dedupe_key", flat=True).first()
    payload = PlayerMessagePayload(text, audience.value, author)
    notify(game, NotificationKind.PLAYER_MESSAGE, now, dedupe_key=int(last_key or 0) + 1, payload=payload)
    game.player_messages_at = [*recent_times, now]
    game.save(update_fields=["player_messages_at"])
    record(game, actor, AuditAction.MESSAGE_PLAYERS, {"text": text, "to": audience.value}, now)
    return ActionResult(game, True, host_wording.message_sent(count))


def can_message_players(game: Game, now: datetime) -> bool:
    """Return whether players can still be messaged: until a day after the game was over.

    A game cancelled before it was announced was never seen by players.
    """
    return game.announced_at is not None and now - (game.cancelled_at or game.ends_at) <= DAY


def audience_ids(
    game: Game, audience: Audience, author: int | None, now: datetime, people: GamePeople | None = None
) -> list[int]:
    """Return the user ids of an audience, without the author's."""
    people = people or load_people(game)
    if audience is Audience.UNANSWERED:
        user_ids = users_without_response(game, now, people)
    else:
        places = {Audience.SEATED: (True,), Audience.WAITING: (False,), Audience.ALL: (True, False)}[audience]
        user_ids = [one.user_id for one in people.signups if one.user_id and (one.seated_at is not None) in places]
    return [pk for pk in user_ids if pk != author]


def audience_counts(
    game: Game, author: int | None, now: datetime, people: GamePeople | None = None
) -> dict[Audience, int]:
    """Return how many people a message to each audience reaches."""
    people = people or load_people(game)
    return {audience: len(audience_ids(game, audience, author, now, people)) for audience in Audience}


def _zone(actor: Actor) -> str:
    return actor.user.zone if actor.user else ""
