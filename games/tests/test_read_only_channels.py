"""A channel that a person may view in Discord and not write in: they play there, and have no game announced there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from discord_bot.interactions import game_commands
from discord_bot.interactions.command_use import use_command
from discord_bot.interactions.game_commands import Changes
from discord_bot.interactions.line_replies import LineRequest, reply_to_line
from discord_bot.interactions.line_state import LineAction, LineState
from discord_bot.interactions.suggestions import find_choices
from games.core.base import Actor, EntryPoint
from games.core.permissions import load_viewer
from games.models import ChannelDefaults, Game, TimePoll
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.tests.cast import Cast, cast, client_of, db, module_cast, module_world, only_outcomes, world
from games.tests.test_access_matrix import ROUTES, outcome, url_of
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import SEND_MESSAGES, VIEW_CHANNEL, Channel, Member, User

__all__ = ["cast", "db", "module_cast", "module_world", "only_outcomes", "world"]  # the fixtures
pytestmark = pytest.mark.slow

OFFICER = GUILD + 40
LINE = "Raid in 6 days at 20:00"  # the cast's game is in three, at this time of the day
# Of the addresses, what needs writing without a channel in its form: the poll's game goes into the poll's channel.
NEEDS_WRITING = {"poll-game"}


def shut(channel: Channel, *overwrites: list[int]) -> None:
    Channel.objects.filter(pk=channel.pk).update(overwrites=list(overwrites))


def create(world: World, user: User, channel: Channel, **more: Any) -> Game:
    plan = world.make_plan(channel_id=channel.pk)
    return scheduling.create_game(GUILD, plan, Actor(user, EntryPoint.PAGE), world.now, **more).game


def roles_of(user: User) -> list[int]:
    return Member.objects.get(user=user, guild=GUILD).role_ids


def payload_of(user: User) -> MemberPayload:
    return MemberPayload(UserPayload(user.pk, user.handle), role_ids=tuple(roles_of(user)))


@pytest.mark.usefixtures("only_outcomes")
def test_the_access_matrix_where_one_may_not_write(cast: Cast, world: World) -> None:
    """Of people who manage nothing, for whom alone writing matters; all else stays as the matrix says."""
    shut(world.channel, [EVERYONE, 0, SEND_MESSAGES])
    expected, actual = {}, {}
    for route, (method, of, verdict) in ROUTES.items():
        if of in {"", "wrong token", "no picture", "no drawing", "share link", "card"}:
            continue
        # Writing lets a host do something; whoever signs up needs none.
        for who in ("player", "host") if method == "post" else ("host",):
            wanted = verdict(who)
            expected[route, who] = "refused" if route in NEEDS_WRITING and wanted == "ok" else wanted
            with transaction.atomic():
                actual[route, who] = outcome(client_of(cast, who), method, url_of(cast, route, cast.game))
                transaction.set_rollback(True)
    assert {key: (actual[key], expected[key]) for key in actual if actual[key] != expected[key]} == {}


# --- what needs writing, by every entry point ---------------------------------------------------------------


def in_days(world: World, days: int) -> str:
    return f"{world.now + timedelta(days=days):%Y-%m-%d}"


def form_of(world: World, **more: Any) -> dict[str, Any]:
    day = in_days(world, 9)
    return {"title": "Raid", "date": day, "time": "20:00", "zone": "UTC", "channel": world.other_channel.pk, **more}


def by_page(route: str, **more: Any) -> Callable[[Cast, World, str, Game], Any]:
    def post(cast: Cast, world: World, who: str, own: Game) -> Any:
        of = own.pk if ROUTES[route][1] == "game" else GUILD
        return client_of(cast, who).post(reverse(route, args=[of]), form_of(world, **more))

    return post


def open_poll(cast: Cast, world: World, who: str, own: Game) -> Any:
    day = form_of(world)["date"]
    times = {"date_1": day, "time_1": "20:00", "date_2": day, "time_2": "21:00"}
    closing = {"closes_date": in_days(world, 2), "closes_time": "12:00"}
    return by_page("poll-new", wins="host", **times, **closing)(cast, world, who, own)


def by_line(**state: int) -> Callable[[Cast, World, str, Game], Any]:
    def write(cast: Cast, world: World, who: str, own: Game) -> Any:
        known: dict[str, Any] = {"game_id": own.pk} if "game_id" in state else {"channel_id": world.other_channel.pk}
        member = payload_of(cast.people[who])
        request = LineRequest(LINE, LineState(**known), GUILD, member, world.other_channel.pk)
        shown = reply_to_line(request)
        posts = [one.state for one in shown.buttons if one.state.action is LineAction.POST]
        return reply_to_line(LineRequest(LINE, posts[0], GUILD, member, None, 77)) if posts else shown

    return write


def by_command(cast: Cast, world: World, who: str, own: Game) -> Any:
    options = {**form_of(world), "guild": GUILD, "as": cast.people[who].pk}
    try:
        call_command("game", "create", *(f"--{name}={value}" for name, value in options.items()))
    except CommandError:
        return None
    return None


def announce_draft(cast: Cast, world: World, who: str, own: Game) -> Any:
    return client_of(cast, who).post(reverse("game-announce-now", args=[own.pk]))


WRITING: dict[str, Callable[[Cast, World, str, Game], Any]] = {
    "schedule by page": by_page("game-new"),
    "schedule again by page": by_page("game-again", carry="no"),
    "move by page": by_page("game-edit", edition=1),
    "open a poll": open_poll,
    "/game create": by_line(),
    "/game again": by_line(game_id=1),
    "schedule by command": by_command,
    "announce a draft": announce_draft,
}


def announced_there(world: World) -> int:
    games = Game.objects.filter(channel=world.other_channel).exclude(announced_at=None).count()
    return games + TimePoll.objects.filter(channel=world.other_channel).count()


@pytest.mark.parametrize("writing", WRITING)
def test_what_has_the_bot_write_needs_writing(cast: Cast, world: World, writing: str) -> None:
    """A host's denied, a manager's done; a host's done where their own overwrite or the channel's settings allow it."""
    host = cast.people["host"]
    for who, own_overwrite, named, may in (
        ("host", False, False, False),
        ("manager", False, False, True),
        ("host", True, False, True),
        ("host", False, True, True),
    ):
        with transaction.atomic():
            by = cast.people[who]
            draft = AnnounceSchedule(AnnounceWhen.DRAFT) if writing == "announce a draft" else AnnounceSchedule()
            away = writing == "move by page"
            own = create(world, by, world.channel if away else world.other_channel, announce=draft)
            shut(
                world.other_channel,
                [EVERYONE, 0, SEND_MESSAGES],
                *([[host.pk, SEND_MESSAGES, 0]] if own_overwrite else []),
            )
            if named:
                ChannelDefaults.objects.create(channel=world.other_channel, host_role_ids=roles_of(host))
            before = announced_there(world)
            answer = WRITING[writing](cast, world, who, own)
            done = announced_there(world) - before
            transaction.set_rollback(True)
        assert done == may, (who, own_overwrite, named, answer, getattr(answer, "text", "")[:5000])


def test_no_form_and_no_list_offers_the_channel(cast: Cast, world: World) -> None:
    shut(world.other_channel, [EVERYONE, 0, SEND_MESSAGES])
    for who, offered in (("host", False), ("manager", True)):
        client, wanted = client_of(cast, who), str(world.other_channel.pk)
        of = {"game-new": GUILD, "game-edit": cast.game.pk, "game-again": cast.game.pk, "poll-new": GUILD}
        for route, pk in of.items():
            choices = [
                one for one, _ in client.get(reverse(route, args=[pk])).context["form"].fields["channel"].choices
            ]
            assert str(world.channel.pk) in choices
            assert (wanted in choices) is offered, route
        found = find_choices("channel", GUILD, payload_of(cast.people[who]), "")
        assert (wanted in [one.value for one in found]) is offered


def test_what_is_there_already_is_run_without_writing(cast: Cast, world: World) -> None:
    """Its host edits a game that stays in its channel, though they may not write there any more."""
    shut(world.channel, [EVERYONE, 0, SEND_MESSAGES])
    host = cast.people["host"]
    changes = Changes(title="Raid")
    work = lambda use: game_commands.edit(use, str(cast.game.pk), changes)  # noqa: E731
    assert use_command(GUILD, payload_of(host), work).outcome == "done"
    assert Game.objects.get(pk=cast.game.pk).title == "Raid"


@pytest.mark.parametrize("denied", [VIEW_CHANNEL, SEND_MESSAGES])
def test_a_host_schedules_and_moves_only_where_they_may_write(cast: Cast, world: World, denied: int) -> None:
    host = cast.people["host"]
    shut(world.other_channel, [EVERYONE, 0, denied])
    with pytest.raises(Refused) as refused:
        create(world, host, world.other_channel)
    assert "channel" in refused.value.refusal.fields
    game = create(world, host, world.channel)
    plan = world.make_plan(title="Raid", channel_id=world.other_channel.pk)
    with pytest.raises(Refused):
        scheduling.edit_game(game.pk, plan, Actor(host, EntryPoint.PAGE), world.now)
    client = client_of(cast, "host")
    for address in (reverse("game-new", args=[GUILD]), reverse("game-edit", args=[game.pk])):
        offered = [pk for pk, _ in client.get(address).context["form"].fields["channel"].choices]
        assert str(world.channel.pk) in offered
        assert str(world.other_channel.pk) not in offered
    with pytest.raises(CommandError, match="--channel"):
        call_command(
            "game", "create", "--as", str(host.pk), "--guild", str(GUILD), "--title", "x", "--date", "2027-01-01",
            "--time", "20:00", "--channel", str(world.other_channel.pk),
        )  # fmt: skip


def test_where_only_the_bot_writes_managers_name_the_hosts(cast: Cast, world: World) -> None:
    shut(world.other_channel, [EVERYONE, 0, SEND_MESSAGES])
    create(world, cast.people["manager"], world.other_channel)
    host = cast.people["host"]
    ChannelDefaults.objects.create(channel=world.other_channel, host_role_ids=roles_of(host))
    create(world, host, world.other_channel)
    shut(world.other_channel, [EVERYONE, 0, VIEW_CHANNEL])
    with pytest.raises(Refused):
        create(world, host, world.other_channel)


def test_a_player_who_may_view_and_not_write_joins(cast: Cast, world: World) -> None:
    shut(world.channel, [EVERYONE, 0, SEND_MESSAGES])
    player = cast.people["player"]
    assert outcome(client_of(cast, "player"), "post", reverse("game-join", args=[cast.game.pk])) == "ok"
    assert cast.game.signups.current().of(player).exists()


def test_an_archive_is_a_channel_that_the_host_may_write_in(cast: Cast, world: World) -> None:
    shut(world.other_channel, [EVERYONE, 0, SEND_MESSAGES])
    plan = world.make_plan(archive_channel_id=world.other_channel.pk)
    with pytest.raises(Refused) as refused:
        scheduling.create_game(GUILD, plan, Actor(cast.people["host"], EntryPoint.PAGE), world.now)
    assert "archive_channel_id" in refused.value.refusal.fields


def test_the_channels_hosts_are_those_named(cast: Cast, world: World) -> None:
    shut(world.other_channel, [EVERYONE, 0, SEND_MESSAGES])
    ChannelDefaults.objects.create(channel=world.other_channel, host_role_ids=[OFFICER])
    host = cast.people["host"]
    viewer = load_viewer(host, GUILD)
    channel = Channel.objects.with_settings().get(pk=world.other_channel.pk)
    assert not viewer.may_announce_in(channel)
