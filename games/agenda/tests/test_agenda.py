"""Agendas against the local Discord, by notifyd's own steps: what they show, when they are edited, pinned and gone."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conftest import GUILD, REST_DIRECTORY, World
from discord_bot.backend.backend import DiscordBackend
from discord_bot.bot import _repost_deleted_posts
from discord_bot.tests.helpers import _send, edit_game, send_due
from games.agenda import actions
from games.agenda.tests.helpers import switch_on
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.models import Agenda, AgendaGames, AgendaProblem, Game
from games.scheduling.cancellation import cancel_game
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS
from gamesched.testing.stack import shown_in
from guilds.models import PIN_MESSAGES, Channel, Guild
from notifications.daemon import steps
from notifications.models import Notification

pytestmark = pytest.mark.slow

HERE = fixtures.GAME_NIGHT_ID
MESSAGES = f"/channels/{HERE}/messages"


@pytest.fixture
def local(world: World, settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = running.api_url, True
        yield running


def agendas(local: LocalDiscord, channel_id: int = HERE) -> list[dict[str, Any]]:
    """Return the messages of a channel that are agendas, the newest first."""
    return [one for one in local.client.messages("alice", channel_id) if f"#agenda-{channel_id}" in shown_in(one)]


def shown(local: LocalDiscord, channel_id: int = HERE) -> str:
    """Return what the one agenda of a channel shows."""
    [message] = agendas(local, channel_id)
    return shown_in(message)


def run(world: World, *, minutes: float = 1, lost: bool = False, turns: int = 6) -> None:
    """Let so much time pass, and do what is due in the next minute; with `lost`, kill notifyd after its requests."""
    world.now += timedelta(minutes=minutes)
    for _ in range(1 if lost else turns):
        if is_due(world):
            send_due(world.now, lost=lost)
        world.now += timedelta(seconds=10)


def is_due(world: World) -> bool:
    """Return whether notifyd would wake by now."""
    due = steps.next_due()
    return due is not None and due <= world.now


def allow_pins(local: LocalDiscord) -> None:
    local.client.add_fault("give", channel_id=HERE, user_id=local.client_id, permissions=["PIN_MESSAGES"])
    Channel.objects.update(bot_permissions=BOT_PERMISSIONS | PIN_MESSAGES)


def requests_of(local: LocalDiscord, before: int = 0) -> list[str]:
    """Return the bot's requests that change something, without those that came first."""
    entries = [one for one in local.client.requests() if one["method"] != "GET"]
    return [f"{one['method']} {one['path']}" for one in entries[before:]]


def by(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


# --- what it shows, and when it is edited ------------------------------------------------------------------


def test_it_follows_the_games_of_its_channel(local: LocalDiscord, world: World) -> None:
    switch_on(world)
    run(world)
    assert "No games in the next 7 days" in shown(local), "it says so in words"
    game = world.create_game(title="Dune", seats=3, starts_at=world.now + timedelta(days=2))
    world.create_game(title="Too late", starts_at=world.now + timedelta(days=9))
    world.create_game(title="Elsewhere", channel_id=fixtures.RAIDS_ID)
    run(world)
    text = shown(local)
    assert f"<t:{int(game.starts_at.timestamp())}:t>" in text
    assert str(Game.objects.get(pk=game.pk).announcement.url) in text, "a link that jumps to the post"
    assert ("3 seats free" in text, "Too late" in text, "Elsewhere" in text) == (True, False, False)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), world.now)
    run(world)
    assert "2 seats free" in shown(local)
    edit_game(world, game, world.now, title="Arrakis", seats=1)
    run(world)
    assert ("Arrakis" in shown(local), "full" in shown(local)) == (True, True)
    cancel_game(game.pk, "", by(world), world.now)
    run(world)
    assert "Arrakis" not in shown(local)


