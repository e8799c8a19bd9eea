from django.urls import path

from guilds import views
from guilds.sent_forms.views import send_again

urlpatterns = [
    path("login/", views.login_page, name="login"),
    path("guilds/<id:guild_id>/tint.css", views.tint, name="guild-tint"),
    path("me/", views.me, name="me"),
    path("send-again/", send_again, name="send-again"),
]
