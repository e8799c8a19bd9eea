"""What notifyd does, in small synchronous steps that tests call one by one. All are judged by `now`."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from guilds.directory import upsert
from guilds.models import User
from notifications import policy
from notifications.heartbeat import SPEAKER
from notifications.messages import Broken, Letter, NotYet, Passing, Permanent, Sent
from notifications.models import Delivery, Heartbeat, How, Notification, Preference, Status, new_nonce
from notifications.queue import lock_game
from notifications.types import Drop, Rendered, letter_kind, letter_kinds, post_kind, post_kinds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One letter to send now: for a delivery, or (with the revision it shows) for a post."""

    pk: int
    letter: Letter
    rendered: Rendered | None = None
    guild_id: int | None = None

    @property
    def may_be_there(self) -> bool:
        """Whether it makes a post that an earlier try may have made already, showing the game as it was then."""
        return self.letter.post is not None and self.letter.message_id is None and self.letter.tried_at is not None


Outcome = Sent | Passing | Permanent

# After downtime, what would be useless first goes first.
SOONEST = F("useless_after").asc(nulls_last=True)
OTHERS_CHANNEL = {Permanent.UNKNOWN_CHANNEL, Permanent.MISSING_PERMISSION}


def take_over() -> None:
    """Forget the leases of whoever spoke before.

    Only the one speaker leases, and its nonces make a repeat harmless, so a killed notifyd delays nothing.
    """
    Notification.objects.open().exclude(leased_until=None).update(due_at=F("created_at"), leased_until=None)
    Delivery.objects.filter(status=Status.PENDING).exclude(leased_until=None).update(leased_until=None)


def expand_due(now: datetime, limit: int = 200) -> int:
    """Turn due letters into deliveries, each in a transaction of its own. Says how many rows it looked at."""
    due = Notification.objects.sayable().filter(kind__in=letter_kinds(), due_at__lte=now)
    found = list(due.order_by(SOONEST, "due_at", "pk").values_list("pk", "game_id")[:limit])
    for pk, game_id in found:
        try:
            _expand(pk, game_id, now)
        except OperationalError:  # the database's fault and not the row's
            raise
        except Exception as reason:
            # One poisoned row must not silence the rest.
            log.exception("Notification %s could not be expanded", pk)
            _set_aside(pk, now, f"{type(reason).__name__}: {reason}")
    return len(found)


@transaction.atomic
def _expand(pk: int, game_id: int | None, now: datetime) -> None:
    lock_game(game_id)
    rows = Notification.objects.open().select_for_update(no_key=True, of=("self",)).select_related("game")
    row = rows.filter(pk=pk, due_at__lte=now).first()
    if row is None:  # moved or closed by a verb meanwhile
        return
    meant = (
        Drop(policy.TOO_LATE) if policy.is_useless(row.useless_after, now) else letter_kind(row.kind).expand(row, now)
    )
    if isinstance(meant, Drop):
        row.dropped = meant.reason
    else:
        Delivery.objects.bulk_create(
            [
                Delivery(notification=row, recipient_id=user_id, next_try_at=now, useless_after=row.useless_after)
                for user_id in meant
            ]
        )
    row.closed_at = now
    row.save(update_fields=["closed_at", "dropped"])


def _set_aside(pk: int, now: datetime, why: str) -> None:
    row = Notification.objects.open().filter(pk=pk).first()
    if row is None:
        return
    row.attempts += 1
    row.error = why[:300]
    row.leased_until = None
    row.due_at = now + policy.backoff(row.attempts, None)
    if row.attempts >= policy.MAX_ATTEMPTS:
        row.closed_at, row.dropped = now, f"gave up after {row.attempts} tries"
    row.save()


