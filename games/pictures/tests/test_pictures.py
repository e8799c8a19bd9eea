"""Pictures through the entry points: chosen, inherited, served, and removed when nothing shows them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from conftest import GUILD, World
from discord_bot.render import announcement_embed
from games.core.base import Actor, EntryPoint
from games.core.settings import PostPicture
from games.models import AuditEntry, Game, GameTemplate, Picture
from games.models.settings import GuildDefaults
from games.pages.game_rows import game_rows
from games.pictures import wording
from games.pictures.actions import KEPT_UNUSED, delete_unused, place_to_read, store_picture
from games.pictures.addresses import drawn_cover, is_reachable
from games.pictures.drawing import draw_cover, draw_ground
from games.pictures.encoding import BYTES_MAX, PictureProblem
from games.pictures.middleware import VIEWS_WITH_PICTURES, limit_body
from games.pictures.tests.samples import SVG, animation, encoded, opened, picture, png_of_size
from games.posts.announcement import announcement_view
from games.posts.tests.test_post_layout import components
from games.scheduling import actions as scheduling
from games.scheduling.actions import plan_from_game
from games.scheduling.rules import change_plan
from games.series.game_values import follow_game
from games.series.tests.scene import repeat
from gamesched.lib.colours import TEXT_CONTRAST, contrast
from gamesched.lib.refusal import Refused
from gamesched.testing.page_forms import form_to
from guilds.models import Guild
from guilds.sent_forms.middleware import IS_LAST_TRY, SentFormsMiddleware, TriedAgain
from guilds.sent_forms.resubmission import FormTriedAgain

GONE = wording.PROBLEMS[PictureProblem.GONE]


def png(colour: str = "teal") -> bytes:
    return encoded(picture(colour=colour), "PNG")


def as_file(content: bytes, name: str = "cover.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def filled(world: World, **changes: Any) -> dict[str, Any]:
    """What a browser sends of a new game's form."""
    starts = world.now + timedelta(days=3)
    when = {"date": f"{starts:%Y-%m-%d}", "time": "19:30", "zone": "UTC"}
    return {"title": "Curse of Strahd", "channel": world.channel.pk, **when, **changes}


# --- choosing one ----------------------------------------------------------------------------------------


def test_a_new_game_gets_the_pictures_that_its_host_chose(world: World, as_person: Any) -> None:
    sent = {"cover_file": as_file(png()), "thumbnail_file": as_file(animation("GIF"), "moving.png")}
    browser = as_person(world.alice)
    response = browser.post(reverse("game-new", args=[GUILD]), filled(world, **sent))
    assert response.status_code == 302, response.text
    game = Game.objects.get()
    assert {game.cover, game.thumbnail} == set(Picture.objects.values_list("name", flat=True))
    page = browser.get(game.get_absolute_url()).text
    assert f'src="/pictures/{game.cover}.webp" alt="The cover of Curse of Strahd" width="64" height="48"' in page
    assert game_rows([game.pk], world.now, world.alice)[game.pk].picture == f"/pictures/{game.thumbnail}-small.webp"
    assert f"/pictures/{game.thumbnail}-small.webp" in browser.get(reverse("guild", args=[GUILD])).text


BAD = {
    PictureProblem.NO_PICTURE: SVG,
    PictureProblem.BROKEN: encoded(picture(), "JPEG")[:-300],
    PictureProblem.TOO_MANY_PIXELS: png_of_size(30_000, 30_000),
    PictureProblem.TOO_LONG: animation("GIF", 400, (8, 8)),
    PictureProblem.TOO_LARGE: png() + bytes(BYTES_MAX),
}


@pytest.mark.parametrize("problem", BAD)
def test_a_refused_picture_costs_nothing_else(world: World, as_person: Any, problem: PictureProblem) -> None:
    kept = store_picture(png("navy"))
    data = filled(world, title="A long typed title", cover_file=as_file(BAD[problem]), thumbnail=kept)
    response = as_person(world.alice).post(reverse("game-new", args=[GUILD]), data)
    assert response.status_code == 422
    form = response.context["form"]
    assert form.errors.as_data().keys() == {"cover"}
    assert [error.code for error in form.errors.as_data()["cover"]] == [problem.value]
    assert (form["title"].value(), form["thumbnail"].value()) == ("A long typed title", kept)
    assert wording.PROBLEMS[problem] in response.text
    assert list(Picture.objects.values_list("name", flat=True)) == [kept]