def test_a_start_an_end_and_a_new_day_come_by_themselves(local: LocalDiscord, world: World) -> None:
    switch_on(world, 1)
    midnight = (world.now + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    starts_at = midnight - timedelta(minutes=10)
    world.now = starts_at - timedelta(minutes=10)
    first = world.create_game(title="Dune", starts_at=starts_at, duration=5, reminders=())
    world.create_game(title="Root", starts_at=midnight + timedelta(hours=1), reminders=())
    run(world, minutes=0)
    assert ("Dune" in shown(local), "· now" in shown(local), "Root" in shown(local)) == (True, False, False)
    world.now = first.starts_at
    run(world, minutes=0)
    assert "· now" in shown(local)
    world.now = first.ends_at
    run(world, minutes=0)
    assert "Dune" not in shown(local)
    world.now = midnight
    run(world, minutes=0)
    assert "Root" in shown(local)
    [row] = Notification.objects.open().filter(kind=NotificationKind.AGENDA)
    assert row.due_at <= world.now + timedelta(hours=1)


def test_a_rush_of_clicks_is_one_edit(local: LocalDiscord, world: World) -> None:
    switch_on(world)
    game = world.create_game(seats=100)
    run(world)
    done = len(requests_of(local))
    for user in world.add_members(range(100, 130)):
        signups.join(game.pk, user, Actor(user, EntryPoint.BUTTON), world.now)
    assert Notification.objects.open().filter(kind=NotificationKind.AGENDA_CHANGE).count() == 1
    run(world)
    edited = f"{MESSAGES}/{Agenda.objects.get().message_id}"
    assert [one for one in requests_of(local, done) if edited in one] == [f"PATCH {edited}"]
    assert "70 seats free" in shown(local)


def test_what_it_shows_already_is_not_edited(local: LocalDiscord, world: World) -> None:
    switch_on(world)
    world.create_game(channel_id=fixtures.RAIDS_ID)
    game = world.create_game(seats=0)
    run(world)
    done = len(requests_of(local))
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), world.now)
    run(world)
    message = f"{MESSAGES}/{Agenda.objects.get().message_id}"
    assert not [one for one in requests_of(local, done) if message in one], "unlimited seats stay unlimited"
    for hours in (1, 2):
        run(world, minutes=60 * hours)
    assert not [one for one in requests_of(local, done) if message in one]


def test_no_hidden_channels_game_leaks(local: LocalDiscord, world: World) -> None:
    """Whoever may view this channel may view the game's, else it is not listed, whoever it is hidden from."""
    raids = Channel.objects.get(pk=fixtures.RAIDS_ID)
    world.create_game(title="Raid", channel_id=raids.pk)
    switch_on(world, agenda_games=AgendaGames.SERVER)
    run(world)
    assert "Raid" in shown(local)
    raids.overwrites = [[GUILD, 0, 1 << 10]]
    raids.save()
    actions.handle_channels_changed([GUILD], world.now)
    run(world)
    assert "Raid" not in shown(local)
    raids.overwrites = []
    raids.save()
    actions.handle_channels_changed([GUILD], world.now)
    run(world)
    assert "Raid" in shown(local)
    raids.overwrites = [[world.charlie.pk, 0, 1 << 10]]
    raids.save()
    run(world, minutes=61)
    assert "Raid" not in shown(local), "it is looked at hourly, whatever was missed"


def test_a_game_moved_to_another_channel_moves_to_its_agenda(local: LocalDiscord, world: World) -> None:
    for channel_id in (HERE, fixtures.RAIDS_ID):
        switch_on(world, channel_id=channel_id)
    game = world.create_game(title="Dune")
    run(world)
    edit_game(world, game, world.now, channel_id=fixtures.RAIDS_ID)
    run(world)
    assert ("Dune" in shown(local), "Dune" in shown(local, fixtures.RAIDS_ID)) == (False, True)


# --- put back, taken down, pinned --------------------------------------------------------------------------


def test_a_deleted_one_is_put_back(local: LocalDiscord, world: World) -> None:
    switch_on(world)
    run(world)
    [first] = agendas(local)
    local.client.add_fault("delete_message", channel_id=HERE, message_id=first["id"])
    assert _repost_deleted_posts({int(first["id"]), 5}) == 1
    world.now = max(world.now, datetime.now(UTC))
    run(world)
    [again] = agendas(local)
    assert again["id"] != first["id"]


