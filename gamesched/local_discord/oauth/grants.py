"""Codes and tokens issued to applications on behalf of people."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

CODE_LIFETIME = 60.0  # seconds
TOKEN_LIFETIME = 604_800  # seconds


@dataclass(frozen=True)
class Grant:
    """A person's consent: the scopes, the redirect address and the PKCE challenge."""

    user_id: int
    scopes: frozenset[str]
    redirect_uri: str
    code_challenge: str = ""
    code_challenge_method: str = "plain"
    issued_at: float = 0.0


class Grants:
    """Codes, valid once and for a minute, and the access tokens exchanged for them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}

    def issue_code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(22)
        self._codes[code] = grant
        return code

    def redeem_code(self, code: str) -> Grant | None:
        """Return the grant of an unused code."""
        grant = self._codes.pop(code, None)
        return None if grant is None or grant.issued_at + CODE_LIFETIME < self._clock() else grant

    def issue_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(22)
        self._tokens[token] = grant
        return token

    def find_by_token(self, token: str) -> Grant | None:
        return self._tokens.get(token)
