"""What people read that is not translated, found with a pseudo-language: there, no Latin word is left."""

import re
from collections.abc import Collection
from html.parser import HTMLParser

from gamesched.lib.pseudo_language import ACCENTED, MIRRORED

PSEUDO = (ACCENTED, MIRRORED)
NAMED_BY = ("aria-label", "aria-description", "title", "placeholder", "alt", "label", "data-confirm")
BUTTONS = {"submit", "button", "reset"}
UNREAD = {"script", "style", "code", "kbd", "textarea", "svg", "template"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Names, and what is the same in every language: zones, addresses, Discord's marks, lengths as forms take them.
AREAS = (
    "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US"
)
ALLOWED = re.compile(
    rf"Game Scheduler|Discord|Google(?: Calendar)?|English|Deutsch|@everyone|iCalendar|\b(?:{AREAS})/[\w/+ -]+"
    r"|\b[A-Z]{3,4}\b|\b\d+(?:d|h|m)(?:\d+(?:h|m))*\b|https?://\S+|/game \w+|<[@#t][^>]*>|\b[\w.-]+\.(?:com|org|ics)\b"
)
WORD = re.compile(r"[A-Za-z]{2,}")


def is_untranslated(text: str, data: Collection[str] = ()) -> bool:
    """Return whether a text has a word that no pseudo-language left; `data` is what people and tests gave."""
    if not WORD.search(ALLOWED.sub(" ", text)):
        return False
    for one in sorted(data, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", " ", text)
    return WORD.search(ALLOWED.sub(" ", text)) is not None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if not UNREAD & {*self._open}:
            self.texts += [given[name] for name in NAMED_BY if name in given]
            if tag == "input" and given.get("type") in BUTTONS:
                self.texts.append(given.get("value", ""))
            if tag == "meta" and given.get("name") == "description":
                self.texts.append(given.get("content", ""))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not UNREAD & {*self._open}:
            self.texts.append(data)


def shown_texts(html: str) -> list[str]:
    """Return the texts of a page that people see or hear."""
    reader = _Reader()
    reader.feed(html)
    return [" ".join(text.split()) for text in reader.texts if text.strip()]
