from django.urls import path

from guilds import views

urlpatterns = [
    path("login/", views.login_page, name="login"),
    path("me/", views.me, name="me"),
]
