from django.urls import path

from games.posts import views

urlpatterns = [
    path("games/<id:game_id>/calendar.ics", views.game_calendar, name="game-calendar"),
    path("games/<id:game_id>/archive/", views.archive, name="game-archive"),
]