def test_a_deletion_that_nobody_heard_is_found(local: LocalDiscord, world: World) -> None:
    """By the next edit, or by the look-ups that follow when the bot was away."""
    switch_on(world)
    game = world.create_game()
    run(world)
    for _ in range(2):
        local.client.add_fault("delete_message", channel_id=HERE, message_id=str(Agenda.objects.get().message_id))
        assert not agendas(local)
        edit_game(world, game, world.now, title=f"Dune {Agenda.objects.get().message_id}")
        run(world, minutes=2)
        run(world, minutes=2)
        assert len(agendas(local)) == 1


def test_one_that_is_deleted_before_it_is_written_down(local: LocalDiscord, world: World, settings: Any) -> None:
    """The bot hears of a message that nobody knows yet; the next look-up finds that it is gone."""
    settings.DISCORD_DIRECTORY, settings.DISCORD_BOT_TOKEN = REST_DIRECTORY, local.bot_token
    switch_on(world)
    jobs = steps.lease_jobs(world.now, 10)
    results = asyncio.run(_send(jobs))
    [message] = agendas(local)
    local.client.add_fault("delete_message", channel_id=HERE, message_id=message["id"])
    assert _repost_deleted_posts({int(message["id"])}) == 0
    steps.record(results, world.now)
    assert actions.verify_agendas(world.now, 10) == 1
    run(world)
    assert len(agendas(local)) == 1


def test_switched_off_it_is_taken_down(local: LocalDiscord, world: World) -> None:
    switch_on(world)
    run(world)
    switch_on(world, None)
    run(world)
    assert (agendas(local), Agenda.objects.get().message_id) == ([], None)
    assert not Notification.objects.open().filter(kind=NotificationKind.AGENDA).exists()
    switch_on(world)
    run(world)
    assert len(agendas(local)) == 1
    local.client.add_fault("delete_message", channel_id=HERE, message_id=str(Agenda.objects.get().message_id))
    switch_on(world, None)
    run(world)
    assert (agendas(local), Agenda.objects.get().message_id) == ([], None)
    assert len([one for one in requests_of(local) if one.startswith("POST")]) == 2, "and is not made to be deleted"


def test_it_is_pinned_and_unpinned_by_choice(local: LocalDiscord, world: World) -> None:
    allow_pins(local)
    switch_on(world, agenda_pinned=True)
    run(world)
    [message] = agendas(local)
    assert message["pinned"]
    pin = f"{MESSAGES}/pins/{message['id']}"
    assert requests_of(local) == [f"POST {MESSAGES}", f"PUT {pin}"]
    switch_on(world, agenda_pinned=False)
    run(world)
    [message] = agendas(local)
    assert not message["pinned"]
    assert requests_of(local, 2) == [f"DELETE {pin}"]
    assert Agenda.objects.get().pinned_at is None


def test_discords_notice_of_a_pin_is_no_message_that_the_database_lacks(local: LocalDiscord, world: World) -> None:
    """It has a later id than the agenda, and by that notifyd would take its database for a restored backup."""
    allow_pins(local)
    switch_on(world, agenda_pinned=True)
    run(world)
    assert local.client.messages("alice", HERE)[0]["type"] == 6

    async def newest() -> int | None:
        backend = DiscordBackend()
        await backend.start()
        try:
            return await backend.newest_own_message_id([HERE])
        finally:
            await backend.stop()

    assert asyncio.run(newest()) == Agenda.objects.get().message_id


def test_without_the_permission_to_pin_the_rest_goes_on(local: LocalDiscord, world: World) -> None:
    switch_on(world, agenda_pinned=True)
    run(world)
    assert Agenda.objects.get().problem_code == AgendaProblem.PIN_PERMISSION
    assert requests_of(local) == [f"POST {MESSAGES}"], "Discord is not asked for what it would refuse"
    world.create_game(title="Dune")
    run(world)
    assert "Dune" in shown(local)
    allow_pins(local)
    actions.handle_channels_changed([GUILD], world.now)
    run(world)
    assert agendas(local)[0]["pinned"]
    assert Agenda.objects.get().problem_code == ""


