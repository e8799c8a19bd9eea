"""Having webhooks told of what no row says by itself: that a time has come."""

from django.db import connection

from games.models import Game, WebhookEvent


def queue_event(game: Game, event: WebhookEvent) -> None:
    """Have notifyd tell the webhooks that want to know; triggers queue what rows say. One statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT games_queue_webhook_event(%s, %s, NULL)", [game.pk, event.value])
