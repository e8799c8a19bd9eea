from django.urls import path

from games.polls import views

urlpatterns = [
    path("guilds/<id:guild_id>/polls/new/", views.open_poll, name="poll-new"),
    path("polls/<id:poll_id>/", views.poll, name="poll"),
    path("polls/<id:poll_id>/vote/", views.vote, name="poll-vote"),
    path("polls/<id:poll_id>/game/", views.make_game, name="poll-game"),
    path("polls/<id:poll_id>/cancel/", views.cancel, name="poll-cancel"),
]
