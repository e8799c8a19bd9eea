"""A share link: whom it leads where, what strangers read under it, and what previews show of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from PIL import Image

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.codes import AuditAction
from games.models import AuditEntry, Game
from games.models.settings import ChannelDefaults, GuildDefaults
from games.pages.tests.test_sharing import preview
from games.pictures.actions import store_encoded
from games.pictures.drawing import ORDERS_LETTERS
from games.pictures.encoding import encode_still
from games.pictures.tests.samples import picture
from games.scheduling.cancellation import cancel_game
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.sharing.addresses import share_path, share_url
from games.sharing.card import BYTES_MAX, HEIGHT, SIZE, WIDTH, Card, draw_card
from games.signups.actions import join
from guilds.models import VIEW_CHANNEL, Channel, Guild

SECRETS = ("Curse of Strahd", "Friday Night Dice", "Bring dice", "game-night", "Attic")
NAMES = ("Bob the GM", "charlie")
LOGIN = reverse("discord_login")


def allow(**settings: bool) -> None:
    """Let strangers read the guild's shared games."""
    GuildDefaults.objects.update(**({"public_page": True} | settings))


def shared(world: World, **changes: Any) -> Game:
    """A game of Bob's in which Charlie has a seat, with a place and instructions."""
    game = world.create_game(location="Attic", instructions="Attic, second floor", **changes)
    join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return game


def visit(game: Game, client: Client | None = None) -> Any:
    return (client or Client()).get(share_path(game))


def next_to(game: Game) -> str:
    return quote(share_path(game), safe="")


def card_address(response: Any) -> str:
    return preview(response)["og:image"].removeprefix(settings.PUBLIC_URL)


def opened(response: Any) -> Image.Image:
    return Image.open(BytesIO(response.content))


# --- whom it leads where ---------------------------------------------------------------------------------


def test_each_game_has_a_link_of_its_own_that_nobody_guesses(world: World) -> None:
    first, second = world.create_game(), world.create_game(title="Another")
    assert first.share_token != second.share_token
    assert re.fullmatch(rf"/share/{first.pk}-[A-Za-z0-9_-]{{22}}/", share_path(first))
    swapped = share_path(first).replace(f"/{first.pk}-", f"/{second.pk}-")
    assert Client().get(swapped).status_code == 404
    assert first.share_token.version == 4


def test_who_may_see_the_game_comes_to_its_page(world: World, as_person: Any) -> None:
    game = shared(world)
    response = visit(game, as_person(world.charlie))
    assert (response.status_code, response.url) == (302, game.get_absolute_url())


def test_strangers_are_asked_to_log_in_and_come_back(world: World) -> None:
    game = shared(world)
    response = visit(game)
    assert response.status_code == 200
    assert not [one for one in (*SECRETS, *NAMES) if one in response.text]
    assert f'action="{LOGIN}?process=login&amp;next={quote(share_path(game), safe="")}"' in response.text
    assert card_address(response) == "/static/card.jpg"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in response.text


def test_all_games_that_strangers_read_nothing_of_look_the_same(world: World) -> None:
    allow()
    game, cancelled, draft = shared(world), world.create_game(title="Rained off", seats=2), world.create_game()
    cancel_game(cancelled.pk, "Bob is ill", Actor(world.bob, EntryPoint.PAGE), world.now)
    Game.objects.filter(pk=draft.pk).update(announced_at=None)
    GuildDefaults.objects.update(public_page=False)
    pages = {visit(one).text.replace(share_path(one), "").replace(next_to(one), "") for one in (game, cancelled, draft)}
    assert len({re.sub(r'name="(csrfmiddlewaretoken|form_token)" value="[^"]+"', "", page) for page in pages}) == 1


