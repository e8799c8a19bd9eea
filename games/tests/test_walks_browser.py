"""What people come for, walked through: on a phone in the dark with JavaScript, and at a desk in the light without."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from django.urls import reverse

from conftest import GUILD, World, make_world
from games.confirmations.wording import CAN_YOU_STILL, CONFIRMED, YES, asked_again, asks_again
from games.core.base import Actor, EntryPoint
from games.core.wording import created, edited, free_seats_text, joined, left
from games.feeds.wording import NEW_ADDRESS, STOPPED
from games.models import Game, GameTemplate, Series, TimePollVote
from games.models.settings import ChannelDefaults, GuildDefaults
from games.polls.wording import OPENED
from games.scheduling.wording import CANCELLED
from games.server_settings.wording import (
    REORDERED,
    TEST_SENT,
    duplicated,
    games_change,
    games_follow,
    made_default,
    settings_saved,
    switched,
    template_deleted,
)
from games.signups import actions as signups
from games.signups.wording import TAKE_A_SEAT_TOO, moved_to_wait_list, own_place
from gamesched.local_discord import fixtures
from gamesched.testing.browsers import calm, eventually_shown, run_in_browser
from gamesched.testing.page_faults import DESK, DOES_NOT_FIT, PHONE, picture
from gamesched.testing.sessions import page_with, session_of
from gamesched.testing.stack import Stack
from gamesched.tests.test_browser_walkthrough import log_in
from guilds.models import Member, User

pytestmark = [pytest.mark.processes, pytest.mark.browser]

T = TypeVar("T")
DAY = timedelta(days=1)
REACHED_MAX = 100  # presses of Tab until what is looked for has the focus
# What has the focus, by its words; and whether it can be seen that it has.
FOCUSED = """() => {
  const one = document.activeElement, { x, y, width, height } = one.getBoundingClientRect();
  const style = getComputedStyle(one), after = getComputedStyle(one, "::after");
  const ringed = [style, after].some((each) => each.outlineStyle !== "none" && parseFloat(each.outlineWidth) >= 2);
  const inside = x + width > 0 && y + height > 0 && x < innerWidth && y < innerHeight;
  const behind = document.querySelector(".bar:not(.still), .save-bar");
  const edge = behind && getComputedStyle(behind).position !== "static" && !behind.contains(one)
    ? behind.getBoundingClientRect().top : innerHeight;
  const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
  return { name: name.trim(), seen: ringed && inside && y < edge, html: one.outerHTML.slice(0, 200) };
}"""


def know_members() -> None:
    """Have nobody looked up at Discord, which knows none of them, however long the walks take."""
    Member.objects.update(roles_read_at=datetime.now(UTC) + DAY, member_read_at=datetime.now(UTC) + DAY)


@dataclass
class Walk:
    """One way to walk: with JavaScript on a phone, or without at a desk; and where."""

    script: bool
    name: str
    stack: Stack
    world: World

    def game(self, **changes: Any) -> Game:
        """Create a game of Bob's on a day of its own."""
        return self.world.create_game(**{"starts_at": self.world.now + next(days) * DAY, **changes})

    def member(self, name: str) -> User:
        """Add a member whom no other walk has, here and in Discord."""
        person = self.world.add_member(next(numbers), name)
        self.stack.admit(person)
        User.objects.filter(pk=person.pk).update(zone="UTC")
        know_members()
        return person

    def join(self, game: Game, *people: User) -> None:
        for person in people:
            signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), self.world.now)

    def open(self, person: User | None, address: str, steps: Callable[[Any], T], **options: Any) -> T:
        """Open an address as a person, or as nobody, take these steps there, and look at where they end."""
        session = session_of(person) if person else "nobody"

        def run(browser: Any) -> T:
            options.setdefault("color_scheme", "dark" if self.script else "light")
            options.setdefault("viewport", PHONE if self.script else DESK)
            page = page_with(browser, self.stack.url, session, java_script_enabled=self.script, **options)
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda line: problems.append(line.text) if "Security Policy" in line.text else None)
            if self.script:
                page.clock.install()
            page.goto(f"{self.stack.url}{address}")
            result = steps(page)
            assert page.evaluate(DOES_NOT_FIT) == []
            assert problems == []
            picture(page, self.name)
            return result

        return run_in_browser(run)

    def press(self, page: Any, name: str, says: str = "") -> None:
        """Press a button, and wait for what it says and until the next press is taken."""
        page.get_by_role("button", name=name, exact=True).click()
        if says:
            page.get_by_text(says).first.wait_for()
        if self.script:
            calm(page)

    def follow(self, page: Any, name: str) -> None:
        """Follow a link, and wait until its page has its scripts."""
        with page.expect_navigation():
            page.get_by_role("link", name=name, exact=True).click()

    def more(self, page: Any, about: str = "this game") -> None:
        """Open what else a thing has; where there is room, a server's page shows it already."""
        summary = page.get_by_label(f"More about {about}", exact=True)
        if about == self.world.guild.name and not self.script:  # at a desk
            assert not summary.is_visible()
        else:
            summary.click()


