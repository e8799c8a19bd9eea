from django.urls import path

from games.attendance import views as attendance_views

urlpatterns = [
    path(
        "games/<id:game_id>/signups/<id:signup_id>/attendance/",
        attendance_views.mark_attendance,
        name="game-attendance",
    ),
    path("games/<id:game_id>/rewards/", attendance_views.write_rewards, name="game-rewards"),
    path("guilds/<id:guild_id>/attendance.csv", attendance_views.attendance_table, name="guild-attendance"),
]
