"""How the command line shows the record of deliveries."""

from typing import Any

from notifications.models import Delivery


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """Return what the command line says of a delivery."""
    return {
        "delivery": delivery.pk,
        "kind": delivery.notification.kind,
        "game": delivery.notification.game_id,
        "to": str(delivery.recipient),
        "status": delivery.status,
        "due_at": delivery.notification.due_at.isoformat(),
        "sent_at": delivery.sent_at.isoformat() if delivery.sent_at else None,
        "why": delivery.error,
    }


def delivery_line(row: dict[str, Any]) -> str:
    """Return such a row as a line of text."""
    sent = f" {row['sent_at']}" if row["sent_at"] else ""
    why = f": {row['why']}" if row["why"] else ""
    return f"{row['delivery']:>14}  {row['kind']} of game {row['game']} to {row['to']}, {row['status']}{sent}{why}"
