"""Parts of sentences in the reader's language."""

from collections.abc import Iterable
from functools import reduce

from django.utils.translation import gettext
from django.utils.translation import gettext as _


def join_and(names: Iterable[str]) -> str:
    """Return `A`, `A and B`, `A and B and C`; '' for none."""
    found = list(names)
    return reduce(_pair, found) if found else ""


def _pair(first: str, last: str) -> str:
    return _("%(first)s and %(last)s") % {"first": first, "last": last}


def within_sentence(label: str) -> str:
    """Return a label, translated, as it stands within a sentence; other languages keep the capital of a noun."""
    translated = gettext(label)
    return label.lower() if translated == label else translated
