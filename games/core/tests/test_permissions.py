"""Permissions by roles: hosts, players, co-hosts, managers, blocked users, and people who left."""

from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from games import scheduled_tasks
from games.core import wording
from games.core.audit_people import stored_person
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import AuditEntry, Game, GameTemplate, Signup
from games.models.settings import GuildDefaults
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.directory import lookup
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import mark_member_left, upsert_member
from guilds.models import Guild, Member, Role, User
from guilds.permissions import get_membership, is_manager
from notifications.models import Notification

PLAYER, VETERAN, MANAGER_ROLE = GUILD + 31, GUILD + 32, GUILD + 33


@pytest.fixture(autouse=True)
def roles(world: World) -> None:
    for pk, name in ((PLAYER, "Player"), (VETERAN, "Veteran"), (MANAGER_ROLE, "Keeper")):
        Role.objects.create(pk=pk, guild=world.guild, name=name, position=pk - GUILD)


def give_roles(world: World, user: User, *role_ids: int) -> Member:
    """Set a person's roles as an event or a click would."""
    payload = MemberPayload(UserPayload(user.pk, user.handle), role_ids=role_ids)
    return upsert_member(world.guild.pk, payload, world.now + timedelta(minutes=1))


def defaults(**values: Any) -> None:
    GuildDefaults.objects.update(**values)


def page(user: User) -> Actor:
    return Actor(user, EntryPoint.PAGE)


def test_a_manager_role_adds_to_owner_and_manage_server_and_replaces_neither(world: World) -> None:
    keeper = give_roles(world, world.charlie, MANAGER_ROLE)
    assert not is_manager(keeper)
    assert is_manager(keeper, [MANAGER_ROLE])
    owner = get_membership(world.alice, world.guild.pk)
    assert owner is not None
    assert is_manager(owner, [MANAGER_ROLE]), "the owner is never locked out"
    organiser = give_roles(world, world.bob, GUILD + 20)
    assert is_manager(organiser, [MANAGER_ROLE]), "Manage Server counts beside it"


def test_hosts_are_the_roles_in_the_settings_and_managers(world: World) -> None:
    defaults(host_role_ids=[VETERAN])
    with pytest.raises(Refused, match="Only Veteran and server managers can schedule games here"):
        scheduling.create_game(world.guild.pk, world.make_plan(), page(world.charlie), world.now)
    give_roles(world, world.charlie, VETERAN)
    scheduling.create_game(world.guild.pk, world.make_plan(), page(world.charlie), world.now)
    scheduling.create_game(world.guild.pk, world.make_plan(), page(world.alice), world.now)


def test_without_host_roles_only_managers_schedule(world: World, as_person: Any) -> None:
    defaults(host_role_ids=None)
    with pytest.raises(Refused, match="Only server managers can schedule games here"):
        scheduling.create_game(world.guild.pk, world.make_plan(), page(world.charlie), world.now)
    assert "Schedule a game" not in as_person(world.charlie).get(reverse("guild", args=[world.guild.pk])).text
    assert "Schedule a game" in as_person(world.alice).get(reverse("guild", args=[world.guild.pk])).text


@pytest.mark.parametrize("entry_point", ["page", "button"])
def test_every_entry_point_checks_the_player_roles(world: World, entry_point: str) -> None:
    game = world.create_game(player_role_ids=(PLAYER, VETERAN))
    sentence = "Only Veteran or Player can sign up for this game. Ask a server manager for the role."
    if entry_point == "page":
        with pytest.raises(Refused) as refused:
            signups.join(game.pk, world.charlie, page(world.charlie), world.now)
        assert refused.value.refusal.sentence == sentence
    else:
        member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
        assert run_signup_action(Click(game.pk, "join", world.guild.pk, member)).text == sentence
    give_roles(world, world.charlie, PLAYER)
    assert signups.join(game.pk, world.charlie, page(world.charlie), world.now).changed
    assert signups.join(game.pk, world.bob, page(world.bob), world.now).changed, "the host is never locked out"
    assert signups.join(game.pk, world.alice, page(world.bob), world.now).changed, "whom the host signs up needs none"


def test_at_everyone_is_a_role(world: World) -> None:
    game = world.create_game(player_role_ids=(GUILD,))
    assert signups.join(game.pk, world.charlie, page(world.charlie), world.now).changed