def take_jobs(now: datetime, limit: int, posts: int | None = None) -> list[Job]:
    """Lease what is due and render it, posts first: a full game's button should not wait behind letters.

    So many `posts` at most, for letters not to wait behind thousands of them.
    """
    leased_posts = _lease_posts(now, limit if posts is None else min(limit, posts))
    jobs = [job for pk in leased_posts if (job := _render_post(pk, now))]
    left = limit - len(jobs)
    ids = _lease_deliveries(now, left)
    leased = Delivery.objects.select_related("notification__game", "recipient").in_bulk(ids)
    choices = _choices(leased.values())
    # In the order of the lease: what would be useless first goes first.
    there = [leased[pk] for pk in ids if pk in leased]
    return jobs + [job for one in there if (job := _render_delivery(one, choices.get(one.pk), now))]


@transaction.atomic
def _lease_posts(now: datetime, limit: int) -> list[int]:
    rows = Notification.objects.sayable().filter(kind__in=post_kinds(), due_at__lte=now)
    found = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now)).order_by("due_at", "pk")
    ids = _locked_ids(found, limit)
    # due_at moves to the lease's end, so that a change made during the edit sets the time of the next one.
    until = now + settings.NOTIFY_LEASE
    Notification.objects.filter(pk__in=ids).update(leased_until=until, due_at=until, **_one_more_try(now))
    return ids


@transaction.atomic
def _lease_deliveries(now: datetime, limit: int) -> list[int]:
    rows = Delivery.objects.sayable().filter(next_try_at__lte=now)
    found = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now)).order_by(SOONEST, "next_try_at", "pk")
    ids = _locked_ids(found, limit)
    Delivery.objects.filter(pk__in=ids).update(leased_until=now + settings.NOTIFY_LEASE, **_one_more_try(now))
    return ids


def _locked_ids(rows: "models.QuerySet[Any]", limit: int) -> list[int]:
    return list(
        rows.select_for_update(skip_locked=True, no_key=True, of=("self",)).values_list("pk", flat=True)[:limit]
    )


def _one_more_try(now: datetime) -> dict[str, Any]:
    return {
        "attempts": F("attempts") + 1,
        "first_tried_at": Coalesce("first_tried_at", now, output_field=models.DateTimeField()),
    }


def _render_post(pk: int, now: datetime) -> Job | None:
    row = Notification.objects.select_related("game").get(pk=pk)
    try:
        rendered = post_kind(row.kind).render(row, now)
    except Exception as reason:
        log.exception("Post %s could not be rendered", pk)
        _set_aside(pk, now, f"{type(reason).__name__}: {reason}")
        return None
    if isinstance(rendered, Drop):
        # Not an error that somebody should mend.
        Notification.objects.open().filter(pk=pk).update(closed_at=now, dropped=rendered.reason, error="")
        return None
    return Job(pk, rendered.letter, rendered, _guild_id(row))


def _choices(deliveries: Iterable[Delivery]) -> dict[int, Preference]:
    """What the recipients chose, by delivery, in the guild that each is about. One query, however many."""
    about = {
        one.pk: (one.recipient_id, guild_id)
        for one in deliveries
        if (guild_id := letter_kind(one.notification.kind).guild(one.notification)) is not None
    }
    people, guilds = ({pair[at] for pair in about.values()} for at in (0, 1))
    found = Preference.objects.select_related("user").filter(user__in=people, guild__in=guilds) if about else ()
    chosen = {(one.user_id, one.guild_id): one for one in found}
    return {pk: chosen[pair] for pk, pair in about.items() if pair in chosen}