numbers, days = itertools.count(300), itertools.count(4)


@pytest.fixture
def db(committed_module_db: None) -> None:
    """Keep the rows: what the walks share is made once."""


@pytest.fixture(scope="module")
def world(committed_module_db: None) -> World:
    return make_world(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def stack(world: World) -> Iterator[Stack]:
    with Stack("web", "notifyd") as stack:
        yield stack


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def walk(request: Any, db: None, world: World, stack: Stack) -> Walk:
    for model in (ChannelDefaults, GameTemplate):
        model.objects.all().delete()
    GuildDefaults.objects.update_or_create(guild=world.guild, defaults={"host_role_ids": [GUILD], "public_page": True})
    User.objects.update(zone="UTC")
    know_members()
    kind = "js" if request.param else "plain"
    return Walk(request.param, f"{request.node.originalname.removeprefix('test_')}-{kind}", stack, world)


def reach(page: Any, name: str) -> None:
    """Press Tab until something whose name begins so has the focus; all that has it on the way is seen to have it."""
    for _ in range(REACHED_MAX):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["seen"], focused
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"{name} is not reached")


def test_by_keys(walk: Walk) -> None:
    host = walk.member("Kim")

    def steps(page: Any) -> str:
        if walk.script:
            calm(page)  # a look at the page would begin anew from its content
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # skip to the content
        reach(page, "What and when")
        page.keyboard.type("Keys tomorrow 20:00, 3 seats")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Schedule it").wait_for()
        reach(page, "Details")
        page.keyboard.press("Enter")
        reach(page, "Description")
        page.keyboard.type("By keys alone")
        reach(page, "Schedule it")
        page.keyboard.press("Enter")
        page.get_by_text(created(())).first.wait_for()
        if walk.script:
            calm(page)
        reach(page, TAKE_A_SEAT_TOO)
        page.keyboard.press("Enter")
        page.get_by_text(joined(1, seats=3, seated=True, already=False)).first.wait_for()
        return str(page.locator(".about .prose").first.inner_text())

    assert walk.open(host, reverse("guild", args=[GUILD]), steps) == "By keys alone"


def test_join_and_leave(walk: Walk) -> None:
    def steps(page: Any) -> None:
        walk.press(page, "Join", joined(1, seats=1, seated=True, already=False))
        page.get_by_text(own_place(1, seats=1, seated=True)).first.wait_for()
        walk.press(page, "Leave", left(True))
        page.get_by_role("button", name="Join", exact=True).wait_for()

    walk.open(walk.world.charlie, walk.game(seats=1).get_absolute_url(), steps)


def test_create_by_one_line(walk: Walk) -> None:
    host = walk.member("Lena")

    def steps(page: Any) -> None:
        page.get_by_role("link", name=walk.world.guild.name).click()
        line = page.get_by_label("What and when")
        if walk.script:
            line.press_sequentially("Dune")
            page.locator("#reading .warning").wait_for()
            line.press_sequentially(" tomorrow 20:00, 4 seats")
            page.locator("#reading .success strong", has_text="Dune").wait_for()
        else:
            line.fill("Dune tomorrow 20:00, 4 seats")
        walk.press(page, "Continue")
        walk.press(page, "Schedule it", created(()))
        page.get_by_role("heading", name="Dune").wait_for()

    walk.open(host, "/", steps)
    assert Game.objects.get(host=host).settings.seats == 4


