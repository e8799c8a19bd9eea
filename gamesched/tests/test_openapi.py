"""The check of the local Discord against Discord's OpenAPI document finds errors."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gamesched.testing.openapi import DOCUMENT_VARIABLE, SKIPPED, ApiDescription, Exchange

MESSAGES = "/channels/1200000000000000011/messages"


@pytest.fixture(scope="module")
def description() -> ApiDescription:
    path = os.environ.get(DOCUMENT_VARIABLE)
    if not path:
        pytest.skip(SKIPPED)
    return ApiDescription(Path(path).read_text(encoding="utf-8"))


def exchange_with(body: Any, path: str = MESSAGES, query: tuple[str, ...] = (), status: int = 0) -> Exchange:
    return Exchange("POST", path, list(query), "application/json", json.dumps(body), status, "")


@pytest.mark.parametrize(
    ("exchange", "problem"),
    [
        (exchange_with({"content": 5}), 'request: /content 5 is not of types "null", "string"'),
        (exchange_with({"contents": "x"}), "request: /contents: no such key is described"),
        (exchange_with({"embeds": [{"titel": "x"}]}), "request: /embeds/0/titel: no such key is described"),
        (
            exchange_with({"components": [{"type": 1, "components": [{"type": 2}]}]}),
            "request: /components/0/components/0",
        ),
        (exchange_with({"content": "x"}, query=("with_responce",)), "query: with_responce is not described"),
        (exchange_with({"content": "x"}, path="/channels/5/nonsense", status=200), "Discord describes no such route"),
        (exchange_with({"content": "x"}, status=201), "answer 201: no such status is described"),
        (exchange_with({})._replace(content_type="text/plain"), "request: the type is text/plain"),
        (exchange_with({}, status=429)._replace(response="{}"), "answer 429:"),
        (exchange_with({}, status=404)._replace(response='{"message": 5}'), "answer 404:"),
        (
            Exchange("GET", "/users/@me", [], "", "", 200, '{"id": 5}'),
            'answer 200: /id 5 is not of type "string"',
        ),
    ],
)
def test_it_names_what_is_wrong(description: ApiDescription, exchange: Exchange, problem: str) -> None:
    problems = description.problems(exchange)
    assert any(text.startswith(problem) for text in problems), problems


@pytest.mark.parametrize(
    "exchange",
    [
        exchange_with({"content": "x", "nonce": "n", "enforce_nonce": True, "allowed_mentions": {"parse": []}}),
        exchange_with({"recipient_id": 5}, path="/users/@me/channels"),
        exchange_with({"contents": 5}, status=400)._replace(response='{"code": 50035, "message": "Invalid Form Body"}'),
    ],
)
def test_it_is_content_with_what_is_right_or_was_refused(description: ApiDescription, exchange: Exchange) -> None:
    assert description.problems(exchange) == []