def test_blocked_users_are_refused_without_a_reason_until_it_ends(world: World) -> None:
    game = world.create_game()
    until = world.now + timedelta(days=1)
    host_actions.block_user(world.guild.pk, world.charlie, until, "rude", page(world.alice), world.now)
    with pytest.raises(Refused) as refused:
        signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    assert refused.value.refusal.sentence == wording.BLOCKED
    assert "rude" not in wording.BLOCKED
    with pytest.raises(Refused):
        signups.join(game.pk, world.charlie, page(world.bob), world.now)
    assert signups.join(game.pk, world.charlie, page(world.charlie), until).changed
    host_actions.block_user(world.guild.pk, world.charlie, None, "", page(world.alice), world.now)
    assert host_actions.unblock_user(world.guild.pk, world.charlie, page(world.alice), world.now)
    with refuses("not_manager"):
        host_actions.block_user(world.guild.pk, world.alice, None, "", page(world.charlie), world.now)


def test_cohosts_may_do_everything_but_hand_over(world: World) -> None:
    game = world.create_game()
    with refuses("not_yours"):
        host_actions.set_cohosts(game.pk, [world.charlie], page(world.charlie), world.now)
    host_actions.set_cohosts(game.pk, [world.charlie], page(world.bob), world.now)
    changed = replace(scheduling.plan_from_game(game), title="Changed by a co-host")
    assert scheduling.edit_game(game.pk, changed, page(world.charlie), world.now).changed
    for action in (host_actions.hand_over, lambda *a: host_actions.set_cohosts(a[0], [a[1]], *a[2:])):
        with pytest.raises(Refused, match=wording.NOT_THE_HOST):
            action(game.pk, world.alice, page(world.charlie), world.now)
    host_actions.hand_over(game.pk, world.charlie, page(world.bob), world.now)
    host_actions.answer_open_hand_over(game.pk, "accept", page(world.charlie), world.now)
    game.refresh_from_db()
    assert game.host == world.charlie
    assert list(game.cohosts.all()) == [world.bob]
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    with refuses("not_a_member"):
        host_actions.hand_over(game.pk, stranger, page(world.charlie), world.now)


def test_hosts_ping_only_pingable_roles(world: World) -> None:
    defaults(pingable_role_ids=[PLAYER])
    world.create_game(notify_role_ids=(PLAYER,))
    plan = world.make_plan(notify_role_ids=(PLAYER, VETERAN))
    with refuses("not_pingable"):
        scheduling.create_game(world.guild.pk, plan, page(world.charlie), world.now)
    game = scheduling.create_game(world.guild.pk, plan, page(world.alice), world.now).game
    host_actions.set_cohosts(game.pk, [world.charlie], page(world.alice), world.now)
    kept = world.make_plan(notify_role_ids=(VETERAN,))
    scheduling.edit_game(game.pk, kept, page(world.charlie), world.now)
    more = change_plan(kept, notify_role_ids=(VETERAN, MANAGER_ROLE))
    with refuses("not_pingable"):
        scheduling.edit_game(game.pk, more, page(world.charlie), world.now)


def test_the_form_offers_pingable_roles(world: World, as_person: Any) -> None:
    def offered(who: User, url: str) -> list[str]:
        return [label for _, label in as_person(who).get(url).context["form"].fields["notify_role_ids"].choices]

    new = reverse("game-new", args=[GUILD])
    assert offered(world.charlie, new) == []
    assert escape(wording.NONE_PINGABLE) in as_person(world.charlie).get(new).text
    defaults(pingable_role_ids=[PLAYER])
    assert offered(world.charlie, new) == ["Player"]
    assert offered(world.alice, new) == ["Keeper", "Veteran", "Player", "Organiser"]
    game = world.create_game()
    Game.objects.update(notify_role_ids=[VETERAN])
    assert offered(world.bob, reverse("game-edit", args=[game.pk])) == ["Veteran", "Player"], "what it pings stays"
    data = {"own_notify_roles": "on", "notify_role_ids": [MANAGER_ROLE]}
    assert escape(wording.NOT_PINGABLE) in as_person(world.charlie).post(new, data).text


