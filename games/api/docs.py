"""The API's schema, and the page that shows it and tries it out."""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from games.api.app import api
from games.api.shapes import ProblemShape

PREFIX = "/api/v1/"


@cache
def schema() -> dict[str, Any]:
    """Return the OpenAPI document: what Django Ninja makes of the operations, and the errors that all of them have."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX), default=str))
    made["components"]["schemas"]["Problem"] = ProblemShape.model_json_schema()
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in made["paths"].values():
        for operation in methods.values():
            operation["responses"]["default"] = {"description": "What went wrong.", "content": content}
    return made


@require_GET
@cache_control(max_age=3600, public=True)
def openapi(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document."""
    return HttpResponse(_written(), content_type="application/json")


@cache
def _written() -> bytes:
    return json.dumps(schema()).encode()


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation, to try out with a token."""
    return render(request, "games/api_docs.html", {"schema": reverse("api-schema")})
