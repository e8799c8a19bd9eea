"""A server's webhooks, for programs of its managers."""

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from ninja import Schema

from games.api.base import answers, managed_guild, once
from games.api.caller import MANAGE, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import Id, Sent, SentText
from games.models import RequestStatus, Webhook, WebhookEvent, WebhookRequest
from games.webhooks import actions
from gamesched.lib.clock import db_now


class WebhookShape(Schema):
    """A webhook."""

    id: Id
    url: str
    events: list[WebhookEvent]
    created_at: datetime
    failing_since: datetime | None
    paused_at: datetime | None
    pause_code: str


class NewWebhookShape(WebhookShape):
    """A webhook with its secret, which nobody can read again."""

    secret: str


class RequestShape(Schema):
    """What a webhook was sent, and how the last attempt went."""

    id: Id
    event_id: str
    event: str
    body: str
    created_at: datetime
    status: RequestStatus
    attempts: int
    attempted_at: datetime | None
    next_attempt_at: datetime | None
    answer_status: int | None
    answer: str
    problem: str
    took_ms: int | None


class NewWebhook(Sent):
    """A webhook to make."""

    url: SentText
    events: list[WebhookEvent]


class WebhookChange(Sent):
    """What to change about a webhook."""

    url: SentText | None = None
    events: list[WebhookEvent] | None = None
    paused: bool | None = None


class Done(Schema):
    """What a request did."""

    text: str


@router.get("/guilds/{id:guild_id}/webhooks", auth=MANAGE, response=answers(list[WebhookShape]))
def list_webhooks(request: ApiRequest, guild_id: Id) -> Any:
    """List a server's webhooks."""
    managed_guild(request, guild_id)
    return [_shape(one) for one in actions.webhooks_of(guild_id)]


@router.post("/guilds/{id:guild_id}/webhooks", auth=MANAGE, response=answers(NewWebhookShape, 201))
def create_webhook(request: ApiRequest, guild_id: Id, sent: NewWebhook) -> Any:
    """Make a webhook."""
    managed_guild(request, guild_id)
    return once(
        request,
        lambda: _with_secret(actions.create_webhook(guild_id, sent.url, sent.events, actor(request), db_now())),
        201,
    )


@router.patch("/guilds/{id:guild_id}/webhooks/{id:webhook_id}", auth=MANAGE, response=answers(WebhookShape))
def change_webhook(request: ApiRequest, guild_id: Id, webhook_id: Id, sent: WebhookChange) -> Any:
    """Change, pause or resume a webhook."""
    found = _webhook(request, guild_id, webhook_id)

    def act() -> WebhookShape:
        actions.change_webhook(found.pk, sent.url, sent.events, actor(request), db_now())
        if sent.paused is not None:
            action = actions.pause_webhook if sent.paused else actions.resume_webhook
            action(found.pk, actor(request), db_now())
        return _shape(Webhook.objects.get(pk=found.pk))

    return once(request, act)


@router.delete("/guilds/{id:guild_id}/webhooks/{id:webhook_id}", auth=MANAGE, response=answers(Done))
def delete_webhook(request: ApiRequest, guild_id: Id, webhook_id: Id) -> Any:
    """Delete a webhook and its log."""
    found = _webhook(request, guild_id, webhook_id)
    return once(request, lambda: _done(actions.delete_webhook(found.pk, actor(request), db_now())))


@router.post("/guilds/{id:guild_id}/webhooks/{id:webhook_id}/secret", auth=MANAGE, response=answers(NewWebhookShape))
def renew_secret(request: ApiRequest, guild_id: Id, webhook_id: Id) -> Any:
    """Give a webhook another secret."""
    found = _webhook(request, guild_id, webhook_id)
    return once(request, lambda: _with_secret(actions.renew_secret(found.pk, actor(request), db_now())))


@router.post("/guilds/{id:guild_id}/webhooks/{id:webhook_id}/test", auth=MANAGE, response=answers(Done))
def send_test(request: ApiRequest, guild_id: Id, webhook_id: Id) -> Any:
    """Send a webhook a test."""
    found = _webhook(request, guild_id, webhook_id)
    return once(request, lambda: _done(actions.send_test(found.pk, actor(request), db_now())))


@router.get(
    "/guilds/{id:guild_id}/webhooks/{id:webhook_id}/requests", auth=MANAGE, response=answers(list[RequestShape])
)
def list_requests(request: ApiRequest, guild_id: Id, webhook_id: Id) -> Any:
    """List the last hundred requests to a webhook, the newest first."""
    return [_request_shape(one) for one in actions.log_of(_webhook(request, guild_id, webhook_id))]


@router.post(
    "/guilds/{id:guild_id}/webhooks/{id:webhook_id}/requests/{id:request_id}/again",
    auth=MANAGE,
    response=answers(Done),
)
def send_again(request: ApiRequest, guild_id: Id, webhook_id: Id, request_id: Id) -> Any:
    """Send a webhook once more what its log holds."""
    found = _webhook(request, guild_id, webhook_id)
    return once(request, lambda: _done(actions.send_again(found.pk, request_id, actor(request), db_now())))


# --- shared ----------------------------------------------------------------------------------------------


def _webhook(request: ApiRequest, guild_id: int, webhook_id: int) -> Webhook:
    managed_guild(request, guild_id)
    return get_object_or_404(actions.webhooks_of(guild_id), pk=webhook_id)


def _done(text: str) -> Done:
    return Done(text=gettext(text))


def _fields(webhook: Webhook) -> dict[str, Any]:
    names = ("url", "events", "created_at", "failing_since", "paused_at", "pause_code")
    return {"id": webhook.pk} | {name: getattr(webhook, name) for name in names}


def _shape(webhook: Webhook) -> WebhookShape:
    return WebhookShape(**_fields(webhook))


def _with_secret(webhook: Webhook) -> NewWebhookShape:
    return NewWebhookShape(**_fields(webhook), secret=webhook.secret)


def _request_shape(one: WebhookRequest) -> RequestShape:
    names = (
        "event_id", "event", "body", "created_at", "status", "attempts", "attempted_at", "answer_status", "answer",
        "took_ms",
    )  # fmt: skip
    waits = one.status == RequestStatus.PENDING
    return RequestShape(
        id=one.pk,
        next_attempt_at=one.next_attempt_at if waits else None,
        problem=one.problem_code,
        **{name: getattr(one, name) for name in names},
    )
