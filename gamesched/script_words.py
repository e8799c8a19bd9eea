"""The words that scripts say, in each language: a script of its own, which pages load before the others."""

import hashlib
from functools import cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import override
from django.views.i18n import JavaScriptCatalog


@cache
def script_words(language: str) -> bytes:
    """Return a script that defines gettext, ngettext and interpolate, with our words in a language."""
    with override(language):
        # Of an app without words of its own, only ours are left: by default the admin's are among them.
        return JavaScriptCatalog(packages=["games"]).get(HttpRequest()).content


@cache
def script_words_address(language: str) -> str:
    """Return where the words are. The address changes with them."""
    version = hashlib.sha256(script_words(language)).hexdigest()[:12]
    return reverse("script-words", args=[language, version])
