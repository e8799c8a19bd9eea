"""The agenda of a person and of a server: what it has, on which day, what waits for an answer, and Join on the card."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.wording import BLOCKED
from games.models import Game, Signup
from games.pages.game_list import by_day
from games.pages.tests.test_lists import DAY, HOUR, copies, titles
from games.polls.tests.helpers import make_poll, tick
from games.signups import actions as signups
from games.signups.closing import close_signups
from guilds.models import Block, Channel, Member, User

pytestmark = pytest.mark.slow

HTMX = {"HX-Request": "true"}


def join(world: World, game: Game, user: User) -> None:
    signups.join(game.pk, user, Actor(user, EntryPoint.PAGE), world.now)


def join_card(client: Any, game: Game, back: str = "/", **typed: Any) -> Any:
    headers = HTMX if typed.pop("htmx", True) else {}
    follow = typed.pop("follow", False)
    return client.post(reverse("card-join", args=[game.pk]), {"back": back, **typed}, headers=headers, follow=follow)


def test_home_has_my_games_and_those_that_i_could_join(world: World, as_person: Any) -> None:
    titled: dict[str, dict[str, Any]] = {
        "Free": {}, "Full": {}, "Closed": {}, "Roles": {"player_role_ids": (GUILD + 31,)}, "Playing": {},
        "Hidden": {"channel_id": world.other_channel.pk}, "Picks": {"method": "picks"},
    }  # fmt: skip
    games = {title: world.create_game(title=title, seats=1, **changes) for title, changes in titled.items()}
    join(world, games["Full"], world.alice)
    join(world, games["Playing"], world.charlie)
    close_signups(games["Closed"].pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[GUILD, 0, 1 << 10]])
    client = as_person(world.charlie)
    page = client.get("/").text
    assert titles(page) == ["Free", "Playing"]
    assert re.findall(r'action="/games/(\d+)/join/card/"', page) == [str(games["Free"].pk)]
    Member.objects.filter(user=world.charlie).update(role_ids=[GUILD + 31])
    assert titles(client.get("/").text) == ["Free", "Roles", "Playing"]
    Block.objects.create(guild=world.guild, user=world.charlie, created_at=world.now)
    assert titles(client.get("/").text) == ["Playing"]
    for page in (reverse("guild", args=[world.guild.pk]), games["Free"].get_absolute_url()):
        text = client.get(page).text
        buttons = re.findall(r"/games/\d+/join/", text)
        assert (escape(gettext(BLOCKED)) in text, buttons) == (True, []), "the reason stands for the button"
    assert "Free" in titles(as_person(world.bob).get("/").text), "whoever hosts them sees all"


def test_a_seat_that_is_won_has_its_mark(world: World, as_person: Any) -> None:
    game, won = world.create_game(seats=1), "say won success"
    page, leave = (reverse(name, args=[game.pk]) for name in ("game-join", "game-leave"))
    client = as_person(world.charlie)
    assert won in join_card(client, game).text
    assert won not in client.post(leave, headers=HTMX).text
    assert won in client.post(page, headers=HTMX).text
    assert won not in client.post(page, headers=HTMX).text, "they had it"
    client.post(leave, headers=HTMX)
    assert won in client.post(page, follow=True).text
    assert won not in client.get(game.get_absolute_url()).text
    client.post(leave)
    assert won in join_card(client, game, htmx=False, follow=True).text
    waiting = as_person(world.alice).post(page, headers=HTMX).text
    assert ("say success" in waiting, won in waiting) == (True, False)


def test_games_stand_under_their_days(world: World, as_person: Any) -> None:
    User.objects.update(zone="Pacific/Auckland")
    world.charlie.refresh_from_db()
    start = datetime.now(world.charlie.tzinfo)
    noon = start.replace(hour=12, minute=0) + DAY
    game = world.create_game()
    copies(game, [noon + n * DAY for n in (0, 1, 6, 8)])
    Game.objects.filter(pk=game.pk).update(starts_at=world.now - HOUR, ends_at=world.now + HOUR, title="Now")
    sections = as_person(world.bob).get(reverse("guild", args=[GUILD])).context["sections"]
    days = [(day.label, day.later, len(day.rows)) for day in sections[0].days]
    assert days[0] == ("Now", False, 1)
    assert days[1][:2] == ("Tomorrow", False)
    assert [later for _, later, _ in days[2:]] == [False, True, True]
    assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ \w{3}( \d{4})?", days[2][0])
    assert by_day([], world.now, world.charlie.tzinfo) == []


def test_what_waits_for_an_answer_stands_on_top(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    asked, offered, invited = (world.create_game(title=title, seats=1) for title in ("Asked", "Offered", "Invited"))
    for game in (asked, offered):
        join(world, game, world.charlie)
    assert client.get("/").context["asks"] == []
    until = world.now + HOUR
    Signup.objects.filter(game=asked).update(open_confirmation=1)
    Game.objects.filter(pk=asked.pk).update(confirmation_number=1, confirm_by=until)
    Signup.objects.filter(game=offered).update(
        seated_at=None, offered_at=world.now, offered_until=until, offer_number=7
    )
    Game.objects.filter(pk=invited.pk).update(next_host=world.charlie)
    poll = make_poll(world, channel_id=world.channel.pk)
    page = client.get("/")
    asks = {row.title: (row.open_question, row.answer_until) for row in page.context["asks"]}
    assert asks == {
        "Asked": ("confirm", until),
        "Offered": ("offer", until),
        "Invited": ("host", invited.starts_at),
    }
    assert poll.get_absolute_url() in page.text
    tick(poll, world.charlie, world, [0])
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, 1 << 10]])
    hidden = client.get("/")
    assert (hidden.context["asks"], hidden.context["polls"]) == ([], []), "of what one may not see, nothing asks"
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[])
    assert client.get("/").context["polls"] == [], "it is answered"
    Signup.objects.filter(game=offered).update(offered_until=world.now - HOUR)
    assert "Offered" not in [row.title for row in client.get("/").context["asks"]]


@pytest.mark.parametrize("back", ["/", "/?mine=1", f"/guilds/{GUILD}/?text=strahd", "/month/?day=2027-01-01"])
def test_join_on_the_card(world: World, as_person: Any, back: str) -> None:
    game, client = world.create_game(seats=1), as_person(world.charlie)
    card = join_card(client, game, back, show_guild="1")
    assert (card.status_code, titles(card.text)) == (200, [game.title])
    assert game.signups.seated().of(world.charlie).exists()
    assert "seat 1 of 1" in card.text, "the card says the place"
    assert reverse("card-join", args=[game.pk]) not in card.text
    assert "Friday Night Dice" in card.text
    assert "Friday Night Dice" not in join_card(client, game, back).text, "where all games are of one server"
    again = as_person(world.alice)
    assert "Join the wait list" in again.get(reverse("guild", args=[GUILD])).text
    plain = join_card(again, game, back, htmx=False)
    assert (plain.status_code, plain["Location"]) == (302, f"{back}#game-{game.pk}")
    assert "number 1 on the wait list" in str(next(iter(get_messages(plain.wsgi_request))))


@pytest.mark.parametrize(
    "back", ["", "//evil.example/", "https://evil.example/", "/\\evil.example", "/privacy/", "//["]
)
def test_a_card_leads_back_to_pages_with_cards_only(world: World, as_person: Any, back: str) -> None:
    game = world.create_game()
    response = join_card(as_person(world.charlie), game, back, htmx=False)
    assert response["Location"] == f"/#game-{game.pk}"


def test_a_card_refuses_as_the_games_page_does(world: World, as_person: Any) -> None:
    game, client = world.create_game(), as_person(world.charlie)
    close_signups(game.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    refused = join_card(client, game)
    assert (refused.status_code, titles(refused.text)) == (422, [game.title])
    assert 'class="say error"' in refused.text
    assert not game.signups.exists()
    plain = join_card(client, game, htmx=False)
    assert plain.status_code == 302
    assert [message.level_tag for message in get_messages(plain.wsgi_request)] == ["error"]


def test_a_card_of_another_server_or_a_hidden_channel_is_a_404(world: World, as_person: Any) -> None:
    game = world.create_game(channel_id=world.other_channel.pk)
    stranger = as_person(User.objects.create(id=999, username="999", handle="stranger"))
    assert join_card(stranger, game).status_code == 404
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[GUILD, 0, 1 << 10]])
    assert join_card(as_person(world.charlie), game).status_code == 404
    assert join_card(as_person(world.charlie), Game(pk=10**9)).status_code == 404
    assert not game.signups.exists()


@pytest.mark.parametrize("choice", ["anyway", "swap"])
def test_a_card_asks_about_another_game_at_that_time(world: World, as_person: Any, choice: str) -> None:
    first, second = world.create_game(title="First"), world.create_game(title="Second")
    client = as_person(world.charlie)
    join_card(client, first)
    asked = join_card(client, second)
    assert asked.status_code == 422
    [number] = re.findall(r'name="number" value="(\d+)"', asked.text)
    assert join_card(client, second, htmx=False).status_code == 422
    assert not second.signups.exists()
    done = join_card(client, second, number=number, choice=choice)
    assert done.status_code == 200
    assert second.signups.current().of(world.charlie).exists()
    assert first.signups.current().of(world.charlie).exists() is (choice == "anyway")


def test_a_place_is_counted_among_its_own(world: World, as_person: Any) -> None:
    game = world.create_game(seats=2)
    people = [world.add_member(number) for number in range(100, 104)]
    for person in people:
        join(world, game, person)
    places = [as_person(person).get("/", {"mine": "1"}).context["sections"][0].rows[0].place_text for person in people]
    assert [re.sub(r"\D+", " ", place).split() for place in places] == [["1", "2"], ["2", "2"], ["1"], ["2"]]
