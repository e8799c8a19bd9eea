"""From what happened to what each webhook is sent, and what became of that."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.frequent_queries import GAME_OF_PAGE
from games.core.notifications import direct_message, only_recipient, with_nonce
from games.core.payloads import WebhookEventPayload, WebhookPayload
from games.core.permissions import bits_of_everyone, is_public
from games.models import PauseCode, RequestStatus, Webhook, WebhookRequest
from games.webhooks import wording
from games.webhooks.actions import pause, schedule_sending
from games.webhooks.rules import GONE, LOG_MAX, is_to_pause, wait_after
from gamesched.lib.addresses import split_address
from notifications.messages import Answer, OutgoingMessage, PermanentError, Request, SentMessage
from notifications.models import Delivery, Notification
from notifications.types import BuiltPost, NotificationType, Skip, SyncedPost, register


def _make_requests(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Write down what each webhook is to be sent of an event; nobody is notified."""
    game, payload = GAME_OF_PAGE.first(row.game_id or 0), WebhookEventPayload.of(row)
    if game is None or not is_public(game, bits_of_everyone(game.guild_id)):
        return Skip(GameSkipCode.NOT_PUBLIC)
    webhooks = list(Webhook.objects.filter(guild=game.guild_id, paused_at=None, events__contains=[payload.event]))
    if not webhooks:
        return Skip(GameSkipCode.NOT_WANTED)
    # Loaded here: of the programs that send, only those of sites with webhooks need the shapes.
    from games.webhooks.bodies import event_body

    body = event_body(row.dedupe_key, payload.event, game, payload.signup_id, payload.at, now)
    for webhook in webhooks:
        schedule_sending(webhook, now)
    WebhookRequest.objects.bulk_create(
        WebhookRequest(
            webhook=webhook, event_id=row.dedupe_key, event=payload.event, body=body, created_at=now,
            next_attempt_at=now,
        )
        for webhook in webhooks
    )  # fmt: skip
    return ()


def _build_request(row: Notification, now: datetime) -> BuiltPost | Skip:
    webhook = Webhook.objects.filter(pk=int(row.dedupe_key), paused_at=None).first()
    if webhook is None:
        return Skip(GameSkipCode.NOT_WANTED)
    waiting = _waiting(row).filter(next_attempt_at__lte=now)
    request = waiting.order_by("next_attempt_at", "pk").first()
    if request is None:
        return Skip(GameSkipCode.TOO_SOON)
    sent = Request(webhook.url, request.event_id, request.body, webhook.secret, request.pk)
    return BuiltPost(OutgoingMessage(request=sent), row.post_version)


def _on_answered(row: Notification, rendered: BuiltPost, answer: Answer, now: datetime) -> None:
    """Record an attempt, and pause a webhook that takes nothing any more."""
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=int(row.dedupe_key)).first()
    sent = rendered.message.request
    if webhook is None or sent is None:
        return  # deleted meanwhile
    request = WebhookRequest.objects.select_for_update(no_key=True).filter(pk=sent.row_id, webhook=webhook).first()
    if request is None:
        return
    _record_attempt(request, answer, now)
    failing_since = None if answer.is_taken else webhook.failing_since or now
    if failing_since != webhook.failing_since:
        webhook.failing_since = failing_since
        webhook.save(update_fields=["failing_since"])
    if webhook.paused_at is None and is_to_pause(failing_since, answer, now):
        pause(webhook, PauseCode.GONE if answer.status == GONE else PauseCode.FAILING, now)
    _cut_log(webhook)


def _record_attempt(request: WebhookRequest, answer: Answer, now: datetime) -> None:
    request.attempts += 1
    request.attempted_at, request.took_ms = now, int(answer.seconds * 1000)
    request.answer_status, request.answer, request.problem_code = answer.status, answer.text, answer.problem
    wait = wait_after(request.attempts)
    if answer.is_taken:
        request.status = RequestStatus.SENT
    elif request.status == RequestStatus.PENDING:  # else it was dropped meanwhile
        if wait is None:
            request.status = RequestStatus.FAILED
        else:
            request.next_attempt_at = now + wait
    if not request.body:
        request.answer = ""  # it may repeat what was forgotten
    request.save()


def _cut_log(webhook: Webhook) -> None:
    """Delete what is done but for the last hundred."""
    done = WebhookRequest.objects.filter(webhook=webhook).exclude(status=RequestStatus.PENDING).order_by("-pk")
    if (last := done.values_list("pk", flat=True)[LOG_MAX:].first()) is not None:
        done.filter(pk__lte=last).delete()


def _next_at(row: Notification, now: datetime) -> datetime | None:
    """Return when the next attempt is due; None while nothing waits."""
    return _waiting(row).order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()


def _waiting(row: Notification) -> "QuerySet[WebhookRequest]":
    return WebhookRequest.objects.filter(
        webhook=int(row.dedupe_key), webhook__paused_at=None, status=RequestStatus.PENDING
    )


def _on_synced(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    """Do nothing: a request has an answer."""


def _on_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    """Do nothing: a request has an answer."""
    return False


def _paused_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    payload = WebhookPayload.of(delivery.notification)
    webhook = Webhook.objects.select_related("guild").filter(pk=payload.webhook_id).exclude(paused_at=None).first()
    if webhook is None or webhook.guild.bot_removed_at is not None:
        return Skip(GameSkipCode.NOT_WANTED)
    if delivery.in_channel:
        return Skip(GameSkipCode.CLOSED_DMS)  # the page says the same, and it is nobody else's
    address = settings.PUBLIC_URL + reverse("guild-webhook", args=[webhook.guild_id, webhook.pk])
    host = escape_markdown(split_address(webhook.url).hostname or "")
    text = wording.paused_message(escape_markdown(webhook.guild.name), host, with_nonce(delivery, address))
    return direct_message(delivery, text, now)


register(NotificationType(NotificationKind.WEBHOOK_EVENT, recipients=_make_requests))
register(
    SyncedPost(
        NotificationKind.WEBHOOK,
        build_message=_build_request,
        on_synced=_on_synced,
        on_failed=_on_failed,
        next_at=_next_at,
        on_answered=_on_answered,
    )
)
register(NotificationType(NotificationKind.WEBHOOK_PAUSED, recipients=only_recipient, build_message=_paused_message))
