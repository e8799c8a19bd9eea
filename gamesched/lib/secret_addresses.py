"""Keeps secret addresses out of logs: whoever reads a log must not be able to read a person's calendar."""

import logging
import re
from urllib.parse import unquote

PREFIX = "/calendars/"
# Addresses whose queries are nobody's business: Discord's code and our state log somebody in, and to a program a host
# writes why somebody is taken out, or by mistake its token.
QUERIES = ("/accounts/", "/api/")
HIDDEN = f"{PREFIX}***.ics"
_ADDRESS = re.compile(rf"{PREFIX}[^\s\"'?]+")


def shown_request(request: str) -> str:
    """Return a method and a path as a log may have them."""
    # As the client sent it: it may write any character as %xx.
    method, _, path = request.partition(" ")
    if PREFIX in unquote(path):
        return f"{method} {HIDDEN}"
    address, mark, _ = path.partition("?")
    return f"{method} {address}?***" if mark and any(one in unquote(address) for one in QUERIES) else request


class HideSecretAddresses(logging.Filter):
    """Shows of a secret address in a record that it is one."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if PREFIX in text:
            record.msg, record.args = _ADDRESS.sub(HIDDEN, text), ()
        return True