def test_create_with_everything(walk: Walk) -> None:
    host = walk.member("Mo")
    starts = datetime.now(UTC) + 9 * DAY

    def steps(page: Any) -> str:
        page.get_by_role("link", name="Schedule a game").click()
        page.get_by_label("Title").fill("Masks of Nyarlathotep")
        page.get_by_label("Date").fill(f"{starts:%Y-%m-%d}")
        page.get_by_label("Time", exact=True).fill("19:30")
        page.locator("#id_seats").fill("4")
        page.locator("#id_duration").fill("3h")
        for fold in ("details", "where", "people", "announcement", "more"):
            page.locator(f"#fold-{fold} > summary").click()
        page.get_by_label("Description").fill("Bring dice.\nhttps://example.org/rules")
        page.get_by_label("Location").fill("Table 3")
        page.get_by_label("Participants").fill("Grandma")
        page.get_by_role("textbox", name="Reminders").fill("1h")
        page.get_by_label("Not yet: keep a draft").check()
        walk.press(page, "Schedule it")
        page.get_by_role("heading", name="Masks of Nyarlathotep").wait_for()
        return str(page.get_by_role("main").inner_text())

    text = walk.open(host, reverse("guild", args=[GUILD]), steps)
    for part in ("Bring dice.", "Table 3", "Grandma", free_seats_text(1, 4, 0), "3 hours", "1 hour before"):
        assert part in text, part
    game = Game.objects.get(host=host)
    assert (game.announced_at, game.starts_at) == (None, starts.replace(hour=19, minute=30, second=0, microsecond=0))


def test_edit_with_confirmation(walk: Walk) -> None:
    player = walk.member("Nora")
    game = walk.game()
    walk.join(game, player)

    def edit(page: Any) -> None:
        walk.follow(page, "Edit")
        page.get_by_label("Date").fill(f"{game.starts_at + DAY:%Y-%m-%d}")
        if walk.script:
            page.get_by_text(asks_again(1, 1, timedelta())).wait_for()
        walk.press(page, "Save changes", edited(True, ()) + asked_again(["Nora"]))

    def confirm(page: Any) -> None:
        page.get_by_text(CAN_YOU_STILL).wait_for()
        walk.press(page, YES, CONFIRMED)
        assert page.get_by_role("button", name=YES).count() == 0

    walk.open(walk.world.bob, game.get_absolute_url(), edit)
    walk.open(player, game.get_absolute_url(), confirm)


def test_series(walk: Walk) -> None:
    game = walk.game()

    def steps(page: Any) -> None:
        dates = page.locator("#dates")

        def follow(text: str) -> None:
            """See that the dates follow what is chosen; without a script, once one asks."""
            if not walk.script:
                walk.press(page, "Preview")
            dates.get_by_text(text).first.wait_for()

        walk.more(page)
        walk.follow(page, "Repeat")
        page.get_by_label("Monthly, on the").first.check()
        follow("Repeats monthly")
        assert dates.locator("time").count() == 6
        page.locator("#fold-end > summary").click()
        page.get_by_label("Games in all").fill("3")
        follow("3 times in all")
        page.get_by_label("By a rule from a calendar").check()
        page.get_by_role("textbox", name="Rule").fill("FREQ=SOMETIMES")
        if walk.script:
            follow("FREQ=SOMETIMES")
        page.get_by_role("textbox", name="Rule").fill("FREQ=DAILY;INTERVAL=3")
        follow("Repeats every 3 days")
        page.get_by_role("button", name="Repeat it").click()
        page.get_by_role("heading", name="Repeats every 3 days").wait_for()
        page.get_by_role("button", name="Skip").first.click()
        page.get_by_role("button", name="back").wait_for()
        link = page.get_by_role("link", name="Edit this and later")
        if walk.script:  # what is typed before the scripts are there counts too
            held: list[Any] = []
            page.route("**/htmx.min.js", lambda route: held.append(route))
            with page.expect_request("**/htmx.min.js"):
                link.click()
            page.get_by_label("Time", exact=True).fill("21:30")
            held.pop().continue_()
        else:
            link.click()
            page.get_by_label("Time", exact=True).fill("21:30")
        follow(", 21:30 ")

    walk.open(walk.world.bob, game.get_absolute_url(), steps)
    series = Series.objects.get(games=game)
    assert series.rule == "FREQ=DAILY;INTERVAL=3;COUNT=3"
    assert len(series.skipped) == 1


