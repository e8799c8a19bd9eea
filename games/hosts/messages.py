"""What those who run a game write to the people in it."""

from datetime import datetime, timedelta

from django.db import transaction

from games.core import state_wording, text_rules, wording
from games.core.base import ActionResult, Actor, locked_game, require_manager, require_state
from games.core.kinds import NotificationKind
from games.core.payloads import PlayerMessagePayload
from games.core.queue import notify
from games.core.states import GameAction
from games.core.wording import escape_markdown
from games.hosts import rules as host_rules
from games.hosts import wording as host_wording
from games.hosts.rules import Audience
from games.models import AuditEntry, Game
from games.signups.responses import users_without_response
from gamesched.lib.refusal import Refusal, Refused
from guilds.templatetags.when import when
from notifications.models import Notification

MAX_PER_DAY = 3
DAY = timedelta(days=1)


@transaction.atomic
def message_players(game_id: int, text: str, audience: Audience, actor: Actor, now: datetime) -> ActionResult:
    """Write to those whom `to` names, but the author. Raises Refused, for each field where it can say.

    Who it reaches is asked once more when it is sent.
    """
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require_state(game, GameAction.MESSAGE_PLAYERS, now)
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
    last = AuditEntry.objects.filter(game=game, verb="tell", at__gt=now - DAY).order_by("-at", "-pk")
    times = list(last.values_list("at", flat=True)[:MAX_PER_DAY])
    if len(times) == MAX_PER_DAY:
        raise Refused(Refusal("too_often", host_wording.messaged_too_often(when(times[-1] + DAY, _zone(actor)))))
    rows = Notification.objects.filter(game=game, kind=NotificationKind.PLAYER_MESSAGE).order_by("-pk")
    last_key = rows.values_list("dedupe_key", flat=True).first()
    payload = PlayerMessagePayload(text, audience.value, author)
    notify(game, NotificationKind.PLAYER_MESSAGE, now, dedupe_key=int(last_key or 0) + 1, payload=payload)
    AuditEntry.objects.create(
        guild_id=game.guild_id,
        game=game,
        actor=actor.user,
        door=actor.source,
        verb="tell",
        changes={"text": text, "to": audience.value},
        at=now,
    )
    return ActionResult(game, True, host_wording.message_sent(count))


def can_message_players(game: Game, now: datetime) -> bool:
    """Whether there is still something to say about a game: until a day after it was over.

    Of one that was cancelled before it was announced nobody ever knew.
    """
    return game.announced_at is not None and now - (game.cancelled_at or game.ends_at) <= DAY


def audience_ids(game: Game, audience: Audience, author: int | None, now: datetime) -> list[int]:
    """Whom a message is for."""
    if audience is Audience.UNANSWERED:
        user_ids = users_without_response(game, now)
    else:
        places = {Audience.SEATED: (True,), Audience.WAITING: (False,), Audience.ALL: (True, False)}[audience]
        signups = game.signups.current().filter(user__isnull=False).values_list("user_id", "seated_at")
        user_ids = [pk for pk, seated_at in signups if pk and (seated_at is not None) in places]
    return [pk for pk in user_ids if pk != author]


def audience_counts(game: Game, author: int | None, now: datetime) -> dict[Audience, int]:
    """How many people a message reaches, by whom it is for."""
    return {audience: len(audience_ids(game, audience, author, now)) for audience in Audience}


def _zone(actor: Actor) -> str:
    return actor.user.zone if actor.user else ""
