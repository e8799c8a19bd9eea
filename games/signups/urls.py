from django.urls import path

from games.signups import views

urlpatterns = [
    path("games/<id:game_id>/join/", views.join, name="game-join"),
    path("games/<id:game_id>/leave/", views.leave, name="game-leave"),
    path("games/<id:game_id>/answer/", views.respond, name="game-answer"),
    path("games/<id:game_id>/note/", views.set_note, name="game-note"),
    path("games/<id:game_id>/bring/", views.add_guest, name="game-bring"),
    path("games/<id:game_id>/unbring/", views.remove_guest, name="game-unbring"),
    path("games/<id:game_id>/overlap/", views.answer_conflict, name="game-overlap"),
    path("games/<id:game_id>/wait/", views.set_standby, name="game-wait"),
    path("games/<id:game_id>/signups/<id:signup_id>/remove/", views.remove, name="game-remove"),
    path("games/<id:game_id>/signups/<id:signup_id>/seat/", views.give_seat, name="game-seat"),
    path("games/<id:game_id>/signups/<id:signup_id>/bench/", views.move_to_wait_list, name="game-bench"),
    path("games/<id:game_id>/signups/<id:signup_id>/up/", views.reorder, {"by": -1}, name="game-up"),
    path("games/<id:game_id>/signups/<id:signup_id>/down/", views.reorder, {"by": 1}, name="game-down"),
    path("games/<id:game_id>/signups/<id:signup_id>/place/", views.move_to_place, name="game-place"),
    path("games/<id:game_id>/add/", views.add_participants, name="game-add"),
    path("games/<id:game_id>/close/", views.close, name="game-close"),
    path("games/<id:game_id>/reopen/", views.reopen, name="game-reopen"),
]
