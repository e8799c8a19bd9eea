from django.urls import path

from games.series import later_views, views

urlpatterns = [
    path("games/<id:game_id>/repeat/", views.repeat, name="game-repeat"),
    path("games/<id:game_id>/repeat/skip/", views.skip, name="game-skip"),
    path("games/<id:game_id>/repeat/unskip/", views.unskip, name="game-unskip"),
    path("games/<id:game_id>/repeat/pause/", views.pause, name="game-pause"),
    path("games/<id:game_id>/repeat/resume/", views.resume, name="game-resume"),
    path("games/<id:game_id>/repeat/correct/", views.correct, name="game-correct-series"),
    path("games/<id:game_id>/repeat/end/", views.end_series, name="game-end-series"),
    path("games/<id:game_id>/edit/later/", later_views.edit_later, name="game-edit-later"),
]