def test_poll(walk: Walk) -> None:
    host, player = walk.member("Olga"), walk.member("Pia")
    first = datetime.now(UTC) + 3 * DAY

    def ask(page: Any) -> str:
        page.get_by_role("link", name="Find a time").click()
        page.get_by_label("Title").fill("Blades in the Dark")
        page.get_by_label("Time 1", exact=True).fill("19:00")
        for number in (1, 2):
            page.get_by_label(f"Day {number}", exact=True).fill(f"{first + number * DAY:%Y-%m-%d}")
        walk.press(page, "Open the poll", OPENED)
        return str(page.url)

    def tick(page: Any) -> None:
        page.get_by_role("checkbox").nth(1).check()
        if not walk.script:
            walk.press(page, "Save my times")
        page.get_by_text("You can come at 1 of 2 times.").wait_for()

    def choose(page: Any) -> None:
        with page.expect_navigation():
            page.get_by_role("button", name="Make it a game").click()
        page.get_by_role("heading", name="Blades in the Dark").wait_for()
        page.locator(".roster").get_by_text("Pia").first.wait_for()

    address = walk.open(host, reverse("guild", args=[GUILD]), ask).removeprefix(walk.stack.url)
    walk.open(player, address, tick)
    assert TimePollVote.objects.filter(user=player).count() == 1
    walk.open(host, address, choose)


def test_cancel_and_undo(walk: Walk) -> None:
    def steps(page: Any) -> None:
        walk.more(page)
        page.get_by_text("Cancel the game").click()
        page.get_by_label("Why?").fill("The cat is ill.")
        walk.press(page, "Cancel it", CANCELLED)
        page.get_by_text("Cancelled. The cat is ill.").wait_for()
        page.get_by_role("button", name="Undo").first.click()
        page.get_by_role("link", name="Edit", exact=True).wait_for()
        assert page.get_by_text("Cancelled. The cat is ill.").count() == 0

    walk.open(walk.world.bob, walk.game().get_absolute_url(), steps)


def test_reorder(walk: Walk) -> None:
    game = walk.game(seats=3)
    walk.join(game, walk.member("Quinn"), walk.member("Rosa"), walk.member("Sam"))

    def steps(page: Any) -> list[str]:
        walk.more(page, "Sam")
        walk.press(page, "Move Sam up", "Sam is now in seat 2.")
        if not page.get_by_role("button", name="Move Quinn down").count():
            walk.more(page, "Quinn")
        walk.press(page, "Move Quinn to the wait list", moved_to_wait_list("Quinn"))
        return [line for line in page.locator(".roster").first.inner_text().splitlines() if line in {"Sam", "Rosa"}]

    assert walk.open(walk.world.bob, game.get_absolute_url(), steps) == ["Sam", "Rosa"]


def test_first_run(walk: Walk) -> None:
    """From logging in as its owner to a server's first game."""
    GuildDefaults.objects.all().delete()

    def steps(page: Any) -> None:
        log_in(page, walk.stack, "Alice")
        page.get_by_role("link", name=walk.world.guild.name).click()
        page.get_by_role("link", name="Set it up").click()
        page.get_by_text("Choose channels and check permissions").click()
        page.get_by_label("#raids", exact=True).uncheck()
        walk.press(page, "Save the channels", switched(1))
        page.get_by_text("Choose channels and check permissions").click()
        walk.press(page, "Send a test message to #general", TEST_SENT)
        eventually_shown(page, "The last test message arrived.")
        page.get_by_text("Managers and time zone").click()
        page.get_by_role("combobox", name="Time zone").select_option("Europe/Berlin")
        walk.press(page, "Save and schedule a game", settings_saved(True, 0))
        page.get_by_label("Title").fill("Molten Core")
        page.get_by_label("Date").fill(f"{datetime.now(UTC) + next(days) * DAY:%Y-%m-%d}")
        walk.press(page, "Schedule it", created(()))

    walk.open(None, "/", steps)
    assert not ChannelDefaults.objects.get(channel__name="raids").for_games
    assert GuildDefaults.objects.get().zone == "Europe/Berlin"


def test_templates(walk: Walk) -> None:
    def steps(page: Any) -> None:
        def more(template: str) -> None:
            page.get_by_label(f"More for {template}", exact=True).click()

        page.get_by_role("link", name="Settings", exact=True).click()
        page.get_by_role("link", name="Templates", exact=True).click()
        page.get_by_role("link", name="Raid").click()
        walk.press(page, "Save changes", settings_saved(True, 0))
        more("Raid")
        walk.press(page, "Duplicate Raid", duplicated("Raid", "Raid (copy)"))
        more("Raid (copy)")
        walk.press(page, "Move Raid (copy) up", REORDERED)
        more("Raid (copy)")
        walk.press(page, "Make default: Raid (copy)", made_default("Raid (copy)"))
        picture(page, f"{walk.name}-list")
        more("Raid")
        page.get_by_role("link", name="Delete Raid", exact=True).click()
        walk.press(page, "Delete it", template_deleted("Raid", 0))

    walk.open(walk.world.alice, reverse("guild", args=[GUILD]), steps)
    assert GameTemplate.objects.get(deleted_at=None).name == "Raid (copy)"


