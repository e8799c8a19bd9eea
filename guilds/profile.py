"""What people set of themselves on the site."""

from guilds.models import User, check_zone


def set_zone(user: User, zone: str) -> None:
    """Set the zone in which a person reads times. Raises ValidationError for what is no zone."""
    check_zone(zone)
    user.zone = zone
    user.save(update_fields=["zone"])
