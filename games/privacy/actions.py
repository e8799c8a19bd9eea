"""Forgetting a person: one transaction that leaves nothing of theirs but what the privacy page says."""

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import F, Func, Q, Value

from games.core.audit_people import stored_person
from games.core.codes import AuditAction, NotificationKind
from games.core.notification_schedule import bump_post_version
from games.core.payloads import DroppedOutPayload, HostLeftPayload
from games.core.queue import notify
from games.core.seating import assign_seats
from games.hosts.actions import close_hand_over
from games.models import (
    ApiToken,
    AuditEntry,
    CalendarFeed,
    Follow,
    Game,
    GameCompanion,
    GameEdit,
    GameImport,
    GameResponse,
    PersonNote,
    RequestStatus,
    Series,
    SeriesPlayer,
    Signup,
    Webhook,
    WebhookRequest,
)
from games.polls.actions import forget_in_polls
from games.privacy import wording
from games.privacy.traces import edits_naming, entries_about, games_to_come, games_with
from gamesched.lib.refusal import Refusal, Refused
from guilds.forgetting import SOMEBODY_USERNAME, forget_account, names_of, somebody
from guilds.models import SOMEBODY_NAME, Block, Member, User
from guilds.personal_data import KEPT_AFTER_LEAVING
from guilds.signals import person_forgotten
from notifications.forgetting import BeingSent, forget_messages, with_other_id
from notifications.models import Notification

log = logging.getLogger(__name__)

ANYBODY = Q()
PATIENCE = 3.0  # seconds for which a message on its way is waited for
TRIED_EVERY = 0.2  # seconds
ROW_KEPT = timedelta(hours=1)  # how long the emptied row stays, for what others were writing meanwhile
PURGED_AT_ONCE = 100  # people forgotten in one run of the daily task
# What stands in the audit log in place of what was typed: a guest's name, a message, a word, why somebody is blocked.
TYPED = {"name": SOMEBODY_NAME, "text": "", "word": "", "reason": ""}
TYPED_ACTIONS = {
    *(AuditAction.ADD_GUEST, AuditAction.REMOVE_GUEST, AuditAction.MESSAGE_PLAYERS, AuditAction.REMOVE),
    *(AuditAction.BLOCK, AuditAction.CREATE_PROGRAM, AuditAction.DELETE_PROGRAM),
}


class _NewGame(Exception):
    """Somebody else put the person into a game before it was locked."""


@dataclass(frozen=True)
class Prospect:
    """What forgetting somebody will do, for the page that asks whether to."""

    handed_over: tuple[Game, ...]  # games to come that they host
    deleted: tuple[Game, ...]  # drafts of theirs alone
    left: tuple[Game, ...]  # games to come in which they have a seat or wait
    past_games: int
    blocks: int

    @property
    def counts(self) -> dict[str, int]:
        """Return how many of each."""
        handed_over, deleted, left = len(self.handed_over), len(self.deleted), len(self.left)
        values = (handed_over, deleted, left, self.past_games, self.blocks)
        return dict(zip(wording.COUNTS, values, strict=True))


def prospect(user: User, now: datetime) -> Prospect:
    """Return what forgetting a person would do now."""
    hosted = list(Game.objects.filter(host=user, cancelled_at=None, ends_at__gt=now).order_by("starts_at", "pk"))
    deleted = tuple(game for game in hosted if _is_theirs_alone(game))
    to_come = games_to_come(user, now).filter(signups__in=Signup.objects.current().of(user)).exclude(host=user)
    past = Q(host=user) | Q(signups__user=user)
    return Prospect(
        handed_over=tuple(game for game in hosted if game not in deleted),
        deleted=deleted,
        left=tuple(to_come.filter(starts_at__gt=now).order_by("starts_at", "pk")),
        past_games=Game.objects.filter(past, ends_at__lte=now).distinct().count(),
        blocks=Block.objects.filter(user=user).count(),
    )


