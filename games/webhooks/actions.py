"""Making, changing, pausing and deleting webhooks, and sending once more."""

import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from games.core.base import Actor, lock_guild, record_in_guild
from games.core.codes import AuditAction, NotificationKind
from games.core.payloads import WebhookPayload
from games.models import TEST_EVENT, PauseCode, RequestStatus, Webhook, WebhookEvent, WebhookRequest
from games.server_settings.actions import require_guild_manager
from games.webhooks import wording
from games.webhooks.rules import LOG_MAX, WEBHOOKS_MAX
from gamesched.lib.addresses import split_address
from gamesched.lib.refusal import Refusal, Refused
from notifications.devices import is_endpoint
from notifications.queue import schedule

BEGINNING = "whsec_"  # by which people and scanners of leaked secrets know one


@transaction.atomic
def create_webhook(guild_id: int, url: str, events: Collection[WebhookEvent], actor: Actor, now: datetime) -> Webhook:
    """Make a webhook, with a secret that is shown once. Raises Refused."""
    lock_guild(guild_id)
    require_guild_manager(guild_id, actor, now)
    _check(url, events)
    if Webhook.objects.filter(guild=guild_id).count() >= WEBHOOKS_MAX:
        raise Refused(Refusal("too_many", wording.TOO_MANY))
    webhook = Webhook.objects.create(
        guild_id=guild_id, url=url, secret=_new_secret(), events=_in_order(events), created_by=actor.user,
        created_at=now,
    )  # fmt: skip
    _record(webhook, actor, AuditAction.CREATE_WEBHOOK, now)
    return webhook


@transaction.atomic
def change_webhook(
    webhook_id: int, url: str | None, events: Collection[WebhookEvent] | None, actor: Actor, now: datetime
) -> str:
    """Change where a webhook leads and what it is told; None keeps it. Raises Refused.

    What waits goes to the new address.
    """
    webhook = _locked(webhook_id, actor, now)
    url = webhook.url if url is None else url
    events = [WebhookEvent(one) for one in webhook.events] if events is None else events
    _check(url, events)
    if (webhook.url, webhook.events) == (url, _in_order(events)):
        return wording.UNCHANGED
    webhook.url, webhook.events = url, _in_order(events)
    webhook.save(update_fields=["url", "events"])
    _record(webhook, actor, AuditAction.EDIT_WEBHOOK, now)
    return wording.SAVED


@transaction.atomic
def renew_secret(webhook_id: int, actor: Actor, now: datetime) -> Webhook:
    """Give a webhook another secret, which signs all from now on. Raises Refused."""
    webhook = _locked(webhook_id, actor, now)
    webhook.secret = _new_secret()
    webhook.save(update_fields=["secret"])
    _record(webhook, actor, AuditAction.RENEW_WEBHOOK, now)
    return webhook


@transaction.atomic
def pause_webhook(webhook_id: int, actor: Actor, now: datetime) -> str:
    """Send a webhook nothing more until it is resumed; what waits is dropped. Raises Refused."""
    webhook = _locked(webhook_id, actor, now)
    if webhook.paused_at is None:
        pause(webhook, PauseCode.BY_HAND, now)
        _record(webhook, actor, AuditAction.PAUSE_WEBHOOK, now)
    return wording.PAUSED


@transaction.atomic
def resume_webhook(webhook_id: int, actor: Actor, now: datetime) -> str:
    """Tell a webhook of what happens from now on. Raises Refused."""
    webhook = _locked(webhook_id, actor, now)
    if webhook.paused_at is not None:
        webhook.paused_at, webhook.pause_code, webhook.failing_since = None, "", None
        webhook.save(update_fields=["paused_at", "pause_code", "failing_since"])
        _drop_waiting(webhook)  # what was written down while it was being paused
        _record(webhook, actor, AuditAction.RESUME_WEBHOOK, now)
    return wording.RESUMED


@transaction.atomic
def delete_webhook(webhook_id: int, actor: Actor, now: datetime) -> str:
    """Delete a webhook and its log. Raises Refused."""
    webhook = _locked(webhook_id, actor, now)
    _record(webhook, actor, AuditAction.DELETE_WEBHOOK, now)
    webhook.delete()
    return wording.DELETED


@transaction.atomic
def send_test(webhook_id: int, actor: Actor, now: datetime) -> str:
    """Send a webhook an event that only shows whether it arrives. Raises Refused."""
    from games.webhooks.bodies import test_body

    webhook = _managed(webhook_id, actor, now)
    _require_running(webhook)
    _require_room(webhook)
    event_id = str(uuid4())
    schedule_sending(webhook, now)
    WebhookRequest.objects.create(
        webhook=webhook, event_id=event_id, event=TEST_EVENT, body=test_body(event_id, webhook.guild_id, now),
        created_at=now, next_attempt_at=now,
    )  # fmt: skip
    return wording.TEST_QUEUED


