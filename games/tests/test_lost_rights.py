"""Rights that ended in Discord end here: roles taken or deleted, people who left, channels that were shut."""

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from discord_bot.interactions.game_list import PageRequest, load_page
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from discord_bot.models import Outcome
from games.core.base import Actor, EntryPoint
from games.core.codes import GameSkipCode, NotificationKind
from games.core.notifications import game_message
from games.hosts import actions as host_actions
from games.models import Announcement, AuditEntry, ChannelDefaults, Game, GameTemplate, Signup
from games.models.settings import GuildDefaults
from games.posts import archive
from games.scheduling import actions as scheduling
from games.scheduling import publishing
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.tests import directories
from games.tests.cast import (
    ELSEWHERE,
    HOST,
    MANAGER_ROLE,
    PLAYER,
    Cast,
    cast,
    client_of,
    db,
    module_cast,
    module_world,
    world,
)
from games.tests.directories import EXILE
from gamesched.lib.refusal import Refused
from guilds.directory import lookup
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import mark_member_left, mark_role_deleted, upsert_member
from guilds.models import SEND_MESSAGES, VIEW_CHANNEL, Channel, Member, Role, User
from notifications.models import Delivery, Notification
from notifications.types import Skip

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures
pytestmark = pytest.mark.slow

SECRET = "Surprise"
OFFICER = GUILD + 40
DRAFT = AnnounceSchedule(AnnounceWhen.DRAFT)


def shut(channel: Channel, *overwrites: list[int]) -> None:
    Channel.objects.filter(pk=channel.pk).update(overwrites=list(overwrites))


@pytest.fixture
def game(cast: Cast, world: World) -> Game:
    """The owner's game, in a channel for officers."""
    Role.objects.create(pk=OFFICER, guild=world.guild, name="Officer")
    Role.objects.create(pk=EXILE, guild=world.guild, name="Exile")
    shut(world.other_channel, [EVERYONE, 0, VIEW_CHANNEL], [OFFICER, VIEW_CHANNEL, 0])
    return create(world, cast.people["owner"], channel_id=world.other_channel.pk, title=SECRET)


def create(world: World, user: User, announce: AnnounceSchedule | None = None, **changes: Any) -> Game:
    announce = announce or AnnounceSchedule()
    return scheduling.create_game(
        GUILD, world.make_plan(**changes), Actor(user, EntryPoint.PAGE), world.now, announce=announce
    ).game


def stored_roles(user: User, *role_ids: int, world: World, minutes_ago: float) -> None:
    read_at = world.now - timedelta(minutes=minutes_ago)
    Member.objects.filter(user=user, guild=GUILD).update(role_ids=role_ids, roles_read_at=read_at)


# --- lists -------------------------------------------------------------------------------------------------


def pages_naming(client: Any, text: str) -> list[str]:
    addresses = ("/", reverse("guild", args=[GUILD]), reverse("privacy-download"))
    return [address for address in addresses if text in client.get(address).text]


@pytest.fixture
def officer(cast: Cast, world: World, game: Game) -> User:
    """Return a player of the game who was an officer when Discord was last asked, 50 minutes ago."""
    user = cast.people["player"]
    stored_roles(user, OFFICER, world=world, minutes_ago=50)
    Signup.objects.create(game=game, user=user, order_key=1, joined_at=world.now, seated_at=world.now)
    return user


def test_lists_ask_for_the_roles_of_this_minute(cast: Cast, officer: User, settings: Any) -> None:
    client = client_of(cast, "player")
    assert pages_naming(client, SECRET) == ["/", reverse("guild", args=[GUILD]), reverse("privacy-download")]
    Member.objects.filter(user=officer).update(roles_read_at=None)
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    assert pages_naming(client, SECRET) == []


@pytest.mark.parametrize("route", ["home", "guild", "privacy-download", "privacy-forget"])
def test_each_list_on_its_own(cast: Cast, officer: User, settings: Any, route: str) -> None:
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    address = reverse(route, args=[GUILD] if route == "guild" else [])
    assert SECRET not in client_of(cast, "player").get(address).text


