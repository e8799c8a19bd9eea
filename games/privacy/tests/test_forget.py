"""Forgetting a person: games, seats, messages, blocks, and coming back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import is_password_usable

from conftest import GUILD, World
from discord_bot.render import announcement_embed
from games.admin.tests.two_guilds import make_manager
from games.core.base import Actor, EntryPoint
from games.hosts import takeover
from games.models import Announcement, AuditEntry, Game, Signup
from games.pages.game_page import history
from games.posts.announcement import announcement_view
from games.privacy import actions as privacy
from games.privacy.actions import delete_forgotten_rows, forget_departed, forget_person
from games.privacy.tests.zoe import MARK, ZOE, block_zoe, db, meet_zoe, module_zoe, traces, zoe
from games.signups import actions as signups
from games.tests.cast import module_world, world
from gamesched.lib.refusal import Refused
from guilds.directory import upsert
from guilds.forgetting import purge_ended_memberships, somebody
from guilds.models import SOMEBODY_NAME, Block, Guild, Member, User
from guilds.personal_data import sessions_of
from notifications.daemon import steps
from notifications.messages import SentMessage
from notifications.models import Delivery, DeliveryStatus, Notification

__all__ = ["db", "module_world", "module_zoe", "world", "zoe"]  # the fixtures
pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def actor(who: User) -> Actor:
    return Actor(who, EntryPoint.BUTTON)


def game_called(title: str) -> Game:
    return Game.objects.with_guild_and_channel().get(title=title)


def send_all(now: datetime) -> list[steps.Job]:
    """Let notifyd send all that is due."""
    sent = []
    while steps.create_due_deliveries(now) + len(jobs := steps.lease_jobs(now, 100)):
        steps.record([(job, SentMessage(job.message.channel_id or 1, job.pk)) for job in jobs], now)
        sent += jobs
    return sent


# --- games -----------------------------------------------------------------------------------------------


def test_a_game_to_come_stays_and_managers_are_asked_to_take_it_over(world: World, zoe: User) -> None:
    manager = make_manager(world)
    forget_person(zoe.pk, world.now)
    game = game_called("Hosted")
    assert (game.host, game.cancelled_at) == (somebody(world.now), None)
    assert [one.user for one in game.signups.current()] == [world.charlie], "who plays there keeps the seat"
    jobs = send_all(world.now)
    asked = {job.message.user_id for job in jobs if job.message.user_id and "Hosted" in job.message.text}
    assert {manager.pk, world.alice.pk} <= asked
    takeover.take_over(game.pk, Actor(manager, EntryPoint.PAGE), world.now)
    game = game_called("Hosted")
    assert (game.host, list(game.cohosts.all())) == (manager, []), "somebody is no co-host"


def test_a_draft_of_hers_alone_goes_and_one_with_a_co_host_stays(world: World, zoe: User) -> None:
    draft = Game.objects.get(title=f"{MARK} draft")
    draft.cohosts.add(world.bob)
    assert privacy.prospect(zoe, world.now).deleted == ()
    draft.cohosts.clear()
    assert privacy.prospect(zoe, world.now).deleted == (draft,)
    forget_person(ZOE, world.now)
    assert not Game.objects.filter(pk=draft.pk).exists()


def test_her_seat_goes_to_who_waits_and_past_games_keep_somebody(world: World, zoe: User) -> None:
    full = world.create_game(title="Full", seats=1)
    for who in (zoe, world.charlie):
        signups.join(full.pk, who, actor(who), world.now)
    forget_person(ZOE, world.now)
    assert game_called("Full").signups.seated().get().user == world.charlie
    played = game_called("Played").signups.current().order_by("order_key")
    assert [(one.user, one.placeholder, one.note) for one in played] == [(None, SOMEBODY_NAME, "")] * 2
    assert game_called("Hosted once").host == somebody(world.now)


@pytest.mark.parametrize("title", ["Hosted", "Hosted once", "Playing", "Played", "Removed from"])
def test_posts_and_histories_show_somebody(world: World, title: str) -> None:
    game = game_called(title)
    shown = str(announcement_embed(announcement_view(game, world.now)).to_dict())
    assert str(ZOE) in shown or f"{MARK}Name" in shown
    Notification.objects.filter(game=game, kind="announcement").update(closed_at=world.now)
    Announcement.objects.filter(game=game).update(message_id=5)
    forget_person(ZOE, world.now)
    game = game_called(title)
    assert Notification.objects.open().filter(game=game, kind="announcement").exists(), "the post is built again"
    job = next(job for job in send_all(world.now) if job.post and job.message.post and job.message.post.url == game.url)
    assert job.message.post is not None
    text = str(announcement_embed(job.message.post).to_dict()) + str([row.text for row in history(game)])
    assert str(ZOE) not in text
    assert MARK not in text
    assert SOMEBODY_NAME in text


# --- messages --------------------------------------------------------------------------------------------


def test_nothing_is_sent_to_her_after(world: World) -> None:
    forget_person(ZOE, world.now)
    for days in range(5):
        for job in send_all(world.now + days * DAY):
            assert job.message.user_id != ZOE
            assert f"<@{ZOE}>" not in job.message.text
            assert f"{MARK}Name" not in job.message.text
            assert f"{MARK} to players" not in job.message.text
    assert not Delivery.objects.filter(recipient=ZOE).exists()


def test_a_message_written_at_that_moment_is_dropped(world: World) -> None:
    forget_person(ZOE, world.now)
    late = Notification.objects.create(kind="reminder", game=game_called("Playing"), due_at=world.now)
    row = Delivery.objects.create(notification=late, recipient_id=ZOE, next_attempt_at=world.now)
    assert not [job for job in steps.lease_jobs(world.now, 100) if job.post is None]
    row.refresh_from_db()
    assert (row.status, row.error_code) == (DeliveryStatus.DROPPED, "forgotten")
    Member.objects.create(user_id=ZOE, guild_id=GUILD, member_read_at=world.now)
    assert delete_forgotten_rows(world.now + HOUR / 2) == 0, "not before an hour"
    assert delete_forgotten_rows(world.now + 2 * HOUR) == 1, "and with her row goes what came late"
    assert "guilds.user.id" not in traces()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "PATIENCE", 0.0)


def test_a_message_on_its_way_is_waited_for(world: World, impatient: None) -> None:
    waiting = Delivery.objects.filter(recipient=ZOE, status=DeliveryStatus.PENDING)
    waiting.update(leased_until=world.now + timedelta(seconds=20))
    before = traces()
    with pytest.raises(Refused) as refused:
        forget_person(ZOE, world.now)
    assert refused.value.refusal.code == "being_sent"
    assert traces() == before, "nothing was changed"
    forget_person(ZOE, world.now + timedelta(seconds=21))  # a lease that ran out stops nobody
    assert not Delivery.objects.filter(recipient=ZOE).exists()


def test_what_was_deleted_while_it_was_sent_is_no_error(world: World, caplog: Any) -> None:
    steps.create_due_deliveries(world.now)
    Delivery.objects.filter(recipient=ZOE).delete()
    jobs = [job for job in steps.lease_jobs(world.now, 100) if f"{MARK} to players" in job.message.text]
    assert len(jobs) == 1
    assert MARK not in str(jobs), "what a log would say of it"
    forget_person(ZOE, world.now)
    steps.record([(job, SentMessage(1, 2)) for job in jobs], world.now)
    assert not caplog.records


# --- the account, coming back, blocks --------------------------------------------------------------------


def test_her_sessions_end_and_the_account_is_empty(world: World, zoe: User, as_person: Any) -> None:
    client, charlies = as_person(zoe), as_person(world.charlie)
    assert client is charlies
    assert sessions_of(zoe).exists()
    count = sessions_of(world.charlie).count()
    password = zoe.password
    forget_person(ZOE, world.now)
    zoe.refresh_from_db()
    assert not sessions_of(zoe).exists()
    assert sessions_of(world.charlie).count() == count
    assert (zoe.zone, zoe.language, zoe.discord_locale) == ("", "", "")
    assert (zoe.dm_channel_id, zoe.last_login, zoe.avatar) == (None, None, "")
    assert zoe.password != password, "what a cache still has is no session any more"
    assert not is_password_usable(zoe.password)
    assert str(zoe) == SOMEBODY_NAME


def test_who_comes_back_is_as_new(world: World) -> None:
    forget_person(ZOE, world.now)
    zoe = meet_zoe(world)
    assert zoe.forgotten_at is None
    assert (zoe.zone, zoe.display_name) == ("", f"{MARK}Name-global")
    signups.join(game_called("Playing").pk, zoe, actor(zoe), world.now)
    assert delete_forgotten_rows(world.now + 2 * DAY) == 0
    assert Signup.objects.current().get(user=zoe).note == ""
    assert [row.text for row in history(game_called("Hosted")) if f"{MARK}Name" in row.text] == []
    forget_person(ZOE, world.now)
    assert "games.signup.user" not in traces()


def test_a_block_outlives_forgetting(world: World) -> None:
    block_zoe(world)
    forget_person(ZOE, world.now)
    assert delete_forgotten_rows(world.now + 2 * DAY) == 0, "the block needs the row"
    zoe = meet_zoe(world)
    with pytest.raises(Refused) as refused:
        signups.join(game_called("Playing").pk, zoe, actor(zoe), world.now)
    assert refused.value.refusal.code == "blocked"
    forget_person(ZOE, world.now)
    Block.objects.all().delete()
    assert delete_forgotten_rows(world.now + 2 * DAY) == 1


def test_who_left_the_last_server_is_forgotten_a_month_later(world: World) -> None:
    Guild.objects.filter(pk=GUILD).update(owner_id=world.alice.pk)
    User.objects.update(date_joined=world.now - 100 * DAY, last_login=None)
    upsert.mark_member_left(GUILD, ZOE, world.now)
    assert forget_departed(world.now + 29 * DAY) == 0
    assert purge_ended_memberships(world.now + 29 * DAY) == 0
    assert forget_departed(world.now + 31 * DAY) == 1
    assert User.objects.get(pk=ZOE).forgotten_at is not None
    assert User.objects.filter(forgotten_at=None).count() == 3


def test_the_audit_keeps_that_somebody_did_it(world: World) -> None:
    entries = AuditEntry.objects.exclude(action="note").exclude(game__title=f"{MARK} draft").count()
    forget_person(ZOE, world.now)
    kept = AuditEntry.objects.exclude(action="leave")
    assert AuditEntry.objects.count() == entries
    assert kept.filter(actor=somebody(world.now), action="join").count() == 3
