"""The words that scripts say, in each language: a script of its own, which pages load before the others."""

import hashlib
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, override
from django.views.i18n import JavaScriptCatalog

from gamesched.lib.pseudo_language import PSEUDO_LANGUAGES, script_messages


class _Catalog(JavaScriptCatalog):
    def get_catalog(self) -> dict[str, Any]:
        language = get_language() or ""
        return script_messages(language) if language in dict(PSEUDO_LANGUAGES) else super().get_catalog()


@cache
def script_words(language: str) -> bytes:
    """Return a script that defines gettext, ngettext and interpolate, with our words in a language."""
    with override(language):
        # Of an app without words of its own, only ours are left: by default the admin's are among them.
        return _Catalog(packages=["games"]).get(HttpRequest()).content


@cache
def script_words_address(language: str) -> str:
    """Return where the words are. The address changes with them."""
    version = hashlib.sha256(script_words(language)).hexdigest()[:12]
    return reverse("script-words", args=[language, version])
