"""A person who left a trace in every table that can hold one, and the search for what is left of her."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import Client

from conftest import GUILD, World
from discord_bot.models import Interaction
from games.core.base import Actor, EntryPoint
from games.hosts import actions as hosts
from games.hosts.messages import message_players
from games.hosts.rules import Audience
from games.models import (
    ApiToken,
    CalendarFeed,
    Follow,
    Game,
    GameCompanion,
    GameImport,
    GameResponse,
    PersonNote,
    Series,
    SeriesPlayer,
    Signup,
    Webhook,
    WebhookRequest,
)
from games.polls.tests.helpers import make_poll, tick
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.series.tests.scene import repeat
from games.signups import actions as signups
from games.signups import responses
from guilds.directory import upsert
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Block, Channel, Guild, SentForm, User
from notifications.models import Delivery, DeliveryStatus, Notification, Pause, Preference, PushSubscription

ZOE = 1300000000000007777
MARK = "Zoemark"  # in all that she is called and typed herself
HER = f"{MARK}Name"
DAY = timedelta(days=1)


def meet_zoe(world: World) -> User:
    """Add her to the guild."""
    payload = UserPayload(ZOE, f"{HER}-handle", f"{HER}-global", f"{HER}-avatar")
    return upsert.upsert_member(GUILD, MemberPayload(payload, f"{HER}-nick", f"{HER}-face"), world.now).user


def make_zoe(world: World) -> User:
    """Add her, with one row or more of hers in every table that can have any."""
    zoe, now = meet_zoe(world), world.now
    by_zoe, by_bob, by_alice = (Actor(who, EntryPoint.PAGE) for who in (zoe, world.bob, world.alice))
    _log_in(zoe)
    SentForm.objects.create(
        user=zoe, key=f"{MARK}-key", content="hash", text=f"{HER} is in.", address=f"/people/{ZOE}/"
    )
    # What others were answered about her.
    for key, name in enumerate(("handle", "global", "nick")):
        text = f"{HER}-{name} is in."
        SentForm.objects.create(user=world.bob, key=f"bob-{key}", content="hash", text=text, address="/games/1/")
        Interaction.objects.create(
            id=10 + key, at=now, guild_id=GUILD, person_id=world.bob.pk, person="bob", name="x", outcome="done",
            detail=text,
        )  # fmt: skip

    hosted = scheduling.create_game(GUILD, world.make_plan(title="Hosted"), by_zoe, now).game
    signups.join(hosted.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), now)
    message_players(hosted.pk, f"{MARK} to players", Audience.ALL, by_zoe, now)
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    scheduling.create_game(GUILD, world.make_plan(title=f"{MARK} draft"), by_zoe, now, announce=draft)
    past = scheduling.create_game(GUILD, world.make_plan(title="Hosted once"), by_zoe, now).game
    Game.objects.filter(pk=past.pk).update(carried_by=zoe, announced_by=zoe)

    playing = world.create_game(title="Playing")
    signups.join(playing.pk, zoe, by_zoe, now)
    responses.set_note(playing.pk, zoe, f"{MARK} note", by_zoe, now)
    hosts.set_cohosts(playing.pk, [zoe], by_bob, now)
    played = world.create_game(title="Played", plus_one=True)
    signups.join(played.pk, zoe, by_zoe, now)
    responses.set_note(played.pk, zoe, f"{MARK} old note", by_zoe, now)
    responses.add_guest(played.pk, zoe, f"{MARK} guest", by_zoe, now)
    for game in (past, played):
        Game.objects.filter(pk=game.pk).update(starts_at=now - 2 * DAY, ends_at=now - DAY)

    removed = world.create_game(title="Removed from", answers=True)
    signups.join(removed.pk, zoe, by_zoe, now)
    signups.remove_signup(removed.pk, Signup.objects.get(game=removed, user=zoe).pk, by_bob, now, f"{MARK} word")
    responses.respond(removed.pk, zoe, GameResponse.Kind.TENTATIVE, by_zoe, now)
    responses.set_note(removed.pk, zoe, f"{MARK} maybe", by_zoe, now)
    handed = world.create_game(title="Handed over twice")
    hosts.hand_over(handed.pk, zoe, by_alice, now)
    hosts.hand_over(handed.pk, world.bob, by_alice, now)
    asked = world.create_game(title="Asked to run")
    Game.objects.filter(pk=asked.pk).update(next_host=zoe)
    added = world.create_game(title="Added to")
    signups.add_participants(Game.objects.with_guild_and_channel().get(pk=added.pk), [ZOE], by_bob, now)
    signups.leave(added.pk, zoe, by_zoe, now)  # tells Bob, by her id
    hosts.block_user(GUILD, zoe, now + DAY, f"{MARK} reason", by_alice, now)
    hosts.unblock_user(GUILD, zoe, by_alice, now)

    for number, game in enumerate((playing, played), 1):
        GameCompanion.objects.create(
            game=game, kind="thread", discord_id=number, member_ids=[ZOE, 5], touched_ids=[ZOE, 5]
        )
    poll = make_poll(world, zoe, title="Her poll")
    tick(poll, zoe, world, [0])
    tick(make_poll(world, title="A poll"), zoe, world, [0])
    Follow.objects.create(user=zoe, guild_id=GUILD)
    PersonNote.objects.create(user=zoe, guild_id=GUILD, text=f"{HER}-note", at=world.now)
    CalendarFeed.objects.create(user=zoe, created_at=now)
    ApiToken.objects.create(user=zoe, name=f"{HER}-program", digest=MARK, scopes=["read"], created_at=now)
    webhook = Webhook.objects.create(
        guild_id=GUILD, url="https://example.com/", secret="s", events=[], created_by=zoe, created_at=now
    )
    WebhookRequest.objects.create(
        webhook=webhook, event="signup.joined", body=f'{{"id":"{ZOE}","name":"{HER}"}}', answer=f"{HER} is noted",
        created_at=now, next_attempt_at=now,
    )  # fmt: skip
    GameImport.objects.create(guild_id=GUILD, user=zoe, source="text", file=HER.encode(), created_at=now)
    GameImport.objects.create(guild_id=GUILD, user=zoe, source="text", created_at=now, imported_at=now)
    series = repeat(world, world.create_game(title="Repeats"))
    SeriesPlayer.objects.create(series=series, user=zoe, position=1)
    Series.objects.filter(pk=series.pk).update(host=zoe)
    Preference.objects.create(user=zoe, guild_id=GUILD, reminder_minutes=30)
    PushSubscription.objects.create(
        user=zoe, endpoint=f"https://push.example.org/{MARK}", p256dh=MARK, auth=MARK, browser=MARK, created_at=now
    )
    digest = Notification.objects.create(kind="digest", recipient=zoe, dedupe_key=str(ZOE), due_at=now + DAY)
    reminder = Notification.objects.filter(game=playing, kind="reminder").first()
    assert reminder is not None
    for row, status in ((digest, DeliveryStatus.PENDING), (reminder, DeliveryStatus.SENT)):
        delivery = Delivery.objects.create(notification=row, recipient=zoe, status=status, next_attempt_at=now)
    Delivery.objects.create(
        notification=reminder, recipient=world.bob, status=DeliveryStatus.SENT, next_attempt_at=now, sent_with=delivery
    )
    Pause.objects.create(reason="Restored", paused_at=now, resumed_at=now, resumed_by=zoe.username)
    Interaction.objects.create(
        id=5, at=now, guild_id=GUILD, person_id=ZOE, person=f"{HER}-handle", name="x", outcome="done", detail=MARK
    )
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[ZOE, 1024, 0]])
    return User.objects.get(pk=ZOE)


@pytest.fixture(scope="module")
def module_zoe(module_world: World) -> None:
    make_zoe(module_world)


@pytest.fixture
def db(module_zoe: None, savepoint: None) -> None:
    """Undo a test's changes, and keep her rows: a module that imports this makes her once."""


