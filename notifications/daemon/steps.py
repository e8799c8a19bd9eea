"""notifyd's steps, small and synchronous, which tests call one by one. All use `now` as the current time."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F
from django.urls import get_resolver
from django.utils import translation
from django.utils.translation import gettext

from gamesched.lib import tracing
from gamesched.lib.compiled_query import CompiledQuery, CompiledSets
from guilds.languages import language_of_guild, language_of_person
from guilds.models import Guild
from notifications import policy, shared_messages
from notifications.codes import SkipCode
from notifications.daemon import leases
from notifications.daemon.outcomes import Job as Job
from notifications.daemon.outcomes import SendResult as SendResult
from notifications.daemon.outcomes import close_given_up, record_failure
from notifications.daemon.outcomes import record as record
from notifications.daemon.ways import choose_way, read_devices
from notifications.messages import Device, InternalError, OutgoingMessage
from notifications.models import Delivery, DeliveryMethod, DeliveryStatus, Notification, Preference
from notifications.queue import lock_games
from notifications.types import SharedMessage, Skip, expanded_types, get_message_type, get_post_type, read_ahead

log = logging.getLogger(__name__)

POSTS_AT_A_TIME, EXPANDED_TOGETHER = 4, 10
READ_TOGETHER, KEPT_TIMES = 10_000, 20  # due rows; and for how many times as long as reading them took they are kept
SAME_TRACE = timedelta(minutes=10)
TAKEN_TOGETHER = 20  # messages that are built before their transaction ends, which has their games locked

# By their keys alone, here and of new deliveries: a condition that an index of open or pending rows has too lets
# PostgreSQL read that index, which seems empty to it after a storm and holds all that was done in it.
LOCKED_NOTIFICATIONS = CompiledSets(
    lambda ids: (
        Notification.objects.select_for_update(no_key=True, of=("self",))
        .select_related("game")
        .filter(pk__in=ids)
        .order_by("pk")
    )
)
DELIVERIES = CompiledSets(lambda ids: Delivery.objects.select_related("notification", "recipient").filter(pk__in=ids))
CARRIERS = CompiledSets(
    lambda ids: (
        Delivery.objects.select_related("notification", "recipient")
        .filter(notification__in=ids, sent_with=None)
        .order_by("expires_at", "pk")
    )
)
PREFERENCES = CompiledSets(
    lambda people, guilds: Preference.objects.select_related("user").filter(user__in=people, guild__in=guilds)
)


def release_leases() -> None:
    """Release the leases of the previous sender.

    Only the one sender leases, and its nonces make a repeat harmless, so a killed notifyd delays nothing.
    """
    leased = Notification.objects.open().filter(leased_until__isnull=False)
    leased.update(due_at=F("created_at"), leased_until=None)
    Delivery.objects.filter(status=DeliveryStatus.PENDING).exclude(leased_until=None).update(leased_until=None)


def rehearse(now: datetime) -> None:
    """Read what the latest messages needed, so that the first ones to send wait for nothing to be compiled or planned.

    Changes nothing, and takes no lock that anybody waits for.
    """
    try:
        with transaction.atomic():
            _rehearse(now)
            transaction.set_rollback(True)
    except OperationalError:
        raise
    except Exception:
        log.exception("Could not read in advance what messages need")


def _rehearse(now: datetime) -> None:
    get_resolver().reverse_dict  # noqa: B018  # reads the URL patterns, of which the first address has need
    leases.look()
    leases.due_notifications(now, 0)
    LOCKED_NOTIFICATIONS.all([0])
    lock_games([0])
    rows = Notification.objects.exclude(game=None).order_by("-pk")[: max(DELIVERIES.SIZES)]
    for row in {row.kind: row for row in rows if row.kind in expanded_types()}.values():
        kind = get_message_type(row.kind)
        if kind.recipients_together is not None:  # it locks nothing
            kind.find_recipients([row], now)
    latest = list(Delivery.objects.order_by("-pk").values_list("pk", flat=True)[: max(DELIVERIES.SIZES)])
    for count in DELIVERIES.SIZES:
        deliveries = DELIVERIES.all(latest[:count])
        read_ahead(deliveries, now)
        _preferences(deliveries)
    # Last: a lease forbids sorting until its transaction ends, so what came after it read whole tables in their order.
    leases.lease_posts(now, 0)
    leases.lease_deliveries(now, 0)


class DueRows:
    """The due rows that become deliveries, read once for several turns, since each reading looks at all of them.

    In a storm a turn expands ten and would look at ten thousand. They are locked and judged anew when it is their turn.
    """

    def __init__(self) -> None:
        self._sets: Iterator[dict[int, int | None]] | None = None
        self._kept_until = 0.0

    def sets(self, now: datetime) -> Iterator[dict[int, int | None]]:
        """Yield the keys of rows that one transaction expands, with their games, until all that were read were given.

        What expires earlier, and became due later, waits until they are read again.
        """
        began = time.monotonic()
        kept = self._sets if began <= self._kept_until else None
        together = next(kept, None) if kept is not None else None
        if kept is None or together is None:  # nothing is left of what was read, so what is due since is not waited for
            kept = self._sets = _expanded_together(leases.due_notifications(now, READ_TOGETHER))
            ended = time.monotonic()
            self._kept_until = ended + KEPT_TIMES * (ended - began)
            together = next(kept, None)
        while together is not None:
            yield together
            together = next(kept, None)
        self._sets = None


def create_due_deliveries(now: datetime, until: float = math.inf, due: DueRows | None = None) -> int:
    """Expand due messages into deliveries. Return how many rows it looked at.

    Each in its own transaction, or some together with those of other games. At `until`, by `time.monotonic`, it stops
    after what it is at; the rest is left in `due`.
    """
    done = 0
    for together in (due or DueRows()).sets(now):
        if not _try_to_create_deliveries(together, now) and len(together) > 1:
            for pk, game_id in together.items():
                _try_to_create_deliveries({pk: game_id}, now)
        done += len(together)
        if time.monotonic() > until:
            break
    return done


def take_due_messages(
    now: datetime, free: int, wait: Callable[[], object], since: "datetime | str" = leases.BEGINNING
) -> tuple[int, list[Job]]:
    """Expand the first due rows, lease and build their messages, call `wait`, and commit all that together.

    Return how many rows it expanded, and the jobs of those with few messages; more are leased by `due_messages`.
    Nothing is done if anything fails: then `create_due_deliveries` says which row is broken.
    """
    together = next(_expanded_together(leases.due_notifications(now, EXPANDED_TOGETHER, since)), {})
    if not together:
        return 0, []
    try:
        with transaction.atomic():
            is_leased = _create_deliveries(together, now, min(free, TAKEN_TOGETHER))
            carriers = CARRIERS.all(together) if is_leased else []
            jobs = list(_build_deliveries([row for row in carriers if row.status == DeliveryStatus.PENDING], now))
            wait()
    except OperationalError:
        raise
    except Exception:
        log.exception("Could not take notifications %s together", list(together))
        return 0, []
    return len(together), jobs


def _expanded_together(rows: Iterable[tuple[int, int | None, str]]) -> Iterator[dict[int, int | None]]:
    """Yield the keys of rows that one transaction expands, with their games; several are of different games."""
    together: dict[int, int | None] = {}
    for pk, game_id, kind in rows:
        alone = get_message_type(kind).recipients_together is None
        if together and (alone or game_id in together.values() or len(together) >= EXPANDED_TOGETHER):
            yield together
            together = {}
        together[pk] = game_id
        if alone:
            yield together
            together = {}
    if together:
        yield together


def _try_to_create_deliveries(together: Mapping[int, int | None], now: datetime) -> bool:
    """Expand rows, and return whether that worked; one alone that is broken is set aside."""
    try:
        with transaction.atomic():
            _create_deliveries(together, now)
    except OperationalError:  # the database's error, not the rows'
        raise
    except Exception as reason:
        # One broken row must not stop the rest.
        log.exception("Could not expand notifications %s", list(together))
        if len(together) == 1:
            _postpone(next(iter(together)), now, f"{type(reason).__name__}: {reason}")
        return False
    return True


def _create_deliveries(together: Mapping[int, int | None], now: datetime, lease_up_to: int = 0) -> bool:
    """Expand rows; lease the deliveries at once if they are so few, and return whether they are."""
    lock_games(together.values())
    # Others were moved or closed by an action meanwhile.
    rows = [row for row in LOCKED_NOTIFICATIONS.all(together) if row.closed_at is None and row.due_at <= now]
    current = [row for row in rows if not policy.is_expired(row.expires_at, now)]
    recipients: dict[int, Iterable[int] | Skip] = {row.pk: Skip(SkipCode.EXPIRED) for row in rows}
    for name in {row.kind for row in current}:
        kind = get_message_type(name)
        recipients |= kind.find_recipients([row for row in current if row.kind == name], now)
    plans: list[shared_messages.DeliveryPlan] = []
    closed: dict[Skip | None, list[int]] = {}
    for row in rows:
        found_for_row = recipients[row.pk]
        if isinstance(found_for_row, Skip):
            closed.setdefault(found_for_row, []).append(row.pk)
            continue
        closed.setdefault(None, []).append(row.pk)
        kind, user_ids = get_message_type(row.kind), list(found_for_row)
        plans.append(
            shared_messages.DeliveryPlan(row, user_ids, kind.withheld(row, user_ids, now), kind.is_shared(row))
        )
    is_leased = shared_messages.create_deliveries(plans, now, lease_up_to)
    for skip, keys in closed.items():
        fields = {"skip_code": skip.code, "skip_reason": skip.reason} if skip is not None else {}
        Notification.objects.filter(pk__in=keys).update(closed_at=now, **fields)
    return is_leased


def _postpone(pk: int, now: datetime, reason: str) -> None:
    row = Notification.objects.open().filter(pk=pk).first()
    if row is None:
        return
    row.attempts, row.error, row.leased_until = row.attempts + 1, reason[:300], None
    row.due_at = now + policy.backoff(row.attempts, None)
    if row.attempts >= policy.MAX_ATTEMPTS:
        close_given_up(row, now)
    row.save()


def lease_jobs(now: datetime, limit: int, posts: int | None = None) -> list[Job]:
    """Lease what is due and build it, posts first: a full game's button should not wait behind messages.

    At most `posts` posts, so that messages do not wait behind thousands of them.
    """
    jobs = list(due_posts(now, limit if posts is None else min(limit, posts)))
    return jobs + list(due_messages(now, limit - len(jobs)))


def due_posts(now: datetime, limit: int, until: float = math.inf, requests: float = math.inf) -> Iterator[Job]:
    """Lease posts that are due, and yield each as soon as it is built; about so many of them are `requests`.

    At `until`, by `time.monotonic`, no more are leased: each is read by itself.
    """
    while limit > 0 and (leased := leases.lease_posts(now, min(limit, POSTS_AT_A_TIME), requests > 0)):
        for job in (built for pk in leased if (built := _build_post(pk, now)) is not None):
            requests -= job.message.request is not None
            yield job
        limit -= len(leased)
        if time.monotonic() > until:
            break


def due_messages(now: datetime, limit: int) -> Iterator[Job]:
    """Lease messages that are due, and yield each as soon as it is built; what they need is read together."""
    if limit > 0 and (ids := leases.lease_deliveries(now, limit)):
        leased = {row.pk: row for row in DELIVERIES.all(ids)}
        yield from _build_deliveries([leased[pk] for pk in ids if pk in leased], now)


def _build_deliveries(deliveries: Sequence[Delivery], now: datetime) -> Iterator[Job]:
    """Build leased messages in this order; those not to send are dropped together in the end."""
    try:
        read_ahead(deliveries, now)
    except OperationalError:
        raise
    except Exception:
        log.exception("Could not read together what %d messages need", len(deliveries))
    preferences = _preferences(deliveries)
    by_person = read_devices(deliveries, preferences)
    guilds = _guilds_without_game(deliveries)
    dropped: dict[Skip, list[Delivery]] = {}
    for delivery in deliveries:
        own = by_person.get(delivery.recipient_id, ())
        built = _build_delivery(delivery, preferences.get(delivery.pk), own, guilds, now)
        if isinstance(built, Skip):
            dropped.setdefault(built, []).append(delivery)
        elif built is not None:
            yield built
    for skip, unwanted in dropped.items():
        shared_messages.drop(unwanted, skip)


POST = CompiledQuery(lambda pk: Notification.objects.select_related("game").filter(pk=pk))


def _build_post(pk: int, now: datetime) -> Job | None:
    row = POST.first(pk)
    if row is None:  # deleted meanwhile, with its game
        return None
    kind = get_post_type(row.kind)
    try:
        rendered = kind.build_message(row, now)
        again = kind.next_at(row, now) if isinstance(rendered, Skip) else None
    except Exception as reason:
        log.exception("Could not render post %s", pk)
        _postpone(pk, now, f"{type(reason).__name__}: {reason}")
        return None
    if isinstance(rendered, Skip):
        # Not an error for anyone to fix. A change made meanwhile, such as another channel in place of a deleted one,
        # keeps the row open: closed with it, that change was never posted.
        rows = Notification.objects.open().filter(pk=pk)
        unchanged = rows.filter(post_version=row.post_version, due_at=F("leased_until"))
        done = (
            unchanged.update(closed_at=now, skip_code=rendered.code, skip_reason=rendered.reason, error="")
            if again is None
            else unchanged.update(due_at=again, leased_until=None, attempts=0, first_attempt_at=None, error="")
        )
        if not done:
            rows.update(leased_until=None)
        return None
    return Job(pk, rendered.message, rendered, **_about(row))


def _preferences(deliveries: Iterable[Delivery]) -> dict[int, Preference]:
    """Return the recipients' preferences by delivery, for the guild of each. Takes one query, however many."""
    about = {
        row.pk: (row.recipient_id, guild_id)
        for row in deliveries
        if (guild_id := get_message_type(row.notification.kind).guild(row.notification)) is not None
    }
    people, guilds = ({pair[at] for pair in about.values()} for at in (0, 1))
    by_pair = {(one.user_id, one.guild_id): one for one in PREFERENCES.all(people, guilds)}
    return {pk: by_pair[pair] for pk, pair in about.items() if pair in by_pair}


