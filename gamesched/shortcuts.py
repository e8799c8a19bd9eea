"""The keys that work on every page: pages list them, `static/keys.js` presses what they name."""

from dataclasses import dataclass

ON_A_GAME = '[data-live^="game="]'


@dataclass(frozen=True)
class Shortcut:
    """A key, what it does, and the CSS selector of what it presses: the first on the page that is shown."""

    key: str
    does: str
    presses: str


SHORTCUTS = (
    Shortcut("j", "Join this game", f'{ON_A_GAME} form[action$="/join/"] button'),
    Shortcut("l", "Leave this game", f'{ON_A_GAME} form[action$="/leave/"] button'),
    Shortcut("n", "New game", 'main :is(a.primary[href*="/new/"]:not([href*="/templates/"]), summary.primary)'),
    Shortcut("/", "Search", "[data-opens=palette]"),
    Shortcut("?", "Show these keys", "[data-opens=keys]"),
)