def test_settings(walk: Walk) -> None:
    Game.objects.filter(channel_id=fixtures.GENERAL_ID).update(location="Elsewhere")
    walk.game(channel_id=fixtures.GENERAL_ID)

    def steps(page: Any) -> None:
        page.get_by_role("link", name="Settings", exact=True).click()
        page.get_by_role("link", name="Channels", exact=True).click()
        picture(page, f"{walk.name}-channels")
        page.get_by_role("link", name="#general").click()
        page.get_by_text("Place and reminders").click()
        page.get_by_role("link", name="Edit Location").click()
        page.get_by_role("textbox", name="Location").fill("Table 3")
        walk.press(page, "Save changes", games_change(1))
        picture(page, f"{walk.name}-preview")
        walk.press(page, "Save and change it", games_follow(1))
        assert page.locator("#row-location .value").inner_text() == "Table 3"
        assert page.locator("#row-location form").count() == 0
        page.get_by_role("link", name="Settings", exact=True).click()
        picture(page, f"{walk.name}-server")
        page.get_by_text("Basics").click()
        page.get_by_role("link", name="Edit Seats").click()
        page.get_by_role("textbox", name="Seats").fill("many")
        walk.press(page, "Save changes", "What you typed is still here.")
        assert page.get_by_role("textbox", name="Seats").input_value() == "many"

    walk.open(walk.world.alice, reverse("guild", args=[GUILD]), steps)
    assert ChannelDefaults.objects.get(channel__name="general").location == "Table 3"


def test_calendar(walk: Walk) -> None:
    player = walk.member("Tom")
    game = walk.game(title="Delta Green")
    walk.join(game, player)

    def steps(page: Any) -> None:
        page.get_by_role("navigation", name="Site").get_by_role("link", name="Calendar").click()
        page.goto(f"{page.url}?month={game.starts_at:%Y-%m}")
        page.get_by_role("link", name="Delta Green").first.wait_for()
        picture(page, f"{walk.name}-month")
        page.get_by_role("link", name="Subscribe in your calendar").click()
        walk.press(page, "Get the address", NEW_ADDRESS)
        address = page.get_by_label("Secret address").input_value()
        assert "Delta Green" in page.request.get(address).text()
        page.get_by_text("Replace or delete the address").click()
        walk.press(page, "Delete the address: Your games", STOPPED)
        assert page.request.get(address).status == 404

    walk.open(player, "/", steps)


def test_notifications(walk: Walk) -> None:
    player = walk.world.charlie if walk.script else walk.world.bob  # whom the local Discord knows

    def steps(page: Any) -> None:
        page.get_by_role("link", name=walk.world.guild.name).click()
        walk.more(page, walk.world.guild.name)
        page.get_by_role("link", name="Notifications here").click()
        page.get_by_label("By a mention in the game's channel").check()
        page.get_by_label("An extra reminder").select_option(label="45 minutes before")
        page.get_by_label("From").fill("23:00")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("alert").get_by_text("need a beginning and an end").wait_for()
        picture(page, f"{walk.name}-wrong")
        page.get_by_label("To", exact=False).last.fill("07:00")
        page.get_by_label("All games").select_option(label="In a daily digest, at 18:00")
        walk.press(page, "Save", "Saved. It applies to every message from now on.")
        walk.press(page, "Send me a test reminder")
        if walk.script:  # the page looks again by itself
            page.get_by_text("It arrived as a mention in #").wait_for()
        else:
            eventually_shown(page, "It arrived as a mention in #")

    walk.open(player, "/", steps)


def test_share(walk: Walk) -> None:
    game = walk.game(title="Mothership")

    def share(page: Any) -> str:
        page.locator("summary", has_text="Share").click()
        return str(page.get_by_label("Link to this game").input_value())

    def follow(page: Any) -> None:
        page.get_by_role("heading", name="Mothership").wait_for()
        page.get_by_role("button", name="Log in to join").wait_for()

    address = walk.open(walk.world.bob, game.get_absolute_url(), share)
    walk.open(None, address.removeprefix(walk.stack.url), follow, timezone_id="Asia/Tokyo")