def _render_delivery(delivery: Delivery, choice: Preference | None, now: datetime) -> Job | None:
    pk = delivery.pk
    mention = choice is not None and choice.how == How.MENTION
    first = policy.tried_before(delivery.first_tried_at, now) is None  # else it may be in their direct messages already
    if first and (mention or delivery.recipient.dm_closed_at is not None) and not delivery.in_channel:
        # Trying with closed direct messages would be refused, and Discord counts refusals.
        delivery.in_channel = True
        delivery.save(update_fields=["in_channel"])
    render = letter_kind(delivery.notification.kind).render
    try:
        if policy.is_useless(delivery.useless_after, now):
            letter: Letter | Drop = Drop(policy.TOO_LATE)
        elif choice is not None and choice.how == How.NONE:
            letter = Drop(policy.NO_MESSAGES)
        else:
            letter = render(delivery, now) if render else Drop("this kind has no letter")
    except Exception as reason:
        log.exception("Delivery %s could not be rendered", pk)
        _failed(delivery, None, Broken(f"{type(reason).__name__}: {reason}"), now)
        return None
    if isinstance(letter, Drop):
        Delivery.objects.filter(pk=pk).update(status=Status.DROPPED, error=letter.reason, leased_until=None)
        return None
    if choice is not None and choice.is_quiet(now):
        letter = replace(letter, silent=True)
    return Job(pk, letter, guild_id=_guild_id(delivery.notification))


def _guild_id(row: Notification) -> int | None:
    game: Any = row.game
    return game.guild_id if game is not None else None


def record(results: list[tuple[Job, Outcome]], now: datetime) -> None:
    """Write down what became of the letters, each in a transaction of its own."""
    # First of all: killed over and over in the middle, the ledger would seem older than what was said.
    made = [out.message_id for job, out in results if isinstance(out, Sent) and job.letter.message_id is None]
    if made:
        Heartbeat.objects.filter(name=SPEAKER).update(newest_message_id=Greatest("newest_message_id", max(made)))
    for job, outcome in results:
        try:
            _record(job, outcome, now)
        except OperationalError:
            raise
        except Exception:
            # Its row may be gone, as with a server whose data is deleted. Else the lease ends, and it is tried again.
            log.exception("What became of %s could not be written down", job)


def _record(job: Job, outcome: Outcome, now: datetime) -> None:
    if job.rendered is not None:
        _record_post(job, job.rendered, outcome, now)
    else:
        _record_delivery(job.pk, job.letter, outcome, now)
    if isinstance(outcome, Permanent):
        _learn(job.letter, outcome, now)


def _learn(letter: Letter, why: Permanent, now: datetime) -> None:
    """What a refusal says of people and places. Afterwards, for it may take games' locks, which come first."""
    if letter.user_id is None:
        if why.code == Permanent.UNKNOWN_CHANNEL and letter.channel_id is not None:
            upsert.see_channel_gone(letter.channel_id, now)
    elif why.code == Permanent.LEFT:
        upsert.see_user_gone(letter.user_id, now)
    elif why.code == Permanent.CLOSED_DMS:
        upsert.see_dms_closed(letter.user_id, now)


@transaction.atomic
def _record_post(job: Job, rendered: Rendered, outcome: Outcome, now: datetime) -> None:
    lock_game(Notification.objects.filter(pk=job.pk).values_list("game_id", flat=True).first())
    row = Notification.objects.select_for_update(no_key=True, of=("self",)).select_related("game").get(pk=job.pk)
    row.leased_until = None
    kind = post_kind(row.kind)
    if isinstance(outcome, Sent):
        kind.shown(row, rendered, outcome, now)
        row.error, row.attempts, row.first_tried_at = "", 0, None
        if job.may_be_there:
            # Discord gives back what the first try made, which may show the game as it was then: edit it.
            row.due_at = now
        elif row.revision == rendered.revision:
            row.closed_at = now
        # Else asked for again while we were editing: it stays open, due when that change said.
    elif isinstance(outcome, Passing):
        row.error = str(outcome)[:300]
        row.due_at = now + policy.backoff(row.attempts, outcome.retry_after)
        if isinstance(outcome, NotYet):
            _untry(row, rendered.letter)
        elif _is_enough(row, outcome, now):
            row.closed_at, row.dropped = now, f"gave up after {row.attempts} tries"
        else:
            _log_again(row, outcome, row.due_at - now)
    elif kind.failed(row, outcome, now) or row.revision != rendered.revision:
        # To be made anew, or asked for again meanwhile: perhaps elsewhere, so this refusal is not the last word.
        row.error, row.due_at = str(outcome)[:300], now
    else:
        row.closed_at, row.error, row.dropped = now, str(outcome)[:300], f"refused: {outcome.code}"
        log.warning("The %s stays undone: %s", row, outcome)
    row.save()


