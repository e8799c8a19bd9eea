from django.urls import path

from games.signups import views

urlpatterns = [
    path("games/<id:game_id>/join/", views.join, name="game-join"),
    path("games/<id:game_id>/leave/", views.leave, name="game-leave"),
    path("games/<id:game_id>/answer/", views.answer, name="game-answer"),
    path("games/<id:game_id>/note/", views.note, name="game-note"),
    path("games/<id:game_id>/bring/", views.bring, name="game-bring"),
    path("games/<id:game_id>/unbring/", views.unbring, name="game-unbring"),
    path("games/<id:game_id>/overlap/", views.overlap, name="game-overlap"),
    path("games/<id:game_id>/wait/", views.wait, name="game-wait"),
    path("games/<id:game_id>/signups/<id:signup_id>/remove/", views.remove, name="game-remove"),
    path("games/<id:game_id>/signups/<id:signup_id>/seat/", views.seat, name="game-seat"),
    path("games/<id:game_id>/signups/<id:signup_id>/bench/", views.bench, name="game-bench"),
    path("games/<id:game_id>/signups/<id:signup_id>/up/", views.reorder, {"by": -1}, name="game-up"),
    path("games/<id:game_id>/signups/<id:signup_id>/down/", views.reorder, {"by": 1}, name="game-down"),
    path("games/<id:game_id>/add/", views.add, name="game-add"),
    path("games/<id:game_id>/close/", views.close, name="game-close"),
    path("games/<id:game_id>/reopen/", views.reopen, name="game-reopen"),
]
