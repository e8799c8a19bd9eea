from django.urls import path

from games.exports import views

urlpatterns = [
    path("guilds/<id:guild_id>/archive/", views.archive, name="guild-archive"),
    path("games/<id:game_id>/signups.csv", views.signups, {"form": "csv"}, name="game-signups-csv"),
    path("games/<id:game_id>/signups.json", views.signups, {"form": "json"}, name="game-signups-json"),
]
