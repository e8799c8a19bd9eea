"""A game in a channel that a person may not view in Discord does not exist for them, by every entry point."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from conftest import EVERYONE, GUILD, StoredDirectory, World
from discord_bot.interactions.game_list import PageRequest, load_page
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from discord_bot.models import Outcome
from games.attendance.summary import attendance_rows
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.core.notifications import game_message
from games.core.permissions import load_viewer
from games.core.queue import notify
from games.core.wording import UNKNOWN_GAME
from games.deliveries.report import guild_deliveries
from games.hosts import actions as host_actions
from games.models import Follow, Game, Signup
from games.offers.schedule_conflicts import find_conflict
from games.pages.game_list import ListKind
from games.pages.live_access import Closed, access_to_page
from games.posts import archive
from games.reminders.followers import digest_games, followers_to_notify
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.server_settings.wording import viewed_by, viewed_by_everyone
from games.signups import actions as signups
from games.tests.cast import Cast, cast, client_of, db, module_cast, module_world, only_outcomes, world
from games.tests.test_access_matrix import ROUTES, outcome
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import upsert_member
from guilds.models import VIEW_CHANNEL, Channel, Member, Role, User
from notifications.models import Delivery, Notification
from notifications.types import Skip

__all__ = ["cast", "db", "module_cast", "module_world", "only_outcomes", "world"]  # the fixtures
pytestmark = pytest.mark.slow

SECRET = "Surprise"
OF_A_GAME = [name for name, (_, of, _) in ROUTES.items() if of in {"game", "signup", "delivery"}]
OFFICER = GUILD + 40


@pytest.fixture
def game(cast: Cast, world: World) -> Game:
    """Return the owner's game in a channel for officers. The host of the cast is its co-host, and is no officer."""
    Role.objects.create(pk=OFFICER, guild=world.guild, name="Officer")
    overwrites = [[EVERYONE, 0, VIEW_CHANNEL], [OFFICER, VIEW_CHANNEL, 0]]
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=overwrites)
    actor = Actor(cast.people["owner"], EntryPoint.PAGE)
    plan = world.make_plan(title=SECRET, channel_id=world.other_channel.pk)
    created = scheduling.create_game(GUILD, plan, actor, world.now).game
    created.cohosts.add(cast.people["co-host"])
    return created


def make_officer(user: User, world: World) -> None:
    member = Member.objects.get(user=user, guild=GUILD)
    seen = MemberPayload(UserPayload(user.pk, user.handle), role_ids=(*member.role_ids, OFFICER))
    upsert_member(GUILD, seen, world.now + timedelta(minutes=1))


@pytest.fixture
def rows(game: Game, world: World) -> dict[str, list[int]]:
    """Return the ids of a sign-up and a delivery of the game, by what addresses are of."""
    now, delivery = world.now, overdue(game, world, NotificationKind.ADDED, world.bob)
    Delivery.objects.update(status="failed")
    signup = Signup.objects.create(game=game, user=world.bob, order_key=1, joined_at=now, seated_at=now)
    return {"game": [], "signup": [signup.pk], "delivery": [delivery.pk]}


@pytest.mark.usefixtures("only_outcomes")
def test_addresses_of_a_game(cast: Cast, game: Game, rows: dict[str, list[int]]) -> None:
    # Who would be refused, who would join, who runs it, and who manages the server; no other finds any game at all.
    asked = ["blocked", "player", "co-host", "manager", "owner"]
    wrong = []
    for route in OF_A_GAME:
        method, address = ROUTES[route][0], reverse(route, args=[game.pk, *rows[ROUTES[route][1]]])
        # Undone for the next address, which is to find the game as it was.
        with transaction.atomic():
            for who in asked:
                if (outcome(client_of(cast, who), method, address) == "404") is (who == "owner"):
                    wrong.append((route, who))
            transaction.set_rollback(True)
    assert not wrong


@pytest.mark.usefixtures("only_outcomes")
def test_its_rows_by_addresses_of_another_game(cast: Cast, game: Game, rows: dict[str, list[int]]) -> None:
    for who in ("host", "manager"):
        asked = [(route, cast.game.pk, pk) for route in OF_A_GAME for pk in rows[ROUTES[route][1]]]
        asked += [("guild-resend", GUILD, pk) for pk in rows["delivery"]]
        for route, of, pk in asked:
            addresses = (reverse(route, args=[of, one]) for one in (pk, 10**18))
            assert len({outcome(client_of(cast, who), "post", one) for one in addresses}) == 1, (who, route)
    assert game.signups.seated().count() == 1
    assert not Delivery.objects.exclude(resend_of=None).exists()


