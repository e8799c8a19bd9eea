"""Every page: it fits a phone and a desk at 200 %, axe-core finds nothing, and what is asked comes first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World, make_world
from games.core.base import Actor, EntryPoint
from games.models import Announcement, ApiToken, AuditEntry, CalendarFeed, Game, GameTemplate, TimePoll
from games.models.settings import GuildDefaults
from games.pages.game_list import PER_PAGE
from games.pages.tests.test_lists import copies
from games.polls.tests.helpers import make_poll, tick
from games.scheduling import actions as scheduling
from games.scheduling.wording import CANCELLED
from games.series.tests.scene import repeat
from games.sharing.addresses import share_path
from games.signups import actions as signups
from gamesched.testing.browsers import boxes, calm, new_page, run_in_browser
from gamesched.testing.page_faults import (
    COUNT_SHIFTS,
    PHONE,
    SMALL_PHONE,
    UNFOLD,
    axe_faults,
    fit_faults,
    load_faults,
    picture,
    weight_faults,
)
from gamesched.testing.sessions import page_with, session_of, use_session
from gamesched.testing.stack import Stack
from gamesched.testing.untranslated import PSEUDO
from gamesched.testing.waiting import eventually
from guilds.models import Block, Channel, Guild, User
from notifications.models import Delivery, Notification

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SMALLEST = {"width": 320, "height": 568}
LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
AT_A_GLANCE = (".cover", "h1", ".moment", ".places", ".crew > p", ".crew > a")
STRANGERS = ("/", "/login/", "/help/", "/offline/")
LOOKED_AT_FOR = ("alice", "nobody")  # by axe-core, and in all sizes
DIALOGS = ("palette", "keys")
TITLE = "Wheelchair-accessible Pathfinder: Kennenlernabend and characteristics"

UNDER_THE_BAR = """() => {
  const bar = document.querySelector(".bar"), top = bar.getBoundingClientRect().top + 1;
  const reached = [...document.querySelectorAll("main :is(a, button, summary)")];
  return reached
    .filter((e) => e.checkVisibility() && !bar.contains(e))
    .filter((e) => (e.focus(), e.getBoundingClientRect().bottom > top))
    .map((e) => e.outerHTML.slice(0, 200));
}"""


@pytest.fixture
def game(now: datetime) -> tuple[World, Game]:
    """A game in a server where every name and title is as long as can be, and ordinary ones beside."""
    world = make_world(now)
    Guild.objects.filter(pk=GUILD).update(name=LONG[:100])
    Channel.objects.filter(pk=world.channel.pk).update(name=LONG[:100].lower())
    User.objects.filter(pk__in=[world.alice.pk, world.charlie.pk]).update(global_name=LONG[:32], zone="")
    template = GameTemplate.objects.create(guild=world.guild, name=LONG[:80], description=LONG)
    game = world.create_game(
        title=TITLE, template_id=template.pk, starts_at=now + timedelta(days=2), seats=2, minimum=2, answers=True,
        plus_one=True, description=f"{LONG}\n```\n{LONG}\n```\nhttps://example.org/{LONG}", location=LONG[:100],
    )  # fmt: skip
    for person in (world.charlie, world.add_member(100, LONG[:32]), world.add_member(101, "Dana"), world.alice):
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), now)
    game.signups.update(note=LONG[:100])
    GuildDefaults.objects.update(public_page=True)
    poll = make_poll(world, title=TITLE, channel_id=world.channel.pk)
    for person in (world.charlie, world.alice):
        tick(poll, person, world, [0, 1])
    repeat(world, game)
    copies(game, [now + timedelta(days=3, hours=n) for n in range(PER_PAGE + 1)])
    Game.objects.filter(title="Night 000.").update(title=(LONG + LONG)[:200], cancelled_at=now, cancel_reason=LONG)
    copies(game, [now - timedelta(days=3, hours=n) for n in range(PER_PAGE + 1)])
    AuditEntry.objects.create(guild=world.guild, action="settings", actor=world.alice, at=now, source="page",
                              changes={"location": [LONG[:100], "Characteristics"]})  # fmt: skip
    Block.objects.create(guild=world.guild, user=world.add_member(102, LONG[:32]), reason=LONG, created_at=now)
    told = Notification.objects.create(game=game, kind="told", due_at=now, closed_at=now)
    Delivery.objects.create(notification=told, recipient=world.alice, status="failed", error=LONG, next_attempt_at=now)
    Announcement.objects.filter(game=game).update(problem_code="refused", problem=LONG)
    for person in (world.alice, world.charlie):
        for scope in ({}, {"guild_id": GUILD}, {"channel_id": world.channel.pk}):
            CalendarFeed.objects.create(user=person, created_at=now, **scope)
        ApiToken.objects.create(
            user=person, guild_id=GUILD, name=LONG[:60], digest=str(person.pk), scopes=["read", "play"], created_at=now
        )
    return world, game


def addresses(game: Game) -> Iterator[str]:
    cancelled = Game.objects.get(cancelled_at__isnull=False)
    for one in (game, cancelled, Game.objects.past(game.created_at)[0]):
        yield reverse("game", args=[one.pk])
    for name in ("home", "month", "help", "me", "calendar", "tokens", "notifications", "privacy", "privacy-forget"):
        yield reverse(name)
    for name in ("game-edit", "game-repeat", "game-hosts", "game-again", "game-add", "game-history"):
        yield reverse(name, args=[game.pk])
    tabs = ("settings", "setup", "channels", "templates", "tokens", "people", "blocks", "health", "history", "messages")
    for name in ("guild", "guild-month", *(f"guild-{tab}" for tab in ("notifications", *tabs))):
        yield reverse(name, args=[GUILD])
    yield reverse("guild", args=[GUILD]) + "?show=past&text=night&mine=1"
    for name in ("game-new", "poll-new"):
        yield reverse(name, args=[GUILD])
    yield reverse("poll", args=[TimePoll.objects.get().pk])
    yield reverse("template-new", args=[GUILD])
    yield reverse("search") + "?q=night"
    yield reverse("game-tell", args=[game.pk])
    for name in ("template", "template-delete"):
        yield reverse(name, args=[GUILD, game.template_id])
    yield reverse("guild-channel", args=[GUILD, game.channel_id])
    for row in ("host_role_ids", "archive_channel_id", "all"):
        yield reverse("guild-settings", args=[GUILD]) + f"?edit={row}"
    yield "/nowhere/"


def scrolled_sideways(page: Any, url: str, game: Game) -> list[str]:
    """Return the densest pages that are wider than a phone in longer words or texts, or from right to left."""
    faults = []
    page.set_viewport_size(PHONE)
    for language in (*PSEUDO, "de"):
        page.set_extra_http_headers({"Accept-Language": language})
        for name, args in (("home", []), ("guild", [GUILD]), ("game", [game.pk]), ("game-new", [GUILD])):
            page.goto(f"{url}{reverse(name, args=args)}")
            page.evaluate(UNFOLD)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{name} in {language}")
            picture(page, f"{language}-{name}")
    return faults


def test_every_page_fits_and_keeps_nobody_out(game: tuple[World, Game]) -> None:
    world, one = game
    people = [("alice", session_of(world.alice)), ("charlie", session_of(world.charlie)), ("nobody", "")]
    visited = list(addresses(one))
    with Stack("web") as stack:

        def walk(browser: Any) -> list[str]:
            faults: list[str] = []
            colours: set[str] = set()
            for who, session in people:
                page, seen = page_with(browser, stack.url, session) if session else new_page(browser), set()
                page.add_init_script(COUNT_SHIFTS)
                for address in visited if session else [*STRANGERS, share_path(one)]:
                    page.set_viewport_size(PHONE)
                    page.goto(f"{stack.url}{address}")
                    found = load_faults(page) + weight_faults(page)
                    content = page.evaluate(UNFOLD)
                    if content not in seen:  # a player is refused many pages by the same one
                        seen.add(content)
                        # charlie sees fewer of the same pieces: they fit where there is least room
                        looked_at = who in LOOKED_AT_FOR
                        found += fit_faults(page) if looked_at else fit_faults(page, [SMALL_PHONE])
                        found += axe_faults(page, colours) if looked_at else []
                        picture(page, f"{who}-{address.strip('/').replace('/', '-')[:40]}")
                    faults += [f"{address} for {who}: {text}" for text in found]
                for dialog in DIALOGS if who == "alice" else ():
                    page.goto(stack.url)
                    page.evaluate(f"document.getElementById('{dialog}').showModal()")
                    faults += [f"{dialog} for {who}: {text}" for text in axe_faults(page, colours)]
            alice = page_with(browser, stack.url, people[0][1])
            return faults + scrolled_sideways(alice, stack.url, one)

        faults = run_in_browser(walk)
    assert not faults, "\n".join(faults)


@pytest.fixture
def asking(now: datetime) -> tuple[World, Game, Game]:
    """Charlie's game with a seat kept for him, and one whose start moved, which asks whether he still comes."""
    world = make_world(now)
    User.objects.filter(pk=world.charlie.pk).update(zone="")  # so the bar about zones is above, too
    dan = world.add_member(100)
    offering = world.create_game(title=TITLE, seats=1, starts_at=now + timedelta(hours=1), reminders=())
    for person in (dan, world.charlie):
        signups.join(offering.pk, person, Actor(person, EntryPoint.PAGE), now - timedelta(minutes=5))
    signups.leave(offering.pk, dan, Actor(dan, EntryPoint.PAGE), now)
    moved = world.create_game(title=TITLE, reminders=())
    signups.join(moved.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), now)
    plan = replace(scheduling.plan_from_game(moved), starts_at=moved.starts_at + timedelta(days=1))
    scheduling.edit_game(moved.pk, plan, Actor(world.bob, EntryPoint.PAGE), now)
    return world, offering, moved


