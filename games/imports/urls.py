from django.urls import path

from games.imports import views

urlpatterns = [
    path("guilds/<id:guild_id>/imports/", views.imports, name="guild-imports"),
    path("guilds/<id:guild_id>/imports/<id:import_id>/", views.import_file, name="guild-import"),
    path("guilds/<id:guild_id>/imports/<id:import_id>/undo/", views.undo, name="guild-import-undo"),
]