def test_it_exists_for_those_whom_discord_shows_the_channel(cast: Cast, world: World, game: Game) -> None:
    client, address = client_of(cast, "player"), game.get_absolute_url()
    make_officer(cast.people["player"], world)
    assert SECRET in client.get(address).text
    assert SECRET in client.get(reverse("guild", args=[GUILD])).text
    # One's own overwrite wins over the role's.
    channel = Channel.objects.get(pk=game.channel_id)
    channel.overwrites.append([cast.people["player"].pk, 0, VIEW_CHANNEL])
    channel.save()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("who", ["member", "player", "host", "co-host", "manager"])
def test_lists(cast: Cast, world: World, game: Game, who: str, capsys: Any) -> None:
    user, client = cast.people[who], client_of(cast, who)
    # A player before the channel was shut: even one's own game is not shown.
    Signup.objects.create(game=game, user=user, order_key=1, joined_at=world.now, seated_at=world.now)
    for address in ("/", reverse("guild", args=[GUILD])):
        assert SECRET not in client.get(address).text
    Game.objects.filter(pk=game.pk).update(
        starts_at=world.now - timedelta(hours=3), ends_at=world.now - timedelta(hours=1)
    )
    for address in ("/", reverse("guild", args=[GUILD])):
        assert SECRET not in client.get(address).text, "among past games"
    Game.objects.filter(pk=game.pk).update(starts_at=game.starts_at, ends_at=game.ends_at)
    assert access_to_page(user, "game", game.pk) is Closed.NOT_FOUND
    member = MemberPayload(UserPayload(user.pk, user.handle), role_ids=tuple(_member(user).role_ids))
    kinds: tuple[ListKind, ...] = ("list", "mine")
    for kind in kinds:
        assert SECRET not in str(load_page(PageRequest(kind, GUILD, member)))
    call_command("game", "list", "--as", str(user.pk))
    assert SECRET not in capsys.readouterr().out
    for word in ("show", "join", "leave"):
        with pytest.raises(CommandError, match=UNKNOWN_GAME):
            call_command("game", word, str(game.pk), "--as", str(user.pk))
    # Discord shows the buttons to nobody here; a forged click is refused.
    assert run_signup_action(Click(game.pk, "join", GUILD, member)).outcome is Outcome.REFUSED


def _member(user: User) -> Member:
    return Member.objects.get(user=user, guild=GUILD)


def test_what_managers_read(cast: Cast, world: World, game: Game) -> None:
    notify(game, NotificationKind.REMINDER, world.now)
    row = Notification.objects.filter(game=game).latest("pk")
    Delivery.objects.create(notification=row, recipient=world.bob, status="failed", next_attempt_at=world.now)
    client = client_of(cast, "manager")
    for name in ("guild-messages", "guild-history", "guild-settings", "guild-setup", "guild-health", "guild-people"):
        assert SECRET not in client.get(reverse(name, args=[GUILD])).text, name
    for name in ("game", "signup", "announcement", "auditentry"):
        assert SECRET not in client.get(reverse(f"admin:games_{name}_changelist")).text, name
    assert client.get(reverse("admin:games_game_change", args=[game.pk])).status_code == 404
    make_officer(cast.people["player"], world)
    signups.add_participants(game, [cast.people["player"].pk], Actor(None, EntryPoint.ADMIN, operator=True), world.now)
    Game.objects.filter(pk=game.pk).update(starts_at=world.now - timedelta(hours=1))
    viewer = load_viewer(cast.people["manager"], GUILD)
    assert not list(attendance_rows(viewer, None, None, world.now))
    assert game.pk not in guild_deliveries(viewer).values_list("notification__game", flat=True)
    assert SECRET in str(list(attendance_rows(load_viewer(world.alice, GUILD), None, None, world.now)))


