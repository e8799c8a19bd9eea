"""The handler of requests for pages."""

from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBadRequest


class PageHandler(ASGIHandler):
    """Django's handler, which also answers a request with headers that Django cannot read."""

    def create_request(self, scope: Any, body_file: Any) -> Any:
        # Django catches only UnicodeDecodeError here; `Content-Type: a/b; charset*=x''y` raises another.
        try:
            return super().create_request(scope, body_file)
        except ValueError:
            return None, HttpResponseBadRequest()
