"""Parts of sentences in the reader's language."""

from collections.abc import Iterable

from django.utils.translation import gettext
from django.utils.translation import gettext as _


class TranslatedText:
    """A result with a sentence for people: a constant is translated where the result is made, and nowhere else."""

    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", gettext(self.text))


def join_and(names: Iterable[str]) -> str:
    """Return `A`, `A and B`, or `A, B and C`; '' for none."""
    first, last = _all_but_last(names)
    return _("%(first)s and %(last)s") % {"first": first, "last": last} if first else last


def join_or(names: Iterable[str]) -> str:
    """Return `A`, `A or B`, or `A, B or C`; '' for none."""
    first, last = _all_but_last(names)
    return _("%(first)s or %(last)s") % {"first": first, "last": last} if first else last


def _all_but_last(names: Iterable[str]) -> tuple[str, str]:
    *others, last = list(names) or [""]
    return ", ".join(others), last


def within_sentence(label: str) -> str:
    """Return a label, translated, as it stands within a sentence; other languages keep the capital of a noun."""
    translated = gettext(label)
    return label.lower() if translated == label else translated