def test_followers_and_digests(cast: Cast, world: World, game: Game) -> None:
    user, officer = cast.people["member"], cast.people["player"]
    make_officer(officer, world)
    for each in (user, officer):
        Follow.objects.create(user=each, guild=world.guild, digest=False)
    assert followers_to_notify(game, world.now).at_once == (officer.pk,)
    Follow.objects.update(digest=True)
    since = world.now - timedelta(hours=1)
    later = world.now + timedelta(minutes=1)
    assert game.pk not in [each.pk for each in digest_games(user, since, later)]
    assert game.pk in [each.pk for each in digest_games(officer, since, later)]


# --- scheduling ------------------------------------------------------------------------------------------


def shut(channel: Channel, *overwrites: list[int]) -> None:
    Channel.objects.filter(pk=channel.pk).update(overwrites=list(overwrites))


def create(world: World, user: User, channel: Channel) -> Game:
    plan = world.make_plan(title=SECRET, channel_id=channel.pk)
    return scheduling.create_game(GUILD, plan, Actor(user, EntryPoint.PAGE), world.now).game


# --- whom Discord lets do nothing --------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["timed out", "pending"])
def test_whom_discord_lets_do_nothing_does_nothing_here(cast: Cast, world: World, why: str) -> None:
    for who in ("player", "host"):
        user = cast.people[who]
        changes: dict[str, Any] = {"pending": True}
        if why == "timed out":
            changes = {"timed_out_until": world.now + timedelta(hours=1)}
        Member.objects.filter(user=user).update(**changes)
        actor = Actor(user, EntryPoint.PAGE)
        for action in (
            lambda actor=actor, user=user: signups.join(cast.game.pk, user, actor, world.now),
            lambda actor=actor: cancellation.cancel_game(cast.game.pk, "", actor, world.now),
            lambda user=user: create(world, user, world.channel),
        ):
            with pytest.raises(Refused) as refused:
                action()
            assert refused.value.refusal.code in {"may_not_act", "not_yours", "not_a_host"}
    assert client_of(cast, "player").get(cast.game.get_absolute_url()).status_code == 200, "they may still look"
    later = world.now + timedelta(hours=2)
    Member.objects.update(pending=False)
    player = cast.people["player"]
    assert signups.join(cast.game.pk, player, Actor(player, EntryPoint.PAGE), later).changed


def test_setup_shows_who_sees_a_channel(cast: Cast, world: World, game: Game) -> None:
    shown = client_of(cast, "owner").get(reverse("guild-setup", args=[GUILD])).text
    assert viewed_by_everyone([], 0) in shown
    assert viewed_by(["Officer"], 0) in shown
    shut(world.channel, [OFFICER, 0, VIEW_CHANNEL], [cast.people["player"].pk, 0, VIEW_CHANNEL])
    shown = client_of(cast, "owner").get(reverse("guild-setup", args=[GUILD])).text
    assert viewed_by_everyone(["Officer"], 1) in shown


def test_a_test_message_goes_where_its_sender_reads(cast: Cast, world: World, game: Game) -> None:
    client = client_of(cast, "manager")
    for channel, may in ((world.other_channel, False), (world.channel, True)):
        address = reverse("channel-test", args=[GUILD, channel.pk])
        assert (address in client.get(reverse("guild-setup", args=[GUILD])).text) is may
        client.post(address)
        tests = Notification.objects.filter(kind=NotificationKind.CHANNEL_TEST, dedupe_key=str(channel.pk))
        assert tests.exists() is may


def test_the_bot_reads_overwrites_and_time_outs() -> None:
    data = {
        "user": {"id": "5", "username": "eve"},
        "roles": [],
        "pending": True,
        "communication_disabled_until": "2026-11-29T12:00:00+00:00",
    }
    member = MemberPayload.from_api(data)
    assert member.pending
    assert member.timed_out_until is not None
    assert member.timed_out_until.isoformat() == "2026-11-29T12:00:00+00:00"
    assert not MemberPayload.from_api(data | {"communication_disabled_until": None}).timed_out_until


# --- what else could carry it further ------------------------------------------------------------------------


def overdue(game: Game, world: World, kind: NotificationKind, user: User) -> Delivery:
    row = Notification.objects.create(game=game, kind=kind, recipient=user, due_at=world.now, payload={})
    return Delivery.objects.create(notification=row, recipient=user, next_attempt_at=world.now)