def test_another_link_ends_the_one_before(world: World, as_person: Any) -> None:
    allow()
    game = shared(world)
    before = [share_path(game), f"{share_path(game)}game.ics", card_address(visit(game))]
    assert {Client().get(one).status_code for one in before} == {200}
    as_person(world.bob).post(reverse("game-new-link", args=[game.pk]))
    nothing = [f"/share/{game.pk}-{'A' * 22}/", f"/share/{game.pk}-{'A' * 21}_/", f"/share/999999-{'A' * 22}/"]
    answers = [Client().get(one) for one in (*before, *nothing)]
    assert {one.status_code for one in answers} == {404}
    assert len({re.sub(r"csrf\S+", "", one.text) for one in answers}) == 1, "as any that leads nowhere"
    game.refresh_from_db()
    assert visit(game).status_code == 200
    assert AuditEntry.objects.filter(game=game, actor=world.bob, action=AuditAction.RENEW_SHARE_LINK).count() == 1


def test_the_games_page_offers_it_and_who_runs_the_game_another(world: World, as_person: Any) -> None:
    game = shared(world)
    for person, may in ((world.charlie, False), (world.bob, True)):
        page = as_person(person).get(game.get_absolute_url()).text
        assert share_url(game) in page
        assert (reverse("game-new-link", args=[game.pk]) in page) is may


# --- what strangers read -----------------------------------------------------------------------------------


def test_a_guild_may_show_strangers_a_game_without_its_people(world: World) -> None:
    allow()
    game = shared(world)
    response = visit(game)
    for text in ("Curse of Strahd", "Friday Night Dice", "4 of 5 seats free", "Europe/Berlin"):
        assert text in response.text
    hidden = ("Bring dice", "Attic", "game-night", *NAMES, "/avatars/")
    assert not [one for one in hidden if one in response.text]
    assert f"next={next_to(game)}" in response.text
    shown = preview(response)
    assert shown["og:title"] == "Curse of Strahd"
    assert "4 of 5 seats free" in shown["og:description"]
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_a_preview_is_in_the_language_of_its_page(world: World) -> None:
    """Its picture is in English, where the font has no letters for the language."""
    allow()
    Guild.objects.update(language="he")
    assert not re.search("[a-z]{3}", preview(visit(shared(world)))["og:description"])


def test_names_are_shown_where_the_guild_shows_them(world: World) -> None:
    allow(public_names=True)
    page = visit(shared(world)).text
    assert [name for name in NAMES if name not in page] == []
    assert "Attic" not in page
    GuildDefaults.objects.update(public_page=False)
    assert "charlie" not in visit(Game.objects.get()).text


def test_a_channel_may_be_an_exception(world: World) -> None:
    allow()
    ChannelDefaults.objects.create(channel=world.channel, public_page=False)
    assert "Curse of Strahd" not in visit(shared(world)).text


def hide_channel(world: World, game: Game) -> None:
    Channel.objects.filter(pk=game.channel_id).update(overwrites=[[GUILD, 0, VIEW_CHANNEL]])


def hide_from_a_role(world: World, game: Game) -> None:
    Channel.objects.filter(pk=game.channel_id).update(overwrites=[[GUILD + 20, 0, VIEW_CHANNEL]])


def delete_channel(world: World, game: Game) -> None:
    Channel.objects.filter(pk=game.channel_id).update(deleted_at=world.now)


def hide_server(world: World, game: Game) -> None:
    world.guild.roles.filter(pk=GUILD).update(permissions=0)


def withdraw_announcement(world: World, game: Game) -> None:
    Game.objects.filter(pk=game.pk).update(announced_at=None)


def switch_off(world: World, game: Game) -> None:
    GuildDefaults.objects.update(public_page=False)