@pytest.mark.parametrize("left", [True, False])
def test_leaving_or_losing_the_role_frees_the_seat_and_notifies_the_host(world: World, left: bool) -> None:
    give_roles(world, world.charlie, PLAYER)
    game = world.create_game(seats=1, player_role_ids=(PLAYER,))
    waiting = world.add_member(7)
    give_roles(world, waiting, PLAYER)
    for who in (world.charlie, waiting):
        signups.join(game.pk, who, page(who), world.now)
    if left:
        mark_member_left(world.guild.pk, world.charlie.pk, world.now + timedelta(minutes=1))
    else:
        give_roles(world, world.charlie, VETERAN)
    assert [s.user for s in game.signups.current()] == [waiting]
    assert game.signups.current().get().seated_at is not None
    notified = {(row.kind, row.recipient_id) for row in Notification.objects.open().filter(recipient__isnull=False)}
    player = set() if left else {("lost_role", world.charlie.pk)}
    assert notified == {("moved", waiting.pk), ("lost_seat", world.bob.pk)} | player
    assert AuditEntry.objects.get(action="lost_seat").changes == {"for": stored_person(world.charlie.pk), "left": left}
    give_roles(world, world.charlie, PLAYER)
    assert not Signup.objects.current().of(world.charlie).exists(), "coming back does not bring it back"


@pytest.mark.parametrize("named", [True, False], ids=["named in the form", "signed up"])
def test_players_added_by_the_host_keep_the_seat_without_the_role(world: World, named: bool) -> None:
    game = world.create_game(player_role_ids=(PLAYER,))
    if named:
        scheduling.edit_game(
            game.pk, scheduling.plan_from_game(game), page(world.bob), world.now, participants=[world.charlie.pk]
        )
    else:
        signups.join(game.pk, world.charlie, page(world.bob), world.now)
    give_roles(world, world.charlie, PLAYER)
    give_roles(world, world.charlie, VETERAN)
    assert game.signups.current().get().user == world.charlie
    mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    assert not game.signups.current().exists()


def test_a_started_game_keeps_its_players(world: World) -> None:
    game = world.create_game()
    signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    Game.objects.update(starts_at=world.now - timedelta(minutes=1))
    mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    assert game.signups.current().count() == 1


class UnavailableDirectory:
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        raise DirectoryUnavailable("Discord answered 502")


class NoLongerPlayer(UnavailableDirectory):
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        return MemberPayload(UserPayload(user_id, f"u{user_id}"), role_ids=(VETERAN,))


def test_a_lost_role_counts_at_the_next_click(world: World, as_person: Any, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.NoLongerPlayer"
    give_roles(world, world.charlie, PLAYER)
    game = world.create_game(player_role_ids=(PLAYER,))
    Member.objects.filter(user=world.charlie).update(roles_read_at=world.now - timedelta(seconds=61))
    response = as_person(world.charlie).post(reverse("game-join", args=[game.pk]), follow=True)
    assert "Only Player can sign up for this game." in response.text


@pytest.mark.parametrize(("minutes", "action", "done"), [(59, "join", True), (61, "join", False), (2, "cancel", False)])
def test_without_discord_roles_count_for_an_hour_but_not_for_pings(
    world: World, as_person: Any, settings: Any, minutes: int, action: str, done: bool
) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.UnavailableDirectory"
    game = world.create_game()
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=minutes))
    response = as_person(world.bob).post(reverse(f"game-{action}", args=[game.pk]), follow=True)
    assert (escape(lookup.ROLES_UNKNOWN) in response.text) is not done
    assert response.status_code == 200, "the page is still shown"


def test_members_are_refreshed_before_a_reminder(world: World, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.NoLongerPlayer"
    give_roles(world, world.charlie, PLAYER)
    game = world.create_game(player_role_ids=(PLAYER,), starts_at=world.now + timedelta(minutes=65), reminders=(60,))
    signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    assert scheduled_tasks.refresh_before_reminders(world.now + timedelta(minutes=2), 50) == 0, (
        "they were seen just now"
    )
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=20))
    assert scheduled_tasks.refresh_before_reminders(world.now, 50) == 1
    assert not game.signups.current().exists()


def test_another_guilds_template_is_refused(world: World) -> None:
    other = Guild.objects.create(id=5, name="Elsewhere", owner_id=1)
    template = GameTemplate.objects.create(guild=other, name="Theirs", location="Secret place")
    with pytest.raises(Refused, match=wording.UNKNOWN_TEMPLATE):
        world.create_game(template_id=template.pk)


def test_blocked_users_cannot_be_named(world: World) -> None:
    host_actions.block_user(world.guild.pk, world.charlie, None, "", page(world.alice), world.now)
    with refuses("blocked"):
        scheduling.create_game(
            world.guild.pk, world.make_plan(), page(world.bob), world.now, participants=[world.charlie.pk, "A friend"]
        )
