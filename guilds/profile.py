"""Actions on a person's own settings."""

from guilds.models import User, check_zone


def set_zone(user: User, zone: str) -> None:
    """Set the zone in which a person reads times. Raise ValidationError for an unknown zone."""
    check_zone(zone)
    user.zone = zone
    user.save(update_fields=["zone"])


def set_language(user: User, language: str) -> None:
    """Set the language that a person reads; '' for the one of their Discord or browser."""
    user.language = language
    user.save(update_fields=["language"])