def test_discord_refuses_the_pin_that_we_thought_allowed(local: LocalDiscord, world: World) -> None:
    Channel.objects.update(bot_permissions=BOT_PERMISSIONS | PIN_MESSAGES)
    switch_on(world, agenda_pinned=True)
    run(world)
    assert Agenda.objects.get().problem_code == AgendaProblem.PIN_PERMISSION
    assert len(requests_of(local)) == 2, "it is asked once an hour"
    allow_pins(local)
    run(world, minutes=61)
    assert agendas(local)[0]["pinned"]
    assert Agenda.objects.get().problem_code == ""


def test_unpinned_by_hand_it_is_pinned_again(local: LocalDiscord, world: World, settings: Any) -> None:
    """By the look-up that follows Discord's notice of a change of the channel's pins, or within hours."""
    settings.DISCORD_DIRECTORY, settings.DISCORD_BOT_TOKEN = REST_DIRECTORY, local.bot_token
    allow_pins(local)
    switch_on(world, agenda_pinned=True)
    run(world)
    actions.recheck_pinned_agenda(HERE)
    assert actions.verify_agendas(world.now, 10) == 0
    run(world)
    assert len(requests_of(local)) == 2, "it is pinned already"
    unpin(local, world)
    assert actions.verify_agendas(world.now, 10) == 0, "it was just looked at"
    actions.recheck_pinned_agenda(HERE)
    actions.verify_agendas(world.now, 10)
    run(world)
    assert agendas(local)[0]["pinned"]
    unpin(local, world)
    world.now += actions.TRUSTED_FOR
    actions.verify_agendas(world.now, 10)
    run(world)
    assert agendas(local)[0]["pinned"]
    switch_on(world, agenda_pinned=False)
    run(world)
    done = len(requests_of(local))
    actions.recheck_pinned_agenda(HERE)
    assert Agenda.objects.get().checked_at is not None, "who does not want it pinned has nothing looked at"
    assert requests_of(local, done) == []


def unpin(local: LocalDiscord, world: World) -> None:
    message_id = Agenda.objects.get().message_id or 0
    local.run_in_loop(lambda state: state.set_pinned(state.messages[HERE][message_id], False))
    assert not agendas(local)[0]["pinned"]


def test_without_the_permission_to_unpin_nothing_is_asked(local: LocalDiscord, world: World) -> None:
    allow_pins(local)
    switch_on(world, agenda_pinned=True)
    run(world)
    Channel.objects.update(bot_permissions=BOT_PERMISSIONS)
    switch_on(world, agenda_pinned=False)
    run(world)
    assert (len(requests_of(local)), Agenda.objects.get().problem_code) == (2, ""), "it is not said to lack a pin"
    allow_pins(local)
    actions.handle_channels_changed([GUILD], world.now)
    run(world)
    assert not agendas(local)[0]["pinned"]


def test_a_pin_that_could_not_be_taken_off_is_no_missing_pin(local: LocalDiscord, world: World) -> None:
    allow_pins(local)
    switch_on(world, agenda_pinned=True)
    run(world)
    local.client.add_fault("status", match=f"DELETE {MESSAGES}/pins/*", status=403, code=50013)
    switch_on(world, agenda_pinned=False)
    run(world)
    assert (agendas(local)[0]["pinned"], Agenda.objects.get().problem_code) == (True, "")
    Agenda.objects.update(problem_code=AgendaProblem.PIN_LIMIT)
    switch_on(world, agenda_pinned=True)
    run(world)
    assert Agenda.objects.get().problem_code == "", "it is pinned"