@transaction.atomic
def send_again(webhook_id: int, request_id: int, actor: Actor, now: datetime) -> str:
    """Send what the log holds once more, with the same id and body. Raises Refused."""
    webhook = _managed(webhook_id, actor, now)
    _require_running(webhook)
    found = WebhookRequest.objects.filter(webhook=webhook, pk=request_id).first()
    if found is None:
        raise Refused(Refusal("unknown_request", wording.UNKNOWN_REQUEST))
    if not found.body:
        raise Refused(Refusal("forgotten", wording.BODY_GONE))
    schedule_sending(webhook, now)
    again = {"status": RequestStatus.PENDING, "attempts": 0, "next_attempt_at": now}
    WebhookRequest.objects.filter(pk=found.pk).exclude(status=RequestStatus.PENDING).update(**again)
    WebhookRequest.objects.filter(pk=found.pk, status=RequestStatus.PENDING).update(next_attempt_at=now)
    return wording.QUEUED_AGAIN


def webhooks_of(guild_id: int) -> "QuerySet[Webhook]":
    """Return a guild's webhooks."""
    return Webhook.objects.filter(guild=guild_id)


def log_of(webhook: Webhook) -> "QuerySet[WebhookRequest]":
    """Return what a webhook was sent, the last first."""
    return WebhookRequest.objects.filter(webhook=webhook)[:LOG_MAX]


def schedule_sending(webhook: Webhook, at: datetime) -> None:
    """Have notifyd look at what a webhook is to be sent. Before any change of its requests, as notifyd locks them."""
    schedule(NotificationKind.WEBHOOK, game_id=None, dedupe_key=webhook.pk, due_at=at, keep_earlier=True)


def pause(webhook: Webhook, code: PauseCode, now: datetime) -> None:
    """Pause a webhook that is locked, and drop what waits; who made it hears of it unless a manager did it."""
    webhook.paused_at, webhook.pause_code = now, code
    webhook.save(update_fields=["paused_at", "pause_code"])
    _drop_waiting(webhook)
    if code != PauseCode.BY_HAND and webhook.created_by_id is not None:
        schedule(
            NotificationKind.WEBHOOK_PAUSED, game_id=None, due_at=now, recipient_id=webhook.created_by_id,
            dedupe_key=webhook.pk, payload=WebhookPayload(webhook.guild_id, webhook.pk),
        )  # fmt: skip


# --- shared ----------------------------------------------------------------------------------------------


def _locked(webhook_id: int, actor: Actor, now: datetime) -> Webhook:
    """Lock a webhook for those who manage its guild. Raises Refused.

    Not to send something: notifyd's row is locked before.
    """
    return _managed(webhook_id, actor, now, Webhook.objects.select_for_update(no_key=True))


def _managed(webhook_id: int, actor: Actor, now: datetime, webhooks: "QuerySet[Webhook] | None" = None) -> Webhook:
    """Return a webhook for those who manage its guild; for others there is none. Raises Refused."""
    webhook = (webhooks if webhooks is not None else Webhook.objects).filter(pk=webhook_id).first()
    if webhook is None:
        raise Refused(Refusal("unknown_webhook", wording.UNKNOWN_WEBHOOK))
    require_guild_manager(webhook.guild_id, actor, now)
    return webhook


def _drop_waiting(webhook: Webhook) -> None:
    waiting = WebhookRequest.objects.filter(webhook=webhook, status=RequestStatus.PENDING)
    waiting.update(status=RequestStatus.DROPPED)


def _check(url: str, events: Collection[WebhookEvent]) -> None:
    if not is_endpoint(url):
        raise Refused(Refusal("bad_url", wording.BAD_URL, {"url": wording.BAD_URL}))
    if not events:
        raise Refused(Refusal("no_event", wording.NO_EVENT, {"events": wording.NO_EVENT}))


def _require_running(webhook: Webhook) -> None:
    if webhook.paused_at is not None:
        raise Refused(Refusal("paused", wording.RESUME_FIRST))


def _require_room(webhook: Webhook) -> None:
    waiting = WebhookRequest.objects.filter(webhook=webhook, status=RequestStatus.PENDING, event=TEST_EVENT)
    if waiting.count() >= WEBHOOKS_MAX:
        raise Refused(Refusal("too_many_wait", wording.TOO_MANY_WAIT))


def _in_order(events: Collection[WebhookEvent]) -> list[str]:
    return [event.value for event in WebhookEvent if event in events]


def _new_secret() -> str:
    return BEGINNING + secrets.token_urlsafe(32)


def _record(webhook: Webhook, actor: Actor, action: AuditAction, now: datetime) -> None:
    # The rest of an address may be a secret.
    host = split_address(webhook.url).hostname or ""
    record_in_guild(webhook.guild_id, actor, action, {"name": host}, now)
