from django.urls import path

from games.attendance import views

urlpatterns = [
    path(
        "games/<id:game_id>/signups/<id:signup_id>/attendance/",
        views.mark_attendance,
        name="game-attendance",
    ),
    path("games/<id:game_id>/rewards/", views.write_rewards, name="game-rewards"),
    path("guilds/<id:guild_id>/attendance.csv", views.attendance_csv, name="guild-attendance"),
]
