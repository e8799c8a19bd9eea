"""Texts from people in our own messages: the one way to escape them. Addresses stay live; markup and pings are dead.

Discord ends an address at a space or `<` only, so it would take a backslash after one as its part. Unless a space or a
sentence's end follows, an address therefore stands in angle brackets. Where markup of ours stands around the text,
Discord looks for that markup's end first, so an address ends for us before whatever could end markup.
"""

import re
from collections.abc import Iterator

from games.core.addresses import ADDRESS, is_web_address, trimmed_address

_ADDRESS = rf"<(?P<bracketed>https?://[^\s<>]+)> | (?P<address>{ADDRESS.pattern})"
_MARKUP = r"""
    (?:^|(?<=[\n\r\u2028\u2029])) (?P<indent>[^\S\n\r]*+) (?: (?P<line>-(?=[ #])) | (?P<number>\d++)(?=\.) )  # a list
  | (?P<marks>(?: [\\*_~`|>\[\]\#] | <(?!https?://) | @(?=everyone|here|[!&]?\d) | :(?=\S) )++)
  | (?P<angle><)
"""
_FLAGS = re.VERBOSE | re.IGNORECASE
_SPECIAL = re.compile(f"{_ADDRESS} | {_MARKUP}", _FLAGS)
_DEAD_SPECIAL = re.compile(f"(?P<bracketed>(?!)) | {_MARKUP}", _FLAGS)  # a dead address has a mark after its scheme
_ENDS_ADDRESS = re.compile(r"\*\*|\|\||~~|[`\"\\>\x00-\x1f\x7f]|[()\[\]]")
_MARKUP_ENDS = "*~|"
_END_OF_SENTENCE = re.compile(r"\)*+[.,;\"']*+:?(?=\s|$)")


def escape_markdown(text: str, most: int | None = None, *, live_addresses: bool = True) -> str:
    """Return a person's text for a message of ours, shortened to `most` characters.

    It reads as typed. An address that does not fit is dead. In a link's own text no address may be live.
    """
    pieces = list(_pieces(text, live_addresses))
    if most is None or sum(len(shown) for shown, _ in pieces) <= most:
        return "".join(shown for shown, _ in pieces)
    kept, after_address = "", -1
    room = max(most - len(" …"), 0)
    for shown, kind in pieces:
        if len(kept) + len(shown) > room:
            kept = _with_start(kept, shown, kind, room)
            break
        kept += shown
        after_address = len(kept) if kind == "address" else after_address
    # Without a space between them, the dots would be a part of the address.
    joins_address = after_address >= 0 and not any(char.isspace() for char in kept[after_address:])
    return f"{kept}{' …' if joins_address else '…'}"[: max(most, 0)]


def cut_message(text: str, most: int) -> str:
    """Cut a message of ours between words, where no escape, mention, time or address ends in the middle."""
    if len(text) <= most:
        return text
    cut = max(text.rfind(" ", 0, most - 1), text.rfind("\n", 0, most - 1), 0)
    return f"{text[:cut].rstrip()} …" if cut and most > 2 else "…"


def _with_start(kept: str, piece: str, kind: str, room: int) -> str:
    """Add as much of a piece as has room. The start of an address, which could be another address, is dead."""
    if kind != "address":
        return kept + piece[: _whole(room - len(kept), kind)]
    for shown, part_kind in _pieces(piece.strip("<>"), False):
        if len(kept) + len(shown) > room:
            return _with_start(kept, shown, part_kind, room)
        kept += shown
    return kept


def _whole(room: int, kind: str) -> int:
    """Return how much of a piece fits: marks only with their backslashes."""
    return room if kind == "text" else room - room % 2 if kind == "escaped" else 0


def _pieces(text: str, live_addresses: bool) -> Iterator[tuple[str, str]]:
    """Yield the text in pieces for Discord, with their kind.

    `text` can be cut anywhere, `escaped` behind every second character, `address` and `whole` nowhere.
    """
    at = 0
    dead_until = 0 if live_addresses else len(text)  # no address before it is live
    while at < len(text):
        match = (_DEAD_SPECIAL if at < dead_until else _SPECIAL).search(text, at)
        start = match.start() if match else len(text)
        if at < dead_until <= start:
            yield text[at:dead_until], "text"
            at = dead_until
            continue
        if start > at:
            yield text[at:start], "text"
        if match is None:
            return
        at = match.end()
        if match["marks"]:
            yield "".join(f"\\{mark}" for mark in match["marks"]), "escaped"
        elif match["line"] or match["number"]:
            yield f"{match['indent']}{match['number'] or ''}\\{match['line'] or '.'}", "whole"
            at += 1 if match["number"] else 0
        elif match["angle"] or ((run := match["bracketed"]) and not _is_whole_address(text, start + 1, run)):
            yield "\\<", "escaped"
            at = start + 1
        else:
            address = run or _address_in(text, start, match["address"])
            if not _is_live(address):
                dead_until, at = at, start
                continue
            at = at if run else start + len(address)
            scheme, rest = address.split("://", 1)
            bare = not run and _END_OF_SENTENCE.match(text, at)
            yield f"{'' if bare else '<'}{scheme.lower()}://{rest}{'' if bare else '>'}", "address"


def _is_whole_address(text: str, start: int, run: str) -> bool:
    return _address_in(text, start, run) == run and _is_live(run)


def _is_live(address: str) -> bool:
    """Return whether Discord makes a link of an address: its host has two characters at least."""
    return is_web_address(address) and len(address.split("://", 1)[1]) > 1


def _address_in(text: str, start: int, run: str) -> str:
    """Return the address at the start of a run without spaces, as far as it is sure to be one.

    It ends at a bracket that it does not open, and at what could end markup of ours, or of the person's around it.
    """
    opened: list[str] = []
    end = len(run)
    for match in _ENDS_ADDRESS.finditer(run):
        if match[0] in "([":
            opened.append(match[0])
        elif match[0] in ")]" and opened and opened[-1] == {")": "(", "]": "["}[match[0]]:
            opened.pop()
        else:
            end = match.start()
            break
    address = trimmed_address(run[:end]).rstrip(_MARKUP_ENDS)
    before = start
    while before and address.endswith("_") and text[before - 1] == "_":
        address, before = address[:-1], before - 1
    return trimmed_address(address)
