"""The page that shows the API and tries it out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation, to try out with a token."""
    return render(request, "games/api_docs.html", {"schema": reverse("api:openapi-json")})