@pytest.mark.parametrize(
    "change", [hide_channel, hide_from_a_role, delete_channel, hide_server, withdraw_announcement, switch_off]
)
def test_nothing_is_shown_of_a_game_that_not_everybody_sees(
    world: World, change: Callable[[World, Game], None]
) -> None:
    allow(public_names=True)
    game = shared(world)
    card = card_address(visit(game))
    change(world, game)
    for response in (visit(game), Client().get(card, follow=True)):
        assert response.status_code == 200
    assert not [one for one in (*SECRETS, *NAMES) if one in visit(game).text]
    assert Client().get(card).headers["Location"] == "/static/card.jpg"
    assert Client().get(f"{share_path(game)}game.ics").status_code == 404


def test_switched_off_it_is_gone_of_games_that_have_started_too(world: World) -> None:
    allow()
    game = shared(world)
    Game.objects.filter(pk=game.pk).update(settings_frozen_at=world.now)
    assert "Curse of Strahd" in visit(game).text
    GuildDefaults.objects.update(public_page=False)
    assert "Curse of Strahd" not in visit(game).text


def test_a_link_of_a_server_without_the_bot_leads_nowhere(world: World) -> None:
    allow()
    game = shared(world)
    Guild.objects.update(bot_removed_at=world.now)
    assert visit(game).status_code == 404


def test_an_unannounced_game_is_for_who_runs_it(world: World, as_person: Any) -> None:
    from games.scheduling import actions as scheduling

    allow()
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    by_bob = Actor(world.bob, EntryPoint.PAGE)
    game = scheduling.create_game(GUILD, world.make_plan(), by_bob, world.now, announce=draft).game
    assert "Curse of Strahd" not in visit(game).text
    assert visit(game, as_person(world.bob)).status_code == 302
    assert "Curse of Strahd" not in visit(game, as_person(world.charlie)).text


def test_nobody_is_asked_to_join_a_game_that_is_cancelled_or_over(world: World) -> None:
    allow()
    over, cancelled = shared(world), world.create_game(title="Rained off")
    earlier = world.now - timedelta(days=1)
    Game.objects.filter(pk=over.pk).update(starts_at=earlier, ends_at=earlier + timedelta(hours=2))
    cancel_game(cancelled.pk, "Bob is ill", Actor(world.bob, EntryPoint.PAGE), world.now)
    for game, tag in ((over, "tag completed"), (cancelled, "tag cancelled")):
        page = visit(game).text
        assert tag in page
        assert LOGIN not in page
        assert f"{reverse('login')}?next={next_to(game)}" in page
        assert "Bob is ill" not in page


def test_somebody_of_another_server_reads_it_and_learns_how_to_join(world: World, as_person: Any) -> None:
    from games.tests.cast import foreign_game

    game = foreign_game(world)
    client = as_person(world.charlie)
    assert game.title not in visit(game, client).text
    GuildDefaults.objects.update_or_create(guild=game.guild, defaults={"public_page": True})
    page = visit(game, client).text
    assert game.title in page
    assert LOGIN not in page


def test_a_calendar_has_what_strangers_see(world: World) -> None:
    allow()
    game = shared(world)
    response = Client().get(f"{share_path(game)}game.ics")
    assert response.headers["Content-Type"].startswith("text/calendar")
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert (event["SUMMARY"], event["URL"]) == ("Curse of Strahd", share_url(game))
    assert not {"LOCATION", "DESCRIPTION"} & set(event)


# --- the picture of its previews -----------------------------------------------------------------------------