def test_a_list_of_several_servers_in_discord(cast: Cast, officer: User, world: World, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    upsert_member(ELSEWHERE, MemberPayload(UserPayload(officer.pk, officer.handle)), world.now)
    payload = MemberPayload(UserPayload(officer.pk, officer.handle))
    assert SECRET not in str(load_page(PageRequest("mine", ELSEWHERE, payload)))


@pytest.mark.parametrize(("minutes_ago", "shown"), [(50, True), (70, False)])
def test_while_discord_is_away_roles_count_for_an_hour(
    cast: Cast, officer: User, world: World, settings: Any, minutes_ago: int, shown: bool
) -> None:
    stored_roles(officer, OFFICER, world=world, minutes_ago=minutes_ago)
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.Away"
    client = client_of(cast, "player")
    for address in ("/", reverse("guild", args=[GUILD])):
        assert (SECRET in client.get(address).text) is shown
    assert "Curse of Strahd" in client.get(reverse("guild", args=[GUILD])).text, "which everybody sees"


def test_a_crowd_that_reloads_a_list_waits_for_nobody(cast: Cast, officer: User, world: World, settings: Any) -> None:
    """Beyond a few at a time, roles of the last hour count, and older ones show nothing."""
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    client = client_of(cast, "player")
    with contextlib.ExitStack() as crowd:
        for _ in range(lookup.WAITING_MAX):
            crowd.enter_context(lookup.place_to_wait(lookup.Purpose.SHOW, in_any_thread=True))
        assert SECRET in client.get("/").text
        stored_roles(officer, OFFICER, world=world, minutes_ago=70)
        assert SECRET not in client.get("/").text
    stored_roles(officer, OFFICER, world=world, minutes_ago=50)
    assert SECRET not in client.get("/").text


def test_a_managers_drafts_of_others(cast: Cast, world: World, settings: Any) -> None:
    create(world, cast.people["host"], DRAFT, title="Not yet")
    address, client = reverse("guild", args=[GUILD]), client_of(cast, "manager")
    assert "Not yet" in client.get(address).text
    stored_roles(cast.people["manager"], MANAGER_ROLE, world=world, minutes_ago=50)
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    assert "Not yet" not in client.get(address).text


def test_a_role_given_a_moment_ago_may_be_denied_the_channel(cast: Cast, world: World, settings: Any) -> None:
    """An exile's role takes the channel from people whom nothing else distinguishes."""
    Role.objects.create(pk=EXILE, guild=world.guild, name="Exile")
    shut(world.channel, [EXILE, 0, VIEW_CHANNEL])
    client = client_of(cast, "player")
    assert client.get(cast.game.get_absolute_url()).status_code == 200
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.Exiled"
    for address in (reverse("guild", args=[GUILD]), "/", cast.game.get_absolute_url()):
        stored_roles(cast.people["player"], world=world, minutes_ago=5)
        assert cast.game.title not in client.get(address).text


def test_forms_name_the_channels_of_this_minute(cast: Cast, world: World, game: Game, settings: Any) -> None:
    own = create(world, cast.people["host"])
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    GuildDefaults.objects.update(host_role_ids=[EVERYONE])
    routes = {"game-new": GUILD, "game-edit": own.pk, "game-again": own.pk}
    for route, pk in routes.items():
        stored_roles(cast.people["host"], HOST, OFFICER, world=world, minutes_ago=50)
        form = client_of(cast, "host").get(reverse(route, args=[pk])).context["form"]
        offered = [value for value, _ in form.fields["channel"].choices]
        assert str(world.channel.pk) in offered
        assert str(world.other_channel.pk) not in offered, route


def test_a_deleted_role_is_nobodys(cast: Cast, world: World) -> None:
    mark_role_deleted(MANAGER_ROLE, world.now)
    assert client_of(cast, "manager").get(reverse("guild-settings", args=[GUILD])).status_code == 403
    mark_role_deleted(HOST, world.now)
    with pytest.raises(Refused) as refused:
        create(world, cast.people["host"])
    assert refused.value.refusal.code == "not_a_host"


# --- hosts ---------------------------------------------------------------------------------------------------


def test_a_game_is_not_edited_into_a_kind_that_others_host(cast: Cast, world: World, game: Game) -> None:
    host = cast.people["host"]
    shut(world.other_channel)
    ChannelDefaults.objects.create(channel=world.other_channel, host_role_ids=[OFFICER])
    template = GameTemplate.objects.create(guild=world.guild, name="Raid", host_role_ids=[OFFICER])
    for changes in ({"channel_id": world.other_channel.pk}, {"template_id": template.pk}):
        plan = world.make_plan(**changes)
        for who in ("host", "co-host"):
            with pytest.raises(Refused) as refused:
                scheduling.edit_game(cast.game.pk, plan, Actor(cast.people[who], EntryPoint.PAGE), world.now)
            assert refused.value.refusal.code == "not_a_host"
    assert scheduling.edit_game(cast.game.pk, plan, Actor(cast.people["manager"], EntryPoint.PAGE), world.now).changed
    assert scheduling.edit_game(
        cast.game.pk, world.make_plan(template_id=template.pk, title="Raid"), Actor(host, EntryPoint.PAGE), world.now
    ).changed, "what a manager made of it, its host still runs"


@pytest.mark.parametrize("lost", ["role", "writing"])
def test_a_draft_is_announced_by_who_may_schedule_it_now(cast: Cast, world: World, lost: str) -> None:
    host, cohost = cast.people["host"], cast.people["co-host"]
    later = AnnounceSchedule(AnnounceWhen.LATER, world.now + timedelta(hours=1))
    drafts = [create(world, host, announce) for announce in (DRAFT, DRAFT, later)]
    for draft in drafts:
        draft.cohosts.add(cohost)
    Member.objects.filter(user=cohost).update(role_ids=[])
    assert publishing.announce_game(drafts.pop(0).pk, Actor(cohost, EntryPoint.PAGE), world.now).changed, (
        "a co-host needs none"
    )
    if lost == "role":
        Member.objects.filter(user=host).update(role_ids=[])
    else:
        shut(world.channel, [EVERYONE, 0, SEND_MESSAGES])
    now_by_edit = AnnounceSchedule(AnnounceWhen.NOW)
    for draft in drafts:
        for who in (host, cohost):
            actor = Actor(who, EntryPoint.PAGE)
            with pytest.raises(Refused) as refused:
                publishing.announce_game(draft.pk, actor, world.now)
            with pytest.raises(Refused) as refused_edit:
                scheduling.edit_game(draft.pk, world.make_plan(), actor, world.now, announce=now_by_edit)
            code = "not_a_host" if lost == "role" else "channel_closed"
            assert {refused.value.refusal.code, refused_edit.value.refusal.code} == {code}
    for draft in drafts:
        assert publishing.announce_game(draft.pk, Actor(cast.people["manager"], EntryPoint.PAGE), world.now).changed


@pytest.mark.parametrize("lost", ["left", "channel", "write", "role", ""])
def test_no_game_is_announced_by_the_clock_that_nobody_runs(cast: Cast, world: World, lost: str) -> None:
    host, at = cast.people["host"], world.now + timedelta(hours=1)
    game = create(world, host, AnnounceSchedule(AnnounceWhen.LATER, at))
    if lost == "left":
        mark_member_left(GUILD, host.pk, world.now)
    elif lost == "channel":
        shut(world.channel, [host.pk, 0, VIEW_CHANNEL])
    elif lost == "write":
        shut(world.channel, [host.pk, 0, SEND_MESSAGES])
    elif lost == "role":
        ChannelDefaults.objects.update_or_create(channel=world.channel, defaults={"host_role_ids": [GUILD + 99]})
    publishing.announce_on_schedule(Game.objects.get(pk=game.pk), at)
    after = Game.objects.get(pk=game.pk)
    assert (after.announced_at is None) is bool(lost)
    assert after.announce_at is None
    if lost:
        assert AuditEntry.objects.filter(game=game).latest("pk").changes == {"no_host": True}
        assert publishing.announce_game(game.pk, Actor(cast.people["manager"], EntryPoint.PAGE), at).changed


# --- who left ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["host", "player", "ex-member"])
def test_who_left_hears_of_no_game(cast: Cast, world: World, who: str) -> None:
    user = cast.people[who]
    mark_member_left(GUILD, user.pk, world.now)
    row = Notification.objects.create(
        game=cast.game, kind=NotificationKind.EDITED, recipient=user, due_at=world.now, payload={}
    )
    delivery = Delivery.objects.create(notification=row, recipient=user, next_attempt_at=world.now)
    built = game_message(delivery, cast.game, SECRET, world.now)
    assert isinstance(built, Skip)
    assert built.code == GameSkipCode.NOT_A_MEMBER


def test_the_download_has_only_ones_own_games_in_full(cast: Cast, world: World, game: Game, settings: Any) -> None:
    """Asked to run a game whose channel they lost since, a person gets no text of it."""
    user = cast.people["player"]
    stored_roles(user, OFFICER, world=world, minutes_ago=0)
    host_actions.hand_over(game.pk, user, Actor(world.alice, EntryPoint.PAGE), world.now)
    Game.objects.filter(pk=game.pk).update(host=world.alice, next_host=user, description="psst", carried_by=user)
    own = create(world, cast.people["host"], title="Mine", description="mine too")
    Game.objects.filter(pk=own.pk).update(host=user)
    client = client_of(cast, "player")

    def games() -> list[Any]:
        rows: list[Any] = json.loads(client.get(reverse("privacy-download")).text)["tables"]["games.game"]["rows"]
        return sorted(rows, key=lambda row: str(row.get("title", "")))

    assert [row.get("title") for row in games()] == ["Mine", SECRET]
    stored_roles(user, world=world, minutes_ago=0)
    shown, mine = games()
    assert mine["description"] == "mine too"
    assert shown == {
        "id": game.pk, "guild__name": "Friday Night Dice", "next_host_id": True, "carried_by_id": True
    }  # fmt: skip


def test_a_template_goes_with_its_channel(cast: Cast, world: World, game: Game) -> None:
    Channel.objects.filter(pk=world.other_channel.pk).update(name="hush-hush")
    template = GameTemplate.objects.create(
        guild=world.guild, name="For Bob", description="psst", channel=world.other_channel, is_default=True,
        instructions="door code 7", host_role_ids=[EVERYONE],
    )  # fmt: skip
    own = create(world, cast.people["host"])
    addresses = [
        reverse("guild", args=[GUILD]),
        reverse("game-new", args=[GUILD]),
        f"{reverse('game-new', args=[GUILD])}?template={template.pk}",
        reverse("game-again", args=[own.pk]),
        reverse("game-edit", args=[own.pk]),
        reverse("guild-notifications", args=[GUILD]),
    ]
    words = ("For Bob", "psst", "door code 7", "hush-hush")
    client = client_of(cast, "host")
    for address in addresses:
        page = client.get(address).text
        assert not [word for word in words if word in page], address
    with pytest.raises(Refused) as refused:
        create(world, cast.people["host"], template_id=template.pk)
    assert "template" in refused.value.refusal.fields
    follow = {"how": "dm", f"template_{template.pk}": "now"}
    client.post(reverse("guild-notifications", args=[GUILD]), follow)
    assert not template.follows.exists()
    stored_roles(cast.people["host"], HOST, OFFICER, world=world, minutes_ago=0)
    for address in addresses:
        assert "For Bob" in client.get(address).text, address
    assert create(world, cast.people["host"], template_id=template.pk).template == template
    client.post(reverse("guild-notifications", args=[GUILD]), follow)
    assert template.follows.exists()


def test_scheduling_again_drops_a_template_of_a_hidden_channel(
    cast: Cast, world: World, game: Game, capsys: Any
) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="For Bob", channel=world.other_channel)
    host = cast.people["host"]
    own = create(world, host)
    Game.objects.filter(pk=own.pk).update(template=template)
    client, address = client_of(cast, "host"), reverse("game-again", args=[own.pk])
    assert "For Bob" not in client.get(address).text
    call_command("game", "clone", str(own.pk), "--as", str(host.pk), "--dry-run")
    assert "It would answer" in capsys.readouterr().out
    stored_roles(host, HOST, OFFICER, world=world, minutes_ago=0)
    assert client.get(address).context["form"]["template"].value() == str(template.pk)