def test_an_accepted_picture_is_kept_while_another_field_is_refused(world: World, as_person: Any) -> None:
    browser, url = as_person(world.alice), reverse("game-new", args=[GUILD])
    response = browser.post(url, filled(world, title="", cover_file=as_file(png())))
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"title"}
    (name,) = Picture.objects.values_list("name", flat=True)
    assert f'<option value="{name}" selected>' in response.text
    assert f'src="/pictures/{name}.webp"' in response.text
    assert browser.post(url, filled(world, cover=name)).status_code == 302
    assert Game.objects.get().cover == name


def test_a_picture_is_taken_out_and_inherited_again(world: World, as_person: Any) -> None:
    game = world.create_game(cover=store_picture(png()))
    browser, url = as_person(world.alice), reverse("game-edit", args=[game.pk])
    start = {"date": f"{game.starts_at:%Y-%m-%d}", "time": f"{game.starts_at:%H:%M}", "zone": "UTC"}
    for edition, (chosen, kept) in enumerate((("none", ""), ("", None)), 1):
        data = filled(world, **start, edition=edition, cover=chosen)
        assert browser.post(url, data).status_code == 302
        game.refresh_from_db()
        assert game.cover == kept


def test_a_picture_that_is_gone_is_refused_at_its_field(world: World, as_person: Any) -> None:
    gone = f"{'0' * 64}-64x48"
    response = as_person(world.alice).post(reverse("game-new", args=[GUILD]), filled(world, cover=gone))
    assert response.status_code == 422
    assert response.context["form"].errors == {"cover": [GONE]}
    for nonsense in ("../../etc/passwd", gone.upper(), f"{gone}\n", "0-1x1"):
        response = as_person(world.alice).post(reverse("game-new", args=[GUILD]), filled(world, cover=nonsense))
        assert response.context["form"].errors == {"cover": [GONE]}


def test_one_form_with_a_picture_is_taken_once_and_asks_when_the_picture_is_another(
    world: World, as_person: Any
) -> None:
    browser, url = as_person(world.alice), reverse("game-new", args=[GUILD])
    form = form_to(browser, url, url, **filled(world))
    answers = [browser.post(url, {**form, "cover_file": as_file(png(colour))}) for colour in ("teal", "teal", "red")]
    assert [answer.status_code for answer in answers] == [302, 302, 409]
    assert Game.objects.count() == 1
    assert "Choose them again" in answers[2].text


