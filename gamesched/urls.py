"""All URLs of the site."""

from django.contrib import admin
from django.urls import include, path, register_converter

from gamesched import styleguide, views
from gamesched.lib.ids import IdConverter

register_converter(IdConverter, "id")

handler500 = "gamesched.views.server_error"

urlpatterns = [
    path("", include("games.urls")),
    path("", include("guilds.urls")),
    path("robots.txt", views.robots),
    path("favicon.ico", views.favicon),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("service-worker.js", views.service_worker, name="service-worker"),
    path("offline/", views.offline, name="offline"),
    path("words/<slug:language>/<slug:version>.js", views.words_of_scripts, name="script-words"),
    path("help/", views.help_page, name="help"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
