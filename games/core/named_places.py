"""Places of sentences about a game, by the names that all these sentences have for them."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext, pgettext

from games.core.wording import timestamp


def game_places(title: str, guild: str, starts_at: datetime, **others: object) -> dict[str, object]:
    """Return `title`, `guild` and `when` for a sentence of a message, with others of it."""
    return {"title": title, "guild": guild, "when": timestamp(starts_at), **others}


def who_did(who: str, what: str, places: Mapping[str, object] | None = None) -> str:
    """Return one line of a history: a person, and what they did, in English words that may be translated.

    `places` are those of these words, as {name}.
    """
    did = gettext(what)
    return pgettext("history", "%(who)s %(did)s") % {"who": who, "did": did.format(**places) if places else did}