def _build_delivery(
    delivery: Delivery,
    preference: Preference | None,
    own: Sequence[Device],
    guilds: Mapping[int, Guild],
    now: datetime,
) -> Job | Skip | None:
    choose_way(delivery, preference, own, now)
    try:
        with translation.override(_language_of(delivery, guilds)):
            built = _with_translated_buttons(_build_message(delivery, preference, now))
    except Exception as reason:
        log.exception("Could not render delivery %s", delivery.pk)
        record_failure(delivery, None, InternalError(f"{type(reason).__name__}: {reason}"), now)
        return None
    if isinstance(built, Skip):
        return built
    sender, message = (
        shared_messages.leave_out(delivery, built) if isinstance(built, SharedMessage) else (delivery, built)
    )
    if sender is None or message is None:
        return None
    if message.push is not None:
        message = replace(message, push=replace(message.push, devices=tuple(own)))
    if preference is not None and preference.is_quiet(now):
        message = replace(message, silent=True)
    shared = isinstance(built, SharedMessage)
    return Job(sender.pk, message, shared=shared, **_about(delivery.notification))


def _build_message(
    delivery: Delivery, preference: Preference | None, now: datetime
) -> OutgoingMessage | SharedMessage | Skip:
    notification_type = get_message_type(delivery.notification.kind)
    if policy.is_expired(delivery.expires_at, now):
        return Skip(SkipCode.EXPIRED)
    if notification_type.is_shared(delivery.notification):
        assert notification_type.build_shared is not None, "a shared notification has a message"
        return notification_type.build_shared(delivery, shared_messages.recipient_ids(delivery), now)
    if delivery.recipient.forgotten_at is not None:
        return Skip(SkipCode.FORGOTTEN)
    if preference is not None and preference.method == DeliveryMethod.NONE:
        return Skip(SkipCode.UNWANTED)
    build = notification_type.build_message
    return build(delivery, now) if build is not None else Skip(SkipCode.NO_MESSAGE)