def test_somebody_who_sends_very_many_waits_a_little(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.pictures.actions.UPLOADS_MAX", 2)
    browser, url = as_person(world.alice), reverse("game-new", args=[GUILD])
    for _ in range(2):
        browser.post(url, filled(world, title="", cover_file=as_file(SVG)))
    response = browser.post(url, filled(world, title="", cover_file=as_file(png())))
    (error,) = response.context["form"].errors.as_data()["cover"]
    assert error.code == PictureProblem.TOO_MANY
    assert as_person(world.bob).post(url, filled(world, cover_file=as_file(png()))).status_code == 302


def test_who_would_wait_for_another_picture_keeps_no_thread(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    monkeypatch.setattr("games.pictures.actions.is_for_pages", lambda: True)
    monkeypatch.setattr("games.pictures.actions.UPLOADS_MAX", 1)
    browser, url = as_person(world.alice), reverse("game-new", args=[GUILD])
    with place_to_read():
        refused = [browser.post(url, filled(world, title="Typed", cover_file=as_file(png()))) for _ in range(3)]
        assert browser.post(url, filled(world, title="Without")).status_code == 302
    assert {response.status_code for response in refused} == {503}
    assert wording.BUSY in refused[0].text
    assert 'value="Typed"' in refused[0].text
    # What was refused so is not counted.
    later = f"{world.now + timedelta(days=6):%Y-%m-%d}"
    data = filled(world, date=later, cover_file=as_file(png()))
    assert browser.post(url, data).status_code == 302
    request: Any = rf.post("/")
    request.scope = {IS_LAST_TRY: False}
    middleware = SentFormsMiddleware(lambda _: HttpResponse())
    assert isinstance(middleware.process_exception(request, FormTriedAgain(wording.BUSY)), TriedAgain)


def test_the_command_line_takes_a_file(world: World, tmp_path: Path) -> None:
    game, path = world.create_game(), tmp_path / "picture.jpg"
    path.write_bytes(png())
    call_command("game", "edit", str(game.pk), f"--cover={path}", "--as", "alice")
    game.refresh_from_db()
    assert Picture.objects.get().name == game.cover
    call_command("game", "edit", str(game.pk), "--cover=none", "--as", "alice")
    game.refresh_from_db()
    assert game.cover == ""
    path.write_bytes(SVG)
    for wrong in (
        path,
        tmp_path / "nowhere",
        tmp_path,
        "~nobody-here/a.png",
        "a\0b",
        "\ud800",
        "a" * 5000,
        "/dev/zero",
    ):
        with pytest.raises((CommandError, SystemExit)):
            call_command("game", "edit", str(game.pk), f"--cover={wrong}", "--as", "alice")


def test_more_than_a_form_may_send_is_not_read(world: World, as_person: Any) -> None:
    new, limited = reverse("game-new", args=[GUILD]), limit_body(lambda request: HttpResponse())
    for url, megabytes, status in (
        (new, 39, 200),
        (new, 41, 413),
        ("/me/", 2, 200),
        ("/me/", 3, 413),
        ("/no/", 3, 413),
    ):
        request = RequestFactory().post(url, CONTENT_LENGTH=str(megabytes * 1024 * 1024))
        assert limited(request).status_code == status, url
    answer = as_person(world.alice).post(new, {}, CONTENT_LENGTH=str(10**9))
    assert (answer.status_code, "40 MB" in answer.text) == (413, True)


def test_every_form_with_pictures_may_send_them() -> None:
    from django.urls import get_resolver

    def names(resolver: Any) -> set[str]:
        found: set[str] = set()
        for one in resolver.url_patterns:
            found |= names(one) if hasattr(one, "url_patterns") else {one.name}
        return found

    assert names(get_resolver()) >= VIEWS_WITH_PICTURES


# --- inherited, recorded ---------------------------------------------------------------------------------


def test_games_inherit_the_pictures_of_their_template_and_server(world: World) -> None:
    of_template, of_guild, own = (store_picture(png(colour)) for colour in ("teal", "navy", "red"))
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", cover=of_template)
    GuildDefaults.objects.filter(pk=GUILD).update(cover=of_guild, thumbnail=of_guild)
    plain, with_template = world.create_game(), world.create_game(template_id=template.pk)
    with_own, without = world.create_game(cover=own), world.create_game(cover="")
    covers = [Game.objects.get(pk=game.pk).settings.cover for game in (plain, with_template, with_own, without)]
    assert covers == [of_guild, of_template, own, ""]
    assert Game.objects.get(pk=plain.pk).settings.thumbnail == of_guild


def test_the_history_names_pictures_and_holds_none(world: World) -> None:
    first, second = (store_picture(png(colour)) for colour in ("teal", "navy"))
    game = world.create_game(cover=first)
    plan = change_plan(plan_from_game(game), cover=second)
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert AuditEntry.objects.get(action="edit").changes == {"cover": [first, second]}
    assert Game.objects.get(pk=game.pk).post_version > game.post_version


# --- served ----------------------------------------------------------------------------------------------


def test_a_picture_is_served_to_anybody_and_for_ever(world: World, django_assert_num_queries: Any) -> None:
    name = store_picture(encoded(picture((700, 500)), "PNG"))
    for address, size in ((f"/pictures/{name}.webp", (700, 500)), (f"/pictures/{name}-small.webp", (320, 229))):
        with django_assert_num_queries(1):
            response = Client().get(address)
        assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
        assert opened(response.content).size == size
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response["Content-Security-Policy"]
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert not response.cookies
        with django_assert_num_queries(0):
            again = Client().get(address, headers={"if-none-match": response["ETag"]})
        assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", response["Cache-Control"])
        head = Client().head(address)
        assert (head.status_code, head["ETag"]) == (200, response["ETag"])
    unknown = "f" + name[1:] if name[0] != "f" else "e" + name[1:]
    for missing in (f"{unknown}.webp", f"{name}.png", f"{name[:20]}.webp", f"{name}.webp/"):
        for asked in ({}, {"if-none-match": "*"}):
            assert Client().get(f"/pictures/{missing}", headers=asked).status_code == 404


# --- drawn -----------------------------------------------------------------------------------------------


def test_a_game_without_a_cover_has_a_drawn_one_which_is_drawn_once(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = world.create_game()
    address = drawn_cover(game, letters=False).address
    assert f'src="{address}" alt="" width="1200" height="400"' in as_person(world.bob).get(game.get_absolute_url()).text
    first = Client().get(address)
    assert opened(first.content).size == (1200, 400)
    with monkeypatch.context() as patched:
        patched.setattr("games.pictures.actions.draw_cover", lambda *_: 1 / 0)
        assert Client().get(address).content == first.content
    mark = address.rsplit("-", 1)[1]
    guessed = address.replace(mark, f"{'0' * 64}.webp")
    assert Client().get(guessed).status_code == 404
    Picture.objects.all().delete()
    Game.objects.filter(pk=game.pk).update(title="Another title")
    assert Client().get(address).status_code == 404
    assert Picture.objects.count() == 0


def test_the_cover_of_ones_own_game_does_not_tell_the_title_of_another(world: World) -> None:
    hidden, own = world.create_game(title="A Surprise"), world.create_game(title="A Surprise")
    address = drawn_cover(own).address
    assert Client().get(address.replace(f"/{own.pk}-", f"/{hidden.pk}-")).status_code == 404
    # Both are drawn once, and neither is served where its game is gone.
    first, second = (Client().get(drawn_cover(game).address).content for game in (own, hidden))
    assert first == second
    assert Picture.objects.count() == 1
    own.delete()
    assert Client().get(address).status_code == 404


TITLES = (
    "Curse of Strahd",
    "Проклятие Страда",
    "Η κατάρα του Στραντ",
    "龍與地下城",
    "משחק",
    "x" * 200,
    "🎲",
    "a " * 100,
)


@pytest.mark.parametrize("title", TITLES)
def test_a_cover_is_drawn_the_same_each_time(title: str) -> None:
    drawn = draw_cover(title, GUILD)
    assert (drawn.width, drawn.height) == (1200, 400)
    assert draw_cover(title, GUILD).name == drawn.name
    assert len({drawn.name, draw_cover(title, GUILD + 1).name, draw_cover(f"{title}!", GUILD).name}) == 3


@pytest.mark.parametrize("title", TITLES)
def test_letters_are_readable_on_every_ground(title: str) -> None:
    for colour in (
        "",
        *(f"#{red}{green}{blue}" for red in ("20", "e0") for green in ("20", "e0") for blue in ("20", "e0")),
    ):
        parts = draw_ground(title, GUILD, colour, (300, 100)).convert("RGB").tobytes()
        pixels = {*zip(parts[::3], parts[1::3], parts[2::3], strict=True)}
        assert min(contrast(pixel, (255, 255, 255)) for pixel in pixels) >= TEXT_CONTRAST, (title, colour)


def test_a_cover_follows_the_servers_colour_and_its_address_says_so(world: World) -> None:
    game = world.create_game()
    before = drawn_cover(game).address
    first = Client().get(before).content
    Guild.objects.update(icon="dice", icon_colour="#aa3366")
    game.refresh_from_db()
    after = drawn_cover(game).address
    assert after != before
    assert Client().get(after).content != first
    assert Client().get(after.partition("?")[0]).status_code == 200, "as posts from before have it"


# --- in the post -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "image", "thumbnail"),
    [(PostPicture.NONE, False, False), (PostPicture.GIVEN, True, True), (PostPicture.DRAWN, True, True)],
)
def test_the_post_shows_what_the_host_chose(
    world: World, settings: Any, wanted: PostPicture, image: bool, thumbnail: bool
) -> None:
    settings.PUBLIC_URL = "https://games.example.org"
    name = store_picture(png())
    game = world.create_game(cover=name, thumbnail=name, post_picture=wanted.value)
    embed = announcement_embed(announcement_view(game, world.now)).to_dict()
    address = f"https://games.example.org/pictures/{name}.webp"
    assert embed.get("image") == ({"url": address} if image else None)
    assert embed.get("thumbnail") == ({"url": address} if thumbnail else None)
    layout = str(components(announcement_view(game, world.now)))
    assert layout.count(address) == image + thumbnail


def test_a_drawn_cover_is_in_the_post_only_if_that_was_chosen(world: World, settings: Any) -> None:
    settings.PUBLIC_URL = "https://games.example.org"
    plain, wanted = world.create_game(), world.create_game(post_picture=PostPicture.DRAWN.value)
    assert announcement_view(plain, world.now).image_url == ""
    assert announcement_view(wanted, world.now).image_url == settings.PUBLIC_URL + drawn_cover(wanted).address


@pytest.mark.parametrize(
    ("address", "reachable"),
    [
        ("https://games.example.org", True),
        ("https://8.8.8.8", True),
        ("http://games.example.org", False),
        ("https://localhost:8000", False),
        ("https://192.168.1.7", False),
        ("https://server", False),
        ("https://server.local", False),
        ("", False),
    ],
)
def test_discord_is_sent_to_addresses_that_it_can_reach(settings: Any, address: str, reachable: bool) -> None:
    settings.PUBLIC_URL, settings.DISCORD_IS_LOCAL = address, False
    assert is_reachable() is reachable


# --- removed ---------------------------------------------------------------------------------------------


def test_a_picture_that_nothing_shows_is_removed_after_a_week(world: World) -> None:
    colours = ("teal", "navy", "red", "gold", "pink", "black")
    of_game, of_template, of_guild, of_series, _, chosen_anew = (store_picture(png(one)) for one in colours)
    game = world.create_game(cover=of_game)
    GameTemplate.objects.create(guild=world.guild, name="Campaign", thumbnail=of_template)
    GuildDefaults.objects.filter(pk=GUILD).update(cover=of_guild)
    series = repeat(world, world.create_game())
    series.source.cover = of_series
    follow_game(series, series.source)
    series.save()
    week = KEPT_UNUSED + timedelta(minutes=1)
    assert delete_unused(world.now) == 0
    store_picture(png("black"))  # it is chosen anew meanwhile
    assert Picture.objects.get(name=chosen_anew).unused_since is None
    assert delete_unused(world.now + week) == 1
    left = set(Picture.objects.values_list("name", flat=True))
    assert left == {of_game, of_template, of_guild, of_series, chosen_anew}
    Game.objects.filter(pk=game.pk).update(cover=None)
    assert delete_unused(world.now + week) == 0
    assert delete_unused(world.now + 2 * week + timedelta(days=1)) == 2


def test_whoever_names_a_picture_again_keeps_it(world: World) -> None:
    name = store_picture(png())
    delete_unused(world.now)
    world.create_game(cover=name)
    assert Picture.objects.get().unused_since is None
    assert delete_unused(world.now + 2 * KEPT_UNUSED) == 0
    # Named while the task looked, it is marked; its week begins when it is named no more.
    Picture.objects.update(unused_since=world.now)
    delete_unused(world.now + KEPT_UNUSED / 2)
    Game.objects.update(cover=None)
    assert delete_unused(world.now + 2 * KEPT_UNUSED) == 0
    with pytest.raises(Refused) as refused:
        world.create_game(cover=f"{'0' * 64}-1x1")
    assert dict(refused.value.refusal.fields) == {"cover": GONE}
