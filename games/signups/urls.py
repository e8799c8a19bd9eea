from django.urls import path

from games.signups import views as signup_views

urlpatterns = [
    path("games/<id:game_id>/join/", signup_views.join, name="game-join"),
    path("games/<id:game_id>/leave/", signup_views.leave, name="game-leave"),
    path("games/<id:game_id>/answer/", signup_views.respond, name="game-answer"),
    path("games/<id:game_id>/note/", signup_views.set_note, name="game-note"),
    path("games/<id:game_id>/bring/", signup_views.add_guest, name="game-bring"),
    path("games/<id:game_id>/unbring/", signup_views.remove_guest, name="game-unbring"),
    path("games/<id:game_id>/overlap/", signup_views.answer_conflict, name="game-overlap"),
    path("games/<id:game_id>/wait/", signup_views.set_standby, name="game-wait"),
    path("games/<id:game_id>/signups/<id:signup_id>/remove/", signup_views.remove, name="game-remove"),
    path("games/<id:game_id>/signups/<id:signup_id>/seat/", signup_views.give_seat, name="game-seat"),
    path("games/<id:game_id>/signups/<id:signup_id>/bench/", signup_views.move_to_wait_list, name="game-bench"),
    path("games/<id:game_id>/signups/<id:signup_id>/up/", signup_views.reorder, {"by": -1}, name="game-up"),
    path("games/<id:game_id>/signups/<id:signup_id>/down/", signup_views.reorder, {"by": 1}, name="game-down"),
    path("games/<id:game_id>/add/", signup_views.add_participants, name="game-add"),
    path("games/<id:game_id>/close/", signup_views.close, name="game-close"),
    path("games/<id:game_id>/reopen/", signup_views.reopen, name="game-reopen"),
]