def test_no_more_pins_than_discord_takes(local: LocalDiscord, world: World) -> None:
    allow_pins(local)
    local.client.add_fault("status", match=f"PUT {MESSAGES}/pins/*", status=400, code=30003)
    switch_on(world, agenda_pinned=True)
    run(world)
    assert Agenda.objects.get().problem_code == AgendaProblem.PIN_LIMIT
    run(world, minutes=61)
    assert (agendas(local)[0]["pinned"], Agenda.objects.get().problem_code) == (True, "")


def test_without_the_permission_to_post(local: LocalDiscord, world: World) -> None:
    Channel.objects.update(bot_permissions=1 << 10)
    switch_on(world)
    run(world)
    assert Agenda.objects.get().problem_code == AgendaProblem.MISSING_PERMISSION
    assert requests_of(local) == []
    Channel.objects.update(bot_permissions=BOT_PERMISSIONS)
    local.client.add_fault("permissions", channel_id=str(HERE), take=["SEND_MESSAGES"])
    assert actions.repair_agendas(world.now) == 1
    run(world)
    assert Agenda.objects.get().problem_code == AgendaProblem.MISSING_PERMISSION, "Discord says so"
    local.client.add_fault("permissions", channel_id=str(HERE), take=[])
    assert actions.repair_agendas(world.now) == 1
    run(world)
    assert len(agendas(local)) == 1
    assert Agenda.objects.get().problem_code == ""


def test_in_a_channel_hidden_from_the_bot_nothing_is_asked(local: LocalDiscord, world: World) -> None:
    """Neither to edit it with each click, nor to take it down: Discord counts refusals."""
    game = world.create_game(seats=50, channel_id=fixtures.RAIDS_ID)
    switch_on(world, agenda_games=AgendaGames.SERVER)
    run(world)
    done = len(requests_of(local))
    Channel.objects.filter(pk=HERE).update(bot_permissions=0)
    for user in world.add_members(range(100, 103)):
        signups.join(game.pk, user, Actor(user, EntryPoint.BUTTON), world.now)
        run(world, turns=2)
    switch_on(world, None)
    run(world)
    assert not [one for one in requests_of(local, done) if str(HERE) in one]
    assert Agenda.objects.get().problem_code == AgendaProblem.MISSING_PERMISSION
    Channel.objects.filter(pk=HERE).update(bot_permissions=BOT_PERMISSIONS)
    actions.handle_channels_changed([GUILD], world.now)
    run(world)
    assert (agendas(local), Agenda.objects.get().problem_code) == ([], "")


def test_of_another_application_it_is_posted_anew(local: LocalDiscord, world: World) -> None:
    """A community that comes with its database and another bot: nobody may edit what the old one wrote."""
    switch_on(world)
    run(world)
    local.client.add_fault("status", match=f"PATCH {MESSAGES}/*", status=403, code=50005)
    first = Agenda.objects.get().message_id
    edited = world.create_game(title="Dune")
    Game.objects.filter(pk=edited.pk).update(title="Arrakis")
    run(world, minutes=2)
    agenda = Agenda.objects.get()
    assert (agenda.message_id == first, agenda.problem_code) == (False, "")
    assert "Arrakis" in shown_in(agendas(local)[0])


def test_what_was_refused_and_is_wanted_no_more_is_no_problem(local: LocalDiscord, world: World) -> None:
    """Else its days and starts would stand still until a game changes."""
    game = world.create_game(title="Dune")
    run(world)
    switch_on(world)
    run(world)
    edit = f"PATCH {MESSAGES}/{Agenda.objects.get().message_id}"
    local.client.add_fault("status", match=edit, status=400, code=50035)
    edit_game(world, game, world.now, title="Arrakis")
    run(world)
    assert Agenda.objects.get().problem_code == AgendaProblem.REFUSED
    edit_game(world, game, world.now, title="Dune")
    run(world)
    assert Agenda.objects.get().problem_code == ""
    assert Notification.objects.open().filter(kind=NotificationKind.AGENDA).exists(), "it is looked at again"


