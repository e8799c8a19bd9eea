"""Holds the API's answers against its own OpenAPI document."""

import re
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012, Draft202012Validator, Registry

from games.api.docs import schema

DOCUMENT = "api:openapi"


@cache
def _operations() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    # Literal paths before those with places: /templates/order is no template's.
    paths = sorted(schema()["paths"], key=lambda path: [part[:1] == "{" for part in path.split("/")])
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + r"(\?.*)?"), schema()["paths"][path])
        for path in paths
    ]


@cache
def _validator(pointer: str) -> Draft202012Validator:
    registry = Registry([(DOCUMENT, schema())], draft=Draft202012)
    return Draft202012Validator({"$ref": f"{DOCUMENT}#{pointer}"}, registry=registry, validate_formats=True)


def check_answer(method: str, path: str, response: Any) -> None:
    """Fail unless the document describes this answer: its status, its type and its body."""
    found = next((methods.get(method.lower()) for pattern, methods in _operations() if pattern.fullmatch(path)), None)
    status = str(response.status_code)
    if found is None or status == "304":
        assert found is not None or status in {"404", "405"}, (method, path, status)
        return
    described = found["responses"].get(status) or (found["responses"]["default"] if status >= "400" else None)
    assert described is not None, (method, path, status)
    if "content" not in described:
        assert response.content == b"", (method, path)
        return
    [(kind, content)] = described["content"].items()
    assert response["Content-Type"].partition(";")[0] == kind, (method, path, response["Content-Type"])
    names = re.search("#(/components/.*)", str(content["schema"].get("$ref", "")))
    where = names[1] if names is not None else _pointer_of(found, method, status)
    problems = [f"{one.instance_path}: {one.message}" for one in _validator(where).iter_errors(response.json())]
    assert not problems, (method, path, problems)


def _pointer_of(found: dict[str, Any], method: str, status: str) -> str:
    path = next(path for path, methods in schema()["paths"].items() if methods.get(method.lower()) is found)
    escaped = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return f"/paths/{escaped}/{method.lower()}/responses/{status}/content/application~1json/schema"
