"""No table and no column is forgotten: what holds people is described, exported and erased, or named here with why."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from conftest import World
from games.privacy.actions import forget_person
from games.privacy.tests.zoe import ZOE, block_zoe, columns, db, module_zoe, traces, zoe
from games.tests.cast import module_world, world
from guilds.models import User
from guilds.personal_data import PersonalData, described_tables

pytestmark = pytest.mark.slow

__all__ = ["db", "module_world", "module_zoe", "world", "zoe"]  # the fixtures

# Tables that hold nobody, and why.
WITHOUT_PEOPLE = {
    "account.emailconfirmation": "goes with the address",
    "auth.group": "kinds of rights",
    "auth.group_permissions": "kinds of rights",
    "auth.permission": "kinds of rights",
    "contenttypes.contenttype": "names of tables",
    "discord_bot.lookuplimit": "one row with times",
    "django_q.failure": "a view of the tasks",
    "django_q.ormq": "the tasks take no arguments",
    "django_q.schedule": "the tasks take no arguments",
    "django_q.success": "a view of the tasks",
    "django_q.task": "the tasks take no arguments and return numbers",
    "games.agenda": "where a channel's list of games is",
    "games.announcement": "where a game's post is",
    "games.channeldefaults": "a server's",
    "games.gametemplate": "a server's",
    "games.guilddefaults": "a server's",
    "games.importedgame": "which games came of which file",
    "games.picture": "pictures, and nothing of who chose them",
    "games.timepolloption": "the times of a poll",
    "games.timepollpost": "where a poll's post is",
    "games.embed": "whether other sites may show a server's games",
    "games.watchedgroup": "which games and servers are shown, to nobody knows whom",
    "guilds.role": "Discord's",
    "notifications.heartbeat": "programs",
    "sites.site": "none",
    "socialaccount.socialapp": "this site at Discord",
}
# Columns that could hold a person or a text, in tables that do, and what they hold instead; `*` is every table's.
OTHERWISE = {
    "*.id": "counts rows",
    "admin.logentry.change_message": "names of columns",
    "discord_bot.interaction.name": "a button's id",
    "discord_bot.interaction.outcome": "a code",
    "games.auditentry.action": "a code",
    "games.auditentry.source": "a code",
    "games.calendarfeed.token": "random",
    "games.game.archive_channel_id": "a channel",
    "games.game.cancel_reason": "the game's, as the page says",
    "games.game.cover": "a picture",
    "games.game.description": "the game's, as the page says",
    "games.game.discord_changes": "a code",
    "games.game.if_deleted": "a code",
    "games.game.instructions": "the game's, as the page says",
    "games.game.location": "the game's, as the page says",
    "games.game.method": "a code",
    "games.game.post_picture": "a code",
    "games.game.reminder_place": "a code",
    "games.game.resolved_settings": "the game's settings, as the page says",
    "games.game.rewards": "the game's, as the page says",
    "games.game.thread": "a code",
    "games.game.thumbnail": "a picture",
    "games.game.voice_channel": "a code",
    "games.game.zone": "the game's",
    "games.gamecompanion.answered": "what Discord says that it shows",
    "games.gamecompanion.application_id": "the bot",
    "games.gamecompanion.discord_id": "an event, thread, channel or role",
    "games.gamecompanion.kind": "a code",
    "games.gamecompanion.problem": "Discord's",
    "games.gamecompanion.problem_code": "a code",
    "games.gamecompanion.shown": "the game's; who may enter its voice channel, until that is gone",
    "games.gameresponse.kind": "a code",
    "games.gameimport.source": "a code",
    "games.series.game_values": "the games' to come, as the page says",
    "games.series.problem_code": "a code",
    "games.series.rule": "a rule",
    "games.series.zone": "the games'",
    "games.signup.offer_number": "counts",
    "games.signup.order_key": "counts",
    "games.timepoll.title": "the game's to be, as the page says",
    "games.timepoll.zone": "the game's to be",
    "games.webhook.pause_code": "a code",
    "games.webhook.secret": "random",
    "games.webhook.url": "a server's program",
    "games.webhookrequest.event": "a code",
    "games.webhookrequest.event_id": "random",
    "games.webhookrequest.problem_code": "a code",
    "games.webhookrequest.status": "a code",
    "guilds.block.reason": "a note of managers",
    "guilds.channel.bot_permissions": "bits",
    "guilds.channel.category": "Discord's",
    "guilds.channel.name": "Discord's",
    "guilds.channel.qualifier": "of other channels' names",
    "guilds.channel.tags": "Discord's",
    "guilds.guild.coloured_icon": "Discord's",
    "guilds.guild.icon": "Discord's",
    "guilds.guild.icon_colour": "of its icon",
    "guilds.guild.language": "a code",
    "guilds.guild.name": "Discord's",
    "guilds.guild.owner_id": "Discord's, as the page says",
    "guilds.guild.preferred_locale": "a code",
    "guilds.user.discord_locale": "one of a list; a test of forgetting looks at it",
    "guilds.user.dm_channel_id": "a channel; a test of forgetting looks at it",
    "guilds.user.language": "one of a list; a test of forgetting looks at it",
    "guilds.user.password": "random; a test of forgetting looks at it",
    "guilds.user.zone": "one of a list; a test of forgetting looks at it",
    "notifications.delivery.channel_id": "a channel",
    "notifications.delivery.error": "of a code",
    "notifications.delivery.error_code": "a code",
    "notifications.delivery.message_id": "a message",
    "notifications.delivery.nonce": "random",
    "notifications.delivery.push": "a code",
    "notifications.delivery.status": "a code",
    "notifications.notification.error": "Discord's",
    "notifications.notification.kind": "a code",
    "notifications.notification.skip_code": "a code",
    "notifications.notification.skip_reason": "of a code",
    "notifications.pause.reason": "a program's",
    "notifications.preference.method": "a code",
    "notifications.pushsubscription.vapid_key": "this site's",
    "guilds.sentform.content": "a hash",
    "sessions.session.session_data": "signed; a test of forgetting reads it",
    "sessions.session.session_key": "random",
    "socialaccount.socialaccount.provider": "a code",
    "socialaccount.socialtoken.token_secret": "goes with the token",
}
# What is left of a person, and why.
KEPT = {
    "games.gamecompanion.touched_ids": "until notifyd has taken her out of it in Discord",
    "guilds.channel.overwrites": "Discord's, as the page says",
    "guilds.user.id": "for two hours",
    "guilds.user.username": "for two hours",
}


def described() -> dict[str, PersonalData]:
    return {table.model._meta.label_lower: table for table in described_tables()}


def test_every_table_is_described_or_holds_nobody() -> None:
    models_ = {model._meta.label_lower for model in apps.get_models(include_auto_created=True)}
    assert models_ - WITHOUT_PEOPLE.keys() == described().keys()
    assert not described().keys() & WITHOUT_PEOPLE.keys()


def may_hold_people(column: Any) -> bool:
    kinds = (models.CharField, models.TextField, models.JSONField, models.BigIntegerField)
    return column.related_model is User if column.is_relation else isinstance(column, kinds)


def test_every_column_is_searched_or_known_to_hold_nobody(world: World) -> None:
    block_zoe(world)
    found = traces()
    doubtful = set()
    for model, column in columns():
        name = f"{model._meta.label_lower}.{column.name}"
        known = name in found or name in OTHERWISE or (column.primary_key and model is not User)
        if model._meta.label_lower in described() and may_hold_people(column) and not known:
            doubtful.add(name)
    assert not doubtful, "put her into it in zoe.py, or say in OTHERWISE what it holds"
    tables = {name.rpartition(".")[0] for name in found}
    untraced = {"discord_login.passwordtries", "guilds.guild", "sessions.session"}
    assert described().keys() - tables == untraced, "no trace of hers in these"


@pytest.mark.parametrize("blocked", [False, True])
def test_nothing_is_left_of_her_but_what_is_named(world: World, blocked: bool) -> None:
    if blocked:
        block_zoe(world)
    for _ in range(2):  # once more changes nothing
        forget_person(ZOE, world.now)
        assert traces() - {"guilds.block.user"} == KEPT.keys()
        assert ("guilds.block.user" in traces()) == blocked


def test_the_download_has_every_column_of_hers(world: World, zoe: User) -> None:
    block_zoe(world)
    for name in traces():
        label, _, column = name.rpartition(".")
        table = described()[label]
        if table.rows is None:
            continue
        names = {one.name: one.attname for one in table.model._meta.concrete_fields}
        assert names[column] in table.withheld or names[column] in table.export(zoe)[0], name
