from django.urls import path

from games.attendance import views as attendance_views
from games.confirmations import views as confirmation_views
from games.deliveries import views as delivery_views
from games.hosts import views as host_views
from games.offers import views as offer_views
from games.pages import views as page_views
from games.posts import views as post_views
from games.reminders import views as reminder_views
from games.scheduling import views as schedule_views
from games.server_settings import setup_views
from games.server_settings import views as settings_views
from games.signups import host_views as signup_host_views
from games.signups import views as signup_views

urlpatterns = [
    path("", page_views.home, name="home"),
    path("guilds/<id:guild_id>/", page_views.guild, name="guild"),
    path("guilds/<id:guild_id>/new/", page_views.new, name="game-new"),
    path("guilds/<id:guild_id>/members/", page_views.members, name="members"),
    path("notifications/", reminder_views.all_guilds, name="notifications"),
    path("guilds/<id:guild_id>/notifications/", reminder_views.notifications, name="guild-notifications"),
    path("guilds/<id:guild_id>/notifications/test/", reminder_views.test, name="notification-test"),
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
    path("games/<id:game_id>/", page_views.game, name="game"),
    path("games/<id:game_id>/edit/", page_views.edit, name="game-edit"),
    path("games/<id:game_id>/calendar.ics", post_views.game_calendar, name="game-calendar"),
    path("games/<id:game_id>/join/", page_views.join, name="game-join"),
    path("games/<id:game_id>/leave/", page_views.leave, name="game-leave"),
    path("games/<id:game_id>/answer/", signup_views.answer, name="game-answer"),
    path("games/<id:game_id>/note/", signup_views.note, name="game-note"),
    path("games/<id:game_id>/bring/", signup_views.bring, name="game-bring"),
    path("games/<id:game_id>/unbring/", signup_views.unbring, name="game-unbring"),
    path("games/<id:game_id>/offer/", offer_views.offer, name="game-offer"),
    path("games/<id:game_id>/overlap/", offer_views.overlap, name="game-overlap"),
    path("games/<id:game_id>/wait/", offer_views.wait, name="game-wait"),
    path("games/<id:game_id>/signups/<id:signup_id>/remove/", page_views.remove, name="game-remove"),
    path("games/<id:game_id>/signups/<id:signup_id>/seat/", signup_host_views.seat, name="game-seat"),
    path("games/<id:game_id>/signups/<id:signup_id>/bench/", signup_host_views.bench, name="game-bench"),
    path("games/<id:game_id>/signups/<id:signup_id>/up/", signup_host_views.reorder, {"by": -1}, name="game-up"),
    path("games/<id:game_id>/signups/<id:signup_id>/down/", signup_host_views.reorder, {"by": 1}, name="game-down"),
    path("games/<id:game_id>/add/", signup_host_views.add, name="game-add"),
    path("games/<id:game_id>/close/", signup_host_views.close, name="game-close"),
    path("games/<id:game_id>/reopen/", signup_host_views.reopen, name="game-reopen"),
    path("games/<id:game_id>/keep/", signup_host_views.keep, name="game-keep"),
    path("games/<id:game_id>/take-over/", signup_host_views.take_over, name="game-take-over"),
    path("games/<id:game_id>/cancel/", page_views.cancel, name="game-cancel"),
    path("games/<id:game_id>/confirm/", confirmation_views.answer, name="game-confirm"),
    path("games/<id:game_id>/again/", confirmation_views.again, name="game-again"),
    path("games/<id:game_id>/template/", confirmation_views.make_template, name="game-template"),
    path("games/<id:game_id>/hosts/", host_views.hosts, name="game-hosts"),
    path("guilds/<id:guild_id>/blocks/", host_views.blocks, name="guild-blocks"),
    path("guilds/<id:guild_id>/blocks/<id:user_id>/remove/", host_views.unblock, name="guild-unblock"),
    path("games/<id:game_id>/announce-now/", schedule_views.announce, name="game-announce-now"),
    path("games/<id:game_id>/undo/", schedule_views.undo, name="game-undo"),
    path("games/<id:game_id>/announce/", page_views.announce, name="game-announce"),
    path("games/<id:game_id>/deliveries/<id:delivery_id>/resend/", page_views.resend, name="game-resend"),
    path("games/<id:game_id>/signups/<id:signup_id>/attendance/", attendance_views.attend, name="game-attendance"),
    path("games/<id:game_id>/rewards/", attendance_views.write_rewards, name="game-rewards"),
    path("games/<id:game_id>/archive/", attendance_views.archive, name="game-archive"),
    path("guilds/<id:guild_id>/attendance.csv", attendance_views.attendance_table, name="guild-attendance"),
    path("games/<id:game_id>/tell/", page_views.tell, name="game-tell"),
    path("guilds/<id:guild_id>/messages/", delivery_views.messages, name="guild-messages"),
    path("guilds/<id:guild_id>/messages/<id:delivery_id>/resend/", delivery_views.resend, name="guild-resend"),
]
