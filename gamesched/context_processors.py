"""Context processor for all templates."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from gamesched.lib.version import VERSION
from gamesched.shortcuts import SHORTCUTS


def site(request: HttpRequest) -> dict[str, Any]:
    """Return what every page says: of the site, of the viewer's zone, and the keys."""
    user = getattr(request, "user", None)
    return {
        "version": VERSION,
        "public_url": settings.PUBLIC_URL,
        "local_discord": settings.DISCORD_BROWSER_URL if settings.DISCORD_IS_LOCAL else None,
        "show_zone_prompt": bool(user and user.is_authenticated and not user.zone),
        "shortcuts": SHORTCUTS,
    }