def test_the_card_is_kept_until_what_it_shows_changes(world: World) -> None:
    allow()
    game, client = shared(world), Client()
    address = card_address(visit(game))
    response = client.get(address)
    assert (response.headers["Content-Type"], opened(response).size) == ("image/jpeg", SIZE)
    assert "immutable" in response.headers["Cache-Control"]
    assert client.get(address, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    join(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    later = card_address(visit(game))
    assert later != address
    assert client.get(address).headers["Location"] == later
    assert client.get(later).content != response.content


def test_its_cover_lies_under_it(world: World) -> None:
    allow()
    name = store_encoded(encode_still(picture((640, 480), colour="red")))
    game = shared(world, cover=name)
    pixel: Any = opened(Client().get(card_address(visit(game)))).convert("RGB").getpixel((1190, 10))
    assert pixel[0] > 2 * pixel[2]


TITLES = [
    "Curse of Strahd",
    "🎲 " * 40,
    "مغامرة في القلعة",
    "金曜日の夜のゲーム",
    "W" * 100,
    "The very long campaign of many words that goes on and on until nobody remembers how it had begun at all",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_card_of_any_title_is_small(title: str, is_cancelled: bool) -> None:
    state = "Cancelled" if is_cancelled else ""
    card = Card(
        title, "Fri 27 Nov 2026, 20:00 CET", state, is_cancelled, "16 of 16 seats taken, 3 waiting", 16, 16, "", 7
    )
    file = draw_card(card)
    assert Image.open(BytesIO(file)).size == SIZE
    assert len(file) <= BYTES_MAX


@pytest.mark.skipif(not ORDERS_LETTERS, reason="needs libfribidi")
def test_a_card_in_hebrew_begins_at_the_right(world: World) -> None:
    allow()
    game = shared(world, title="ליל קטאן")
    Guild.objects.update(language="he")
    drawn = opened(Client().get(card_address(visit(game)))).convert("L")
    sides = [drawn.crop((left, 300, left + WIDTH // 4, HEIGHT)) for left in (0, WIDTH * 3 // 4)]
    left, right = (sum(side.histogram()[200:]) for side in sides)  # pixels as light as letters
    assert right > 10 * left


def test_a_card_of_the_worst_cover_is_small(db: None) -> None:
    noise = Image.effect_noise((1280, 720), 120).convert("RGB")
    card = Card(
        "Noise", "Fri 27 Nov 2026, 20:00 CET", "", False, "3 signed up", 0, 3, store_encoded(encode_still(noise)), 7
    )
    assert len(draw_card(card)) <= BYTES_MAX


# --- the home screen -----------------------------------------------------------------------------------------


def test_the_site_can_be_installed(db: None) -> None:
    client = Client()
    page = client.get("/").text
    assert f'<link rel="manifest" href="{reverse("manifest")}">' in page
    response = client.get(reverse("manifest"))
    assert response.headers["Content-Type"] == "application/manifest+json"
    assert "Accept-Language" in response.headers["Vary"], "it is kept, and is in the reader's language"
    content = response.json()
    assert (content["start_url"], content["display"]) == ("/", "standalone")
    assert {icon["purpose"] for icon in content["icons"]} == {"any", "maskable"}
    for icon in content["icons"]:
        with Image.open(settings.BASE_DIR / icon["src"].removeprefix("/")) as file:
            assert icon["sizes"] == f"{file.width}x{file.height}"
    # The colours of a phone's bars are those of the pages.
    tokens = (settings.BASE_DIR / "static" / "tokens.css").read_text()
    [(light, dark)] = re.findall(r"--ground: light-dark\((#\w+), (#\w+)\)", tokens)
    bars = re.findall(r'name="theme-color" media="\(prefers-color-scheme: (\w+)\)" content="(#\w+)"', page)
    assert sorted(bars) == [("dark", dark), ("light", light)]
    assert (content["theme_color"], content["background_color"]) == (dark, dark)


def test_the_offline_page_needs_nobody_and_its_program_asks_first(db: None) -> None:
    client = Client()
    program: Any = client.get(reverse("service-worker"))
    assert program.headers["Content-Type"].startswith("text/javascript")
    assert program.headers["Cache-Control"] == "no-cache"
    assert f'"{reverse("offline")}"' in program.text
    assert "worker-src 'self'" in client.get(reverse("offline")).headers["Content-Security-Policy"]


def test_previews_may_be_fetched_and_no_search_engine_is_invited(db: None) -> None:
    assert "Allow: /share/\n" in Client().get("/robots.txt").text
