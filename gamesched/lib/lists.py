"""Lists in words, in the reader's language."""

from collections.abc import Iterable
from functools import reduce

from django.utils.translation import gettext as _


def join_and(names: Iterable[str]) -> str:
    """Return `A`, `A and B`, `A and B and C`; '' for none."""
    found = list(names)
    return (
        reduce(lambda first, last: _("%(first)s and %(last)s") % {"first": first, "last": last}, found) if found else ""
    )
