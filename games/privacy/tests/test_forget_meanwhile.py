"""Forgetting a person: what happens at the same moment, and who is not forgotten or left alone."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from conftest import GUILD, World
from games.admin.tests.two_guilds import SCOPED, make_two_guilds, other_guild_pks
from games.core.base import Actor, EntryPoint
from games.models import Game, Series, Signup
from games.privacy.actions import delete_forgotten_rows, forget_person
from games.privacy.tests.zoe import ZOE, make_zoe, meet_zoe, traces
from games.scheduling import actions as scheduling
from games.series.actions import lock_series_of
from games.series.tests.scene import repeat
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory import lookup, upsert
from guilds.directory.payloads import MemberPayload
from guilds.forgetting import SOMEBODY_USERNAME, purge_ended_memberships, somebody
from guilds.models import SOMEBODY_NAME, Block, Member, User
from notifications.daemon import leases
from notifications.models import Delivery, DeliveryStatus, Notification

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def actor(who: User) -> Actor:
    return Actor(who, EntryPoint.BUTTON)


def closing(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run


def test_a_message_leased_meanwhile_is_sent_before_she_is_forgotten(committed_world: World) -> None:
    world = committed_world
    zoe = meet_zoe(world)
    row = Notification.objects.create(kind="welcome", recipient=zoe, payload={"guild": str(GUILD)}, due_at=world.now)
    delivery = Delivery.objects.create(notification=row, recipient=zoe, next_attempt_at=world.now)
    order = []

    def forget() -> None:
        forget_person(ZOE, world.now)
        order.append("forgotten")

    forgetting = threading.Thread(target=closing(forget))
    with transaction.atomic():
        assert leases.lease_deliveries(world.now, 10) == [delivery.pk]
        forgetting.start()
        forgetting.join(0.3)
        assert forgetting.is_alive(), "it waits for the one who leases"
    order.append("sent")
    Delivery.objects.filter(pk=delivery.pk).update(status=DeliveryStatus.SENT, leased_until=None)
    forgetting.join()
    assert order == ["sent", "forgotten"]
    assert not Delivery.objects.exists()


def test_whoever_changes_a_series_of_hers_has_her_locked_first(committed_world: World) -> None:
    world = committed_world
    zoe, game = meet_zoe(world), world.create_game()
    series = repeat(world, game)
    Series.objects.update(host=zoe)
    forgetting = threading.Thread(target=closing(lambda: forget_person(ZOE, world.now)))
    with transaction.atomic():
        lock_series_of(game.pk)
        forgetting.start()
        forgetting.join(0.3)
        assert forgetting.is_alive(), "it waits for the one who has the series"
        assert User.objects.select_for_update(no_key=True, nowait=True).get(pk=ZOE) == zoe
    forgetting.join()
    series.refresh_from_db()
    assert series.host is None


@pytest.mark.parametrize("turn", range(6))
def test_joining_at_that_moment_leaves_no_seat(committed_world: World, turn: int) -> None:
    world = committed_world
    zoe, game = meet_zoe(world), world.create_game()
    barrier, codes = threading.Barrier(2), []

    def join() -> None:
        barrier.wait()
        try:
            signups.join(game.pk, zoe, actor(zoe), world.now)
            codes.append("joined")
        except Refused as refused:
            codes.append(refused.refusal.code)

    def forget() -> None:
        barrier.wait()
        forget_person(ZOE, world.now)

    threads = [threading.Thread(target=closing(work)) for work in ((join, forget) if turn % 2 else (forget, join))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes in (["joined"], ["unknown_game"])
    assert not Signup.objects.current().exists()
    assert traces() == {"guilds.user.id", "guilds.user.username"}


def test_joining_first_holds_the_game_and_forgetting_waits(committed_world: World) -> None:
    world = committed_world
    zoe, game = meet_zoe(world), world.create_game()
    forgetting = threading.Thread(target=closing(lambda: forget_person(ZOE, world.now)))
    with transaction.atomic():
        signups.join(game.pk, zoe, actor(zoe), world.now)
        forgetting.start()
        forgetting.join(0.3)
        assert forgetting.is_alive()
    forgetting.join()
    assert not Signup.objects.current().exists()
    assert Signup.objects.get().placeholder == SOMEBODY_NAME


def test_scheduling_a_game_at_that_moment_gives_it_to_nobody(committed_world: World) -> None:
    world = committed_world
    zoe = meet_zoe(world)
    forgetting = threading.Thread(target=closing(lambda: forget_person(ZOE, world.now)))
    with transaction.atomic():
        game = scheduling.create_game(GUILD, world.make_plan(), Actor(zoe, EntryPoint.PAGE), world.now).game
        forgetting.start()
        forgetting.join(0.5)
    forgetting.join()
    assert str(Game.objects.get(pk=game.pk).host) == SOMEBODY_NAME
    delete_forgotten_rows(world.now + 2 * HOUR)
    assert Game.objects.get(pk=game.pk).host == somebody(world.now)
    assert Notification.objects.open().filter(game=game, kind="host_left").exists()
    assert not traces()


def test_a_look_up_under_way_does_not_bring_her_back(world: World, settings: Any) -> None:
    meet_zoe(world)
    settings.DISCORD_DIRECTORY = f"{__name__}.ForgettingDirectory"
    lookup.refresh_member(GUILD, ZOE)
    assert not Member.objects.filter(user=ZOE).exists()
    assert User.objects.get(pk=ZOE).forgotten_at is not None
    User.objects.filter(pk=ZOE).update(forgotten_at=world.now - DAY)
    lookup.refresh_member(GUILD, ZOE)  # a day later somebody looks for her
    assert Member.objects.filter(user=ZOE).exists()


class ForgettingDirectory:
    """Answers with a member who is forgotten while Discord is asked."""

    def member(self, guild_id: int, user_id: int) -> Any:
        if Member.objects.filter(user=user_id).exists():
            forget_person(user_id, db_now())
        return MemberPayload.from_api({"user": {"id": user_id, "username": "zoe"}, "roles": []})


@pytest.mark.django_db
def test_other_people_and_servers_are_left_alone() -> None:
    world = make_two_guilds()
    Block.objects.filter(guild_id=GUILD).delete()
    make_zoe(world)

    def of_other_guild() -> dict[str, Any]:
        pks = {model: other_guild_pks(model) for model in SCOPED}
        rows = {model: model._default_manager.filter(pk__in=pks[model]).order_by("pk").values() for model in SCOPED}
        return {model._meta.label: list(found) for model, found in rows.items()}

    def of_others() -> list[Any]:
        people = User.objects.exclude(pk=ZOE).exclude(username=SOMEBODY_USERNAME).order_by("pk").values()
        seats = Signup.objects.people().exclude(user=ZOE).order_by("pk").values()
        return [*people, *seats]

    before = of_other_guild(), of_others()
    forget_person(ZOE, world.now)
    assert (of_other_guild(), of_others()) == before


@pytest.mark.parametrize("rights", [{"is_superuser": True}, {"is_staff": True}])
def test_operators_and_nobody_are_refused(world: World, rights: dict[str, bool]) -> None:
    User.objects.filter(pk=world.charlie.pk).update(**rights)
    for who, code in ((world.charlie.pk, "operator"), (999, "unknown"), (somebody(world.now).pk, "unknown")):
        with pytest.raises(Refused) as refused:
            forget_person(who, world.now)
        assert refused.value.refusal.code == code


def test_ended_memberships_and_blocks_are_deleted_a_month_later(world: World) -> None:
    zoe = meet_zoe(world)
    upsert.mark_member_left(GUILD, zoe.pk, world.now)
    Block.objects.create(guild_id=GUILD, user=zoe, created_at=world.now, until=world.now)
    Block.objects.create(guild_id=GUILD, user=world.charlie, created_at=world.now)
    assert purge_ended_memberships(world.now + 29 * DAY) == 0
    assert purge_ended_memberships(world.now + 31 * DAY) == 2
    assert Block.objects.get().user == world.charlie
