"""Announcing a game that only its hosts saw so far, and undoing a cancellation."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from games.confirmations.change_notices import tell_carried
from games.core import rules
from games.core.base import CLOCK, Actor, Done, changed, locked_game, require, require_manager
from games.core.scheduling import plan_clock, told_at, touch
from games.core.seating import moves, reseat
from games.core.seats import Moves
from games.models import Follow, Game
from games.scheduling import rules as schedule_rules
from games.scheduling import wording as schedule_wording
from games.signups.actions import free_lost_seat
from gamesched.lib.refusal import Refusal, Refused
from notifications.models import Delivery, DeliveryQuerySet, Notification, DeliveryStatus
from notifications.queue import schedule, unschedule

NEWS_SETTLE = timedelta(minutes=2)  # within which a host mends what they notice on the first look
HEARD = (
    Q(status__in=[DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN])
    # Nothing is known of a try that was under way, or that another followed.
    | Q(status=DeliveryStatus.PENDING, attempts__gte=1)
    | Q(status=DeliveryStatus.DROPPED, attempts__gt=1)
)


# --- announcing ------------------------------------------------------------------------------------------


@transaction.atomic
def announce(game_id: int, actor: Actor, now: datetime) -> Done:
    """Announce a draft, or a game that was to be announced later. Raises Refused once its start is past."""
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "announce", now)
    if game.starts_at <= now:
        raise Refused(Refusal("past", schedule_wording.START_PAST))
    make_known(game, actor, now)
    return Done(game, True, schedule_wording.ANNOUNCED)


def announce_planned(game: Game, now: datetime) -> None:
    """The time of announcing has come. Where the start is past, nobody is helped by it: the host is told."""
    if game.starts_at > now:
        make_known(game, CLOCK, now)
        return
    game.announce_at = None
    changed(game, CLOCK, "announced", {"past": True}, now)
    schedule("not_announced", game_id=game.pk, recipient_id=game.host_id, due_at=now, revision=game.revision)


def make_known(game: Game, actor: Actor, now: datetime) -> None:
    """Let players see the game, and tell those whom it concerns. Under the game's lock."""
    game.announced_at, game.announce_at = now, None
    unschedule(["announce"], game.pk, now, "the game is announced")
    changed(game, actor, "announced", {}, now)
    plan_clock(game, now)
    tell_followers(game, now)
    tell_carried(game, now)
    # Whom its hosts put in was not told while nobody else was to know.
    for entry in game.signups.current().filter(put_in=True, user__isnull=False, asked=0):
        facts = {"by": actor.user.pk if actor.user and not actor.operator else game.host_id}
        if entry.user_id not in {game.host_id, facts["by"]}:
            schedule(
                "added", game_id=game.pk, recipient_id=entry.user_id, due_at=now, revision=game.revision, payload=facts
            )


def tell_followers(game: Game, now: datetime) -> None:
    """Plan to tell those who follow the guild, a little later, so that they see what the host mends at once."""
    if game.announced_at is not None and Follow.objects.filter(guild_id=game.guild_id).exists():
        due_at = told_at(game.starts_at, now, NEWS_SETTLE)
        schedule("new_game", game_id=game.pk, due_at=due_at, revision=game.revision, expires_at=game.starts_at)


# --- undoing a cancellation ------------------------------------------------------------------------------


@transaction.atomic
def uncancel(game_id: int, actor: Actor, now: datetime) -> Done:
    """Take a cancellation back: the game is as it was, and whoever heard of the cancellation hears of this.

    Raises Refused ten minutes later, and where the game would be over by now. That it has begun meanwhile is no reason.
    """
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "undo", now)
    cancelled_at = game.cancelled_at
    assert cancelled_at is not None
    if now > cancelled_at + rules.UNDO_FOR:
        raise Refused(Refusal("too_late", schedule_wording.UNDO_TOO_LATE))
    if game.announced_at is not None and game.ends_at <= now:
        raise Refused(Refusal("over", schedule_wording.UNDO_OVER))
    game.cancelled_at, game.cancel_reason = None, ""
    unschedule(["cancelled"], game.pk, now, "the cancellation was undone")
    _plan_again(game, cancelled_at)
    changed(game, actor, "undo", {}, now)
    plan_clock(game, now)
    # Nothing was given or taken, nor anybody's seat freed, while the game was cancelled.
    for user_id in game.signups.current().filter(user__isnull=False).values_list("user_id", flat=True):
        free_lost_seat(game.pk, user_id or 0, now)
    game = locked_game(game_id, actor)
    if moves(game, now) != Moves():
        reseat(game, now)
        touch(game, now)
    told = letters_of(game.pk, cancelled_at).exists() or bool(heard_last(game.pk))
    if told:
        # What is being sent at this moment arrives or not until then.
        due_at = now + settings.NOTIFY_LEASE
        schedule("on_again", game_id=game.pk, due_at=due_at, revision=game.revision)
    return Done(game, True, schedule_wording.undone(told, game.announced_at is None))


def _plan_again(game: Game, cancelled_at: datetime) -> None:
    """Open again what cancelling closed; what is out of date by now is judged when it is due, as always."""
    rows = Notification.objects.filter(game=game)
    closed = rows.filter(closed_at=cancelled_at, dropped=schedule_rules.CANCELLED_WHY)
    for row in closed:
        if not rows.open().filter(kind=row.kind, recipient=row.recipient_id, offset=row.offset).exists():
            row.closed_at, row.dropped = None, ""
            row.save(update_fields=["closed_at", "dropped"])


def letters_of(game_id: int, cancelled_at: datetime) -> DeliveryQuerySet:
    """The letters that tell of this one cancellation."""
    about = {"notification__kind": "cancelled", "notification__facts__at": cancelled_at.isoformat()}
    found: DeliveryQuerySet = Delivery.objects.filter(notification__game=game_id, **about)
    return found


def heard_last(game_id: int) -> set[int]:
    """Who heard that the game is cancelled, and nothing of that since."""
    about = Delivery.objects.filter(notification__game=game_id, notification__kind__in=["cancelled", "on_again"])
    last = dict(about.filter(HEARD).order_by("pk").values_list("recipient_id", "notification__kind"))
    return {person for person, kind in last.items() if kind == "cancelled"}
