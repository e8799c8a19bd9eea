import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.wording import seats_text
from games.models import Game
from games.scheduling.cancellation import cancel_game
from games.scheduling.wording import CANCELLED
from games.server_settings.wording import bad_duration
from games.signups import actions as signups
from games.signups.closing import close_signups
from games.signups.wording import JOIN, TAKE_A_SEAT_TOO
from gamesched.lib.durations import DurationProblem
from guilds.directory.payloads import RolePayload
from guilds.directory.upsert import upsert_roles
from guilds.models import User
from guilds.templatetags.zoned_times import when


def fields(world: World, **changes: Any) -> dict[str, Any]:
    start = world.now + timedelta(days=3)
    return {
        "title": "Curse of Strahd",
        "description": "Bring dice.",
        "date": f"{start:%Y-%m-%d}",
        "time": f"{start:%H:%M}",
        "zone": "UTC",
        "channel": str(world.channel.pk),
        "seats": "5",
        "duration": "2h",
        "reminders": "1d, 1h",
        **changes,
    }


def test_strangers_see_what_it_is(client: Any, db: None) -> None:
    assert b"Log in with Discord" in client.get("/").content


def test_a_member_sees_guild_games_and_roster(world: World, as_person: Any) -> None:
    game = world.create_game()
    client = as_person(world.charlie)
    assert "Friday Night Dice" in client.get("/").text
    assert "Curse of Strahd" in client.get(reverse("guild", args=[world.guild.pk])).text
    page = client.get(game.get_absolute_url()).text
    assert "Bob the GM" in page, "people go by their name in the guild"
    assert "5 seats free" in page


def test_times_are_as_html_allows(world: World, as_person: Any) -> None:
    game = world.create_game(starts_at=world.now + timedelta(days=1, microseconds=123456))
    for address in ("/", f"/guilds/{world.guild.pk}/", game.get_absolute_url()):
        times = re.findall(r'<time datetime="([^"]*)"', as_person(world.bob).get(address).text)
        assert times
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", time) for time in times), times


def test_the_page_says_how_seats_are_given(world: World, as_person: Any) -> None:
    roles = [RolePayload(GUILD + n, name, n, 0) for n, name in ((31, "Veteran"), (32, "Guest"))]
    upsert_roles(GUILD, roles)
    order = (GUILD + 32, GUILD + 31)
    game = world.create_game(method="priority", priority_role_ids=order, signups_close=60, zone="UTC")
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert "First Guest, then Veteran, then everyone else." in page
    assert f"Sign-ups close {when(game.starts_at - timedelta(hours=1), 'UTC')}." in page
    close_signups(game.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert "The host closed the sign-ups" in page
    assert "First Guest" not in page


def test_another_guilds_game_is_a_404(world: World, as_person: Any) -> None:
    game = world.create_game()
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    client = as_person(stranger)
    for name in ("game", "game-edit"):
        assert client.get(reverse(name, args=[game.pk])).status_code == 404
    for name in ("game-join", "game-leave", "game-cancel", "game-announce"):
        assert client.post(reverse(name, args=[game.pk])).status_code == 404
    assert client.get(reverse("guild", args=[world.guild.pk])).status_code == 404
    assert client.get(reverse("game-new", args=[world.guild.pk])).status_code == 404


@pytest.mark.parametrize("url", ["/games/abc/", f"/games/{2**70}/", "/games/0/", "/guilds/-1/", f"/games/{2**63}/"])
def test_an_invalid_id_is_a_404(world: World, as_person: Any, url: str) -> None:
    assert as_person(world.bob).get(url).status_code == 404


def test_schedule_join_leave_cancel(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    response = client.post(reverse("game-new", args=[world.guild.pk]), fields(world))
    game = Game.objects.get()
    assert response.url == game.get_absolute_url()
    assert "Game scheduled" in client.get(response.url).text
    client = as_person(world.charlie)
    joined = client.post(reverse("game-join", args=[game.pk]), follow=True)
    assert "You&#x27;re in, seat 1 of 5." in joined.text
    left = client.post(reverse("game-leave", args=[game.pk]), headers={"HX-Request": "true"})
    assert "You left the game." in left.text
    assert "<html" not in left.text, "htmx gets the fragment alone"
    refused = client.post(reverse("game-cancel", args=[game.pk]), follow=True)
    assert "Only the host" in refused.text
    cancelled = as_person(world.bob).post(reverse("game-cancel", args=[game.pk]), {"reason": "rain"}, follow=True)
    assert CANCELLED in cancelled.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": "   "}, "Give the game a title people can see."),
        ({"title": "\u200b\u200d"}, "Give the game a title people can see."),
        ({"title": "a\x00b"}, "Null characters are not allowed."),
        ({"title": "a\x07b"}, "The title has a character we"),
        ({"title": "x" * 201}, "The title has 201 characters. Shorten it to 200."),
        ({"description": "x" * 2001}, "The description has 2,001 characters."),
        ({"seats": "101"}, "Choose 1 to 100 seats"),
        ({"seats": "many"}, "Write the number in digits"),
        ({"duration": "4"}, "Choose 5 minutes to 7 days."),
        ({"duration": "8d"}, "Choose 5 minutes to 7 days."),
        ({"duration": "long"}, escape(bad_duration(DurationProblem.UNKNOWN, "long", listed=False))),
        ({"date": "2020-01-01"}, "That time is past"),
        ({"date": "2031-01-01"}, "more than two years ahead"),
        ({"date": "0001-01-01"}, "That date is past."),
        ({"date": "soon"}, "Write the date as 2026-12-31."),
        ({"date": "2027-03-28", "time": "02:30", "zone": "Europe/Berlin"}, "doesn&#x27;t exist in Europe/Berlin"),
        ({"date": "2027-10-31", "time": "02:30", "zone": "Europe/Berlin"}, "comes twice in Europe/Berlin"),
        ({"zone": "Mars/Olympus"}, "know that time zone."),
        ({"channel": "1"}, "Choose another."),
        ({"reminders": "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"}, "11 reminders are too many."),
        ({"reminders": "31d"}, "1 minute to 30 days before"),
        ({"reminders": "often"}, escape(bad_duration(DurationProblem.UNKNOWN, "often", listed=True))),
    ],
)
def test_bad_input_is_named_and_nothing_typed_is_lost(
    world: World, as_person: Any, changes: dict[str, str], sentence: str
) -> None:
    response = as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), fields(world, **changes))
    assert response.status_code == 422
    assert sentence in response.text
    assert "Bring dice." in response.text or "description" in changes
    assert not Game.objects.exists()


