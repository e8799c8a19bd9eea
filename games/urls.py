from django.urls import include, path

urlpatterns = [
    path("", include("games.pages.urls")),
    path("", include("games.api.urls")),
    path("", include("games.attendance.urls")),
    path("", include("games.companions.urls")),
    path("", include("games.confirmations.urls")),
    path("", include("games.deliveries.urls")),
    path("", include("games.feeds.urls")),
    path("", include("games.hosts.urls")),
    path("", include("games.minimum_players.urls")),
    path("", include("games.offers.urls")),
    path("", include("games.pictures.urls")),
    path("", include("games.polls.urls")),
    path("", include("games.posts.urls")),
    path("", include("games.privacy.urls")),
    path("", include("games.reminders.urls")),
    path("", include("games.scheduling.urls")),
    path("", include("games.series.urls")),
    path("", include("games.server_settings.urls")),
    path("", include("games.sharing.urls")),
    path("", include("games.signups.urls")),
]
