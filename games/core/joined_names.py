"""Names in a row, with the joining word of the reader's language. `gamesched.lib.sentences` joins each by “and”."""

from collections.abc import Sequence

from django.utils.translation import gettext


def with_and(names: Sequence[str]) -> str:
    """Return `A`, `A and B`, or `A, B and C`; '' for none."""
    if len(names) < 2:
        return "".join(names)
    return gettext("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def with_or(names: Sequence[str]) -> str:
    """Return `A`, `A or B`, or `A, B or C`; '' for none."""
    if len(names) < 2:
        return "".join(names)
    return gettext("%(first)s or %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
