"""Who was notified, for programs."""

from datetime import datetime
from typing import Any

from django.http import Http404
from ninja import Query, Schema
from pydantic import Field

from games.api.base import answers, managed_game, managed_guild, once, run_action
from games.api.caller import HOST, MANAGE, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id, PersonShape, Sent, person_shape
from games.core.base import ActionResult
from games.deliveries import actions as deliveries
from games.deliveries.report import PAGE_SIZE, guild_deliveries, undelivered
from gamesched.lib.clock import db_now
from guilds.display_names import display_names
from notifications.models import Delivery, DeliveryStatus


class DeliveryShape(Schema):
    """One message to one person."""

    id: Id
    game_id: Id | None
    kind: str
    recipient: PersonShape
    status: DeliveryStatus
    error_code: str
    in_channel: bool
    at: datetime


class DeliveryPage(Schema):
    """One page of messages, the newest first."""

    deliveries: list[DeliveryShape]
    next: Id | None = Field(description="Pass it on as `before` for the next page.")


class Listed(Sent):
    """Which messages to list."""

    undelivered: bool = False
    before: Id | None = None


@router.get("/games/{id:game_id}/deliveries", auth=HOST, response=answers(DeliveryPage))
def game_deliveries(request: ApiRequest, game_id: Id, listed: Query[Listed]) -> Any:
    """List who was notified of what about a game; for those who run it."""
    game, _ = managed_game(request, game_id)
    return _page(Delivery.objects.filter(notification__game=game), game.guild_id, listed)


@router.post("/games/{id:game_id}/deliveries/{id:delivery_id}/resend", auth=HOST, response=answers(ActionShape))
def resend_of_game(request: ApiRequest, game_id: Id, delivery_id: Id) -> Any:
    """Send a failed message about a game again."""
    game, _ = managed_game(request, game_id)
    if not Delivery.objects.filter(pk=delivery_id, notification__game=game).exists():
        raise Http404

    def act(now: datetime) -> Any:
        result = deliveries.resend_delivery(delivery_id, actor(request), now)
        return ActionResult(game, result.changed, result.text)

    return run_action(request, game_id, act)


@router.get("/guilds/{id:guild_id}/deliveries", auth=MANAGE, response=answers(DeliveryPage))
def deliveries_of_guild(request: ApiRequest, guild_id: Id, listed: Query[Listed]) -> Any:
    """List who was notified of what in a server."""
    _, viewer = managed_guild(request, guild_id)
    return _page(guild_deliveries(viewer), guild_id, listed)


@router.post("/guilds/{id:guild_id}/deliveries/{id:delivery_id}/resend", auth=MANAGE, response=answers(DeliveryShape))
def resend_of_guild(request: ApiRequest, guild_id: Id, delivery_id: Id) -> object:
    """Send a failed message again."""
    _, viewer = managed_guild(request, guild_id)
    if not guild_deliveries(viewer).filter(pk=delivery_id).exists():
        raise Http404

    def act() -> DeliveryShape:
        sent = deliveries.resend_delivery(delivery_id, actor(request), db_now()).delivery
        return delivery_shapes(Delivery.objects.filter(pk=sent.pk), guild_id)[0]

    return once(request, act)


def _page(rows: Any, guild_id: int, listed: Listed) -> DeliveryPage:
    rows = undelivered(rows) if listed.undelivered else rows
    rows = rows.filter(pk__lt=listed.before) if listed.before is not None else rows
    # One more than is shown tells whether there is a next page.
    found = delivery_shapes(rows.order_by("-pk")[: PAGE_SIZE + 1], guild_id)
    following = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return DeliveryPage(deliveries=found[:PAGE_SIZE], next=following)


def delivery_shapes(rows: Any, guild_id: int) -> list[DeliveryShape]:
    """Return messages in a guild, in two statements."""
    found = list(rows.select_related("notification"))
    names = display_names(guild_id, [one.recipient_id for one in found])
    return [
        DeliveryShape(
            id=one.pk,
            game_id=one.notification.game_id,
            kind=one.notification.kind,
            recipient=person_shape(one.recipient_id, names),
            status=one.status,
            error_code=one.error_code,
            in_channel=one.in_channel,
            at=one.notification.due_at,
        )
        for one in found
    ]