@pytest.fixture
def zoe(db: None) -> User:
    return User.objects.get(pk=ZOE)


def _log_in(zoe: User) -> None:
    Client().force_login(zoe, backend="django.contrib.auth.backends.ModelBackend")
    profile = {"id": str(ZOE), "username": f"{HER}-handle"}
    account = SocialAccount.objects.create(user=zoe, provider="discord", uid=str(ZOE), extra_data=profile)
    SocialToken.objects.create(account=account, token=MARK)
    EmailAddress.objects.create(user=zoe, email=f"{MARK}@example.org")
    zoe.groups.add(Group.objects.create(name="helpers"))
    zoe.user_permissions.add(Permission.objects.earliest("pk"))
    LogEntry.objects.create(user=zoe, action_flag=CHANGE, object_repr="something")
    for about in (zoe, account):
        kind = ContentType.objects.get_for_model(about)
        LogEntry.objects.create(
            user=zoe, action_flag=CHANGE, content_type=kind, object_id=str(about.pk), object_repr=f"{HER}-global"
        )
    User.objects.filter(pk=ZOE).update(
        zone="Europe/Berlin", language="en", discord_locale="en-GB", dm_channel_id=77, last_login=zoe.date_joined
    )


def block_zoe(world: World) -> None:
    """Block her for good."""
    Block.objects.create(guild=Guild.objects.get(pk=GUILD), user_id=ZOE, created_at=world.now, reason="Knows why")


def columns() -> Iterator[tuple[type[models.Model], Any]]:
    """Yield every column of every table."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed:
            for column in model._meta.concrete_fields:
                yield model, column


def traces() -> set[str]:
    """Return the columns, as `guilds.user.handle`, that hold her id or anything that she is called or typed."""
    found = set()
    with connection.cursor() as cursor:
        for model, column in columns():
            table, name = map(connection.ops.quote_name, (model._meta.db_table, column.column))
            query = f"SELECT 1 FROM {table} WHERE {name}::text LIKE ANY (%s) LIMIT 1"
            cursor.execute(query, [[f"%{ZOE}%", f"%{MARK}%"]])
            if cursor.fetchone():
                found.add(f"{model._meta.label_lower}.{column.name}")
    return found
