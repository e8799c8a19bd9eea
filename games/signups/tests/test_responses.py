"""Responses other than Join and Leave, notes, guests, and who leaves late."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import GUILD, World
from discord_bot.interactions import modals
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from discord_bot.render import announcement_embed
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.core.roster import load_roster
from games.hosts import actions as host_actions
from games.hosts.messages import message_players
from games.hosts.rules import Audience
from games.models import Follow, Game, GameResponse, Signup
from games.pages.game_page import history
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from games.signups import manual_seating, standby
from games.signups import wording as signup_wording
from games.signups.responses import add_guest, remove_guest, respond, set_note, users_without_response
from gamesched.lib.refusal import Refused
from guilds.directory import upsert
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Notification

pytestmark = pytest.mark.slow

Kind = GameResponse.Kind


def actor_for(user: User) -> Actor:
    return Actor(user, EntryPoint.PAGE)


def join(game: Game, *people: User, now: Any = None) -> list[str]:
    return [signups.join(game.pk, person, actor_for(person), now or game.created_at).text for person in people]


def names(game: Game) -> tuple[list[str], list[str]]:
    """Who is in and who waits."""
    roster = load_roster(Game.objects.get(pk=game.pk))
    return [seat.name for seat in roster.seated], [seat.name for seat in roster.waiting]


def fields(world: World, game: Game) -> dict[str, str]:
    shown = announcement_embed(announcement_view(Game.objects.get(pk=game.pk), world.now)).fields
    return {field.name or "": field.value or "" for field in shown}


def send_due_messages(world: World, game: Game, later: timedelta = timedelta()) -> list[tuple[int | None, str]]:
    """Return the messages that are due by then, with their recipients."""
    at = world.now + later
    steps.create_due_deliveries(at)
    messages: list[OutgoingMessage] = []
    for job in steps.lease_jobs(at, 50):
        steps.record([(job, SentMessage(game.channel_id, 700 + len(messages)))], at)
        if job.message.post is None:
            messages.append(job.message)
    return [(message.user_id, message.text) for message in messages]


# --- other answers ---------------------------------------------------------------------------------------


def test_maybe_gives_up_the_seat_and_joining_withdraws_it(world: World) -> None:
    game = world.create_game(seats=1, answers=True)
    join(game, world.charlie, world.alice)
    result = respond(game.pk, world.charlie, Kind.TENTATIVE, actor_for(world.charlie), world.now + timedelta(minutes=1))
    assert result.text == "You said maybe. You gave up your seat."
    assert names(game) == (["alice"], [])
    assert Notification.objects.open().get(kind="moved").recipient_id == world.alice.pk
    assert fields(world, game)["Maybe (1)"] == f"1. <@{world.charlie.pk}>"
    assert not respond(game.pk, world.charlie, Kind.TENTATIVE, actor_for(world.charlie), world.now).changed
    respond(game.pk, world.charlie, Kind.ABSENT, actor_for(world.charlie), world.now)
    assert "Can't make it (1)" in fields(world, game)
    assert join(game, world.charlie)[0].endswith("number 1 on the wait list and move up automatically.")
    assert not GameResponse.objects.exists()
    respond(game.pk, world.alice, Kind.ABSENT, actor_for(world.alice), world.now)
    assert (
        signups.leave(game.pk, world.alice, actor_for(world.alice), world.now).text == signup_wording.RESPONSE_WITHDRAWN
    )
    assert not GameResponse.objects.exists()
    texts = {line.text for line in history(game)}
    assert texts >= {"alice took their answer back", "alice answered: can't make it", "charlie answered: maybe"}


def test_when_responses_are_refused(world: World) -> None:
    plain, closed = world.create_game(), world.create_game(answers=True)
    with pytest.raises(Refused, match=signup_wording.NO_RESPONSES):
        respond(plain.pk, world.charlie, Kind.ABSENT, actor_for(world.charlie), world.now)
    with pytest.raises(Refused, match=signup_wording.ONLY_THEY):
        respond(closed.pk, world.charlie, Kind.ABSENT, actor_for(world.bob), world.now)
    join(closed, world.charlie)
    Game.objects.filter(pk=closed.pk).update(closed_at=world.now)
    with pytest.raises(Refused, match="The host closed the sign-ups"):
        respond(closed.pk, world.alice, Kind.ABSENT, actor_for(world.alice), world.now)
    assert respond(closed.pk, world.charlie, Kind.ABSENT, actor_for(world.charlie), world.now).changed, "leaving works"
    host_actions.block_user(GUILD, world.alice, None, "", Actor(None, EntryPoint.COMMAND, operator=True), world.now)
    with pytest.raises(Refused, match=wording.BLOCKED):
        respond(world.create_game(answers=True).pk, world.alice, Kind.ABSENT, actor_for(world.alice), world.now)


def test_responses_by_every_entry_point(world: World, client: Any, capsys: Any) -> None:
    game = world.create_game(answers=True)
    member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    clicked = run_signup_action(Click(game.pk, "maybe", GUILD, member))
    assert clicked.text == "You said maybe."
    assert [button.id for button in clicked.buttons] == [f"note:{game.pk}"]
    client.force_login(world.charlie, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("game-answer", args=[game.pk])
    shown = unescape(client.post(url, {"kind": "absent"}, headers={"HX-Request": "true"}).text)
    assert "You said that you can't make it." in shown
    assert "Can't make it (1)" in shown
    assert client.post(url, {"kind": "present"}).status_code == 400
    call_command("game", "answer", str(game.pk), "maybe", "--as", "charlie")
    assert "You said maybe" in capsys.readouterr().out
    assert GameResponse.objects.get().kind == Kind.TENTATIVE


def test_users_without_response(world: World) -> None:
    game = world.create_game(answers=True)
    quiet, maybe, seated, blocked, unconfirmed = (world.add_member(n) for n in range(100, 105))
    for person in (quiet, maybe, seated, blocked):
        Follow.objects.create(user=person, guild_id=GUILD)
    host_actions.block_user(GUILD, blocked, None, "", Actor(None, EntryPoint.COMMAND, operator=True), world.now)
    join(game, seated, unconfirmed)
    respond(game.pk, maybe, Kind.TENTATIVE, actor_for(maybe), world.now)
    Signup.objects.of(unconfirmed).update(open_confirmation=1)
    assert users_without_response(game, world.now) == [unconfirmed.pk, quiet.pk]
    done = message_players(game.pk, "Still two seats", Audience.UNANSWERED, actor_for(world.bob), world.now)
    assert done.text == "Your message is on its way to 2 people."
    steps.create_due_deliveries(world.now)
    respond(game.pk, quiet, Kind.ABSENT, actor_for(quiet), world.now)
    messages = [job.message for job in steps.lease_jobs(world.now, 50) if "Still two seats" in job.message.text]
    assert [message.user_id for message in messages] == [unconfirmed.pk], "who answers meanwhile is not written to"
    Game.objects.update(closed_at=world.now)
    assert users_without_response(Game.objects.get(), world.now) == [unconfirmed.pk], "who cannot sign up is not asked"
    assert users_without_response(Game.objects.get(), world.now + timedelta(days=3)) == []


# --- notes -----------------------------------------------------------------------------------------------


def test_a_note_is_shown_beside_the_name(world: World, client: Any, capsys: Any) -> None:
    game = world.create_game(answers=True)
    with pytest.raises(Refused, match=signup_wording.NOTHING_TO_NOTE):
        set_note(game.pk, world.charlie, "late", actor_for(world.charlie), world.now)
    join(game, world.charlie)
    assert set_note(
        game.pk, world.charlie, " late  by *15* min ", actor_for(world.charlie), world.now
    ).text == signup_wording.note_saved("x")
    assert not set_note(game.pk, world.charlie, "late by *15* min", actor_for(world.charlie), world.now).changed
    assert f"1. <@{world.charlie.pk}> · late by \\*15\\* min" in fields(world, game).values()
    for bad, why in (("x" * 101, "Shorten it to 100"), ("\x00", "a character"), ("\u200b", "a character")):
        with pytest.raises(Refused, match=why):
            set_note(game.pk, world.charlie, bad, actor_for(world.charlie), world.now)
    with pytest.raises(Refused, match=wording.NOT_YOURS):
        set_note(game.pk, world.charlie, "", actor_for(world.add_member(100)), world.now)
    set_note(game.pk, world.charlie, "@everyone " * 10, actor_for(world.charlie), world.now)
    shown = next(value for value in fields(world, game).values() if "everyone" in value)
    assert "\\@everyone" in shown
    assert shown.endswith("…")
    client.force_login(world.charlie, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(reverse("game-note", args=[game.pk]), {"note": "<b>late</b>"}, follow=True).text
    assert "&lt;b&gt;late&lt;/b&gt;" in page
    call_command("game", "note", str(game.pk), "", "--as", "charlie")
    assert "is removed" in capsys.readouterr().out
    assert Signup.objects.get().note == ""


def test_modals_in_discord(world: World) -> None:
    game = world.create_game(plus_one=True)
    member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    joined = run_signup_action(Click(game.pk, "join", GUILD, member))
    assert [button.label for button in joined.buttons] == [signup_wording.ADD_NOTE, signup_wording.BRING]
    assert modals.submit_modal(f"note:{game.pk}", "late", GUILD, member)[0] == signup_wording.note_saved("late")
    assert modals.submit_modal(f"bring:{game.pk}", "Pia", GUILD, member)[0] == "Pia is in with you: seat 2 of 5."
    refused = modals.submit_modal(f"bring:{game.pk}", "T*m", GUILD, member)[0]
    assert refused == f"{signup_wording.has_guest_already('Pia')}\nYou typed: T\\*m"
    for strange in (f"note:{game.pk}0", f"dance:{game.pk}", "", "note:x"):
        assert modals.submit_modal(strange, "", GUILD, member)[0] == wording.OLD_BUTTON
    in_dm = modals.submit_modal(f"note:{game.pk}", "late", None, None)[0]
    assert in_dm == wording.NOT_IN_DM + signup_wording.you_typed("late")


# --- whom people bring -----------------------------------------------------------------------------------


def test_a_guest_joins_and_leaves_with_the_inviter(world: World, client: Any, capsys: Any) -> None:
    game = world.create_game(seats=2, plus_one=True)
    with pytest.raises(Refused, match=signup_wording.JOIN_TO_BRING):
        add_guest(game.pk, world.charlie, "Pia", actor_for(world.charlie), world.now)
    join(game, world.charlie, world.alice)
    assert add_guest(game.pk, world.charlie, " Pia ", actor_for(world.charlie), world.now).text.startswith(
        "Pia is number 1 on"
    )
    assert names(game) == (["charlie", "alice"], ["Pia (with charlie)"])
    assert fields(world, game)["Wait list"] == f"1. Pia (with <@{world.charlie.pk}>)"
    with pytest.raises(Refused, match=signup_wording.has_guest_already("Pia")):
        add_guest(game.pk, world.charlie, "Tom", actor_for(world.charlie), world.now)
    signups.leave(game.pk, world.alice, actor_for(world.alice), world.now)
    assert names(game)[0] == ["charlie", "Pia (with charlie)"]
    assert not Notification.objects.filter(kind="moved").exists(), "a name receives no letters"
    join(game, world.alice)
    assert (
        remove_guest(game.pk, world.charlie, actor_for(world.charlie), world.now).text
        == "Pia no longer comes with you."
    )
    assert names(game)[0] == ["charlie", "alice"]
    client.force_login(world.charlie, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(reverse("game-bring", args=[game.pk]), {"name": "Tom"}, follow=True).text
    assert "You bring Tom." in page
    page = client.post(reverse("game-unbring", args=[game.pk]), follow=True).text
    assert "Tom no longer comes with you." in page
    call_command("game", "bring", str(game.pk), "Eve", "--as", "charlie")
    assert "Eve is number 1 on the wait list." in capsys.readouterr().out
    with pytest.raises(Refused, match=signup_wording.NO_PLUS_ONE):
        add_guest(world.create_game().pk, world.charlie, "Pia", actor_for(world.charlie), world.now)


@pytest.mark.parametrize("way", ["leave", "remove", "lost role", "can't make it"])
def test_a_guest_leaves_by_every_way_out(world: World, way: str) -> None:
    game = world.create_game(plus_one=True, answers=True)
    join(game, world.charlie)
    add_guest(game.pk, world.charlie, "Pia", actor_for(world.charlie), world.now)
    match way:
        case "leave":
            signups.leave(game.pk, world.charlie, actor_for(world.charlie), world.now)
        case "remove":
            signups.remove_signup(game.pk, Signup.objects.get(user=world.charlie).pk, actor_for(world.bob), world.now)
        case "lost role":
            upsert.mark_member_left(GUILD, world.charlie.pk, world.now)
        case _:
            respond(game.pk, world.charlie, Kind.ABSENT, actor_for(world.charlie), world.now)
    assert names(game) == ([], [])


@pytest.mark.parametrize("way", ["bench", "wait"])
def test_a_guest_waits_with_the_inviter_and_is_seated_with_them(world: World, way: str) -> None:
    game = world.create_game(plus_one=True, seats=2)
    join(game, world.charlie)
    add_guest(game.pk, world.charlie, "Pia", actor_for(world.charlie), world.now)
    join(game, world.alice)
    if way == "bench":
        manual_seating.move_to_wait_list(
            game.pk, Signup.objects.get(user=world.charlie).pk, actor_for(world.bob), world.now
        )
    else:
        standby.set_standby(game.pk, world.charlie, True, actor_for(world.charlie), world.now)
    assert names(game) == (["alice"], ["charlie", "Pia (with charlie)"])
    signups.leave(game.pk, world.alice, actor_for(world.alice), world.now)
    manual_seating.give_seat(game.pk, Signup.objects.get(user=world.charlie).pk, actor_for(world.bob), world.now)
    assert names(game)[0] == ["charlie", "Pia (with charlie)"]


def test_responses_of_people_who_left_the_server_are_not_listed(world: World) -> None:
    game = world.create_game(answers=True)
    respond(game.pk, world.charlie, Kind.ABSENT, actor_for(world.charlie), world.now)
    before = Game.objects.get().post_version
    upsert.mark_member_left(GUILD, world.charlie.pk, world.now)
    assert not GameResponse.objects.exists()
    assert Game.objects.get().post_version > before


def test_a_guest_of_a_waiting_player_gets_no_seat_where_the_host_picks(world: World) -> None:
    game = world.create_game(method="picks_waiting", plus_one=True)
    join(game, world.charlie)
    add_guest(game.pk, world.charlie, "Pia", actor_for(world.charlie), world.now)
    assert names(game) == ([], ["charlie", "Pia (with charlie)"])
    join(game, world.bob)
    add_guest(game.pk, world.bob, "Tom", actor_for(world.bob), world.now)
    signups.join(game.pk, world.alice, actor_for(world.bob), world.now)
    assert names(game)[0] == ["Bob the GM", "Tom (with Bob the GM)", "alice"], "only the host seats"


# --- closing, and leaving late ---------------------------------------------------------------------------


def test_sign_ups_close_by_the_clock(world: World) -> None:
    game = world.create_game(signups_close=120, answers=True)
    [row] = Notification.objects.open().filter(kind="signups_close")
    assert row.due_at == game.starts_at - timedelta(hours=2)
    join(game, world.charlie)
    assert f"Sign-ups close <t:{int(row.due_at.timestamp())}:F>." in fields(world, game)["Sign-ups"]
    before = Game.objects.get().post_version
    steps.create_due_deliveries(row.due_at)
    assert Game.objects.get().post_version == before + 1, "the post loses its button"
    with pytest.raises(Refused, match=r"Sign-ups for this game closed: .* UTC"):
        signups.join(game.pk, world.alice, actor_for(world.alice), row.due_at)
    with pytest.raises(Refused, match="closed: <t:"):
        signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.BUTTON), row.due_at)
    assert signups.join(game.pk, world.alice, actor_for(world.bob), row.due_at).changed, "the host can still add"
    assert signups.join(game.pk, world.bob, actor_for(world.bob), row.due_at).changed, "and sign up"
    assert signups.leave(game.pk, world.charlie, actor_for(world.charlie), row.due_at).changed
    plan = scheduling.plan_from_game(game)
    scheduling.edit_game(game.pk, change_plan(plan, signups_close=0), actor_for(world.bob), world.now)
    assert not Notification.objects.open().filter(kind="signups_close").exists()


@pytest.mark.parametrize(
    ("within", "before", "late"), [(0, 119, True), (0, 121, False), (30, 29, True), (30, 119, False)]
)
def test_late_leavers_are_recorded(world: World, within: int, before: int, late: bool) -> None:
    game = world.create_game(seats=1, offer_within=within)
    join(game, world.charlie, world.alice)
    at = game.starts_at - timedelta(minutes=before)
    for person in (world.alice, world.charlie):
        signups.leave(game.pk, person, actor_for(person), at)
    assert Signup.objects.get(user=world.charlie).left_late is late
    assert not Signup.objects.get(user=world.alice).left_late, "who waited gave up nothing"


def test_the_host_is_notified_once_if_an_added_player_leaves(world: World) -> None:
    game = world.create_game()
    signups.join(game.pk, world.charlie, actor_for(world.bob), world.now)
    join(game, world.alice)
    Notification.objects.exclude(kind="dropped_out").delete()
    for person in (world.alice, world.charlie):
        signups.leave(game.pk, person, actor_for(person), world.now)
    messages = send_due_messages(world, game)
    assert [who for who, _ in messages] == [world.bob.pk]
    assert "charlie no longer comes to **Curse of Strahd**" in messages[0][1]
    assert send_due_messages(world, game, timedelta(hours=1)) == []
