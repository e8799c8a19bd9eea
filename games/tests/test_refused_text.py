"""The text of a small form that is refused comes back into its field, with the reason beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game, GameResponse, GameTemplate, Signup
from games.pages.shortcuts import REFUSED_MARK
from games.signups import actions as signups
from games.signups import closing
from gamesched.testing.page_forms import page_forms
from guilds.models import User
from guilds.sent_forms import resubmission

NUL, LONG = "a\x01b", '"><b>' + "x" * 400


@dataclass(frozen=True)
class SmallForm:
    """A form of one text on a game's page: who sends it where, and the text's field."""

    route: str
    who: str
    field: str
    of_signup: bool = False

    def address(self, game: Game) -> str:
        more = [game.signups.get(user__handle="charlie").pk] if self.of_signup else []
        return reverse(self.route, args=[game.pk, *more])


FORMS = [
    SmallForm("game-note", "charlie", "note"),
    SmallForm("game-bring", "charlie", "name"),
    SmallForm("game-remove", "bob", "reason", of_signup=True),
    SmallForm("game-cancel", "bob", "reason"),
    SmallForm("game-template", "alice", "name"),
]


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game, in which Charlie is seated and may bring somebody."""
    created = world.create_game(plus_one=True, answers=True)
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return created


@pytest.fixture
def nothing_done(game: Game) -> Any:
    def rows() -> list[Any]:
        return [list(model.objects.order_by("pk").values()) for model in (Game, Signup, GameResponse, GameTemplate)]

    before = rows()
    return lambda: rows() == before


@pytest.mark.parametrize("text", [LONG, NUL], ids=["too long", "control character"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.route)
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_a_refused_text_comes_back(
    world: World, game: Game, as_person: Any, nothing_done: Any, form: SmallForm, text: str, htmx: bool
) -> None:
    client, address = as_person(getattr(world, form.who)), form.address(game)
    assert nothing_done()
    headers = {"HX-Request": "true"} if htmx else None
    response = client.post(address, {form.field: text}, headers=headers)
    assert response.status_code == (200 if htmx else 422)
    assert response.text.count(REFUSED_MARK) == 1
    assert nothing_done()
    assert "<b>x" not in response.text
    [again] = [one for one in page_forms(response.text) if address in one.actions]
    assert again.fields[form.field] == [text]
    assert "open" in response.text[: response.text.index(REFUSED_MARK)].rpartition("<details")[2]
    field = response.text[: response.text.index(REFUSED_MARK)].rpartition('<div class="field')[2]
    assert 'aria-invalid="true"' in field
    assert field.startswith(" wrong")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.route)
def test_what_is_sent_again_is_taken(world: World, game: Game, as_person: Any, form: SmallForm) -> None:
    client, address = as_person(getattr(world, form.who)), form.address(game)
    shown = client.post(address, {form.field: LONG}).text
    [again] = [one for one in page_forms(shown) if address in one.actions]
    response = client.post(address, again.fields | {form.field: ["Fine"]}, follow=True)
    assert response.status_code == 200
    assert REFUSED_MARK not in response.text


def close(game: Game, world: World) -> None:
    closing.close_signups(game.pk, Actor(world.bob, EntryPoint.PAGE), world.now)


def end(game: Game, world: World) -> None:
    Game.objects.update(starts_at=world.now.replace(year=2020), ends_at=world.now.replace(year=2021))


def bring_already(game: Game, world: World) -> None:
    game.signups.create(
        placeholder="Grandma", guest_of=game.signups.get(), order_key=9**9, joined_at=world.now, seated_at=world.now
    )


def leave(game: Game, world: World) -> None:
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)


@pytest.mark.parametrize(
    ("route", "field", "who", "meanwhile"),
    [
        ("game-note", "note", "charlie", end),
        ("game-note", "note", "charlie", leave),
        ("game-bring", "name", "charlie", close),
        ("game-bring", "name", "charlie", bring_already),
        ("game-cancel", "reason", "bob", end),
        ("game-template", "name", "bob", lambda game, world: None),
    ],
)
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_a_text_whose_field_is_gone_has_a_page_of_its_own(
    world: World,
    game: Game,
    as_person: Any,
    route: str,
    field: str,
    who: str,
    meanwhile: Callable[[Game, World], None],
    htmx: bool,
) -> None:
    client, address = as_person(getattr(world, who)), reverse(route, args=[game.pk])
    meanwhile(game, world)
    response = client.post(address, {field: "late <b>"}, headers={"HX-Request": "true"} if htmx else None)
    if htmx:
        assert response["HX-Redirect"] == reverse("send-again")
        response = client.get(response["HX-Redirect"])
    else:
        assert response.status_code == 422
    [form] = [one for one in page_forms(response.text) if one.actions == [address]]
    assert form.fields[field] == ["late <b>"]


def test_a_text_too_long_to_be_shown(world: World, game: Game, as_person: Any) -> None:
    response = as_person(world.charlie).post(
        reverse("game-note", args=[game.pk]), {"note": "x" * resubmission.SHOWN_MAX * 2}
    )
    assert response.status_code == 422
    assert len(response.text) < resubmission.SHOWN_MAX
    assert escape(resubmission.TOO_LONG) in response.text


def test_no_browser_cuts_off_what_is_typed(world: World, game: Game, as_person: Any) -> None:
    """A pasted text that a field cuts off is lost without a word; the action refuses it with a sentence."""
    people: list[User] = [world.alice, world.bob, world.charlie]
    for person in people:
        page = as_person(person).get(game.get_absolute_url()).text
        small = page.replace('maxlength="20000"', "")
        assert "maxlength" not in small.partition('id="message-players"')[0]


def test_a_template_that_was_deleted_meanwhile(world: World, as_person: Any) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Old", position=1, deleted_at=world.now)
    address = reverse("template", args=[world.guild.pk, template.pk])
    assert as_person(world.alice).get(address).status_code == 302
    response = as_person(world.alice).post(address, {"name": "New", "description": "All that I wrote"})
    assert response.status_code == 422
    assert "All that I wrote" in response.text


def test_a_title_that_looks_like_the_mark(world: World, game: Game, as_person: Any) -> None:
    Game.objects.update(title=REFUSED_MARK)
    end(game, world)
    response = as_person(world.charlie).post(reverse("game-note", args=[game.pk]), {"note": "late"})
    assert "late" in response.text
