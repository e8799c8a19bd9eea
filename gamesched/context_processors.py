"""Context processor for all templates."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from gamesched.lib.version import VERSION
from gamesched.script_words import script_words_address
from gamesched.shortcuts import SHORTCUTS


def site(request: HttpRequest) -> dict[str, Any]:
    """Return what every page says: of the site, of the viewer's zone, the keys, and its scripts' words."""
    user = getattr(request, "user", None)
    return {
        "version": VERSION,
        "public_url": settings.PUBLIC_URL,
        "local_discord": settings.DISCORD_BROWSER_URL if settings.DISCORD_IS_LOCAL else None,
        "show_zone_prompt": bool(user and user.is_authenticated and not user.zone),
        "shortcuts": SHORTCUTS,
        "script_words": script_words_address(get_language() or settings.LANGUAGE_CODE),
    }
