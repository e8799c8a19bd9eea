"""Sends requests to the API's own addresses; every error there is told in the API's way."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]
API, DOCS = "/api/", "/docs/"


def serve_api(get_response: Handler) -> Handler:
    """Resolve the API's addresses by `games.api.addresses`, which is loaded with the first of them.

    It stands before what refuses a request with a page.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_api = request.path.startswith(API)
        if is_api or request.path.startswith(DOCS):
            request.urlconf = "games.api.addresses"
        response = get_response(request)
        if is_api and response.status_code >= 400 and response.get("Content-Type", "").startswith("text/html"):
            from games.api.problems import problem_instead

            return problem_instead(response)
        for name, value in getattr(request, "limit_headers", {}).items():
            response[name] = value
        return response

    return middleware