def test_a_deleted_channel_ends_it(local: LocalDiscord, world: World) -> None:
    switch_on(world)
    run(world)
    Channel.objects.filter(pk=HERE).update(deleted_at=world.now)
    actions.handle_channels_changed([GUILD], world.now)
    run(world)
    agenda = Agenda.objects.get()
    assert (agenda.message_id, agenda.problem_code) == (None, AgendaProblem.CHANNEL_DELETED)
    assert actions.repair_agendas(world.now) == 0


def test_it_pauses_while_the_bot_is_removed(local: LocalDiscord, world: World) -> None:
    switch_on(world)
    game = world.create_game()
    run(world)
    done = len(requests_of(local))
    Guild.objects.update(bot_removed_at=world.now)
    actions.handle_channels_changed([GUILD], world.now)
    Game.objects.filter(pk=game.pk).update(title="Dune")
    run(world, minutes=120)
    assert (actions.repair_agendas(world.now), requests_of(local, done)) == (0, [])
    Guild.objects.update(bot_removed_at=None)
    assert actions.repair_agendas(world.now) == 1
    run(world)
    assert "Dune" in shown(local)


# --- crashes and faults ------------------------------------------------------------------------------------


FAULTS: dict[str, dict[str, Any]] = {
    "before": {"kind": "status", "status": 503},
    "after": {"kind": "lost"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("request_line", ["POST *", "PATCH *", "PUT *", "DELETE *pins*", "DELETE *"])
def test_a_fault_at_each_request(local: LocalDiscord, world: World, request_line: str, fault: dict[str, Any]) -> None:
    """Before or after each, it ends with one agenda as wanted, or none where it is switched off."""
    allow_pins(local)
    local.client.add_fault(match=request_line, **fault)
    walk(local, world, lost=False)
    assert not local.client.faults()


@pytest.mark.parametrize("after", range(8))
def test_notifyd_killed_after_its_requests(local: LocalDiscord, world: World, after: int) -> None:
    allow_pins(local)
    walk(local, world, lost=True, after=after)


def walk(local: LocalDiscord, world: World, lost: bool, after: int = -1) -> None:
    """Post, pin, edit, unpin and take down; `lost`: the turn with this number is not recorded."""
    turns = iter(range(1000))

    def go() -> None:
        for _ in range(8):
            world.now += timedelta(seconds=40)
            if is_due(world):
                send_due(world.now, lost=lost and next(turns) == after)

    switch_on(world, agenda_pinned=True)
    go()
    [message] = agendas(local)
    assert message["pinned"]
    world.create_game(title="Dune")
    go()
    assert "Dune" in shown(local)
    switch_on(world, agenda_pinned=False)
    go()
    [message] = agendas(local)
    assert not message["pinned"]
    notices = [one for one in local.client.messages("alice", HERE) if one["type"] == 6]
    assert len(notices) == 1, "pinned once"
    switch_on(world, None)
    go()
    assert (agendas(local), Agenda.objects.get().message_id) == ([], None)
    made = [one for one in requests_of(local) if one == f"POST {MESSAGES}"]
    assert len(made) <= 3, "the agenda, the post, and what was repeated"


@pytest.mark.parametrize("minutes", [1, 10], ids=["while Discord knows the nonce", "after that"])
def test_switched_off_after_a_crash_nothing_is_left(local: LocalDiscord, world: World, minutes: int) -> None:
    switch_on(world)
    run(world, lost=True)
    assert (len(agendas(local)), Agenda.objects.get().message_id) == (1, None)
    switch_on(world, None)
    local.client.set_clock(advance=60 * minutes)
    run(world, minutes=minutes)
    assert (agendas(local), Agenda.objects.get().message_id) == ([], None)


def test_a_crash_is_made_up_for_long_after(local: LocalDiscord, world: World) -> None:
    """Found by its marker, when Discord has forgotten the nonce; and it shows what holds by then."""
    switch_on(world)
    run(world, lost=True)
    world.create_game(title="Dune")
    local.client.set_clock(advance=600)
    run(world, minutes=10)
    assert "Dune" in shown(local)
