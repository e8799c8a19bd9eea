"""Sends requests to the API's own addresses, and tells clients how many they have left."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]
PREFIXES = ("/api/", "/docs/")


def serve_api(get_response: Handler) -> Handler:
    """Resolve the API's addresses by `games.api.addresses`, which is loaded with the first of them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIXES):
            return get_response(request)
        request.urlconf = "games.api.addresses"
        response = get_response(request)
        for name, value in getattr(request, "limit_headers", {}).items():
            response[name] = value
        return response

    return middleware
