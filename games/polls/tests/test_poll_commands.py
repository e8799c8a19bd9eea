"""Polls on the command line: the same actions, the times in a zone, and errors at their options."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conftest import GUILD, World
from games.models import Game, PollState, TimePoll, TimePollVote
from games.polls import wording
from games.polls.tests.helpers import DAY, make_poll, options, tick
from gamesched.lib.zones import zone_info
from guilds.forms import UNKNOWN_ZONE
from guilds.models import Channel

VIEW = 1 << 10


def run(*arguments: object) -> None:
    call_command("game", "poll", *map(str, arguments))


def refused(*arguments: object) -> str:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    return str(error.value)


def opening(world: World, **changes: Any) -> list[object]:
    day = world.now + 5 * DAY
    given: dict[str, Any] = {
        "guild": GUILD,
        "channel": world.channel.pk,
        "title": "Curse of Strahd",
        "zone": "Europe/Berlin",
        "closes": f"{world.now + 3 * DAY:%Y-%m-%d} 20:00",
    }
    times = changes.pop("at", [f"{day:%Y-%m-%d} 20:00", f"{day + DAY:%Y-%m-%d}T18:30"])
    arguments: list[object] = ["new", "--as", "bob"]
    for name, value in (given | changes).items():
        arguments += [f"--{name}", value]
    return [*arguments, *(part for at in times for part in ("--at", at))]


def test_a_poll_from_its_opening_to_the_game(world: World, capsys: Any) -> None:
    def answer() -> Any:
        return json.loads(capsys.readouterr().out)

    run(*opening(world, quorum=3), "--json")
    poll = TimePoll.objects.get()
    opened = answer()["poll"]
    assert (opened["id"], opened["state"], opened["quorum"]) == (str(poll.pk), PollState.OPEN, 3)
    local = [one.starts_at.astimezone(zone_info(poll.zone)) for one in options(poll)]
    assert [f"{at:%H:%M}" for at in local] == ["20:00", "18:30"]
    run("list", "--as", "charlie", "--json")
    assert [(one["id"], one["people"]) for one in answer()] == [(str(poll.pk), 0)]
    run("tick", poll.pk, 1, 2, "--as", "charlie", "--dry-run")
    assert not TimePollVote.objects.exists()
    run("tick", poll.pk, 1, 2, "--as", "charlie")
    run("tick", poll.pk, 2, "--as", "alice")
    capsys.readouterr()
    run("show", poll.pk, "--json")
    assert [([voter["name"] for voter in one["voters"]], one["best"]) for one in answer()["times"]] == [
        (["charlie"], False),
        (["charlie", "alice"], True),
    ]
    run("tick", poll.pk, "--as", "alice")
    assert TimePollVote.objects.count() == 2, "no number takes all back"
    assert wording.NOT_YOURS in refused("make", poll.pk, "--as", "charlie")
    run("make", poll.pk, 2, "--as", "bob")
    game = Game.objects.get()
    assert (game.starts_at, game.host) == (options(poll)[1].starts_at, world.bob)
    assert [one.user for one in game.signups.all()] == [world.charlie]
    assert game.url in capsys.readouterr().out
    run("list", "--json")
    assert answer() == []


def test_what_cannot_be_a_poll_says_so_at_its_option(world: World) -> None:
    day = f"{world.now + 5 * DAY:%Y-%m-%d}"
    wrong: dict[str, dict[str, Any]] = {
        "at": {"at": [f"{day} 20:00"]},
        "2020-01-01 20:00": {"at": [f"{day} 20:00", "2020-01-01 20:00"]},
        "25:00": {"at": [f"{day} 20:00", f"{day} 25:00"]},
        "closes": {"closes": "2020-01-01 20:00"},
        "zone": {"zone": "Mars/Olympus"},
        "quorum": {"quorum": 0},
        "channel": {"channel": 5},
        "template": {"template": 5},
    }
    for part, changes in wrong.items():
        assert part in refused(*opening(world, **changes)), changes
    too_many = [f"{world.now + days * DAY:%Y-%m-%d} 20:00" for days in range(5, 16)]
    assert wording.TOO_MANY_TIMES in refused(*opening(world, at=too_many))
    assert f"--minimum: {wording.NO_MINIMUM}" in refused(*opening(world), "--minimum")
    assert not TimePoll.objects.exists()


def test_whoever_opens_or_ticks_is_somebody(world: World) -> None:
    poll = make_poll(world)
    for arguments in (["tick", poll.pk, 1], [one for one in opening(world) if one not in {"--as", "bob"}]):
        with pytest.raises(CommandError, match="Say who you mean") as usage:
            run(*arguments)
        assert usage.value.returncode == 2


def test_the_operator_makes_and_cancels_any(world: World) -> None:
    polls = [make_poll(world, title=title) for title in ("One", "Two")]
    tick(polls[0], world.charlie, world, [1])
    assert wording.UNKNOWN_TIME in refused("make", polls[0].pk, 4)
    run("make", polls[0].pk)
    assert Game.objects.get().starts_at == options(polls[0])[1].starts_at
    run("cancel", polls[1].pk, "--dry-run")
    assert TimePoll.objects.filter(cancelled_at=None).count() == 2
    run("cancel", polls[1].pk)
    assert [one.state(world.now) for one in TimePoll.objects.order_by("pk")] == [
        PollState.SCHEDULED,
        PollState.CANCELLED,
    ]


def test_times_are_shown_in_the_zone_that_is_given(world: World, capsys: Any) -> None:
    poll = make_poll(world)
    for zone, shown in (("Asia/Tokyo", "JST"), ("UTC", "UTC")):
        run("show", poll.pk, "--zone", zone)
        at = options(poll)[0].starts_at.astimezone(zone_info(zone))
        assert f"{at:%b %Y, %H:%M} {shown}" in capsys.readouterr().out
    assert UNKNOWN_ZONE in refused("show", poll.pk, "--zone", "Mars/Olympus")


def test_a_poll_that_one_may_not_see_does_not_exist(world: World, capsys: Any) -> None:
    poll = make_poll(world, world.alice)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, VIEW]])
    for what in ("show", "tick", "make", "cancel"):
        assert wording.UNKNOWN_POLL in refused(what, poll.pk, "--as", "charlie")
        assert wording.UNKNOWN_POLL in refused(what, 2**70, "--as", "charlie")
    run("list", "--as", "charlie", "--json")
    assert json.loads(capsys.readouterr().out) == []
    run("list", "--guild", GUILD, "--as", "alice", "--json")
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [str(poll.pk)]
    TimePoll.objects.update(closes_at=world.now - timedelta(minutes=1))
    run("list", "--json")
    assert json.loads(capsys.readouterr().out) == []
