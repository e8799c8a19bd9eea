"""Codes and tokens given to applications on behalf of people."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

CODE_LIVES = 60.0  # seconds
TOKEN_LIVES = 604_800  # seconds


@dataclass(frozen=True)
class Grant:
    """What a person allowed: which scopes, for which redirect address, bound to which PKCE challenge."""

    user_id: int
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str = ""
    challenge_method: str = "plain"
    given_at: float = 0.0


class Grants:
    """Codes, good once and for a minute, and the access tokens they were exchanged for."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}

    def give_code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(22)
        self._codes[code] = grant
        return code

    def use_code(self, code: str) -> Grant | None:
        """The grant of a code not used before."""
        grant = self._codes.pop(code, None)
        return None if grant is None or grant.given_at + CODE_LIVES < self._clock() else grant

    def give_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(22)
        self._tokens[token] = grant
        return token

    def of_token(self, token: str) -> Grant | None:
        return self._tokens.get(token)
