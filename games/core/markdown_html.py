"""Discord's markup as HTML for a page: every text is escaped, and only these elements and attributes are written."""

from collections.abc import Iterator, Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from markdown_it.token import Token

from games.core import wording
from games.core.addresses import normalized_address, shown_host
from games.core.markdown import walk
from games.core.plain_text import MarkupReader

_ELEMENTS = {
    "bold": "strong",
    "italic": "em",
    "underline": "u",
    "strike": "s",
    "quote": "blockquote",
    "bullet_list": "ul",
    "item": "li",
}
_LINK = '<a href="{}" rel="nofollow noopener noreferrer">{}</a>'


def _fill(template: str, *values: object) -> SafeString:
    """Return `format_html` of these, whose work for lazy texts was most of the time that a page took."""
    texts = [one if isinstance(one, SafeString) else escape(str(one)) for one in values]
    return mark_safe(template.format(*texts))  # noqa: S308  each is escaped or HTML


class HtmlWriter:
    """Writes tokens as HTML. `spoilers` gives each spoiler a number of its own on the page."""

    def __init__(self, reader: MarkupReader, spoilers: Iterator[int]) -> None:
        self._reader = reader
        self._spoilers = spoilers
        self._in_spoiler = False

    def write(self, tokens: Sequence[Token]) -> SafeString:
        """Return the tokens as HTML."""
        return mark_safe("".join([self._write_one(token) for token in tokens]))  # noqa: S308  each is HTML

    def _write_one(self, token: Token) -> str:
        kind, text = token.type, token.content
        if kind == "text":
            return escape(text)
        if kind == "newline":
            return "<br>"
        if kind == "spoiler" or (kind == "masked_link" and any(one.type == "spoiler" for one in walk([token]))):
            return self._write_spoiler(token)
        if kind == "masked_link":
            return self._write_masked_link(token)
        if kind in _ELEMENTS:
            inside = self.write(token.children or ())
            return _fill("<{0}>{1}</{0}>", _ELEMENTS[kind], inside)
        return self._write_leaf(token) if not token.children else self._write_block(token)

    def _write_leaf(self, token: Token) -> str:
        kind, text = token.type, token.content
        if kind == "address":
            return _fill(_LINK, normalized_address(text), text)
        if kind == "mention":
            return _fill('<span class="mention">{}</span>', self._reader.mention_text(token))
        if kind == "label":
            return _fill('<span class="mention">{}</span>', text)
        if kind == "code_inline":
            return _fill("<code>{}</code>", text)
        if kind == "code_block":
            return _fill("<pre><code>{}</code></pre>", text)
        at = self._reader.time_of(token)
        if at is None:
            return escape(text)
        shown, exact = self._reader.time_texts(token, at)
        title = _fill(' title="{}"', exact) if exact != shown else ""
        return _fill('<time datetime="{}"{}>{}</time>', at.isoformat(), title, shown)

    def _write_block(self, token: Token) -> str:
        inside = self.write(token.children or ())
        if token.type == "ordered_list":
            return _fill('<ol start="{}">{}</ol>', int(token.meta["start"]), inside)
        if token.type == "subtext":
            return _fill('<div class="subtext">{}</div>', inside)
        # One level for all: a page's headings stay in order, whichever one a person begins with.
        return _fill('<h3 class="heading-{}">{}</h3>', token.meta["level"], inside)

    def _write_spoiler(self, token: Token) -> str:
        if self._in_spoiler:
            return self._write_masked_link(token) if token.type == "masked_link" else self.write(token.children or ())
        self._in_spoiler = True
        try:
            inside = self._write_spoiler(token)
        finally:
            self._in_spoiler = False
        return _fill(
            '<details class="spoiler" id="spoiler-{}"><summary>{}</summary> {}</details>',
            next(self._spoilers),
            gettext(wording.SPOILER_LABEL),
            inside,
        )

    def _write_masked_link(self, token: Token) -> str:
        link = _fill(_LINK, normalized_address(token.content), self.write(token.children or ()))
        return _fill('{} <span class="host">({})</span>', link, shown_host(token.content))
