"""What those who run a game write to the people in it."""

from datetime import datetime, timedelta

from django.db import transaction

from games.core import state_wording, text_rules, wording
from games.core.base import Actor, Done, locked_game, require, require_manager
from games.core.wording import plain
from games.hosts import rules as host_rules
from games.hosts import wording as host_wording
from games.hosts.rules import To
from games.models import AuditEntry, Game
from games.signups.responses import unanswered
from gamesched.lib.refusal import Refusal, Refused
from guilds.templatetags.when import when
from notifications.models import Notification
from notifications.queue import schedule

PER_DAY = 3
DAY = timedelta(days=1)


@transaction.atomic
def tell(game_id: int, text: str, to: To, actor: Actor, now: datetime) -> Done:
    """Write to those whom `to` names, but the author. Raises Refused, for each field where it can say.

    Who it reaches is asked once more when it is sent.
    """
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "tell", now)
    if not may_be_told(game, now):
        hidden = game.announced_at is None
        raise Refused(Refusal("over", state_wording.NOBODY_TO_TELL if hidden else host_wording.TOLD_TOO_LATE))
    text = text_rules.tidy_lines(text)
    if wrong := host_rules.check_told(text, wording.quoted(plain(text))):
        raise Refused(Refusal("bad_text", wrong, {"text": wrong}))
    author = actor.user.pk if actor.user else None
    count = len(meant(game, to, author, now))
    if not count:
        raise Refused(Refusal("nobody", host_wording.NOBODY_TO_TELL, {"to": host_wording.NOBODY_TO_TELL}))
    last = AuditEntry.objects.filter(game=game, verb="tell", at__gt=now - DAY).order_by("-at", "-pk")
    times = list(last.values_list("at", flat=True)[:PER_DAY])
    if len(times) == PER_DAY:
        raise Refused(Refusal("too_often", host_wording.told_too_often(when(times[-1] + DAY, _zone(actor)))))
    before = Notification.objects.filter(game=game, kind="told").order_by("-offset").values_list("offset", flat=True)
    schedule(
        "told",
        game_id=game.pk,
        dedupe_key=(before.first() or 0) + 1,
        due_at=now,
        revision=game.revision,
        payload={"text": text, "to": to.value, "by": author},
    )
    AuditEntry.objects.create(
        guild_id=game.guild_id,
        game=game,
        actor=actor.user,
        door=actor.door,
        verb="tell",
        changes={"text": text, "to": to.value},
        at=now,
    )
    return Done(game, True, host_wording.telling(count))


def may_be_told(game: Game, now: datetime) -> bool:
    """Whether there is still something to say about a game: until a day after it was over.

    Of one that was cancelled before it was announced nobody ever knew.
    """
    return game.announced_at is not None and now - (game.cancelled_at or game.ends_at) <= DAY


def meant(game: Game, to: To, author: int | None, now: datetime) -> list[int]:
    """Whom a message is for."""
    if to is To.UNANSWERED:
        found = unanswered(game, now)
    else:
        places = {To.SEATED: (True,), To.WAITING: (False,), To.ALL: (True, False)}[to]
        signups = game.signups.current().filter(user__isnull=False).values_list("user_id", "seated_at")
        found = [pk for pk, seated_at in signups if pk and (seated_at is not None) in places]
    return [pk for pk in found if pk != author]


def counts(game: Game, author: int | None, now: datetime) -> dict[To, int]:
    """How many people a message reaches, by whom it is for."""
    return {to: len(meant(game, to, author, now)) for to in To}


def _zone(actor: Actor) -> str:
    return actor.user.zone if actor.user else ""