@transaction.atomic
def _record_delivery(pk: int, letter: Letter, outcome: Outcome, now: datetime) -> None:
    delivery = (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notification", "recipient")
        .get(pk=pk)
    )
    if not isinstance(outcome, Sent):
        _failed(delivery, letter, outcome, now)
        return
    delivery.status = Status.SENT
    delivery.sent_at = now
    delivery.leased_until = None
    delivery.channel_id, delivery.message_id = outcome.channel_id, outcome.message_id
    delivery.lateness_ms = min(int((now - delivery.notification.due_at).total_seconds() * 1000), 2**31 - 1)
    delivery.error = ""
    delivery.save()
    if letter.user_id is not None and delivery.recipient.dm_channel_id != outcome.channel_id:
        # Opening a channel is limited more strictly than writing in one.
        User.objects.filter(pk=delivery.recipient_id).update(dm_channel_id=outcome.channel_id)


def _failed(delivery: Delivery, letter: Letter | None, why: Passing | Permanent, now: datetime) -> None:
    delivery.leased_until = None
    delivery.error = str(why)[:300]
    if isinstance(why, Passing):
        delivery.next_try_at = now + policy.backoff(delivery.attempts, why.retry_after)
        if isinstance(why, NotYet) and letter is not None:
            _untry(delivery, letter)
        elif _is_enough(delivery, why, now):
            delivery.status = Status.FAILED
            delivery.error = f"Gave up after {delivery.attempts} tries: {why}"[:300]
            log.warning("The %s failed. %s", delivery, delivery.error)
        else:
            _log_again(delivery, why, delivery.next_try_at - now)
    elif why.code == Permanent.CLOSED_DMS and not delivery.in_channel:
        delivery.in_channel = True
        delivery.nonce = new_nonce()
        delivery.attempts, delivery.first_tried_at, delivery.next_try_at = 0, None, now
        log.info("The %s goes to the channel instead: %s", delivery, why)
    elif letter and letter.user_id and letter.channel_id and why.code in OTHERS_CHANNEL:
        # The remembered channel is not ours, as after the bot was given another application: open one anew.
        User.objects.filter(pk=delivery.recipient_id).update(dm_channel_id=None)
        delivery.next_try_at = now
    else:
        delivery.status = Status.UNCERTAIN if why.code == Permanent.UNCERTAIN else Status.FAILED
        log.warning("The %s is %s: %s", delivery, delivery.status_text, why)
    delivery.save()


def _untry(row: Notification | Delivery, letter: Letter) -> None:
    """It was its turn, and not yet Discord's: that was no try."""
    row.attempts = max(row.attempts - 1, 0)
    if letter.tried_at is None:
        row.first_tried_at = None


def _is_enough(row: Notification | Delivery, why: Passing, now: datetime) -> bool:
    """Whether to stop trying: what fails by our own fault after a few times, what fails in passing at its deadline."""
    if isinstance(why, Broken):
        return row.attempts >= policy.MAX_ATTEMPTS
    return policy.gives_up(row.first_tried_at, row.useless_after, now)


def _log_again(what: Notification | Delivery, why: Passing, wait: timedelta) -> None:
    log.warning("The %s is tried again in %.0f s: %s", what, wait.total_seconds(), why)


def next_due(posts: bool = True) -> datetime | None:
    """When the next row that nobody holds is due, with or without posts; None for none.

    A lease that ran out with its result lost is met at the latest when the capped sleep ends.
    """
    rows = Notification.objects.sayable().filter(leased_until=None).order_by("due_at")
    if not posts:
        rows = rows.filter(kind__in=letter_kinds())
    tries = Delivery.objects.sayable().filter(leased_until=None).order_by("next_try_at")
    times = [*rows.values_list("due_at", flat=True)[:1], *tries.values_list("next_try_at", flat=True)[:1]]
    return min(times, default=None)