@pytest.mark.parametrize(("day", "fold", "utc"), [("2027-03-28", "1", "01:30"), ("2027-10-31", "0", "00:30")])
def test_choosing_between_two_moments_of_a_local_time(
    world: World, as_person: Any, day: str, fold: str, utc: str
) -> None:
    data = fields(world, date=day, time="02:30", zone="Europe/Berlin", fold=fold)
    assert as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), data).status_code == 302
    assert f"{Game.objects.get().starts_at:%Y-%m-%d %H:%M}" == f"{day} {utc}"


def test_past_reminders_are_accepted_and_named(world: World, as_person: Any) -> None:
    start = world.now + timedelta(minutes=30)
    data = fields(world, date=f"{start:%Y-%m-%d}", time=f"{start:%H:%M}", reminders="1d, 1h, 5")
    page = as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), data, follow=True).text
    assert "The reminders 1 day and 1 hour before are already past, so we won&#x27;t send them." in page


def test_a_stale_form_shows_both_versions_and_overwrites_neither(world: World, as_person: Any) -> None:
    game = world.create_game()
    client = as_person(world.bob)
    url = reverse("game-edit", args=[game.pk])
    client.post(url, fields(world, title="Theirs", edition="1"))
    stale = client.post(url, fields(world, title="Yours", edition="1"))
    assert stale.status_code == 422
    assert "Theirs" in stale.text
    assert "Yours" in stale.text
    game.refresh_from_db()
    assert game.title == "Theirs"
    client.post(url, fields(world, title="Yours", edition="2"))
    game.refresh_from_db()
    assert game.title == "Yours"


def test_text_from_people_is_escaped(world: World, as_person: Any) -> None:
    game = world.create_game(
        title="<script>alert(1)</script>", description="<img src=x onerror=alert(1)>\nhttps://x.example"
    )
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="https://x.example"' in page


def test_a_stale_form_keeps_every_role_that_was_ticked(world: World, as_person: Any) -> None:
    game = world.create_game()
    game.edit_version = 2
    game.save()
    roles = [str(world.guild.pk), str(world.guild.pk + 20)]
    ticked = fields(world, edition="1", own_player_roles="on") | {"player_role_ids": roles}
    response = as_person(world.bob).post(reverse("game-edit", args=[game.pk]), ticked)
    assert "Someone changed this game while you edited it" in response.text
    kept = [line for line in response.text.split("<input") if 'name="player_role_ids"' in line and "checked" in line]
    assert len(kept) == 2


def test_a_host_is_not_called_to_join_what_is_theirs(world: World, as_person: Any) -> None:
    game = world.create_game(seats=2)
    for person, label, is_loud in ((world.bob, TAKE_A_SEAT_TOO, False), (world.alice, JOIN, True)):
        [button] = re.findall(r'<button id="sign-up"[^>]*>.*?</button>', as_person(person).get(game.url).text)
        assert (f">{label}<" in button, "primary" in button) == (True, is_loud)


def test_a_cancelled_game_shows_nothing_of_what_will_not_be(world: World, as_person: Any) -> None:
    game = world.create_game(seats=2)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    page = as_person(world.charlie).get(game.url).text
    assert seats_text(1, 0, 0) in page
    for gone in ("Who played", "<progress", 'id="share"', "Reminders<", seats_text(1, 2, 0)):
        assert gone not in page
