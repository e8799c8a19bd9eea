from django.urls import path

from games.privacy import views

urlpatterns = [
    path("privacy/", views.privacy, name="privacy"),
    path("privacy/download/", views.download, name="privacy-download"),
    path("privacy/forget/", views.forget, name="privacy-forget"),
]