def forget_person(user_id: int, now: datetime, only: Q = ANYBODY) -> None:
    """Forget a person, so that nothing is sent to them after. Doing it again changes nothing.

    `only`: what must still be so of them. Raises Refused for nobody, for operators, and while a message to them stays
    on its way.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return _forget(user_id, now, only)
        except (BeingSent, _NewGame) as reason:
            if time.monotonic() > until:
                raise Refused(Refusal("being_sent", wording.BEING_SENT)) from reason
        except OperationalError:
            # A deadlock is possible with whoever has a game and writes a row about this person, such as their host.
            if time.monotonic() > until:
                raise
        time.sleep(TRIED_EVERY)


@transaction.atomic
def _forget(user_id: int, now: datetime, only: Q) -> None:
    user = User.objects.filter(pk=user_id).exclude(username=SOMEBODY_USERNAME).first()
    if user is None:
        raise Refused(Refusal("unknown", wording.UNKNOWN_PERSON))
    if user.is_superuser or user.is_staff:
        raise Refused(Refusal("operator", wording.OPERATORS_STAY))
    other = somebody(now)
    # Before the person: who has a series is about to lock people and games.
    list(Series.objects.select_for_update(no_key=True).filter(host=user).order_by("pk").values_list("pk"))
    # Joining and scheduling lock the person too, so what they were doing is there to be read.
    if not User.objects.select_for_update(no_key=True).filter(only, pk=user_id):
        raise Refused(Refusal("unknown", wording.UNKNOWN_PERSON))
    ids = games_with(user, now)
    games = list(
        Game.objects.with_guild_and_channel()
        .select_for_update(no_key=True, of=("self",))
        .filter(pk__in=ids)
        .order_by("pk")
    )
    if games_with(user, now) - ids:
        raise _NewGame
    _leave_games(user, other, games, now)
    _forget_in_companions(user, now)
    forget_in_polls(user, other, now)
    forget_messages(user, other, now)
    _delete_own_messages(other)
    Follow.objects.filter(user=user).delete()
    PersonNote.objects.filter(user=user).delete()
    CalendarFeed.objects.filter(user=user).delete()
    ApiToken.objects.filter(user=user).delete()
    _forget_in_webhooks(user)
    GameImport.objects.filter(user=user, imported_at=None).delete()
    GameImport.objects.filter(user=user).update(user=None)
    SeriesPlayer.objects.filter(user=user).delete()
    Series.objects.filter(host=user).update(host=None)
    _rename_in_audit(user, other)
    names = names_of(user)
    forget_account(user, names, now)
    person_forgotten.send(User, user_id=user_id, names=names)


def _forget_in_webhooks(user: User) -> None:
    """Empty what webhooks were sent that names a person; what waits is not sent."""
    Webhook.objects.filter(created_by=user).update(created_by=None)
    naming = WebhookRequest.objects.filter(body__contains=f'"{user.pk}"')
    naming.filter(status=RequestStatus.PENDING).update(status=RequestStatus.DROPPED)
    naming.update(body="", answer="")


def _is_theirs_alone(game: Game) -> bool:
    """Return whether nobody else runs or sees a game: it is not announced and has no co-host."""
    return game.announced_at is None and not game.cohost_ids


# --- games -----------------------------------------------------------------------------------------------


def _leave_games(user: User, other: User, games: Collection[Game], now: datetime) -> None:
    """Take a person out of games that are locked: as host, co-host and player. Their posts are built again."""
    involved = _games_showing(user)
    Game.cohosts.through._default_manager.filter(user=user).delete()
    GameResponse.objects.filter(user=user).delete()
    for game in games:
        hosts, to_come = game.host_id == user.pk, game.cancelled_at is None and game.ends_at > now
        if hosts and to_come and _is_theirs_alone(game):
            game.delete()
            continue
        if hosts:
            _give_up_hosting(game, other, now)
        if game.next_host_id == user.pk:
            close_hand_over(game, now)
            game.save(update_fields=["next_host"])
        if game.carried_by_id == user.pk:
            game.carried_by = other
            game.save(update_fields=["carried_by"])
        if game.announced_by_id == user.pk:
            game.announced_by = other
            game.save(update_fields=["announced_by"])
        if game.pk in involved:
            _leave_seat(game, user, other, now)
            bump_post_version(game, now)
    of_them = Signup.objects.filter(user=user)
    Signup.objects.filter(guest_of__in=of_them).update(placeholder=SOMEBODY_NAME)
    of_them.update(user=None, placeholder=SOMEBODY_NAME, note="")


def _games_showing(user: User) -> set[int]:
    """Return the ids of the games whose pages and posts name a person."""
    seats = Signup.objects.current().filter(Q(user=user) | Q(guest_of__user=user)).values("game")
    responses = GameResponse.objects.filter(user=user).values("game")
    shown = Game.objects.filter(Q(host=user) | Q(pk__in=seats) | Q(pk__in=responses))
    return set(shown.values_list("pk", flat=True))


def _give_up_hosting(game: Game, other: User, now: datetime) -> None:
    """Leave a game without a host. Co-hosts and managers are asked to take over one to come, as after a host left."""
    game.host = other
    game.save(update_fields=["host"])
    if game.cancelled_at is None and game.ends_at > now:
        notify(game, NotificationKind.HOST_LEFT, now, payload=HostLeftPayload(other.pk), expires_at=game.ends_at)


def _leave_seat(game: Game, user: User, other: User, now: datetime) -> None:
    """Give the seat in a game to come to others. Whoever hosts hears of a seat that they had given."""
    signup = game.signups.current().of(user).first()
    if signup is None or game.cancelled_at is not None or game.starts_at <= now:
        return
    signup.left_at, signup.seated_at = now, None
    signup.save(update_fields=["left_at", "seated_at"])
    assign_seats(game, now)
    if signup.added_by_other and game.host_id != other.pk:
        notify(
            game,
            NotificationKind.DROPPED_OUT,
            now,
            to=game.host_id,
            dedupe_key=f"signup-{signup.pk}",
            payload=DroppedOutPayload(other.pk),
            expires_at=game.starts_at,
        )


def _forget_in_companions(user: User, now: datetime) -> None:
    """Forget whom we put into what stands in Discord for past games; notifyd takes them out of the others first."""
    without = {name: Func(F(name), Value(user.pk), function="array_remove") for name in ("member_ids", "touched_ids")}
    companions = GameCompanion.objects.filter(Q(member_ids__contains=[user.pk]) | Q(touched_ids__contains=[user.pk]))
    is_over = Q(game__ends_at__lte=now) | Q(game__cancelled_at__isnull=False) | Q(discord_id=None)
    companions.filter(is_over).update(**without)
    companions.update(member_ids=without["member_ids"])


# --- messages and the audit log --------------------------------------------------------------------------


def _delete_own_messages(other: User) -> None:
    """Delete what a person wrote to the players of their games, which names somebody as its author by now."""
    Notification.objects.filter(kind=NotificationKind.PLAYER_MESSAGE, payload__by=other.pk).delete()


def _rename_in_audit(user: User, other: User) -> None:
    """Put somebody in a person's place in the audit log. What they typed goes, and what was typed to or about them."""
    entries_about(user).filter(action=AuditAction.NOTE).delete()
    entries = list(entries_about(user))
    for entry in entries:
        if entry.actor_id == user.pk or stored_person(user.pk) in (entry.changes.get("for"), entry.changes.get("of")):
            typed = TYPED if entry.action in TYPED_ACTIONS else {}
            entry.changes = {key: typed.get(key, value) for key, value in entry.changes.items()}
        if entry.actor_id == user.pk:
            entry.actor = other
        entry.changes = with_other_id(entry.changes, user.pk, other.pk)
    AuditEntry.objects.bulk_update(entries, ["actor", "changes"], batch_size=500)
    edits = list(edits_naming(user))
    for edit in edits:
        edit.previous = with_other_id(edit.previous, user.pk, other.pk)
    GameEdit.objects.bulk_update(edits, ["previous"], batch_size=500)


