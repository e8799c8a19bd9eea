"""Names in a row, with the joining word of the reader's language."""

from collections.abc import Sequence

from django.utils.translation import pgettext


def with_and(names: Sequence[str]) -> str:
    """Return `A`, `A and B`, or `A, B and C`; '' for none."""
    if len(names) < 2:
        return "".join(names)
    return pgettext("a list", "%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def with_and_between(names: Sequence[str]) -> str:
    """Return `A`, `A and B`, or `A and B and C`; '' for none. Names may have commas of their own."""
    joined, *others = names or [""]
    for name in others:
        joined = pgettext("a list", "%(names)s and %(last)s") % {"names": joined, "last": name}
    return joined


def with_or(names: Sequence[str]) -> str:
    """Return `A`, `A or B`, or `A, B or C`; '' for none."""
    if len(names) < 2:
        return "".join(names)
    return pgettext("a list", "%(names)s or %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
