"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from gamesched.lib.version import VERSION


def site(request: HttpRequest) -> dict[str, Any]:
    """Version, the local Discord's address when it is in use, and whether to offer the browser's zone."""
    user = getattr(request, "user", None)
    return {
        "version": VERSION,
        "local_discord": settings.DISCORD_BROWSER_URL if settings.DISCORD_IS_LOCAL else None,
        "offer_zone": bool(user and user.is_authenticated and not user.zone),
    }
