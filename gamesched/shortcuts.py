"""The keys that work on every page: pages list them, `static/keys.js` presses what they name."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

ON_A_GAME = '[data-live^="game="]'
NEW_GAME = 'a.primary[href*="/new/"]:not([href*="/templates/"]), summary.primary'


@dataclass(frozen=True)
class Shortcut:
    """A key, what it does, and the CSS selector of what it presses: the first on the page that is shown."""

    key: str
    does: str
    presses: str


SHORTCUTS = (
    Shortcut("j", gettext_noop("Join this game"), f'{ON_A_GAME} form[action$="/join/"] button'),
    Shortcut("l", gettext_noop("Leave this game"), f'{ON_A_GAME} form[action$="/leave/"] button'),
    Shortcut("n", gettext_noop("New game"), f"main :is({NEW_GAME})"),
    Shortcut("/", gettext_noop("Search"), "[data-opens=palette]"),
    Shortcut("?", gettext_noop("Show these keys"), "[data-opens=keys]"),
)