# --- by the clock ----------------------------------------------------------------------------------------


def forget_departed(now: datetime) -> int:
    """Forget people who left the last server with the bot long enough ago; return how many."""
    before = now - KEPT_AFTER_LEAVING
    recent = Member.objects.filter(Q(left_at=None) | Q(left_at__gte=before)).values("user")
    people = User.objects.filter(forgotten_at=None, is_superuser=False, is_staff=False, date_joined__lt=before)
    people = people.exclude(username=SOMEBODY_USERNAME).exclude(last_login__gte=before).exclude(pk__in=recent)
    ids = list(people.order_by("pk").values_list("pk", flat=True)[:PURGED_AT_ONCE])
    return sum(_forget_quietly(pk, now, ~Q(memberships__in=Member.objects.filter(left_at=None))) for pk in ids)


def delete_forgotten_rows(now: datetime) -> int:
    """Delete the emptied rows of people who were forgotten and did not come back; a block keeps its row.

    What was written about them in the moment of forgetting is forgotten first. A row that refers to them waits for
    no lock: PostgreSQL checks our foreign keys when a transaction ends.
    """
    rows = User.objects.filter(forgotten_at__lt=now - ROW_KEPT).exclude(username=SOMEBODY_USERNAME)
    rows = rows.exclude(pk__in=Block.objects.values("user"))
    count = 0
    for user in rows.order_by("pk")[:PURGED_AT_ONCE]:
        if _forget_quietly(user.pk, now, Q(forgotten_at=user.forgotten_at)):
            count += User.objects.filter(pk=user.pk, forgotten_at=now).delete()[0] > 0
    return count


def _forget_quietly(user_id: int, now: datetime, only: Q) -> bool:
    try:
        forget_person(user_id, now, only)
    except Refused as refused:
        log.info("Someone stays until tomorrow: %s", refused.refusal.code)
        return False
    return True