def covers(page: Any, *selectors: str) -> list[str]:
    """Return which elements lie behind the answer to a press."""
    bar, *others = boxes(page, "#says", *selectors).values()
    below, above = bar["y"] + bar["height"], bar["y"]
    measured = zip(selectors, others, strict=True)
    return [selector for selector, box in measured if box["y"] < below and above < box["y"] + box["height"]]


def at_a_glance(page: Any) -> list[str]:
    """Return what of a game is not in sight on a small phone, and what a keyboard reaches under the bar."""
    hidden = []
    bar, *others = boxes(page, ".bar", *AT_A_GLANCE).values()
    for selector, box in zip(AT_A_GLANCE, others, strict=True):
        if box["y"] < 0 or box["y"] + box["height"] > bar["y"]:
            hidden.append(f"{selector} {box}")
    if abs(bar["y"] + bar["height"] - PHONE["height"]) > 1 or not page.locator(".bar #sign-up").is_visible():
        hidden.append(f"the bar {bar}")
    return hidden + list(page.evaluate(UNDER_THE_BAR))


def test_what_is_asked_comes_first_and_answers_leave(asking: tuple[World, Game, Game]) -> None:
    world, offering, moved = asking
    his, hers = session_of(world.charlie), session_of(world.bob)
    free = world.create_game(title="Free", seats=9)
    User.objects.filter(pk=world.bob.pk).update(zone="UTC")  # no bar about zones, which people see once
    with Stack("web") as stack:

        def asked_first(page: Any, javascript: bool) -> None:
            for game, name in ((offering, "#offer-take"), (moved, "#confirm-yes")):
                page.goto(f"{stack.url}{game.get_absolute_url()}")
                [button] = boxes(page, name).values()
                picture(page, f"asked-{game.pk}-{javascript}")
                assert button["y"] + button["height"] <= SMALLEST["height"], name

        def without_script(page: Any) -> None:
            use_session(page, stack.url, hers)
            page.goto(f"{stack.url}{free.get_absolute_url()}")
            page.get_by_label("More about this game").click()
            page.get_by_text("Cancel the game").click()
            page.get_by_role("button", name="Cancel it").click()
            page.get_by_text(CANCELLED).wait_for()
            assert covers(page, "h1", "#undo", ".undo") == []
            picture(page, "cancelled-plain")
            page.get_by_role("button", name="Undo").click()
            page.goto(f"{stack.url}{free.get_absolute_url()}")
            assert page.locator("#says").inner_text() == "" or "cancelled" not in page.locator("#says").inner_text()

        def with_script(browser: Any, page: Any) -> None:
            page.clock.install()
            page.goto(f"{stack.url}{free.get_absolute_url()}")
            page.locator("[data-live-state]", has_text="Live").wait_for()
            page.get_by_role("button", name="Join", exact=True).click()
            says = page.locator("#says .say")
            page.get_by_text("You're in, seat 1 of 9.").hover()  # a line that is pointed at stays
            page.wait_for_timeout(500)  # until the page has looked again
            eventually(lambda: not covers(page, "h1", "#sign-up"))  # what was pressed is scrolled into sight
            assert says.get_by_role("button", name="Dismiss").is_visible()
            picture(page, "joined")
            page.mouse.move(0, 0)
            page.clock.fast_forward(20_000)
            says.wait_for(state="detached")

            # A refusal stays until the page has changed, or it is dismissed.
            page.evaluate("say('Refused')")
            page.clock.fast_forward(60_000)
            assert says.count() == 1
            page.get_by_role("button", name="Dismiss").click()
            says.wait_for(state="detached")
            page.mouse.move(0, 0)
            page.evaluate("say('Refused')")
            host = page_with(browser, stack.url, hers, viewport=PHONE)
            host.clock.install()
            host.goto(f"{stack.url}{free.get_absolute_url()}")
            assert at_a_glance(host) == []
            host.set_viewport_size(SMALLEST)
            host.evaluate("scrollTo(0, 0)")
            host.get_by_label("More about this game").click()
            host.get_by_role("button", name="Close sign-ups").click()
            page.get_by_text("closed the sign-ups").first.wait_for()
            page.clock.fast_forward(20_000)
            says.wait_for(state="detached")

            calm(host)  # a press upon the heels of an answer is not taken
            host.get_by_label("More about this game").click()
            host.get_by_text("Cancel the game").click()
            host.get_by_role("button", name="Cancel it").click()
            host.get_by_text(CANCELLED).hover()
            eventually(lambda: not covers(host, "h1", "#undo", ".undo"))
            assert 0 < boxes(host, "#undo")["#undo"]["y"] < SMALLEST["height"], "what may be done now is in sight"
            picture(host, "cancelled")

        def walk(browser: Any) -> None:
            plain = page_with(browser, stack.url, his, viewport=SMALLEST, java_script_enabled=False)
            asked_first(plain, False)
            without_script(plain)
            page = page_with(browser, stack.url, his, viewport=SMALLEST)
            asked_first(page, True)
            with_script(browser, page)

        run_in_browser(walk)
