"""Pages that belong to no app."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static

# All but these two pages are for people who are logged in.
ROBOTS = "User-agent: *\nAllow: /$\nAllow: /help/\nAllow: /static/\nDisallow: /\n"


def help_page(request: HttpRequest) -> HttpResponse:
    """Show how to schedule, join and be reminded."""
    return render(request, "help.html")


def robots(request: HttpRequest) -> HttpResponse:
    """Tell search engines which pages anybody may read."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "max-age=86400"})


def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect programs that ask for a picture without reading the page to one that they can show."""
    return HttpResponseRedirect(static("favicon.ico"), headers={"Cache-Control": "max-age=86400"})