def test_messages_skip_whom_discord_does_not_show_the_channel(cast: Cast, world: World, game: Game) -> None:
    manager, owner = cast.people["manager"], cast.people["owner"]
    for user, skipped in ((manager, True), (owner, False)):
        built = game_message(overdue(game, world, NotificationKind.ADDED, user), game, SECRET, world.now)
        assert isinstance(built, Skip) is skipped


def test_a_draft_is_not_named_in_the_channel(cast: Cast, world: World) -> None:
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    host = cast.people["host"]
    game = scheduling.create_game(
        GUILD, world.make_plan(), Actor(host, EntryPoint.PAGE), world.now, announce=draft
    ).game
    delivery = overdue(game, world, NotificationKind.NOT_ANNOUNCED, host)
    delivery.in_channel = True
    assert isinstance(game_message(delivery, game, "x", world.now), Skip)


def test_nobody_is_brought_in_who_may_not_see_it(cast: Cast, world: World, game: Game) -> None:
    owner = Actor(cast.people["owner"], EntryPoint.PAGE)
    member = cast.people["member"]
    for action in (
        lambda: host_actions.set_cohosts(game.pk, [member], owner, world.now),
        lambda: host_actions.hand_over(game.pk, member, owner, world.now),
        lambda: signups.join(game.pk, member, owner, world.now),
        lambda: signups.add_participants(game, [member.pk], owner, world.now),
    ):
        with pytest.raises(Refused) as refused:
            action()
        assert refused.value.refusal.code == "channel_hidden"


def test_a_post_is_not_archived_where_more_people_see_it(cast: Cast, world: World, game: Game) -> None:
    Game.objects.filter(pk=game.pk).update(
        archive_channel_id=world.channel.pk,
        starts_at=world.now - timedelta(hours=3),
        ends_at=world.now - timedelta(hours=1),
    )
    with pytest.raises(Refused) as refused:
        archive.archive_game(game.pk, Actor(cast.people["owner"], EntryPoint.PAGE), world.now)
    assert refused.value.refusal.code == "no_archive"
    assert isinstance(archive.archive_on_schedule(Game.objects.get(pk=game.pk), world.now), Skip)
    # The other way about, fewer people see it, which is no secret told.
    Game.objects.filter(pk=cast.game.pk).update(
        archive_channel_id=world.other_channel.pk,
        starts_at=world.now - timedelta(hours=3),
        ends_at=world.now - timedelta(hours=1),
    )
    assert archive.archive_game(cast.game.pk, Actor(cast.people["owner"], EntryPoint.PAGE), world.now).changed


def test_previews_and_overlaps_name_no_hidden_game(cast: Cast, world: World, game: Game) -> None:
    client = client_of(cast, "manager")
    shown = client.post(reverse("guild-settings", args=[GUILD]), {"edition": "1", "duration": "3 h", "zone": "UTC"})
    assert SECRET not in shown.text
    player = cast.people["player"]
    make_officer(player, world)
    signups.join(game.pk, player, Actor(player, EntryPoint.PAGE), world.now)
    assert find_conflict(player, game.starts_at, game.ends_at, world.now) is not None
    Member.objects.filter(user=player).update(role_ids=[])
    assert find_conflict(player, game.starts_at, game.ends_at, world.now) is None


def test_a_role_given_a_moment_ago_opens_the_game(cast: Cast, world: World, game: Game, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.EveryoneIsAnOfficer"
    Member.objects.filter(user=cast.people["player"]).update(roles_read_at=world.now - timedelta(minutes=5))
    assert client_of(cast, "player").get(game.get_absolute_url()).status_code == 200


class EveryoneIsAnOfficer(StoredDirectory):
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        member = super().member(guild_id, user_id)
        return replace(member, role_ids=(*member.role_ids, OFFICER)) if member is not None else None


def test_a_manager_who_is_timed_out_changes_no_settings(cast: Cast, world: World) -> None:
    manager = cast.people["manager"]
    Member.objects.filter(user=manager).update(timed_out_until=world.now + timedelta(hours=1))
    with pytest.raises(Refused) as refused:
        host_actions.unblock_user(GUILD, cast.people["blocked"], Actor(manager, EntryPoint.PAGE), world.now)
    assert refused.value.refusal.code == "may_not_act"
