"""pytest plugin: checks each request to the local Discord, and its response, against Discord's OpenAPI document.

DISCORD_OPENAPI is the document's path. What the document misses (equal custom ids, texts too long by Discord's
stricter rules, empty messages) the local Discord checks itself, as `gamesched/local_discord/tests` prove. Nothing is
checked while a test runs: bodies are stored in files, also by local Discords in separate processes, and read after
the test.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema_rs import Draft202012, Draft202012Validator, Registry, ValidationError

from gamesched.local_discord.api.exchange_log import FOLDER_VARIABLE
from gamesched.local_discord.api.uploads import FORM_TYPES

DOCUMENT_VARIABLE = "DISCORD_OPENAPI"
SKIPPED = (
    f"Nothing was held against Discord's description of its API: {DOCUMENT_VARIABLE} names no file. "
    "Get openapi.json from https://github.com/discord/discord-api-spec (specs/openapi.json), "
    "and set it to where that lies."
)

# Routes that Discord has but does not describe: log-in, and those that its own client uses.
NOT_DESCRIBED = re.compile(
    r"/oauth2/token|/interactions|/(guilds|channels)/\d+/application-command-index|/users/@me/channels"
    r"|/channels/\d+/typing|/guilds/\d+/scheduled-events/\d+/users/@me"
)
# Where Discord accepts what its document forbids: discord.py sends some ids as numbers, permissions as strings (so do
# Discord's pages), flags in embeds, `tts` in edits, `nsfw` of commands and two queries. Codes inside a 50035 are words:
# https://docs.discord.com/developers/reference#error-messages
KNOWN_DIFFERENCES = re.compile(
    r"/recipient_id |/allowed_mentions/(users|roles)/\d+ \d+ is not|/messages/\d+ \d+ is not"
    r"|/channel_id \d+ is not|/embeds/\d+/flags: |/tts: |/\d+/nsfw: "
    r'|/(permissions|default_member_permissions|allow|deny) "\d+" is not'
    r"|query: (delete_message_seconds|use_nested_fields) is"
    r'|/errors/.*/code "[A-Z0-9_]+" is not of type "integer"'
)

LONG = re.compile(r"[\w-]{30,}")  # tokens

DOCUMENT = "discord:openapi"

Json = dict[str, Any]


def is_available() -> bool:
    """Return whether the document is available."""
    return bool(os.environ.get(DOCUMENT_VARIABLE))


class Exchange(NamedTuple):
    """One request and its response; `status` is 0 if the connection was cut instead."""

    method: str
    path: str
    query: list[str]
    content_type: str
    request: str
    status: int
    response: str


class Operation(NamedTuple):
    """One method of one path, from the document."""

    pattern: re.Pattern[str]
    definition: Json
    parameters: frozenset[str]


class ApiDescription:
    """Discord's OpenAPI document, given as text."""

    def __init__(self, text: str) -> None:
        # What names a part of it names the document too: no validator needs a copy of all parts of its own.
        document = json.loads(text.replace('"#/components/', f'"{DOCUMENT}#/components/'))
        self._schemas: Json = {"components": document["components"]}
        self._registry = Registry([(DOCUMENT, self._schemas)], draft=Draft202012)
        self._operations: dict[str, list[Operation]] = {}
        # By names in the document, or the ids of its parts, which live as long as this.
        self._validators: dict[str | int, Draft202012Validator] = {}
        self._flattened: dict[int, list[Json]] = {}
        # Literal paths before templated ones: /users/@me is not /users/{user_id}.
        for path in sorted(document["paths"], key=lambda path: [part[:1] == "{" for part in path.split("/")]):
            pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
            methods = document["paths"][path]
            for method, described in methods.items():
                if method == "parameters":
                    continue
                named = [*methods.get("parameters", []), *described.get("parameters", [])]
                queries = frozenset(parameter["name"] for parameter in named if parameter["in"] == "query")
                self._operations.setdefault(method.upper(), []).append(Operation(pattern, described, queries))

    def problems(self, exchange: Exchange) -> list[str]:
        """Return how the exchange violates the document. A refused request is not checked: it may be wrong."""
        operation = self._find_operation(exchange.method, exchange.path)
        if operation is None:
            known = NOT_DESCRIBED.fullmatch(exchange.path) or exchange.status in (401, 404, 405)
            return [] if known else ["Discord describes no such route"]
        problems = []
        if exchange.status < 400:
            problems += [f"query: {name} is not described" for name in set(exchange.query) - operation.parameters]
            problems += [f"request: {problem}" for problem in self._request_problems(operation, exchange)]
        if 200 <= exchange.status < 500:
            problems += [
                f"answer {exchange.status}: {problem}" for problem in self._response_problems(operation, exchange)
            ]
        return [problem for problem in problems if not KNOWN_DIFFERENCES.search(problem)]

    def _find_operation(self, method: str, path: str) -> Operation | None:
        return next(
            (operation for operation in self._operations.get(method, []) if operation.pattern.fullmatch(path)), None
        )

    def _request_problems(self, operation: Operation, exchange: Exchange) -> list[str]:
        described = operation.definition.get("requestBody", {}).get("content", {})
        if exchange.content_type in FORM_TYPES and exchange.content_type in described:
            return []  # a form's fields are texts, and its JSON is not recorded
        schema = described.get("application/json", {}).get("schema")
        if schema is None:
            return ["a body, and none is described"] if exchange.request not in ("", "{}", "null") else []
        if exchange.content_type != "application/json":
            return [f"the type is {exchange.content_type}"] if exchange.request else []
        body = json.loads(exchange.request)
        # A misspelt key is an error of ours that Discord would ignore silently.
        return self._schema_errors(schema, body) or list(self._unknown_keys([schema], body, ""))

    def _response_problems(self, operation: Operation, exchange: Exchange) -> list[str]:
        responses = operation.definition["responses"]
        described = responses.get(str(exchange.status)) or (responses["4XX"] if exchange.status >= 400 else None)
        if described is None:
            return ["no such status is described"]
        if "$ref" in described:
            described = self._schemas["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return ["a body, and none is described"] if exchange.response else []
        if exchange.status in (403, 429) and not exchange.response:
            return []  # Cloudflare's answer, not Discord's
        body = json.loads(exchange.response)
        if exchange.status == 429:
            body = {"code": 0} | body  # the page on rate limits shows none, the description requires one
        return self._schema_errors(schema, body)

    def _schema_errors(self, schema: Json, body: Any) -> list[str]:
        key = schema.get("$ref") or id(schema)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(schema, registry=self._registry)
        return [_deepest_error(error) for error in self._validators[key].iter_errors(body)]

    def _unknown_keys(self, schemas: list[Json], body: Any, where: str) -> Iterator[str]:
        """Yield the keys in a body that none of these schemas has."""
        # Once each: the components of a message name the same ones on many ways.
        schemas = list({id(flat): flat for schema in schemas for flat in self._flatten(schema)}.values())
        if isinstance(body, list):
            inside = [part["items"] for part in schemas if "items" in part]
            for number, item in enumerate(body):
                yield from self._unknown_keys(inside, item, f"{where}/{number}")
        if not isinstance(body, dict) or any(part.get("additionalProperties") for part in schemas):
            return
        properties = [part["properties"] for part in schemas if "properties" in part]
        for name, value in body.items():
            inside = [known[name] for known in properties if name in known]
            if inside:
                yield from self._unknown_keys(inside, value, f"{where}/{name}")
            elif properties:
                yield f"{where}/{name}: no such key is described"

    def _flatten(self, schema: Json) -> list[Json]:
        """Return a schema with those that it names as its alternatives and parts."""
        if id(schema) not in self._flattened:
            if "$ref" in schema:
                flat = self._flatten(self._schemas["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
            else:
                parts = [part for word in ("oneOf", "anyOf", "allOf") for part in schema.get(word, [])]
                flat = [schema, *(inner for part in parts for inner in self._flatten(part))]
            self._flattened[id(schema)] = flat
        return self._flattened[id(schema)]


def _deepest_error(error: ValidationError) -> str:
    """Return the deepest reason: of several alternatives, the first error of the closest one."""
    branches = getattr(error.kind, "context", None)
    if branches:
        closest = max((branch for branch in branches if branch), key=lambda b: (len(b[0].instance_path), -len(b)))
        return _deepest_error(closest[0])
    return f"/{'/'.join(map(str, error.instance_path))} {error.message[:300]}"


class ExchangeCheck:
    """Reads the exchanges recorded since the previous call."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="local-discord-")
        self._read: dict[str, int] = {}  # bytes by path

    @cached_property
    def description(self) -> ApiDescription | None:
        path = os.environ.get(DOCUMENT_VARIABLE)
        return ApiDescription(Path(path).read_text(encoding="utf-8")) if path else None

    def problems(self) -> list[str]:
        problems: list[str] = []
        for path in self._grown():
            begin = self._read.get(path, 0)
            with open(path, "rb") as file:
                file.seek(begin)
                lines = file.read()
            whole = lines.rfind(b"\n") + 1
            self._read[path] = begin + whole
            # Who waits for something asks the same again and again, and is answered the same.
            for line in dict.fromkeys(lines[:whole].splitlines()):
                fields = json.loads(line)
                exchange = Exchange(content_type=fields.pop("type"), **fields)
                if self.description is not None:
                    what = f"{exchange.method} {LONG.sub('…', exchange.path)}"
                    problems += [f"{what}: {problem}" for problem in self.description.problems(exchange)]
        return list(dict.fromkeys(problems))

    def _grown(self) -> list[str]:
        """Return the files with something new. Each process with a local Discord has one."""
        with os.scandir(self.folder.name) as entries:
            return sorted(each.path for each in entries if each.stat().st_size > self._read.get(each.path, 0))


_check = ExchangeCheck()
os.environ[FOLDER_VARIABLE] = _check.folder.name


@pytest.fixture(autouse=True)
def matches_description() -> Iterator[None]:
    """Fail a test with exchanges that violate the document.

    Set up before all other fixtures, so that its teardown runs after the local Discord's last response.
    """
    yield
    if problems := _check.problems():
        listed = "\n  ".join(problems[:20])
        pytest.fail(f"This is not as Discord describes its API:\n  {listed}", pytrace=False)
