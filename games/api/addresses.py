"""The addresses of the API and its docs, beside those of the site, to which its answers link."""

from django.urls import path

from games.api.app import api
from games.api.docs import docs, openapi
from gamesched.urls import urlpatterns as site

urlpatterns = [
    path("api/v1/openapi.json", openapi, name="api-schema"),
    path("api/v1/", api.urls),
    path("docs/", docs, name="api-docs"),
    *site,
]