def test_a_click_on_the_post_that_was_replaced_shows_nothing_there(cast: Cast, world: World, game: Game) -> None:
    """An officer clicks under the old post in the open channel, where the game's text would be shown to everybody."""
    Announcement.objects.filter(game=game).update(message_id=500)
    officer = MemberPayload(UserPayload(cast.people["player"].pk, "player"), role_ids=(PLAYER, OFFICER))
    old = run_signup_action(Click(game.pk, "join", GUILD, officer, message_id=499))
    assert old.outcome is Outcome.DONE
    assert old.post is None
    current = run_signup_action(Click(game.pk, "leave", GUILD, officer, message_id=500))
    assert current.post is not None
    Announcement.objects.filter(game=game).update(message_id=None)
    for channel, shown in ((world.channel, False), (world.other_channel, True)):
        places = frozenset({channel.pk})
        click = Click(game.pk, "leave" if shown else "join", GUILD, officer, message_id=499, channel_ids=places)
        assert (run_signup_action(click).post is not None) is shown, "not recorded yet"


def test_a_surprise_is_not_archived_where_its_person_reads(cast: Cast, world: World) -> None:
    shut(world.channel, [cast.people["player"].pk, 0, VIEW_CHANNEL])
    over = world.now - timedelta(hours=5)
    Game.objects.filter(pk=cast.game.pk).update(
        starts_at=over, ends_at=over + timedelta(hours=1), archive_channel_id=world.other_channel.pk
    )
    actor = Actor(cast.people["host"], EntryPoint.PAGE)
    with pytest.raises(Refused) as refused:
        archive.archive_game(cast.game.pk, actor, world.now)
    assert refused.value.refusal.code == "no_archive"
    shut(world.other_channel, [cast.people["player"].pk, 0, VIEW_CHANNEL])
    assert archive.archive_game(cast.game.pk, actor, world.now).changed
