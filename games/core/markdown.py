"""Discord's markup, read into tokens as Discord's client reads it; pages and plain texts are made from those.

Discord's rules are not CommonMark's: a line break is one, `__` underlines, HTML, images and tables do not exist, and
headings, quotes and lists begin at a line's start. https://support.discord.com/hc/en-us/articles/210298617

markdown-it-py walks the text and keeps the tokens; the rules are here. Each takes time in proportion to the text: a
delimiter that is never closed is searched for once, brackets are paired in one pass, and depth is bounded.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext, gettext_noop
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, backtick
from markdown_it.token import Token

from games.core.addresses import ADDRESS, is_web_address, trimmed_address

DEEPEST = 8  # how far markup nests; what is deeper stays as typed

_STOP = re.compile(r"[\\*_~|`<\[\n]|(?i:https?://)")
_ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
_PAIRED = {
    "**": ("bold", re.compile(r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL)),
    "__": ("underline", re.compile(r"__((?:\\.|[^\\])+?)__(?!_)", re.DOTALL)),
    "~~": ("strike", re.compile(r"~~(.+?)~~(?!_)", re.DOTALL)),
    "||": ("spoiler", re.compile(r"\|\|(.+?)\|\|", re.DOTALL)),
}
_ITALIC = {
    "*": re.compile(r"\*(?=\S)((?:\*\*|\\.|\s+(?:\\.|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)", re.DOTALL),
    "_": re.compile(r"_((?:__|\\.|[^\\_])+?)_(?![0-9A-Za-z_])", re.DOTALL),
}
_LANGUAGE = re.compile(r"[\w+\-.#]+\n")
_MARK = re.compile(
    r"""
    <(?: @!?(?P<person>\d{1,20})
       | @&(?P<role>\d{1,20})
       | \#(?P<channel>\d{1,20})
       | a?:(?P<emoji>\w{1,64}):\d{1,20}
       | /(?P<command>[^\s:<>][^:<>\n]{0,110}):\d{1,20}
       | id:(?P<place>customize|browse|guide|linked-roles|home)
       | t:(?P<seconds>-?\d{1,17})(?::(?P<style>[tTdDfFsSR]))?
       | (?P<address>https?://[^\s<>]+)
    )>
    """,
    re.VERBOSE | re.ASCII,
)
PLACES = {
    "customize": gettext_noop("Channels & Roles"),
    "browse": gettext_noop("Browse Channels"),
    "guide": gettext_noop("Server Guide"),
    "linked-roles": gettext_noop("Linked Roles"),
    "home": gettext_noop("Server Guide"),
}
_STARTS_LINE = frozenset(" #>-*0123456789")
_HEADING = re.compile(r" *+(#{1,3}) ++([^\n]+)(?:\n|$)")
_SUBTEXT = re.compile(r" *+-# ++([^\n]+)(?:\n|$)")
_QUOTE = re.compile(r"(?: *> [^\n]*(?:\n|$))+")
_QUOTED_REST = re.compile(r" *>>> (.+)", re.DOTALL)
_LIST = re.compile(r" *(?:[-*]|\d{1,10}\.) +\S[^\n]*(?:\n(?: *(?:[-*]|\d{1,10}\.) +\S| +\S)[^\n]*)*\n?")
_ITEM = re.compile(r"( *)([-*]|(\d{1,10})\.) +(\S.*)")
_TITLE = re.compile(r"""(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)""")


def read_markdown(text: str) -> list[Token]:
    """Return the tokens of a text in Discord's markup; what a token contains are its `children`."""
    return _PARSER.parseInline(text, {"depth": 0, "lines": True})[0].children or []


def walk(tokens: list[Token]) -> Iterator[Token]:
    """Yield all tokens, also those in others."""
    for token in tokens:
        yield token
        yield from walk(token.children or [])


def _push(state: StateInline, kind: str, content: str = "", **meta: Any) -> Token:
    token = state.push(kind, "", 0)
    token.content = content
    token.meta = meta
    return token


def _push_nested(state: StateInline, token: Token, content: str, **context: Any) -> None:
    """Read `content` into the token's children. `context` says what they may contain."""
    token.children = []
    if content[:1] not in _STARTS_LINE and not _STOP.search(content):  # plain words need no parser of their own
        token.children.append(Token("text", "", 0, content=content))
        return
    inside = {key: state.env.get(key) for key in ("lines", "quoted", "linked")} | context
    inside["depth"] = state.env["depth"] + 1
    state.md.inline.parse(content, state.md, inside, token.children)


# --- at a line's start -------------------------------------------------------------------------------------


def _line(state: StateInline) -> bool:
    """Read a heading, small print, a quote or a list."""
    src, pos, env = state.src, state.pos, state.env
    if src[pos] not in _STARTS_LINE or (pos and src[pos - 1] != "\n") or not env["lines"] or env["depth"] >= DEEPEST:
        return False
    if (match := _HEADING.match(src, pos)) and (words := match[2].rstrip(" #")):
        _push_nested(state, _push(state, "heading", level=len(match[1])), words, lines=False)
    elif match := _SUBTEXT.match(src, pos):
        _push_nested(state, _push(state, "subtext"), match[1], lines=False)
    elif not env.get("quoted") and (match := _QUOTED_REST.match(src, pos)):
        _push_nested(state, _push(state, "quote"), match[1], quoted=True)
    elif not env.get("quoted") and (match := _QUOTE.match(src, pos)):
        lines = match[0].removesuffix("\n").split("\n")
        _push_nested(state, _push(state, "quote"), "\n".join(line.lstrip(" ")[2:] for line in lines), quoted=True)
    elif match := _LIST.match(src, pos):
        _push_list(state, match[0].removesuffix("\n").split("\n"))
    else:
        return False
    state.pos = match.end()
    return True


def _push_list(state: StateInline, lines: list[str]) -> None:
    """Read lines into lists: a bullet further in begins a list in the item before it, other lines go on with theirs."""
    rows: list[tuple[int, str, list[str]]] = []
    for line in lines:
        if item := _ITEM.match(line):
            rows.append((len(item[1]), item[3] or "", [item[4]]))
        else:
            rows[-1][2].append(line.strip())
    outer: list[tuple[int, str, list[Token]]] = []  # the lists that are open: how far in each is, its kind, its items
    for indent, number, content in rows:
        while len(outer) > 1 and indent < outer[-1][0]:
            outer.pop()
        kind = "ordered_list" if number else "bullet_list"
        if outer and indent <= outer[-1][0] and outer[-1][1] != kind:
            outer.pop()
        if not outer or (indent > outer[-1][0] and len(outer) < DEEPEST):
            items: list[Token] = []
            if outer:
                (outer[-1][2][-1].children or []).append(Token(kind, "", 0, children=items, meta={"start": number}))
            else:
                _push(state, kind, start=number).children = items
            outer.append((indent, kind, items))
        item_token = Token("item", "", 0)
        _push_nested(state, item_token, "\n".join(content))
        outer[-1][2].append(item_token)


# --- anywhere ----------------------------------------------------------------------------------------------


def _text(state: StateInline) -> bool:
    found = _STOP.search(state.src, state.pos)
    end = found.start() if found else state.posMax
    if end == state.pos:
        return False
    state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def _newline(state: StateInline) -> bool:
    _push(state, "newline")
    state.pos += 1
    return True


def _escape(state: StateInline) -> bool:
    match = _ESCAPED.match(state.src, state.pos)
    if match is None:
        return False
    state.pending += match[1]
    state.pos = match.end()
    return True


def _span(state: StateInline) -> bool:
    """Read bold, italic, underlined, struck or hidden text."""
    src, pos, env = state.src, state.pos, state.env
    pair = src[pos : pos + 2]
    unclosed = env.setdefault("unclosed", set())
    match = None
    if pair in _PAIRED and pair not in unclosed and (env["depth"] < DEEPEST or pair == "||"):
        kind, pattern = _PAIRED[pair]
        match = pattern.match(src, pos)
        if match is None:
            unclosed.add(pair)  # nor is any after it in this text
    if match is None and src[pos] in _ITALIC and env["depth"] < DEEPEST:
        kind, match = "italic", _ITALIC[src[pos]].match(src, pos)
    if match is None:
        return False
    _push_nested(state, _push(state, kind), match[1], lines=False)
    state.pos = match.end()
    return True


def _fence(state: StateInline) -> bool:
    """Read a code block, which may begin in the middle of a line."""
    src, start = state.src, state.pos + 3
    unclosed = state.env.setdefault("unclosed", set())
    if "```" in unclosed or not src.startswith("```", state.pos):
        return False
    if (end := src.find("```", start)) < 0:
        unclosed.add("```")
        return False
    language = _LANGUAGE.match(src, start, end)
    code = src[language.end() if language else start : end].strip("\n")
    if not code:
        return False
    _push(state, "code_block", code)
    state.pos = end + 3 + (src[end + 3 : end + 4] == "\n")
    return True


def _code(state: StateInline) -> bool:
    return backtick(state, False)


def _mark(state: StateInline) -> bool:
    """Read what stands in angle brackets: a mention, emoji, command, time or address."""
    match = _MARK.match(state.src, state.pos)
    if match is None:
        return False
    kind = match.lastgroup or ""
    if kind in {"person", "role", "channel"}:
        _push(state, "mention", match[0], of=kind, id=int(match[kind]))
    elif kind == "emoji":
        state.pending += f":{match[kind]}:"
    elif kind == "command":
        _push(state, "label", f"/{match[kind]}")
    elif kind == "place":
        _push(state, "label", f"#{gettext(PLACES[match[kind]])}")
    elif kind in {"seconds", "style"}:
        _push(state, "time", match[0], seconds=int(match["seconds"]), style=match["style"] or "f")
    elif state.env.get("linked") or not is_web_address(match[kind]):
        return False
    else:
        _push(state, "address", match[kind])
    state.pos = match.end()
    return True


def _address(state: StateInline) -> bool:
    """Read an address that stands in the text."""
    match = ADDRESS.match(state.src, state.pos)
    if match is None:
        return False
    address = trimmed_address(match[0])
    if state.env.get("linked") or not is_web_address(address):
        state.pending += address
    else:
        _push(state, "address", address)
    state.pos += len(address)
    return True


def _masked_link(state: StateInline) -> bool:
    """Read `[text](address)`."""
    src, pos = state.src, state.pos
    if state.env.get("linked"):
        return False
    end = _bracket_pairs(state).get(pos, 0)
    if not src[pos + 1 : end].strip() or src[end + 1 : end + 2] != "(":
        return False
    start = end + 2 + len(src[end + 2 : end + 8]) - len(src[end + 2 : end + 8].lstrip(" "))
    found = state.md.helpers.parseLinkDestination(src, start, state.posMax)
    closed = _TITLE.match(src, found.pos) if found.ok else None
    if closed is None or not is_web_address(found.str, behind_words=True):
        return False
    token = _push(state, "masked_link", found.str)
    _push_nested(state, token, src[pos + 1 : end], lines=False, linked=True)
    state.pos = closed.end()
    return True


def _bracket_pairs(state: StateInline) -> dict[int, int]:
    """Return where each `[` of the text is closed."""
    if "brackets" not in state.env:
        pairs: dict[int, int] = {}
        opened: list[int] = []
        for match in re.finditer(r"\\.|\[|\]", state.src, re.DOTALL):
            if match[0] == "[":
                opened.append(match.start())
            elif match[0] == "]" and opened:
                pairs[opened.pop()] = match.start()
        state.env["brackets"] = pairs
    found: dict[int, int] = state.env["brackets"]
    return found


_RULES: dict[str, tuple[Callable[[StateInline], bool], ...]] = {
    "\n": (_newline,),
    "\\": (_escape,),
    "`": (_fence, _code),
    "<": (_mark,),
    "[": (_masked_link,),
    **dict.fromkeys("*_~|", (_span,)),
    **dict.fromkeys("hH", (_address,)),
}


def _read(state: StateInline, silent: bool) -> bool:
    """Read what begins here. One rule for all, as the parser asks each of its rules at each character."""
    if _line(state) or _text(state):
        return True
    character = state.src[state.pos]
    if not any(rule(state) for rule in _RULES.get(character, ())):
        state.pending += character
        state.pos += 1
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero")
    parser.inline.ruler.at("text", _read)
    return parser


_PARSER = _parser()
