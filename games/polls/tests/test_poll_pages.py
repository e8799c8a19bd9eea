"""Polls by page and admin: opening, the grid, one tap, and who sees them."""

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import GUILD, World
from games.models import Game, TimePoll, TimePollVote
from games.polls import actions, wording
from games.polls.grid import PER_PAGE
from games.polls.tests.helpers import DAY, by, make_poll, options, tick, ticked_by
from gamesched.lib.zones import zone_info
from gamesched.testing.labels import unlabelled
from gamesched.testing.page_forms import form_to
from guilds.models import Channel, Member
from guilds.templatetags.zoned_times import when

HTMX = {"HX-Request": "true"}
VIEW = 1 << 10


def opening(world: World, client: Any, **typed: Any) -> Any:
    """Fill in the form and send it."""
    address, day = reverse("poll-new", args=[GUILD]), world.now + 5 * DAY
    values = {"title": "Curse of Strahd", "zone": "Europe/Berlin", "date_1": f"{day:%Y-%m-%d}", "time_1": "20:00"}
    values |= {"date_2": f"{day + DAY:%Y-%m-%d}"}
    return client.post(address, form_to(client, address, address, **values | typed))


def test_opening_one_with_the_same_time_on_the_days_after(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    assert reverse("poll-new", args=[GUILD]) in client.get(reverse("guild", args=[GUILD])).text
    response = opening(world, client, date_7=f"{world.now + 9 * DAY:%Y-%m-%d}", time_7="18:30")
    poll = TimePoll.objects.get()
    assert response.url == poll.get_absolute_url()
    local = [one.starts_at.astimezone(zone_info(poll.zone)) for one in options(poll)]
    assert [f"{at:%H:%M}" for at in local] == ["20:00", "20:00", "18:30"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"date_2": ""}, wording.NO_TIMES),
        ({"date_3": "", "time_3": "20:00"}, wording.NO_DATE),
        ({"time_1": ""}, wording.NO_TIME_YET),
        ({"date_2": "2020-01-01"}, "past"),
        ({"closes_date": "2020-01-01"}, wording.CLOSING_PAST),
        ({"wins": "number", "number": ""}, wording.NO_NUMBER),
        ({"wins": "number", "number": "0"}, wording.NO_NUMBER),
        ({"wins": "minimum"}, wording.NO_MINIMUM),
        ({"title": " \u200b "}, "Give the game a title people can see."),
    ],
)
def test_what_cannot_be_a_poll_gets_a_sentence_and_stays_typed(
    world: World, as_person: Any, typed: dict[str, str], says: str
) -> None:
    response = opening(world, as_person(world.bob), **typed)
    assert response.status_code == 422
    assert says in unescape(response.text)
    assert 'value="20:00"' in response.text
    assert not TimePoll.objects.exists()


def test_an_empty_form_is_told_once_what_it_needs(world: World, as_person: Any) -> None:
    """Each sentence stands at its field, with all others that are missing, and an empty time is named once."""
    empty = opening(world, as_person(world.bob), title="", date_1="", time_1="", date_2="")
    assert empty.context["form"].errors.keys() == {"title", "date_1", "time_1", "date_2"}
    timeless = opening(world, as_person(world.bob), time_1="", date_3="2020-01-01")
    assert timeless.context["form"].errors.keys() == {"time_1"}
    untimely = opening(world, as_person(world.bob), time_1="25:00")
    assert untimely.context["form"].errors.keys() == {"time_1"}


def test_a_time_that_the_clocks_skip_is_refused_and_of_one_that_comes_twice_the_first_is_meant(
    world: World, as_person: Any
) -> None:
    client = as_person(world.bob)
    skipped, twice = (next_sunday_at_the_end_of(month, world) for month in (3, 10))
    response = opening(world, client, date_1=f"{skipped:%Y-%m-%d}", time_1="02:30")
    assert response.status_code == 422
    assert "02:30" in response.context["form"].errors["time_1"][0]
    assert opening(world, client, date_2=f"{twice:%Y-%m-%d}", time_2="02:30").status_code == 302
    assert options(TimePoll.objects.get())[-1].starts_at == datetime.combine(twice, time(0, 30), UTC)


def next_sunday_at_the_end_of(month: int, world: World) -> date:
    """Return the next last Sunday of a month of 31 days, on which Berlin's clocks change."""
    years = (world.now + 7 * DAY).year, (world.now + 7 * DAY).year + 1
    lasts = [date(year, month, 31) - ((date(year, month, 31).weekday() + 1) % 7) * DAY for year in years]
    return next(day for day in lasts if day > (world.now + 7 * DAY).date())


