from django.urls import path

from games.posts import views as post_views

urlpatterns = [
    path("games/<id:game_id>/calendar.ics", post_views.game_calendar, name="game-calendar"),
    path("games/<id:game_id>/archive/", post_views.archive, name="game-archive"),
]
