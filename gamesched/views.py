"""Pages that belong to no app."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from gamesched.script_words import script_words, script_words_address

# All but these pages are for people who are logged in. Shared games may be fetched, for previews of their links, and
# say themselves that no search engine is to list them.
ROBOTS = "User-agent: *\nAllow: /$\nAllow: /help/\nAllow: /share/\nAllow: /static/\nDisallow: /\n"
GROUND = "#0e1218"  # --ground of tokens.css
ICONS = {
    "icons/icon-192.png": (192, "any"),
    "icons/icon-512.png": (512, "any"),
    "icons/maskable-512.png": (512, "maskable"),
}


def help_page(request: HttpRequest) -> HttpResponse:
    """Show how to schedule, join and be reminded."""
    return render(request, "help.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that a page failed: without user or context, which may be what failed. A form sent again is no link."""
    text = render_to_string("500.html", {"again": request.method == "GET"})
    return HttpResponse(text, status=500)


def robots(request: HttpRequest) -> HttpResponse:
    """Tell search engines which pages anybody may read."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "max-age=86400"})


def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect programs that ask for a picture without reading the page to one that they can show."""
    return HttpResponseRedirect(static("favicon.ico"), headers={"Cache-Control": "max-age=86400"})


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """Tell a phone how to keep the site on its home screen. https://www.w3.org/TR/appmanifest/"""
    icons = [
        {"src": static(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, (size, purpose) in ICONS.items()
    ]
    content = {
        "id": "/",
        "name": "Game Scheduler",
        "short_name": "Scheduler",
        "description": _("Schedule games in Discord, join them, and get reminders."),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": icons,
    }
    headers = {"Cache-Control": "max-age=86400", "Vary": "Accept-Language"}  # browsers ask for it without a cookie
    return JsonResponse(content, content_type="application/manifest+json", headers=headers)


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Show what stands in for a page that cannot be fetched."""
    return render(request, "offline.html")


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the program that keeps the offline page. It may answer only for pages below its own address."""
    content = Path(settings.BASE_DIR, "static", "service-worker.js").read_bytes()
    return HttpResponse(content, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


@require_GET
def words_of_scripts(request: HttpRequest, language: str, version: str) -> HttpResponse:
    """Return the words of scripts in a language. Browsers keep them, as other words have another address."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    is_current = request.path == script_words_address(language)
    kept = "max-age=31536000, immutable" if is_current else "no-store"
    content_type = "text/javascript; charset=utf-8"
    return HttpResponse(script_words(language), content_type=content_type, headers={"Cache-Control": kept})