def test_ticking_with_and_without_javascript(world: World, as_person: Any) -> None:
    poll, client = make_poll(world), as_person(world.charlie)
    address, times = reverse("poll-vote", args=[poll.pk]), options(poll)
    assert f'href="{poll.get_absolute_url()}"' in client.get(reverse("guild", args=[GUILD])).text
    form = form_to(client, poll.get_absolute_url(), address, times=[str(times[0].pk), str(times[2].pk)])
    assert client.post(address, form).url == poll.get_absolute_url()
    page = client.get(poll.get_absolute_url()).text
    assert page.count(" checked>") == 2
    assert not unlabelled(page)
    fragment = client.post(address, {"times": [str(times[1].pk)]}, headers=HTMX).text
    assert fragment.count(" checked>") == 1
    assert "<html" not in fragment
    refused = client.post(address, {"times": ["x", "9" * 30]}, headers=HTMX).text
    assert wording.UNKNOWN_TIME in unescape(refused)
    assert [one.option for one in TimePollVote.objects.all()] == [times[1]]


def cells(page: str) -> list[list[str]]:
    """Return the text of the cells of a page's table, by rows."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in found]


def test_the_grid_has_people_by_times_with_ones_own_row_first(world: World, as_person: Any) -> None:
    poll, client = make_poll(world), as_person(world.charlie)
    Member.objects.filter(user=world.bob).update(nick="Zoe <b>")
    for person, numbers in ((world.bob, [1]), (world.alice, [1, 2]), (world.charlie, [0])):
        tick(poll, person, world, numbers)
    page = client.get(poll.get_absolute_url()).text
    assert (page.count('<th scope="col"'), page.count('<th scope="row"')) == (3, 4)
    times, counts, own, *others = cells(page)
    shown = [when(one.starts_at, world.charlie.zone) for one in options(poll)]
    assert all(text.startswith(at) for text, at in zip(times[1:], shown, strict=True))
    assert counts[1:] == ["1 1 can come", "2 2 can come ahead", "1 1 can come"]
    assert own == ["You", *shown], "a box for each"
    assert others == [["alice", "no", "✓ yes", "✓ yes"], ["Zoe <b>", "no", "✓ yes", "no"]]
    actions.cancel_poll(poll.pk, by(world.bob), world.now)
    assert cells(client.get(poll.get_absolute_url()).text)[2] == ["You", "✓ yes", "no", "no"], (
        "nothing to tick any more"
    )


def test_results_come_with_the_next_look(world: World, as_person: Any) -> None:
    poll, client = make_poll(world), as_person(world.charlie)
    tick(poll, world.alice, world, [1])
    fragment = client.get(poll.get_absolute_url(), headers=HTMX).text
    assert wording.count_text(1) in fragment
    assert "alice" in fragment
    assert 'hx-trigger="every 10s"' in fragment
    actions.cancel_poll(poll.pk, by(world.bob), world.now)
    fragment = client.get(poll.get_absolute_url(), headers=HTMX).text
    assert "every 10s" not in fragment
    assert wording.closed(TimePoll.objects.get().state(world.now)) in fragment


def test_one_tap_makes_the_best_time_a_game(world: World, as_person: Any) -> None:
    poll, client = make_poll(world), as_person(world.bob)
    tick(poll, world.charlie, world, [1])
    address = reverse("poll-game", args=[poll.pk])
    best = options(poll)[1]
    assert f'name="time" value="{best.pk}">{wording.MAKE_GAME}' in client.get(poll.get_absolute_url()).text
    form = form_to(client, poll.get_absolute_url(), address, time=str(best.pk))
    response = client.post(address, form)
    game = Game.objects.get()
    assert response.url == game.get_absolute_url()
    assert game.starts_at == best.starts_at
    assert client.post(address, form).url == game.get_absolute_url()
    page = client.get(poll.get_absolute_url()).text
    assert game.get_absolute_url() in page
    assert address not in page
    assert "made it from a poll" in client.get(game.get_absolute_url()).text


def test_a_poll_in_a_channel_that_one_may_not_view_does_not_exist(world: World, as_person: Any) -> None:
    poll, client = make_poll(world, world.alice), as_person(world.charlie)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, VIEW]])
    Member.objects.update(roles_read_at=world.now)
    assert client.get(poll.get_absolute_url()).status_code == 404
    for name in ("poll-vote", "poll-game", "poll-cancel"):
        assert client.post(reverse(name, args=[poll.pk])).status_code == 404
    assert poll.title not in client.get(reverse("guild", args=[GUILD])).text
    assert as_person(world.alice).get(poll.get_absolute_url()).status_code == 200


def test_only_those_who_manage_it_are_offered_to(world: World, as_person: Any) -> None:
    poll = make_poll(world)
    tick(poll, world.charlie, world, [0])
    for user, offered in ((world.bob, True), (world.alice, True), (world.charlie, False)):
        page = as_person(user).get(poll.get_absolute_url()).text
        for name in ("poll-game", "poll-cancel"):
            assert (reverse(name, args=[poll.pk]) in page) is offered


@pytest.mark.parametrize("who", ["charlie", "bob"], ids=["player", "host"])
def test_its_page_takes_as_many_statements_however_many_answered(world: World, as_person: Any, who: str) -> None:
    poll, client = make_poll(world), as_person(getattr(world, who))
    taken = []
    for people in (range(100, 101), range(101, 140)):
        ticked_by(poll, world.add_members(people), world)
        Member.objects.update(roles_read_at=world.now + timedelta(minutes=1))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(poll.get_absolute_url()).status_code == 200
        taken.append(len(captured))
    assert taken[0] == taken[1] <= 9, [query["sql"] for query in captured]


def test_a_manager_cancels_and_makes_games_in_the_admin(world: World, as_person: Any) -> None:
    polls = [make_poll(world, title=title) for title in ("One", "Two")]
    tick(polls[1], world.charlie, world, [2])
    client, address = as_person(world.alice), reverse("admin:games_timepoll_changelist")
    assert "One" in client.get(address).text
    assert client.get(reverse("admin:games_timepoll_change", args=[polls[1].pk])).status_code == 200
    client.post(address, {"action": "cancel", "_selected_action": [polls[0].pk]})
    client.post(address, {"action": "make_game", "_selected_action": [one.pk for one in polls]})
    for poll in polls:
        poll.refresh_from_db()
    assert (polls[0].cancelled_at is None, polls[0].game) == (False, None)
    assert polls[1].game is not None
    assert (polls[1].game.host, polls[1].game.starts_at) == (world.bob, options(polls[1])[2].starts_at)


def test_the_grid_renders_no_template_for_each_cell(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = list[str | None]()

    def render(template: Template, context: Context) -> Any:
        rendered.append(template.name)
        return render_template(template, context)

    render_template = Template.render
    monkeypatch.setattr(Template, "render", render)
    poll, client = make_poll(world), as_person(world.charlie)
    counts = []
    for numbers in (range(100, 101), range(101, 140)):
        ticked_by(poll, world.add_members(numbers), world)
        rendered.clear()
        client.get(poll.get_absolute_url(), headers=HTMX)
        counts.append(len(rendered))
    assert counts[0] == counts[1], rendered


def test_a_thousand_answers_are_pages_of_fifty_with_ones_own_row_first(world: World, as_person: Any) -> None:
    poll, client = make_poll(world), as_person(world.charlie)
    people = world.add_members(range(1000, 2000))
    ticked_by(poll, people, world)
    tick(poll, world.charlie, world, [1])
    address, seen = poll.get_absolute_url(), list[str]()
    page = client.get(address).text
    assert len(page) < 120_000, "it was 950 kB"
    assert f"{len(people) + 1} answered" in page
    assert wording.count_text(1001) in page
    while True:
        own, *others = cells(page)[2:]
        assert own[0] == "You"
        assert len(others) == PER_PAGE
        seen += [one[0] for one in others]
        after = re.search(r'rel="next" href="[^"?]*(\?after=[0-9]+)', page)
        if after is None:
            break
        page = client.get(address + after[1]).text
        assert f'hx-get="{address}{after[1]}"' in page, "each look shows the same people"
    assert len(seen) == len({*seen}) == len(people)
    before = re.search(r'rel="prev" href="[^"?]*(\?before=[0-9]+)', page)
    assert before is not None
    assert [one[0] for one in cells(client.get(address + before[1]).text)[3:]] == seen[-2 * PER_PAGE : -PER_PAGE]
    vote = client.post(f"{reverse('poll-vote', args=[poll.pk])}{before[1]}", {"times": []}, headers=HTMX).text
    assert [one[0] for one in cells(vote)[3:]] == seen[-2 * PER_PAGE : -PER_PAGE], "and so does the answer to a tick"


@pytest.mark.parametrize("query", ["after=0", "after=x", "after=9223372036854775807", "before=1", "before=-1&after=²"])
def test_a_page_on_which_nobody_is_is_the_first(world: World, as_person: Any, query: str) -> None:
    poll = make_poll(world)
    tick(poll, world.alice, world, [1])
    page = as_person(world.charlie).get(f"{poll.get_absolute_url()}?{query}").text
    assert [one[0] for one in cells(page)[2:]] == ["You", "alice"]
