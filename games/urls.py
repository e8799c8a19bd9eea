from django.urls import path

from games import (
    calendar_views,
    choice_views,
    ledger_views,
    people_views,
    question_views,
    settings_views,
    setup_views,
    views,
)

urlpatterns = [
    path("", views.home, name="home"),
    path("guilds/<id:guild_id>/", views.guild, name="guild"),
    path("guilds/<id:guild_id>/new/", views.new, name="game-new"),
    path("guilds/<id:guild_id>/members/", views.members, name="members"),
    path("notifications/", choice_views.all_guilds, name="notifications"),
    path("guilds/<id:guild_id>/notifications/", choice_views.notifications, name="guild-notifications"),
    path("guilds/<id:guild_id>/notifications/test/", choice_views.test, name="notification-test"),
    path("guilds/<id:guild_id>/settings/", settings_views.settings, name="guild-settings"),
    path("guilds/<id:guild_id>/history/", settings_views.history, name="guild-history"),
    path("guilds/<id:guild_id>/setup/", setup_views.setup, name="guild-setup"),
    path("guilds/<id:guild_id>/channels/", settings_views.channels, name="guild-channels"),
    path("guilds/<id:guild_id>/channels/<id:channel_id>/", settings_views.channel, name="guild-channel"),
    path("guilds/<id:guild_id>/channels/<id:channel_id>/test/", setup_views.test_channel, name="channel-test"),
    path("guilds/<id:guild_id>/templates/", settings_views.template_list, name="guild-templates"),
    path("guilds/<id:guild_id>/templates/new/", settings_views.new_template, name="template-new"),
    path("guilds/<id:guild_id>/templates/<id:template_id>/", settings_views.template, name="template"),
    *(
        path(
            f"guilds/<id:guild_id>/templates/<id:template_id>/{way}/",
            settings_views.move_template,
            {"way": way},
            name=f"template-{way}",
        )
        for way in ("up", "down")
    ),
    path(
        "guilds/<id:guild_id>/templates/<id:template_id>/default/",
        settings_views.default_template,
        name="template-default",
    ),
    path(
        "guilds/<id:guild_id>/templates/<id:template_id>/duplicate/",
        settings_views.duplicate_template,
        name="template-duplicate",
    ),
    path(
        "guilds/<id:guild_id>/templates/<id:template_id>/delete/",
        settings_views.delete_template,
        name="template-delete",
    ),
    path("games/<id:game_id>/", views.game, name="game"),
    path("games/<id:game_id>/edit/", views.edit, name="game-edit"),
    path("games/<id:game_id>/calendar.ics", calendar_views.game_calendar, name="game-calendar"),
    path("games/<id:game_id>/join/", views.join, name="game-join"),
    path("games/<id:game_id>/leave/", views.leave, name="game-leave"),
    path("games/<id:game_id>/signups/<id:signup_id>/remove/", views.remove, name="game-remove"),
    path("games/<id:game_id>/cancel/", views.cancel, name="game-cancel"),
    path("games/<id:game_id>/confirm/", question_views.answer, name="game-confirm"),
    path("games/<id:game_id>/again/", question_views.again, name="game-again"),
    path("games/<id:game_id>/template/", question_views.make_template, name="game-template"),
    path("games/<id:game_id>/hosts/", people_views.hosts, name="game-hosts"),
    path("guilds/<id:guild_id>/blocks/", people_views.blocks, name="guild-blocks"),
    path("guilds/<id:guild_id>/blocks/<id:user_id>/remove/", people_views.unblock, name="guild-unblock"),
    path("games/<id:game_id>/announce/", views.announce, name="game-announce"),
    path("games/<id:game_id>/deliveries/<id:delivery_id>/resend/", views.resend, name="game-resend"),
    path("games/<id:game_id>/tell/", views.tell, name="game-tell"),
    path("guilds/<id:guild_id>/messages/", ledger_views.messages, name="guild-messages"),
    path("guilds/<id:guild_id>/messages/<id:delivery_id>/resend/", ledger_views.resend, name="guild-resend"),
]
