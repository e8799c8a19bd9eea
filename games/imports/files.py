"""Tells what a file is by what it holds, and has it read. Nothing of it is run, fetched or unpacked to a disk."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

from games.exports.archive import JSON_NAME, PICTURES
from games.imports.archive import read_archive
from games.imports.bots import read_bot_json
from games.imports.found import FILE_MAX, UNPACKED_MAX, ZIP_MAX, Reading, ReadingOptions, refuse
from games.imports.ics import read_ics
from games.imports.pasted import read_pasted
from games.imports.table import guess_mapping, read_table

MEMBERS_MAX = 2000  # files in a zip
VALUES_MAX = 3_000_000  # of a JSON text: short ones take twenty times the memory of their text
_MEMBER = b"PK\x01\x02"  # by which the list of a zip's files begins each
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BINARY = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"SQLite",
    b"Rar!",
    b"7z\xbc",
)


def read_file(content: bytes, now: datetime, options: ReadingOptions) -> Reading:
    """Return what is in a file. Raises Refused for one that is no list of games, with one sentence."""
    if content.startswith(_ZIP):
        if len(content) > ZIP_MAX:
            raise refuse("zip_too_large")
        return _read_zip(content, now, options)
    if len(content) > FILE_MAX:
        raise refuse("too_large")
    text = decoded(content)
    start = text.lstrip()[:200]
    if not start:
        raise refuse("empty")
    if start.upper().startswith("BEGIN:VCALENDAR"):
        return read_ics(text, now, options)
    if start.startswith("<") and not start.startswith(("<t:", "<@", "<#", "<:")):
        raise refuse("markup")
    if start[0] in "{[" and not start.startswith("[http"):
        return read_bot_json(parsed_json(text), now)
    if _is_table(text):
        return read_table(text, now, options)
    reading = read_pasted(text, now, options)
    if not reading.games and not reading.dropped:
        raise refuse("unknown")
    return reading


def decoded(content: bytes) -> str:
    """Return a file's text. Raises Refused for another encoding than UTF-8 or marked UTF-16: we don't guess."""
    if content.startswith(_BINARY):
        raise refuse("unknown")
    try:
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise refuse("bad_encoding") from None
    if "\0" in text:
        raise refuse("bad_encoding")
    return text


def parsed_json(text: str) -> Any:
    """Return what a JSON text says. Raises Refused."""
    if sum(map(text.count, ",[{")) > VALUES_MAX:
        raise refuse("too_much")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # an integer of thousands of digits is a ValueError
        raise refuse("bad_json") from None


def _is_table(text: str) -> bool:
    """Return whether the first line names columns that we know, or at least several."""
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    cells = [cell.strip(' "\r') for cell in first.split(delimiter)]
    known = guess_mapping(cells)
    return first.count(delimiter) > 0 and (len(known) > 1 or (len(cells) > 2 and not re.search(r"\d", first)))


def _read_zip(content: bytes, now: datetime, options: ReadingOptions) -> Reading:
    """Return what is in our archive, or in the calendars of a zip, as Google exports them."""
    names = (JSON_NAME, PICTURES)
    files = unpacked(content, lambda name: name.startswith(names) or name.lower().endswith(".ics"))
    if JSON_NAME in files:
        return read_archive(parsed_json(decoded(files[JSON_NAME])), files)
    if not files:
        raise refuse("unknown")
    # As one: so many events and days may be in all of them together.
    return read_ics("\n".join(map(decoded, files.values())), now, options)


def unpacked(content: bytes, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return files of a zip by their names, read into memory. Raises Refused for a broken one and for a bomb."""
    found: dict[str, bytes] = {}
    left = UNPACKED_MAX
    if content.count(_MEMBER) > MEMBERS_MAX:  # before they are listed, which takes some hundred bytes for each
        raise refuse("bomb")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.is_dir() or not is_wanted(member.filename):
                    continue
                if member.flag_bits & 1:
                    raise refuse("locked")
                with archive.open(member) as file:
                    data = file.read(left + 1)  # what the zip says of its sizes is not to be trusted
                left -= len(data)
                if left < 0:
                    raise refuse("bomb")
                found[member.filename] = data
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise refuse("bad_zip") from None
    except Exception as error:  # zlib's, lzma's and bz2's own
        if type(error).__module__ in {"zlib", "lzma", "_lzma", "_bz2"}:
            raise refuse("bad_zip") from None
        raise
    return found
