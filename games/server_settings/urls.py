from django.urls import path

from games.server_settings import layer_views, setup_views, views

urlpatterns = [
    path("guilds/<id:guild_id>/settings/", layer_views.settings, name="guild-settings"),
    path("guilds/<id:guild_id>/channels/", views.channels, name="guild-channels"),
    path("guilds/<id:guild_id>/channels/<id:channel_id>/", layer_views.channel, name="guild-channel"),
    path("guilds/<id:guild_id>/templates/", views.template_list, name="guild-templates"),
    path("guilds/<id:guild_id>/templates/new/", layer_views.new_template, name="template-new"),
    path("guilds/<id:guild_id>/templates/<id:template_id>/", layer_views.template, name="template"),
    *(
        path(
            f"guilds/<id:guild_id>/templates/<id:template_id>/{way}/",
            views.move_template,
            {"way": way},
            name=f"template-{way}",
        )
        for way in ("up", "down")
    ),
    path(
        "guilds/<id:guild_id>/templates/<id:template_id>/default/",
        views.default_template,
        name="template-default",
    ),
    path(
        "guilds/<id:guild_id>/templates/<id:template_id>/duplicate/",
        views.duplicate_template,
        name="template-duplicate",
    ),
    path(
        "guilds/<id:guild_id>/templates/<id:template_id>/delete/",
        views.delete_template,
        name="template-delete",
    ),
    path("games/<id:game_id>/template/", views.make_template, name="game-template"),
    path("guilds/<id:guild_id>/setup/", setup_views.setup, name="guild-setup"),
    path("guilds/<id:guild_id>/channels/<id:channel_id>/test/", setup_views.test_channel, name="channel-test"),
]
