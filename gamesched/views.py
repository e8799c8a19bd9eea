"""Pages that belong to no app."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def help_page(request: HttpRequest) -> HttpResponse:
    """Show how to schedule, join and be reminded."""
    return render(request, "help.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show the page for a form without its token: cookies are off, or it is from before a log-in."""
    return render(request, "403_csrf.html", status=403)