def _with_translated_buttons(built: OutgoingMessage | SharedMessage | Skip) -> OutgoingMessage | SharedMessage | Skip:
    """Return a message with the labels of its buttons, which are constants, in the language of this moment."""
    if isinstance(built, OutgoingMessage) and built.buttons:
        return replace(built, buttons=tuple(replace(one, label=gettext(one.label)) for one in built.buttons))
    return built


def _guilds_without_game(deliveries: Iterable[Delivery]) -> dict[int, Guild]:
    """Return the guilds of messages that are about no game. Takes one query, and none where there are no such."""
    rows = [row.notification for row in deliveries if row.notification.game is None]
    ids = {guild_id for row in rows if (guild_id := get_message_type(row.kind).guild(row)) is not None}
    return Guild.objects.in_bulk(ids) if ids else {}


def _language_of(delivery: Delivery, guilds: Mapping[int, Guild]) -> str:
    """Return the language of a message: its recipient's, or in a channel the guild's."""
    notification_type, row = get_message_type(delivery.notification.kind), delivery.notification
    in_channel = delivery.in_channel or notification_type.is_shared(row)
    if not in_channel and (own := language_of_person(delivery.recipient)):
        return own
    game: Any = row.game
    if game is not None:  # read for all messages of the turn
        return language_of_guild(game.guild)
    guild_id = notification_type.guild(row)
    return language_of_guild(guilds.get(guild_id) if guild_id is not None else None)


def _about(row: Notification) -> dict[str, Any]:
    """Return what a job has of its notification."""
    game: Any = row.game
    guild_id = game.guild_id if game is not None else None
    # What was planned long before, as a reminder, is a trace of its own.
    is_prompt = row.due_at - row.created_at <= SAME_TRACE
    parent = row.payload.get(tracing.PAYLOAD_KEY, "") if is_prompt else ""
    return {"guild_id": guild_id, "kind": row.kind, "parent": parent}


def next_due(posts: bool = True) -> datetime | None:
    """Return when the next row that is not leased just now is due, with or without posts; None if there is none.

    A lease that runs out with its result lost is found when the capped sleep ends, at the latest.
    """
    return leases.look(posts).next_due
